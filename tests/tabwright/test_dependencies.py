"""What each step of the pipeline imports is among its dependencies: no result is stale unseen."""

import ast
from pathlib import Path

import pytest
import yaml
from support.default_project import PACKAGE, default_project
from tabwright.cli import COMMANDS
from tabwright.selection import sources

STAGES = ("schema", "data", "fingerprint", "calibrate", "evaluate", "report", "gate")
FINGERPRINT = "models/fingerprint.json"  # of all that training imports
LOGS = "tracking"  # it keeps what a step has found, and decides none of it
REPORTS = ("report",)  # but for the page that shows what is kept
FOUND = {"config", "data.make_dataset"}  # of the owner, by the library: settings, metrics, clean()
CHECKED = {"params.py": {"models.candidates"}}  # by a command that no stage runs
OWNER, LIBRARY = f"src/{PACKAGE}", "vendor/tabwright/src/tabwright"


@pytest.fixture(scope="module")
def project() -> Path:
    """A project as it is generated."""
    return default_project()


@pytest.fixture(scope="module")
def stages(project: Path) -> dict[str, dict]:
    """The stages of its pipeline."""
    return yaml.safe_load((project / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


def source_file(project: Path, name: str) -> Path:
    """The file of a module of the owner or of the library, or the folder of its room."""
    package, *parts = name.split(".")
    return project.joinpath({PACKAGE: OWNER, "tabwright": LIBRARY}[package], *parts)


def imported(module: Path, project: Path) -> set[Path]:
    """The modules of both packages that a module imports by name, in functions too."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        name = node.module or ""
        if node.level:
            folder = module.parents[node.level - 1].joinpath(*filter(None, name.split(".")))
        elif name.partition(".")[0] == "tabwright":
            folder = source_file(project, name)
        else:
            continue
        found |= {folder, *(folder / alias.name for alias in node.names)}
    files = {path.with_suffix(".py") for path in found} | {path / "__init__.py" for path in found}
    return {path for path in files if path.is_file()}


def closure(module: Path, project: Path, without: str) -> set[Path]:
    """A module with all that it imports of both packages, directly or not."""
    seen: set[Path] = set()
    new = {module}
    while new:
        seen |= new
        new = set().union(*(imported(path, project) for path in new)) - seen
        new = {path for path in new if not path.is_relative_to(project / LIBRARY / without)}
    return {path for path in seen if path.name != "__init__.py"}


def module_of(command: str) -> str:
    """The module that a command line runs."""
    *_, package, name = ["", *command.removeprefix("python -m ").split()]
    if package == "tabwright":
        return f"tabwright.{COMMANDS[name][0].partition(':')[0]}"
    return name


@pytest.mark.parametrize("name", STAGES)
def test_all_that_a_step_imports_is_among_its_dependencies(
    name: str, project: Path, stages: dict[str, dict]
) -> None:
    stage = stages[name]
    assert "requirements.txt" in stage["deps"]
    commands = [stage["cmd"]] if isinstance(stage["cmd"], str) else stage["cmd"]
    deps = [project / dep for dep in stage["deps"]]
    without = "nothing" if name in REPORTS else LOGS
    for command in commands:
        start = source_file(project, module_of(command)).with_suffix(".py")
        needed = closure(start, project, without)
        assert len(needed) > 5
        for path in needed:
            assert any(path.is_relative_to(dep) for dep in deps), path.relative_to(project)


def test_what_the_library_finds_of_the_owner_is_among_the_dependencies(
    stages: dict[str, dict],
) -> None:
    for name, stage in stages.items():
        found = {OWNER, f"{OWNER}/config.py", FINGERPRINT}
        assert found & set(stage["deps"]), name
    assert f"{OWNER}/data" in stages["schema"]["deps"]  # clean()


def test_library_finds_nothing_else_of_the_owner(project: Path) -> None:
    for path in (project / LIBRARY).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "owner":
                known = FOUND | CHECKED.get(path.name, set())
                assert ast.literal_eval(node.args[0]) in known, path


def test_training_depends_on_its_fingerprint_rows_and_libraries(
    project: Path, stages: dict[str, dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    deps = {"data/processed/train.parquet", FINGERPRINT, "requirements.txt"}
    assert set(stages["train"]["deps"]) == deps
    step = "models.train_model"
    assert stages["train"]["cmd"] == f"python -m {PACKAGE}.{step}"
    start = source_file(project, f"{PACKAGE}.{step}").with_suffix(".py")
    monkeypatch.setattr(sources, "LIBRARY", project / "vendor/tabwright/src")
    hashed, _ = sources.SourceCode(project / "src").needed([f"{PACKAGE}.{step}"])
    assert closure(start, project, "nothing") <= hashed.keys()


def test_code_of_reports_trains_nothing(project: Path, stages: dict[str, dict]) -> None:
    assert not {Path(dep).name for dep in stages["data"]["deps"]} & {"visualization", "reports"}
    start = source_file(project, f"{PACKAGE}.models.train_model").with_suffix(".py")
    rooms = {path.parent.name for path in closure(start, project, "nothing")}
    assert rooms == {"features", "models", "io", "project", "schema", "selection"}


@pytest.mark.parametrize(
    ("stage", "new"),
    [
        ("data", f"{OWNER}/data/joins.py"),
        ("fingerprint", f"{OWNER}/features/own.py"),
        ("fingerprint", f"{OWNER}/own.py"),
        ("fingerprint", f"{LIBRARY}/schema/own.py"),
        ("evaluate", f"{OWNER}/models/own.py"),
        ("evaluate", f"{OWNER}/visualization/own.py"),
        ("report", f"{LIBRARY}/reports/own.py"),
    ],
)
def test_new_module_counts(stage: str, new: str, project: Path, stages: dict[str, dict]) -> None:
    deps = [project / dep for dep in stages[stage]["deps"]]
    assert any((project / new).is_relative_to(dep) for dep in deps)
