"""Versions of the model in MLflow's registry, their aliases, and the files behind them."""

import shutil
import subprocess
import sys
from pathlib import Path

import mlflow
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from ..config import ROOT
from ..data.contract.schema import load_schema
from ..errors import ProjectError
from ..files import replacing
from ..models.champion import Decision, ModelInUse, folder_of, in_force, in_words
from ..models.store import load_model
from .record import Record, short
from .runs import NAME, file_of_run

CHALLENGER, CHAMPION = "challenger", "champion"  # aliases
FILES = ("model.skops", "schema.yaml", "rows.npy")


def versions() -> list[ModelVersion]:
    """All versions, the first first."""
    found = _client().search_model_versions(f"name = '{NAME}'")
    return sorted(found, key=lambda version: int(version.version))


def version_of(run: str) -> ModelVersion | None:
    """The version a run was registered as."""
    found = _client().search_model_versions(f"name = '{NAME}' and run_id = '{run}'")
    return found[0] if found else None


def new_version(record: Record) -> ModelVersion:
    """Register the model of a run.

    Raises
    ------
    ProjectError
        When MLflow does not have it.
    """
    try:
        return mlflow.register_model(record["model_uri"], NAME)
    except MlflowException as error:
        raise ProjectError(
            f"MLflow does not have the model of run {short(record)}: it was logged elsewhere, or is "
            "lost. A run of `make train` here can be registered."
        ) from error


def aliases() -> dict[str, str]:
    """The version each alias names."""
    models = _client().search_registered_models(f"name = '{NAME}'")
    found = models[0].aliases if models else {}
    return {alias: str(version) for alias, version in found.items()}


def make_challenger(version: ModelVersion) -> None:
    """Give a version the alias of the challenger."""
    _client().set_registered_model_alias(NAME, CHALLENGER, version.version)


def follow_decisions() -> None:
    """Let the alias follow a decision that a kill kept from the registry.

    A decision that came with git, about a run this registry does not have, is left alone.
    """
    decision = in_force()
    version = version_of(decision["run"]) if decision else None
    if decision is None or version is None or _mark(decision) in version.tags:
        return
    client, number = _client(), str(version.version)
    client.set_registered_model_alias(NAME, CHAMPION, number)
    if aliases().get(CHALLENGER) == number:
        client.delete_registered_model_alias(NAME, CHALLENGER)
    client.set_model_version_tag(NAME, number, _mark(decision), in_words(decision))


def fetch(record: Record, number: str, folder: Path) -> ModelInUse:
    """Bring the model of a run, its contract and the hashes of its rows from MLflow.

    Raises
    ------
    ProjectError
        When one is not there, or the model is not what was trained.
    """
    for name in FILES:
        if file_of_run(record["run"], name, folder) is None:
            raise ProjectError(
                f"MLflow has no {name} of run {short(record)}: it was logged elsewhere, or is lost. "
                "A run of `make train` here can be promoted."
            )
    model = load_model(folder / "model.skops", record)
    schema = load_schema(folder / "schema.yaml")
    return ModelInUse(model, schema, number, record["run"], record["model_md5"])


def keep(record: Record, files: Path) -> None:
    """Put a model, its contract and its rows below models/champions, for DVC to carry."""
    folder = folder_of(record["run"])
    if not folder.exists():
        with replacing(folder) as partial:
            partial.mkdir()
            for name in FILES:
                shutil.copy2(files / name, partial / name)
            if figures := file_of_run(record["run"], "figures", files):  # for the pages
                shutil.copytree(figures, partial / "figures")
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "add", "--quiet", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ProjectError(f"DVC could not take {folder.relative_to(ROOT)}: {done.stderr.strip()}")


def _mark(decision: Decision) -> str:
    """The tag of a version that says the registry knows of a decision."""
    return f"{decision['time']} {decision['what']}"


def _client() -> mlflow.MlflowClient:
    return mlflow.MlflowClient()
