"""The front page, the tutorial and the guide to adoption, followed to the letter from a clone."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.generator import TEMPLATE, Generator
from support.recipes import Step, steps
from support.service import running

WHO = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "x"), ("EMAIL", "x@y"))
}
HERE = "http://127.0.0.1:8000"
ADDRESS = "<address of this repository>"
LEFT_OUT = (".git", ".tox", ".venv", "__pycache__", "_build", ".*_cache")
SALES = "plan,calls,churned\n" + "".join(
    f"{'basic' if n % 2 else 'pro'},{n % 7},{'yes' if (n % 7 > 3) != (n % 9 == 0) else 'no'}\n"
    for n in range(120)
)


def blocks(page: str, title: str = "") -> list[str]:
    """The shell blocks of a page, or of one of its sections."""
    text = (TEMPLATE / page).read_text(encoding="utf-8")
    if title:
        text = text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return re.findall("^```bash\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


class Reader:
    """Types what a page says, in one shell after another; `cd` stays."""

    def __init__(self, generator: Generator, clone: Path) -> None:
        self.environment = generator.environment | WHO
        self.folder = clone
        self.before = ""  # what is typed first in every shell

    def types(self, block: str, keys: str = "") -> str:
        """Run a block; return what it prints."""
        end = "\nset +e; echo; echo IN $PWD"
        done = subprocess.run(
            ["bash", "-ec", f"{self.before}\n{block}{end}"],
            cwd=self.folder,
            env=self.environment | {"PWD": str(self.folder)},
            input=keys,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}"
        said, _, here = done.stdout.rpartition("\nIN ")
        self.folder = Path(here.strip())
        return said


@pytest.fixture
def reader(generator: Generator, request: pytest.FixtureRequest) -> Reader:
    """A reader with a clone of the template in a folder of its own."""
    clone = generator.folder / request.node.name / "template"
    shutil.copytree(TEMPLATE, clone, ignore=shutil.ignore_patterns(*LEFT_OUT))
    return Reader(generator, clone)


def test_readme_works_on_a_bare_machine(reader: Reader) -> None:
    first, own = blocks("README.md", "Start")
    text = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    (reader.before,) = re.findall(r"`(python3 -m venv .*? && source .*?)` first", text)
    made = reader.folder.parent

    said = reader.types(first)
    assert "11 rows of data/processed/unlabelled.parquet predicted" in said, said
    assert (made / "my-ml-project/data/processed/predictions.csv").exists()

    (reader.folder / "sales.csv").write_text(SALES, encoding="utf-8")
    reader.types(own)
    assert (made / "churn/data/processed/predictions.csv").exists()

    (asked,) = re.findall("^```bash\n(uvx .*?)^```$", text, re.MULTILINE | re.DOTALL)
    (made / "asked").mkdir()
    answers = "Asked\n" + "\n" * 11 + "n\n"
    there = f"cd ../asked\n{asked.replace(ADDRESS, str(reader.folder))}"
    reader.types(there, answers)
    assert (made / "asked/asked/params.yaml").exists()


def test_tutorial_goes_from_a_file_to_a_served_model(reader: Reader) -> None:
    page = (TEMPLATE / "docs/tutorial.md").read_text(encoding="utf-8")
    made: list[Step] = [step for step in steps(page) if step.recipe]
    said: dict[str, str] = {}
    for number, step in enumerate(made):
        if step.text == "make serve\n":
            (ask,) = [later.text for later in made[number + 1 :] if later.language == "bash"]
            with running(["make", "serve"], reader.folder, reader.environment) as address:
                said["asked"] = reader.types(ask.replace(HERE, address))
            break
        if step.language == "bash":
            said[step.text] = reader.types(step.text)
        else:
            step.paste(reader.folder)
    assert '"prediction":"yes"' in said["asked"].replace(" ", "")
    assert "kind: identifier" in said["cat references/schema.yaml\n"]
    (repeated,) = (text for command, text in said.items() if "find nine of ten" in command)
    assert "find nine of ten" in repeated
    assert "Running stage 'train'" not in repeated
    assert len(list((reader.folder / "reports/runs").glob("*.json"))) == 2


def shop(folder: Path) -> Path:
    """The repository of the guide: a table, a notebook, a package, a Makefile, pins, a README."""
    rows = [f"o{n},{n * 37 % 101}.5,{'yes' if n * 37 % 101 > 50 else 'no'}" for n in range(120)]
    cell = {"cell_type": "code", "execution_count": 3, "metadata": {}, "source": ["6 * 7"]}
    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["42\n"]}]
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    files = {
        ".gitignore": "*.pyc\n",
        "Makefile": "eda:\n\techo looked at it\n",
        "README.md": "# Shop\n\nOurs.\n",
        "data/orders.csv": "\n".join(["order,amount,returned", *rows, ""]),
        "notebooks/eda.ipynb": json.dumps(notebook),
        "requirements.txt": "pandas\nxgboost\n",
        "src/shop/__init__.py": '"""Ours."""\n',
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_existing_repository_is_adopted_by_the_guide(reader: Reader) -> None:
    repository = shop(reader.folder.parent / "shop")
    start = "git init -q -b main && git add --all && git commit -qm ours"
    reader.types(f"(cd ../shop && {start})")
    generate, copy, decide, finish = blocks("docs/adopt.md")
    (shown,) = re.findall(
        "^```text\n(.*?)^```$",
        (TEMPLATE / "docs/adopt.md").read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )

    reader.types(generate)
    said = reader.types(copy)
    assert re.sub(r"^\d+", "n", said.strip()) == re.sub(r"^\d+", "n", shown.strip())
    assert reader.types("(cd ../shop && git diff)").strip() == ""
    reader.types(decide)
    reader.types(finish)
    assert (repository / "data/processed/predictions.csv").exists()
    assert "looked at it" in reader.types("make eda")
    kept = reader.types("git ls-files && git show HEAD:notebooks/eda.ipynb")
    assert {"README.md", "src/shop/__init__.py", "data/orders.csv", "params.yaml"} <= {
        *kept.split()
    }
    assert "data/raw/orders.csv\n" not in kept
    assert reader.types("git show HEAD:README.md").strip() == "# Shop\n\nOurs."
