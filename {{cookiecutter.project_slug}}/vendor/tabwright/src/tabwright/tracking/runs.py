"""Log a training run in MLflow and in reports/runs: parameters, provenance, scores, model."""

import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from ..dataset.counts import count_rows
from ..project.files import md5, read_json, write_json
from ..project.project import Project
from ..selection.fit import FittedCandidate
from ..selection.persistence import save_model
from .database import database_errors, load_mlflow
from .experiment import RECORD, RUNNING_ON, has_own_database, open_experiment, this_process
from .logged_model import log_model
from .record import (
    Record,
    find_model_record,
    flat,
    held_out_scores,
    patch_file,
    provenance,
    run_parameters,
    run_scores,
    save_record,
    short,
    source_code,
)
from .retention import drop_models
from .trackers import also_track

ROWS = "rows.npy"  # among the files of a run in MLflow


class TrainingRun:
    """A run that has started: its record so far has code, data, environment, command, user and reason."""

    def __init__(self, project: Project) -> None:
        open_experiment(project)
        self.project = project
        self.record, self.patch = provenance(project)

    def log(
        self, model: BaseEstimator, fit: FittedCandidate, facts: dict[str, Any], seconds: float
    ) -> None:
        """Save the model; log it with parameters, provenance and every candidate's scores.

        Parameters
        ----------
        model, facts
            The results of `calibrate_and_threshold` for `fit`.
        seconds
            That the training took, before this run started.
        """
        project, record, code = self.project, self.record, source_code(self.project)
        record |= save_model(model, project.model_file, code)
        mlflow = load_mlflow(project)
        with database_errors(project):
            tags = {RUNNING_ON: this_process()}
            with mlflow.start_run(tags=tags) as run:
                saved, types = project.model_file, record["types"]
                uri = log_model(mlflow, code, model, saved, types, fit.sample)
                record |= self._results(run.info.run_id, uri, facts, seconds)
                mlflow.set_tag("mlflow.runName", short(record))
                _log_files(mlflow, project, fit.rows["row_hash"].to_numpy())
                mlflow.log_dict(facts, "candidates.json")
                mlflow.log_params(run_parameters(record))
                mlflow.log_metrics(run_scores(record))
                mlflow.set_tags(_tags(record))
                save_record(project, record, self.patch)
                mlflow.log_dict(record, RECORD)
                if self.patch:
                    mlflow.log_artifact(str(patch_file(project, record["run"])))
            if has_own_database(project):
                drop_models(project, record["run"])
        for score in facts["candidates"].values():
            score.pop("folds")
        write_json(project.candidates_file, facts)
        also_track(project, record)

    def _results(self, run: str, uri: str, facts: dict[str, Any], seconds: float) -> Record:
        """The part of the record that is known after training."""
        project, params, best = self.project, self.project.params, facts["best"]
        started = datetime.fromisoformat(self.record["started"]).timestamp()
        results = {
            "run": run,
            "seconds": round(seconds + time.time() - started),
            "seed": params.seed,
            "params": flat(asdict(params)),
            "model": best,
            "model_uri": uri,
            "training": facts,
            "rows": count_rows(project),
            "cv": {"metric": facts["metric"], **facts["candidates"][best]},
            "settings_tried": facts["settings_tried"],
            "left_out": facts["left_out"],
        }
        same = find_model_record(project, self.record["model_md5"])
        if same and same.get("evaluation", {}).get("test_md5") == md5(project.test_file):
            results["evaluation"] = same["evaluation"]  # still up to date
        return results


def log_evaluation(project: Project, scores: dict[str, Any]) -> None:
    """Add test scores, figures and predictions to the run that trained the current model."""
    record = find_model_record(project, md5(project.model_file))
    if record is None:
        print("the model was trained elsewhere: its run is not in reports/runs")
        return
    record["evaluation"] = scores | {
        "slices": read_json(project.slices_file),
        "tests": read_json(project.behaviour_file),
        "test_md5": md5(project.test_file),
        "predictions_md5": md5(project.test_predictions_file),
    }
    save_record(project, record)
    mlflow = load_mlflow(project)
    with database_errors(project):
        open_experiment(project)
        client, run = mlflow.MlflowClient(), record["run"]
        try:
            client.get_run(run)
        except mlflow.exceptions.MlflowException:
            return  # the model came with git and DVC, from another tracking database
        for name, value in held_out_scores(record).items():
            client.log_metric(run, name, value)
        client.log_artifacts(run, str(project.figures_folder), "figures")
        client.log_artifact(run, str(project.test_predictions_file))
        client.log_dict(run, record, RECORD)
    also_track(project, record)


def _log_files(mlflow: Any, project: Project, hashes: np.ndarray) -> None:
    """Log the files that `make promote` needs."""
    if not has_own_database(project):  # else DVC keeps it
        mlflow.log_artifact(str(project.model_file))
    mlflow.log_artifact(str(project.schema_file))
    with TemporaryDirectory() as folder:
        np.save(Path(folder, ROWS), hashes)
        mlflow.log_artifact(str(Path(folder, ROWS)))


def _tags(record: Record) -> dict[str, str]:
    """The tags of a run in MLflow."""
    shown = ("why", "model", "dirty", "train_md5", "lock_md5", "argv", "platform", "model_md5")
    return {
        "mlflow.source.git.commit": record["commit"] or "no commit",
        "mlflow.user": record["user"],
        "mlflow.note.content": record["why"],
        **{f"project.{name}": str(record[name]) for name in shown},
    }
