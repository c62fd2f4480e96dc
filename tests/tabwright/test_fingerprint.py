"""What training depends on: the meaning of code and settings, all of it and nothing else."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from support.default_project import LIBRARY, PACKAGE, default_project
from support.small_table import PARAMS, set_params, with_train
from tabwright.project.errors import ProjectError
from tabwright.project.project import Project
from tabwright.schema.schema import Schema, load_schema, save_schema
from tabwright.selection import sources
from tabwright.selection.fingerprint import fingerprint, require_same_fingerprint

FEATURES, CANDIDATES = "features/build_features.py", "models/candidates.py"
CONSTANT = "PIECES = 2**14"
CONFIG = '''"""Settings and metrics."""
from pydantic.dataclasses import dataclass
from tabwright.project.settings import FORBID, Params
from tabwright.selection.metric import Metric
WEIGHT = 5
def cost(y_true, y_class):
    return WEIGHT * (y_true > y_class).mean()
def other(y_true, y_class):
    return 0.5
@dataclass(frozen=True, kw_only=True, config=FORBID)
class Settings(Params):
    days: int = 7
metrics = {"cost": Metric(cost, False, True), "other": Metric(other)}
'''


@pytest.fixture
def project(tmp_path: Path, schema: Schema, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with code of its own, and a copy of the library."""
    for name in ("src", "pyproject.toml", "params.yaml"):
        source = default_project() / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, tmp_path / name)
    shutil.copytree(LIBRARY, tmp_path / "library", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(sources, "LIBRARY", tmp_path / "library")
    made = Project(tmp_path)
    set_params(made, PARAMS)
    made.__dict__["metrics"] = {}
    save_schema(schema, made.schema_file)
    return made


@pytest.fixture(scope="module")
def memory() -> dict[str, str]:
    """The fingerprint of the project as it is made, once it is known."""
    return {}


@pytest.fixture
def before(project: Project, memory: dict[str, str]) -> dict[str, str]:
    """The fingerprint of the project as it is made, which is the same in every folder."""
    if not memory:
        memory |= fingerprint(project)
    return memory


def owner(project: Project, name: str) -> Path:
    """A file of the owner's package."""
    return project.root / "src" / PACKAGE / name


def edit(path: Path, old: str, new: str) -> None:
    """Replace text that is there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def append(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


SAME: dict[str, Callable[[Project], None]] = {
    "comment": lambda p: append(owner(p, FEATURES), "\n# A comment.\n"),
    "format": lambda p: edit(owner(p, FEATURES), CONSTANT, "PIECES = (\n    2 ** 14\n)"),
    "docstring": lambda p: edit(owner(p, CANDIDATES), "Every model that", "All models that"),
    "line ends": lambda p: owner(p, FEATURES).write_bytes(
        owner(p, FEATURES).read_bytes().replace(b"\n", b"\r\n")
    ),
    "other step": lambda p: append(owner(p, "models/evaluate_model.py"), "\nX = 1\n"),
    "figures": lambda p: append(owner(p, "visualization/visualize.py"), "\nX = 1\n"),
    "cleaning": lambda p: append(owner(p, "data/make_dataset.py"), "\nX = 1\n"),
    "module not used": lambda p: append(owner(p, "features/unused.py"), "X = 1\n"),
    "pages": lambda p: append(p.root / "library/tabwright/reports/page.py", "\nX = 1\n"),
    "comment in the schema": lambda p: append(p.schema_file, "\n# A comment.\n"),
    "threshold": lambda p: set_params(p, with_train(threshold="cost 5")),
    "gate": lambda p: set_params(
        p, replace(PARAMS, evaluate=replace(PARAMS.evaluate, minimum={"f1": 0.5}))
    ),
    "test rows": lambda p: set_params(p, replace(PARAMS, data=replace(PARAMS.data, test_size=0.5))),
}
OTHER: dict[str, Callable[[Project], None]] = {
    "constant": lambda p: edit(owner(p, FEATURES), CONSTANT, "PIECES = 2**13"),
    "default": lambda p: edit(owner(p, FEATURES), "dense: bool = False", "dense: bool = True"),
    "step": lambda p: append(owner(p, "models/train_model.py"), "\nX = 1\n"),
    "side effect": lambda p: append(owner(p, CANDIDATES), "\nimport numpy; numpy.seterr()\n"),
    "new module": lambda p: [
        append(owner(p, "features/own.py"), "X = 1\n"),
        append(owner(p, FEATURES), "\ndef late():\n    from . import own\n"),
    ],
    "package": lambda p: append(owner(p, "features/__init__.py"), "\nX = 1\n"),
    "list of words": lambda p: append(owner(p, "features/words.txt"), "and\n"),
    "library": lambda p: edit(
        p.root / "library/tabwright/selection/model_selection.py", "SKEWED = 1.0", "SKEWED = 2.0"
    ),
    "schema": lambda p: save_schema(
        replace(load_schema(p.schema_file), positive="no"), p.schema_file
    ),
    "seed": lambda p: set_params(p, replace(PARAMS, seed=2)),
    "folds": lambda p: set_params(p, with_train(folds=4)),
    "metric": lambda p: set_params(p, with_train(metric="f1")),
    "split": lambda p: set_params(
        p, replace(PARAMS, data=replace(PARAMS.data, split="group", split_by="city"))
    ),
}


@pytest.mark.parametrize("change", SAME)
def test_change_without_a_meaning_for_training(
    change: str, project: Project, before: dict[str, str]
) -> None:
    SAME[change](project)
    assert fingerprint(project) == before


@pytest.mark.parametrize("change", OTHER)
def test_change_that_training_may_feel(
    change: str, project: Project, before: dict[str, str]
) -> None:
    OTHER[change](project)
    assert fingerprint(project) != before


def test_change_of_a_module_that_a_new_one_imports(project: Project) -> None:
    append(owner(project, "features/own.py"), "X = 1\n")
    append(owner(project, CANDIDATES), "\nfrom ..features.own import X\n")
    before = fingerprint(project)
    edit(owner(project, "features/own.py"), "X = 1", "X = 2")
    after = fingerprint(project)
    assert [name for name in after if before[name] != after[name]] == [f"{PACKAGE}/features/own.py"]


def test_description_of_a_column_is_a_comment(
    project: Project, schema: Schema, before: dict[str, str]
) -> None:
    columns = dict(schema.columns)
    columns["visits"] = replace(columns["visits"], description="since 2020")
    save_schema(replace(schema, columns=columns), project.schema_file)
    assert fingerprint(project) == before


def of_config(project: Project, metric: str, config: str) -> str:
    """The hash of `config.py` as a new process imports it."""
    owner(project, "config.py").write_text(config, encoding="utf-8")
    params = project.params_file.read_text(encoding="utf-8")
    start = params.index("  metric: ")
    params = f"{params[:start]}  metric: {metric}\n{params[params.index('  folds:') :]}"
    project.params_file.write_text(params, encoding="utf-8")
    others = {name: module for name, module in sys.modules.items() if not of_owner(name)}
    with (
        patch.dict(sys.modules, others, clear=True),
        patch.object(sys, "path", [str(project.root / "src"), *sys.path]),
    ):
        return fingerprint(Project(project.root))["config.py"]


def of_owner(module: str) -> bool:
    """Whether a module is of the owner's package."""
    return module.partition(".")[0] == PACKAGE


def test_of_the_owners_metrics_the_deciding_one_counts(project: Project) -> None:
    owner(project, "models/train_model.py").write_text("", encoding="utf-8")  # nothing else counts
    new = CONFIG.replace('"other":', '"share": Metric(lambda y_true, y_pred: 1.0), "other":')
    assert of_config(project, "auto", CONFIG) == of_config(project, "auto", new)
    before = of_config(project, "cost", CONFIG)
    assert of_config(project, "cost", new) == before
    assert of_config(project, "cost", CONFIG.replace("return 0.5", "return 0.6")) == before
    for old, other in (
        ("WEIGHT = 5", "WEIGHT = 6"),
        ("y_true > y_class", "y_true < y_class"),
        ("Metric(cost, False", "Metric(cost, True"),
        ("days: int = 7", "days: int = 8"),
        ("Metric(cost,", "Metric(lambda y_true, y_class: cost(y_true, y_class),"),
    ):
        assert of_config(project, "cost", CONFIG.replace(old, other)) != before
    # A lambda has no name to find it by: any change of the metrics counts.
    nameless = CONFIG.replace("Metric(cost,", "Metric(lambda y_true, y_class: 2 * WEIGHT,")
    changed = nameless.replace("2 * WEIGHT", "3 * WEIGHT")
    assert of_config(project, "cost", nameless) != of_config(project, "cost", changed)


def test_training_of_other_files_is_not_recorded_as_of_these(project: Project) -> None:
    found = fingerprint(project)
    project.fingerprint_file.parent.mkdir()
    project.fingerprint_file.write_text(json.dumps(found), encoding="utf-8")
    require_same_fingerprint(project)
    OTHER["constant"](project)
    OTHER["seed"](project)
    with pytest.raises(ProjectError, match=rf"^{PACKAGE}/{FEATURES}, params.yaml: changed since"):
        require_same_fingerprint(project)
