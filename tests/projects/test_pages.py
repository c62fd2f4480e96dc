"""The front page and the guide to adoption, followed to the letter from a clone."""

import json
import re
from pathlib import Path

from support.generator import TEMPLATE, Generator
from support.reader import Reader, blocks

ADDRESS = "<address of this repository>"
SALES = "plan,calls,churned\n" + "".join(
    f"{'basic' if n % 2 else 'pro'},{n % 7},{'yes' if (n % 7 > 3) != (n % 9 == 0) else 'no'}\n"
    for n in range(120)
)


def test_readme_works_on_a_bare_machine(generator: Generator) -> None:
    reader = Reader(generator, "readme")
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
    questions = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
    between = len([name for name in questions if not name.startswith("_")]) - 2
    answers = "Asked\n" + "\n" * between + "n\n"
    there = f"cd ../asked\n{asked.replace(ADDRESS, str(reader.folder))}"
    reader.types(there, answers)
    assert (made / "asked/asked/params.yaml").exists()


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


def test_existing_repository_is_adopted_by_the_guide(generator: Generator) -> None:
    reader = Reader(generator, "adopt")
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
