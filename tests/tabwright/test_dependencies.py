"""What each step of the pipeline imports is among its dependencies: no result is stale unseen."""

import ast
from pathlib import Path

import pytest
import yaml
from conftest import Bakery, Project

STAGES = ("schema", "data", "train", "evaluate", "report", "gate")
LOGS = "tracking"  # it keeps what a step has found, and decides none of it
REPORTS = ("report",)  # but for the page that shows what is kept


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project as it is generated."""
    return Bakery(tmp_path_factory.mktemp("dependencies"))()


def imported(module: Path, package: Path) -> set[Path]:
    """The modules of the package that a module imports by name, in functions too."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = module.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            found |= {folder, *(folder / alias.name for alias in node.names)}
    files = {path.with_suffix(".py") for path in found} | {path / "__init__.py" for path in found}
    return {path for path in files if path.is_file() and path.is_relative_to(package)}


def closure(module: Path, package: Path, without: str) -> set[Path]:
    """A module of the package with all that it imports, directly or not."""
    seen: set[Path] = set()
    new = {module}
    while new:
        seen |= new
        new = set().union(*(imported(path, package) for path in new)) - seen
        new = {path for path in new if path.relative_to(package).parts[0] != without}
    return {path for path in seen if path.name != "__init__.py"}


@pytest.mark.parametrize("name", STAGES)
def test_all_that_a_step_imports_is_among_its_dependencies(name: str, project: Project) -> None:
    (package,) = (path.parent for path in project.path.glob("src/*/__init__.py"))
    stage = yaml.safe_load((project.path / "dvc.yaml").read_text(encoding="utf-8"))["stages"][name]
    assert "requirements.txt" in stage["deps"]
    commands = [stage["cmd"]] if isinstance(stage["cmd"], str) else stage["cmd"]
    deps = [project.path / dep for dep in stage["deps"]]
    without = "" if name in REPORTS else LOGS
    for command in commands:
        start = (package.parent / command.split()[-1].replace(".", "/")).with_suffix(".py")
        for path in closure(start, package, without):
            assert any(path.is_relative_to(dep) for dep in deps), path.relative_to(package)


def test_code_of_reports_trains_nothing(project: Project) -> None:
    stages = yaml.safe_load((project.path / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    for name in ("data", "train"):
        assert not [dep for dep in stages[name]["deps"] if "visualization" in dep]


@pytest.mark.parametrize(
    ("stage", "new"),
    [
        ("data", "data/joins.py"),
        ("train", "features/own.py"),
        ("train", "models/own.py"),
        ("train", "data/contract/own.py"),
        ("evaluate", "models/own.py"),
        ("evaluate", "visualization/own.py"),
        ("report", "visualization/own.py"),
    ],
)
def test_new_module_of_the_owner_counts(stage: str, new: str, project: Project) -> None:
    (package,) = (path.parent for path in project.path.glob("src/*/__init__.py"))
    stages = yaml.safe_load((project.path / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    deps = [project.path / dep for dep in stages[stage]["deps"]]
    assert any((package / new).is_relative_to(dep) for dep in deps)
