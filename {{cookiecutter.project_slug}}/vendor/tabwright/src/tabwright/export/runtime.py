"""Predict with the exported champion: `models/champions/<run>/model.onnx` in place of scikit-learn.

`models/export.json`, which git keeps, has the hash of each export; nothing else is loaded.
"""

import hashlib
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..project.errors import ProjectError
from ..project.files import read_json
from ..project.git import require_readable
from ..project.project import Project
from ..registry.champion import Promotion, champion_folder
from ..schema.schema import Schema

if TYPE_CHECKING:
    import pandas as pd

MODEL = "model.onnx"  # in the folder of a champion
Scores = Callable[["pd.DataFrame"], np.ndarray]


def load_export(project: Project, promotion: Promotion, schema: Schema) -> Scores | None:
    """The exported model of an entry of the promotion log; None where it was not exported.

    Parameters
    ----------
    schema
        The champion's.

    Returns
    -------
    function or None
        From a typed table to what `predict_scores` returns of the model, within 1e-9.

    Raises
    ------
    ProjectError
        When the file is missing, or is not the one that was exported from this model.
    """
    entry = exports(project).get(promotion["run"])
    if entry is None:
        return None
    path = champion_folder(project, promotion["run"]) / MODEL
    if not path.is_file():
        raise ProjectError(
            f"{project.short(path)} is missing: `make pull` brings it, or `make export` writes it."
        )
    data = path.read_bytes()
    known = {"onnx_md5": hashlib.md5(data).hexdigest(), "model_md5": promotion["model_md5"]}
    if any(entry.get(name) != value for name, value in known.items()):
        raise ProjectError(
            f"{project.short(path)} is not what was exported, so it is not loaded: `make verify "
            "REPAIR=1` restores it, or `make export` writes it again."
        )
    return Session(data, schema).scores


def exports(project: Project) -> dict[str, Any]:
    """What was exported, by run.

    Raises
    ------
    ProjectError
        When `models/export.json` is damaged.
    """
    path = project.export_file
    if not path.exists():
        return {}
    restore = f"`git checkout {project.short(path)}` restores it"
    remedy = f"{restore}, or `make export` after deleting it writes it again"
    with require_readable(project.root, path, remedy):
        return {run: dict(entry) for run, entry in read_json(path).items()}


class Session:
    """An exported model, loaded.

    Parameters
    ----------
    data
        The content of the file.
    schema
        The one it was exported with.
    """

    def __init__(self, data: bytes, schema: Schema) -> None:
        runtime = import_library("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # sums in one order
        options.log_severity_level = 3  # errors alone
        self.session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        names = [column.name for column in self.session.get_inputs()]
        self._columns = {name: READ[schema.columns[name].type] for name in names}

    def inputs(self, typed: "pd.DataFrame") -> dict[str, np.ndarray]:
        """The columns of a typed table as the model takes them, shape (n_rows, 1)."""
        return {name: read(typed[name])[:, None] for name, read in self._columns.items()}

    def run(self, typed: "pd.DataFrame") -> list[np.ndarray]:
        """The columns of the prediction: classes or values, then the probability of each class."""
        return list(self.session.run(None, self.inputs(typed)))

    def scores(self, typed: "pd.DataFrame") -> np.ndarray:
        """Values, shape (n_rows,), or probabilities, shape (n_rows, n_classes)."""
        predicted, *probabilities = self.run(typed)
        return np.column_stack(probabilities) if probabilities else predicted


READ: dict[str, Callable[["pd.Series"], np.ndarray]] = {
    "numeric": lambda cells: cells.to_numpy(float, na_value=np.nan),
    "boolean": lambda cells: cells.to_numpy(float, na_value=np.nan),
    "category": lambda cells: cells.to_numpy(object, na_value=""),
    "datetime": lambda cells: cells.to_numpy("datetime64[us]").view(np.int64),
}


def import_library(name: str) -> ModuleType:
    """Import `onnx` or `onnxruntime`, which not every project has.

    Raises
    ------
    ProjectError
        When it is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ProjectError(
            f"{name} is not installed: `make setup` installs it in a project that was generated "
            "with `serving=true`."
        ) from error
