"""The recipe "Add a model" of docs/onboarding.md, followed to the letter in a generated project."""

import filecmp
import re
import sqlite3
import sys
from ctypes.util import find_library
from pathlib import Path

import pytest
from support.generator import TEMPLATE, Generator

CANDIDATES = "src/my_ml_project/models/candidates.py"
WHO = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "x"), ("EMAIL", "x@y"))
}
pytestmark = pytest.mark.skipif(
    sys.platform == "darwin" and not find_library("omp"), reason="brew install libomp"
)


def blocks() -> list[tuple[str, str]]:
    """The language and the text of each block of the recipe."""
    page = (TEMPLATE / "docs/onboarding.md").read_text(encoding="utf-8")
    recipe = page.partition("\n## Add a model\n")[2].partition("\n## ")[0]
    found = re.findall(r"^   ```(\w+)\n(.*?)^   ```$", recipe, re.MULTILINE | re.DOTALL)
    return [(language, re.sub("^   ", "", text, flags=re.MULTILINE)) for language, text in found]


def edit(path: Path, pattern: str, new: str) -> None:
    """Put `new` where the only match is."""
    text = path.read_text(encoding="utf-8")
    changed, count = re.subn(pattern, lambda _: new, text, flags=re.MULTILINE)
    assert count == 1, f"{path}: {pattern}"
    path.write_text(changed, encoding="utf-8")


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Generator:
    """Generates the project."""
    generator = Generator(tmp_path_factory.mktemp("library"), packages=True)
    generator.environment |= WHO
    return generator


@pytest.fixture(scope="module")
def project(generator: Generator) -> Path:
    """A project after all steps of the recipe."""
    path = generator(venv=True, dvc_remote="none").path
    generator.sh(path, "make data && git add --all && git commit -qm contract")
    languages, texts = zip(*blocks(), strict=True)
    assert languages == ("text", "bash", "python", "python", "yaml", "bash", "bash")
    dependency, lock, imports, entry, compete, look, train = texts
    edit(path / "pyproject.toml", r"^dependencies = \[\n", f"dependencies = [\n    {dependency}")
    first = "from scipy.stats import loguniform\n"
    edit(path / CANDIDATES, f"^{first}", f"{imports}{first}")
    edit(path / CANDIDATES, r"^    }\n\Z", f"{entry}    }}\n")
    edit(path / "params.yaml", r"^  candidates: .*\n", f"  {compete}")
    for command in [*lock.splitlines(), *look.splitlines(), *train.splitlines()]:
        generator.sh(path, command)
    return path


def test_entry_is_formatted_as_in_the_page(project: Path) -> None:
    written = (project / CANDIDATES).read_text(encoding="utf-8")
    for language, text in blocks():
        assert language != "python" or text in written


def test_other_versions_stay(project: Path) -> None:
    def pins(file: Path) -> set[str]:
        return set(re.findall(r"^\S+==\S+", file.read_text(encoding="utf-8"), re.MULTILINE))

    before = pins(TEMPLATE / "{{cookiecutter.project_slug}}/requirements.txt")
    (new,) = pins(project / "requirements.txt") - before
    assert new.startswith("lightgbm==4.")


def test_run_is_tracked_with_what_the_model_needs(project: Path) -> None:
    with sqlite3.connect(project / "mlflow.db") as database:
        scores = {name for (name,) in database.execute("SELECT key FROM metrics")}
    assert {"cv_roc_auc lightgbm", "cv_roc_auc lightgbm searched", "test_roc_auc"} <= scores
    (needs,) = project.glob("mlruns/**/requirements.txt")
    assert re.search(r"^lightgbm==4\.", needs.read_text(encoding="utf-8"), re.MULTILINE)


def test_trained_again_on_one_thread_it_has_the_same_bytes(
    generator: Generator, project: Path
) -> None:
    (promoted,) = project.glob("models/champions/*/model.skops")
    said = generator.sh(project, "make train AGAIN=1 OMP_NUM_THREADS=1")
    assert "best: lightgbm" in said
    assert "Warning" not in said
    assert filecmp.cmp(project / "models/model.skops", promoted, shallow=False)


def test_champion_predicts(generator: Generator, project: Path) -> None:
    predict = "make predict INPUT=data/raw/penguins.csv OUTPUT=scored.csv"
    assert "predicted by version 1" in generator.sh(project, predict)
