"""Champions without MLflow, DVC and git: the latest model in force as that of a run."""

import shutil
from pathlib import Path
from types import SimpleNamespace

from tabwright.project.files import md5
from tabwright.project.project import Project
from tabwright.registry import champion
from tabwright.schema.schema import Schema, load_schema, save_schema
from tabwright.selection.persistence import save_model
from tabwright.tracking.record import find_record, save_record, source_code

OTHER = {"why": "", "model": "", "commit": "c" * 40, "dirty": False}


def latest(project: Project, trained: SimpleNamespace) -> Project:
    """Make the trained model the latest of a project that has no champion."""
    save_schema(trained.schema, project.schema_file)
    made = save_model(trained.model, project.model_file, source_code(project))
    save_record(project, made | {"run": "latest", "started": "2024-05-01T12:00:00Z"} | OTHER)
    return project


def promoted(models: Project, run: str, schema: Schema | None = None) -> champion.Promotion:
    """Put the latest model in force, as the one of a run."""
    promotion = kept(models, run, schema)
    champion.record_promotion(models, promotion, champion.promotion_log(models))
    return promotion


def kept(models: Project, run: str, schema: Schema | None = None) -> champion.Promotion:
    """Keep the latest model as the one of a run; an entry of the promotion log for it."""
    folder = champion.champion_folder(models, run)
    folder.mkdir(parents=True)
    shutil.copy(models.model_file, folder)
    save_schema(schema or load_schema(models.schema_file), folder / "schema.yaml")
    promotion = {"time": "2024-05-01T12:00:00Z", "what": "promoted", "version": run[-1], "run": run}
    promotion |= {"by": "Ada", "why": "", "failed": []}
    promotion |= {f"{name}_md5": md5(path) for name, path in paths(folder).items()}
    return promotion | find_record(models, "latest") | {"run": run}


def paths(folder: Path) -> dict[str, Path]:
    """The files of a champion."""
    return {"model": folder / "model.skops", "schema": folder / "schema.yaml"}
