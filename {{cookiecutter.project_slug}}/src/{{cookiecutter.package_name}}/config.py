"""Where things are, and the parameters of `params.yaml` with their types."""

import re
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

from .errors import ProjectError

ROOT = Path(__file__).resolve().parents[2]
# A queued experiment runs in a copy, <project>/.dvc/tmp/exps/<name>; what is logged is the project's.
PROJECT = next((folder.parent for folder in ROOT.parents if folder.name == ".dvc"), ROOT)

PARAMS = ROOT / "params.yaml"
SCHEMA = ROOT / "references" / "schema.yaml"
DATA_DICTIONARY = ROOT / "references" / "data_dictionary.md"

CLEAN = ROOT / "data" / "interim" / "clean.parquet"
REJECTED = ROOT / "data" / "interim" / "rejected.parquet"
TRAIN = ROOT / "data" / "processed" / "train.parquet"
TEST = ROOT / "data" / "processed" / "test.parquet"
UNLABELLED = ROOT / "data" / "processed" / "unlabelled.parquet"
TEST_PREDICTIONS = ROOT / "data" / "processed" / "test_predictions.parquet"
PREDICTIONS = ROOT / "data" / "processed" / "predictions.csv"
ORIGIN = ROOT / "data" / "processed" / "predictions.csv.origin.json"

MODEL = ROOT / "models" / "model.skops"
CHAMPION = ROOT / "models" / "champion.json"
CHAMPIONS = ROOT / "models" / "champions"
METRICS = ROOT / "reports" / "metrics.json"
CANDIDATES = ROOT / "reports" / "candidates.json"
SLICES = ROOT / "reports" / "slices.json"
BEHAVIOUR = ROOT / "reports" / "behaviour.json"
FIGURES = ROOT / "reports" / "figures" / "evaluation"
DATA_FIGURES = ROOT / "reports" / "figures" / "data"
WARNINGS = ROOT / "reports" / "warnings.json"
RUNS = ROOT / "reports" / "runs"
LAB_NOTEBOOK = ROOT / "reports" / "lab_notebook.md"
REPORT = ROOT / "reports" / "report.html"
DATA_REPORT = ROOT / "reports" / "data.html"
DATA_PROFILE = ROOT / "reports" / "data_profile.html"
MODEL_CARD = ROOT / "reports" / "model_card.md"

WEB = ("http://", "https://", "s3://")
LOGIN = re.compile("://[^/@]*:[^@]*@")
WEB_LOGIN = re.compile("://[^/?#@]+@")
SECRET = re.compile(  # a parameter such as sig, X-Amz-Signature, api_key, access_token, password
    "[?&;#=][^?&;#=]*(pass(?![aeiv])|pwd|secret|token|credential|jwt|signature|authorization|keyid|"
    "((?<!ssl)key|(?<![a-z])(auth|sign?|sas))(?![a-z]))[^?&;#=]*=",
    re.IGNORECASE,
)
SAFE = (
    "without a password, token or signature, which git would keep: credentials go into .env (see "
    ".env.example), and a file behind a signed address is downloaded by hand into data/raw"
)
GOALS = re.compile(r"f1|precision (0?\.\d+|1(\.0+)?)|cost \d+(\.\d+)?")
SPLITS = ("random", "chronological", "group")


@dataclass(frozen=True)
class DataParams:
    """What is learned from, and how it is split."""

    raw: str
    target: str
    test_size: float
    split: str
    split_by: str
    duplicates: str
    max_rejected: float
    source: str = ""
    select: str = ""

    def __post_init__(self) -> None:
        _hold(_number(self.test_size) and 0 < self.test_size < 1, "data.test_size", "in (0, 1)")
        _hold(isinstance(self.raw, str) and bool(self.raw), "data.raw", "the path of a file")
        here = "a path below data/raw, not an address; fetch the table and put it there"
        _hold("://" not in str(self.raw), "data.raw", f"{here} ({self.raw})")
        _hold(isinstance(self.source, str), "data.source", "an address or a SQLAlchemy URL")
        _hold(isinstance(self.select, str), "data.select", "a sheet, a table or a query")
        login = WEB_LOGIN if self.source.startswith(WEB) else LOGIN
        found = login.search(self.source) or SECRET.search(unquote(self.source))
        _hold(not found, "data.source", SAFE)
        _hold(isinstance(self.target, str) and bool(self.target), "data.target", "a column's name")
        share = _number(self.max_rejected) and 0 <= self.max_rejected <= 1
        _hold(share, "data.max_rejected", "from 0 to 1")
        _hold(self.split in SPLITS, "data.split", f"one of {', '.join(SPLITS)}")
        named = bool(self.split_by) != (self.split == "random")
        _hold(named, "data.split_by", "the column that decides a chronological or group split")
        _hold(self.duplicates in ("keep", "reject"), "data.duplicates", "keep or reject")


@dataclass(frozen=True)
class TrainParams:
    """Which models compete, and how."""

    metric: str
    folds: int
    candidates: list[str]
    threshold: str | float
    search_iterations: int
    search_seconds: float
    search_rows: int
    max_rows: int

    def __post_init__(self) -> None:
        _hold(_whole(self.folds, 2), "train.folds", "a whole number from 2")
        _hold(bool(self.candidates), "train.candidates", "a list of at least one name")
        _hold(_whole(self.search_iterations, 0), "train.search_iterations", "a whole number from 0")
        seconds = _number(self.search_seconds) and self.search_seconds > 0
        _hold(seconds, "train.search_seconds", "a number above 0")
        fixed = isinstance(self.threshold, float) and 0 < self.threshold < 1
        goal = isinstance(self.threshold, str) and GOALS.fullmatch(self.threshold)
        expected = "f1, precision P (such as precision 0.9), cost C (such as cost 5) or in (0, 1)"
        _hold(bool(fixed or goal), "train.threshold", expected)
        _hold(_whole(self.max_rows, 100), "train.max_rows", "a whole number from 100")
        _hold(_whole(self.search_rows, 100), "train.search_rows", "a whole number from 100")


@dataclass(frozen=True)
class EvaluateParams:
    """How sure the test scores are, where they are looked at, and how good they have to be."""

    bootstrap: int
    confidence: float
    slices: str | list[str] = "auto"
    minimum: dict[str, float] = field(default_factory=dict)
    slice_minimum: dict[str, float] = field(default_factory=dict)
    allowed_loss: float = 0

    def __post_init__(self) -> None:
        _hold(_whole(self.bootstrap, 10), "evaluate.bootstrap", "a whole number from 10")
        inside = _number(self.confidence) and 0 < self.confidence < 1
        _hold(inside, "evaluate.confidence", "in (0, 1)")
        named = isinstance(self.slices, list) and all(isinstance(x, str) for x in self.slices)
        _hold(self.slices == "auto" or named, "evaluate.slices", "auto or a list of columns")
        loss = _number(self.allowed_loss) and self.allowed_loss >= 0
        _hold(loss, "evaluate.allowed_loss", "a number from 0")
        for name in ("minimum", "slice_minimum"):
            floors = getattr(self, name)
            held = isinstance(floors, dict) and all(map(_number, floors.values()))
            _hold(held, f"evaluate.{name}", "a number for each metric, such as {roc_auc: 0.8}")


@dataclass(frozen=True)
class Params:
    """All of `params.yaml`."""

    seed: int
    data: DataParams
    train: TrainParams
    evaluate: EvaluateParams
    behaviour: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        _hold(_whole(self.seed, 0), "seed", "a whole number from 0")
        entries = isinstance(self.behaviour, list) and all(
            isinstance(entry, dict) for entry in self.behaviour
        )
        _hold(entries, "behaviour", "a list such as [{add: {age: 1}, expect: up}], or []")


def load_params(path: Path = PARAMS) -> Params:
    """Read `params.yaml`.

    Raises
    ------
    ProjectError
        When the file is not YAML, or a parameter is missing, unknown or out of its range.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ProjectError(f"{path.name} is not valid YAML, correct it: {error}") from error
    tree = tree if isinstance(tree, dict) else {}
    sections = {"data": DataParams, "train": TrainParams, "evaluate": EvaluateParams}
    for name, section in sections.items():
        tree[name] = _section(section, tree.get(name), f"{path.name}, {name}")
    return _section(Params, tree, path.name)


def _section(kind: type, values: Any, where: str) -> Any:
    values = values if isinstance(values, dict) else {}
    known = {entry.name for entry in fields(kind)}
    required = {
        entry.name for entry in fields(kind) if entry.default is entry.default_factory is MISSING
    }
    if missing := sorted(required - values.keys()):
        raise ProjectError(f"{where}: {', '.join(missing)} is missing. Add it.")
    if unknown := sorted(map(str, values.keys() - known)):
        raise ProjectError(
            f"{where}: {', '.join(unknown)} is not a parameter. Correct or remove it."
        )
    return kind(**values)


def _hold(true: bool, name: str, expected: str) -> None:
    if not true:
        raise ProjectError(f"params.yaml: {name} must be {expected}.")


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
