"""Where things are, and the parameters of `params.yaml` with their types."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from .errors import ProjectError

ROOT = Path(__file__).resolve().parents[2]

PARAMS = ROOT / "params.yaml"
SCHEMA = ROOT / "references" / "schema.yaml"
DATA_DICTIONARY = ROOT / "references" / "data_dictionary.md"

CLEAN = ROOT / "data" / "interim" / "clean.parquet"
REJECTED = ROOT / "data" / "interim" / "rejected.parquet"
TRAIN = ROOT / "data" / "processed" / "train.parquet"
TEST = ROOT / "data" / "processed" / "test.parquet"
UNLABELLED = ROOT / "data" / "processed" / "unlabelled.parquet"
PREDICTIONS = ROOT / "data" / "processed" / "predictions.csv"

MODEL = ROOT / "models" / "model.skops"
METRICS = ROOT / "reports" / "metrics.json"
CANDIDATES = ROOT / "reports" / "candidates.json"
FIGURES = ROOT / "reports" / "figures" / "evaluation"
REPORT = ROOT / "reports" / "report.html"
DATA_PROFILE = ROOT / "reports" / "data_profile.html"


@dataclass(frozen=True)
class DataParams:
    """What is learned from, and how it is split."""

    raw: str
    target: str
    test_size: float
    max_rejected: float


@dataclass(frozen=True)
class TrainParams:
    """Which models compete, and how."""

    metric: str
    folds: int
    candidates: list[str]
    search_iterations: int
    search_rows: int


@dataclass(frozen=True)
class EvaluateParams:
    """How sure the test scores are."""

    bootstrap: int
    confidence: float


@dataclass(frozen=True)
class Params:
    """All of `params.yaml`."""

    seed: int
    data: DataParams
    train: TrainParams
    evaluate: EvaluateParams


def load_params(path: Path = PARAMS) -> Params:
    """Read `params.yaml`.

    Raises
    ------
    ProjectError
        When the file is not YAML, or a parameter is missing or unknown.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ProjectError(f"{path.name} is not valid YAML: {error}") from error
    tree = tree if isinstance(tree, dict) else {}
    sections = {"data": DataParams, "train": TrainParams, "evaluate": EvaluateParams}
    for name, section in sections.items():
        tree[name] = _section(section, tree.get(name), f"{path.name}, {name}")
    return _section(Params, tree, path.name)


def _section(kind: type, values: Any, where: str) -> Any:
    values = values if isinstance(values, dict) else {}
    known = {field.name for field in fields(kind)}
    if missing := sorted(known - values.keys()):
        raise ProjectError(f"{where}: {', '.join(missing)} is missing.")
    if unknown := sorted(map(str, values.keys() - known)):
        raise ProjectError(f"{where}: {', '.join(unknown)} is not a parameter.")
    return kind(**values)
