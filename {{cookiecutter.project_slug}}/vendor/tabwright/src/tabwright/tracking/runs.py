"""What is logged of a training run, in MLflow and in reports/runs: who, why, from what, how good."""

import logging
import shutil
import socket
import sys
import warnings
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import psutil
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.base import BaseEstimator

from ..project.settings import Params
from ..schema.schema import Schema
from ..project.files import is_gone, md5
from ..selection.cross_validation import row_hashes
from ..selection.sources import SRC, needed
from ..dataset.counts import count_rows
from ..project.files import read_json
from .database import database_errors, own_experiment, require_server
from .record import Record, flat, patch_file, find_model_record, save_record, seconds_since

NAME = __name__.partition(".")[0]  # of the experiment, and of the model in the registry
# Named otherwise than they are imported; finding that out takes half a second.
PACKAGES = {"dotenv": "python-dotenv", "sklearn": "scikit-learn", "yaml": "pyyaml"}
RUNNING_ON = "project.running_on"
RECORD, ROWS = "run.json", "rows.npy"  # among the files of a run in MLflow

# It prints the traceback of what errors.py makes a sentence of.
logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)


@database_errors()
def log_training(
    model: BaseEstimator,
    train: pd.DataFrame,
    schema: Schema,
    facts: dict[str, Any],
    params: Params,
    record: Record,
    patch: str,
) -> None:
    """Log one run: parameters, provenance, every candidate's scores, the model with signature.

    Parameters
    ----------
    train
        The rows the model was fitted on.
    facts
        What `train_model` found.
    record, patch
        What `provenance` gave before training, and `save_model` after it.
    """
    metric, best, scores = facts["metric"], facts["best"], facts["candidates"]
    tried = flat(asdict(params))
    open_experiment()
    with mlflow.start_run(run_name=best, tags={RUNNING_ON: _this_process()}) as run:
        mlflow.log_params(tried | flat({"best": scores[best].get("settings", {})}))
        values = {f"cv_{metric} {name}": score["mean"] for name, score in scores.items()}
        values |= {f"cv_{metric}": scores[best]["mean"], f"cv_{metric}_sd": scores[best]["sd"]}
        if "threshold" in facts:
            values["threshold"] = facts["threshold"]["value"]
        mlflow.log_metrics(values | {"settings_tried": facts["settings_tried"]})
        mlflow.log_dict(facts, "candidates.json")
        with TemporaryDirectory() as folder:
            np.save(Path(folder, ROWS), row_hashes(train, schema))
            for file in (project.model_file, project.schema_file, Path(folder, ROWS)):
                mlflow.log_artifact(str(file))
        uri = _log_model(model, record["types"], train[list(schema.features)])
        record |= {
            "run": run.info.run_id,
            "seconds": seconds_since(record["started"]),
            "seed": params.seed,
            "params": tried,
            "model": best,
            "model_uri": uri,
            "training": facts,
            "rows": count_rows(),
            "cv": {"metric": metric, **scores[best]},
            "settings_tried": facts["settings_tried"],
        }
        same = find_model_record(record["model_md5"])
        if same and same.get("evaluation", {}).get("test_md5") == md5(project.test_file):
            record["evaluation"] = same["evaluation"]  # what is up to date is not evaluated again
            mlflow.log_metrics(_test_metrics(record))
        mlflow.set_tags(_tags(record))
        save_record(record, patch)
        mlflow.log_dict(record, RECORD)
        if patch:
            mlflow.log_artifact(str(patch_file(record["run"])))


@database_errors()
def log_evaluation(scores: dict[str, Any]) -> None:
    """Add test scores, figures and predictions to the run that trained the present model."""
    record = find_model_record(md5(project.model_file))
    if record is None:
        print("the model was trained elsewhere: its run is not in reports/runs")
        return
    record["evaluation"] = scores | {
        "slices": read_json(project.slices_file),
        "tests": read_json(project.behaviour_file),
        "test_md5": md5(project.test_file),
        "predictions_md5": md5(project.test_predictions_file),
    }
    save_record(record)
    open_experiment()
    client, run = mlflow.MlflowClient(), record["run"]
    try:
        client.get_run(run)
    except MlflowException:
        return  # the model came with git and DVC, from another tracking database
    for name, value in _test_metrics(record).items():
        client.log_metric(run, name, value)
    client.log_artifacts(run, str(project.figures_folder), "figures")
    client.log_artifact(run, str(project.test_predictions_file))
    client.log_dict(run, record, RECORD)


def download_file(run: str, name: str, folder: Path) -> Path | None:
    """Fetch a file of a run from MLflow into a folder; None where MLflow has no such file."""
    require_server()
    try:
        return Path(
            mlflow.artifacts.download_artifacts(f"runs:/{run}/{name}", dst_path=str(folder))
        )
    except (MlflowException, OSError):
        return None


@database_errors()
def open_experiment() -> None:
    """Select the project's experiment and close runs whose process is gone."""
    require_server()
    own_experiment(NAME)
    mlflow.set_experiment(NAME)
    client = mlflow.MlflowClient()
    for run in mlflow.search_runs(
        filter_string="attributes.status = 'RUNNING'", output_format="list"
    ):
        if _is_over(run.data.tags.get(RUNNING_ON, "")):
            client.set_terminated(run.info.run_id, "KILLED")


def _this_process() -> str:
    process = psutil.Process()
    return f"{socket.gethostname()} {process.pid} {process.create_time()}"


def _is_over(running_on: str) -> bool:
    host, process, started = f"{running_on}  ".split(" ")[:3]
    return host == socket.gethostname() and is_gone(int(process), started)


def requirements(libraries: set[str]) -> list[str]:
    """Packages with their versions, by the names they are imported by."""
    names = set()
    for library in libraries - sys.stdlib_module_names:
        try:
            version(name := PACKAGES.get(library, library))
            names.add(name)
        except PackageNotFoundError:  # another name than that
            names.update(packages_distributions().get(library, []))
    return [f"{name}=={version(name)}" for name in sorted(names)]


def _test_metrics(record: Record) -> dict[str, float]:
    return {f"test_{name}": value for name, value in record["evaluation"]["test"].items()}


def _tags(record: Record) -> dict[str, str]:
    """What MLflow's pages show of a record."""
    shown = ("why", "dirty", "train_md5", "lock_md5", "argv", "platform", "model_md5")
    return {
        "mlflow.source.git.commit": record["commit"] or "no commit",
        "mlflow.user": record["user"],
        "mlflow.note.content": record["why"],
        **{f"project.{name}": str(record[name]) for name in shown},
    }


def _log_model(model: BaseEstimator, types: list[str], features: pd.DataFrame) -> str:
    """Log the model in MLflow's own form, for its registry and servers; return where it is.

    The code of this project that it needs goes with it: it loads where the project is not.
    """
    sample = features.head(100)
    with warnings.catch_warnings(action="ignore"):  # on gaps in numbers, which the contract allows
        signature = infer_signature(sample, model.predict(sample))
    files, libraries = needed([*types, "pandas", "skops", "sklearn"])
    with TemporaryDirectory() as folder:
        for file in files:
            copy = Path(folder, file.relative_to(SRC))
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
        return mlflow.sklearn.log_model(
            model,
            name="model",
            serialization_format="skops",
            skops_trusted_types=types,
            signature=signature,
            code_paths=[str(path) for path in Path(folder).iterdir()] or None,
            pip_requirements=requirements(libraries),
        ).model_uri
