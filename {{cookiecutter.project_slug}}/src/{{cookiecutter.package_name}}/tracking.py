"""What MLflow is told about a training run: who, when, why, from what, how good."""

import getpass
import os
import platform
import socket
import subprocess
import sys
import warnings
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import pandas as pd
import psutil
from sklearn.base import BaseEstimator

from .config import FIGURES, MODEL, ROOT, TRAIN, Params
from .files import md5
from .models.store import trusted_types

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_TRACKING_URI", f"sqlite:///{ROOT / 'mlflow.db'}")

# After the settings above: they are read on import.
import mlflow
from mlflow.models import infer_signature

EXPERIMENT = __package__
RUNNING_ON = "project.running_on"
MODEL_HASH = "project.model_md5"


def log_training(
    model: BaseEstimator, features: pd.DataFrame, facts: dict[str, Any], params: Params
) -> None:
    """Log one run: parameters, provenance, every candidate's scores, the model with signature.

    Parameters
    ----------
    features
        The rows the model was fitted on, without the target.
    facts
        What `train_model` found.
    """
    metric, best, scores = facts["metric"], facts["best"], facts["candidates"]
    _open_experiment()
    process = {RUNNING_ON: f"{socket.gethostname()} {os.getpid()}"}
    with mlflow.start_run(run_name=best, tags=process):
        mlflow.log_params(_flat(asdict(params) | {"best": scores[best].get("settings", {})}))
        mlflow.set_tags(provenance() | {MODEL_HASH: md5(MODEL)})
        mlflow.log_metric(f"cv_{metric}", scores[best]["mean"])
        mlflow.log_metric(f"cv_{metric}_sd", scores[best]["sd"])
        mlflow.log_metrics({f"cv_{metric} {name}": score["mean"] for name, score in scores.items()})
        mlflow.log_metric("settings_tried", facts["settings_tried"])
        if "threshold" in facts:
            mlflow.log_metric("threshold", facts["threshold"]["value"])
        mlflow.log_dict(facts, "candidates.json")
        if diff := _git("diff", "HEAD"):
            mlflow.log_text(diff, "uncommitted.diff")
        _log_model(model, features)


def log_evaluation(metrics: dict[str, Any]) -> None:
    """Add test metrics and figures to the run that trained the present model, where there is one."""
    _open_experiment()
    runs = mlflow.search_runs(
        filter_string=f"tags.`{MODEL_HASH}` = '{md5(MODEL)}'", max_results=1, output_format="list"
    )
    if not runs:
        print("the model was trained elsewhere: its run is not in this tracking database")
        return
    client = mlflow.MlflowClient()
    for name, value in metrics.items():
        client.log_metric(runs[0].info.run_id, f"test_{name}", value)
    client.log_artifacts(runs[0].info.run_id, str(FIGURES), "figures")


def provenance() -> dict[str, str]:
    """Everything needed to repeat a run: code, data, environment, command, person, reason."""
    return {
        "mlflow.source.git.commit": _git("rev-parse", "HEAD") or "no commit",
        "mlflow.user": _git("config", "user.name") or getpass.getuser(),
        "mlflow.note.content": os.environ.get("WHY", ""),
        "project.why": os.environ.get("WHY", ""),
        "project.dirty": str(bool(_git("status", "--porcelain"))).lower(),
        "project.data_md5": md5(TRAIN),
        "project.lock_md5": md5(ROOT / "requirements.txt"),
        "project.argv": " ".join(sys.orig_argv),
        "project.platform": f"{platform.platform()}, Python {platform.python_version()}",
    }


def create_database() -> None:
    """Make the tables of the tracking database: several first runs at once would race for it."""
    _open_experiment()


def _open_experiment() -> None:
    """Select the project's experiment and close runs whose process is gone."""
    mlflow.set_experiment(EXPERIMENT)
    client = mlflow.MlflowClient()
    for run in mlflow.search_runs(
        filter_string="attributes.status = 'RUNNING'", output_format="list"
    ):
        host, _, process = run.data.tags.get(RUNNING_ON, "").partition(" ")
        if host == socket.gethostname() and not psutil.pid_exists(int(process)):
            client.set_terminated(run.info.run_id, "KILLED")


def _log_model(model: BaseEstimator, features: pd.DataFrame) -> None:
    sample = features.head(100)
    with warnings.catch_warnings(action="ignore"):  # on gaps in numbers, which the contract allows
        signature = infer_signature(sample, model.predict(sample))
    needed = ("scikit-learn", "pandas", "skops")
    mlflow.sklearn.log_model(
        model,
        name="model",
        serialization_format="skops",
        skops_trusted_types=trusted_types(MODEL.read_bytes()),
        signature=signature,
        pip_requirements=[f"{name}=={version(name)}" for name in needed],
    )


def _git(*arguments: str) -> str:
    """What git prints, or nothing where there is no git or no commit."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


if __name__ == "__main__":
    create_database()
