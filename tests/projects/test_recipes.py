"""Every recipe of docs/recipes.md, followed to the letter in one generated project."""

import csv
import filecmp
import json
import re
import sqlite3
import sys
from collections.abc import Iterator
from ctypes.util import find_library
from pathlib import Path

import pytest
from support.generator import ACTIVATE, PYTHON, TEMPLATE, Generator
from support.recipes import Step, steps

WHO = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "x"), ("EMAIL", "x@y"))
}
QUICK = {"n_iter: auto": "n_iter: 1", "bootstrap: 500": "bootstrap: 50"}
COLUMNS = {"relative_bill_length", "latitude"}  # which the raw table does not have
pytestmark = pytest.mark.skipif(
    sys.platform == "darwin" and not find_library("omp"), reason="brew install libomp"
)


@pytest.fixture(scope="module")
def generator(generator: Generator) -> Iterator[Generator]:
    """Generates the project, of one who has told git a name."""
    before, generator.environment = generator.environment, generator.environment | WHO
    yield generator
    generator.environment = before


@pytest.fixture(scope="module")
def recipes(project: Path) -> list[Step]:
    """The steps of the page."""
    return list(steps((project / "docs/recipes.md").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def project(generator: Generator) -> Path:
    """A project before any recipe, with settings that save time."""
    path = generator(venv=True, dvc_remote="none").path
    params = (path / "params.yaml").read_text(encoding="utf-8")
    for old, new in QUICK.items():
        assert old in params
        params = params.replace(old, new)
    (path / "params.yaml").write_text(params, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def experiments(generator: Generator, project: Path, recipes: list[Step]) -> str:
    """What `make experiments` says after all recipes, one upon the other, and a promotion."""

    def run(command: str) -> str:
        return generator.sh(project, f". .venv/{ACTIVATE} && {command}")

    last: list[str] = []
    for step in recipes:
        commands = step.text.splitlines() if step.language == "bash" else []
        if not step.recipe:
            last += commands
        elif commands:
            for command in commands:
                run(command)
        else:
            step.paste(project)
    *before, listing = last
    for command in before:
        run(command)
    run("git add --all && git commit -qm recipes")
    run("make register promote")
    return run(listing)


def test_page_shows_what_is_formatted(project: Path, recipes: list[Step], experiments: str) -> None:
    for step in recipes:
        if step.language == "python" and "import " not in step.text:
            assert step.text.strip() in (project / step.file).read_text(encoding="utf-8")


def test_columns_are_in_contract_and_reports(project: Path, experiments: str) -> None:
    for name in COLUMNS:
        for file in (
            "references/schema.yaml",
            "references/data_dictionary.md",
            "reports/data_profile.html",
        ):
            assert name in (project / file).read_text(encoding="utf-8")


def test_run_is_listed_with_metric_and_model(experiments: str) -> None:
    (run,) = [line for line in experiments.splitlines() if "what is being tried" in line]
    assert "champion" in run
    assert "lightgbm" in run
    assert len(re.findall(r"\bcost 0\.\d{4}", run)) == 2  # in cross-validation and on held-out rows


def test_metric_is_scored_and_demanded(
    generator: Generator, project: Path, experiments: str
) -> None:
    scores = json.loads((project / "reports/metrics.json").read_text(encoding="utf-8"))
    assert scores["metric"] == "cost"
    assert scores["test"]["cost"] < scores["baseline"]["cost"]
    report = (project / "reports/report.html").read_text(encoding="utf-8")
    assert "cost" in report
    assert re.search(r"ok +cost .*0\.5", generator.sh(project, f".venv/{PYTHON} -m tabwright gate"))


def test_figure_is_in_the_report(project: Path, experiments: str) -> None:
    name = "probability by body mass"
    assert (project / f"reports/figures/evaluation/{name}.png").is_file()
    assert name in (project / "reports/report.html").read_text(encoding="utf-8")


def test_setting_and_table_are_inputs_of_the_step(project: Path, experiments: str) -> None:
    lock = (project / "dvc.lock").read_text(encoding="utf-8")
    step = lock.partition("\n  data:\n")[2].partition("\n    outs:\n")[0]
    assert "data/external/islands.csv" in step
    assert "max_body_mass_g: 6000" in step


def test_run_is_tracked_with_what_the_model_needs(project: Path, experiments: str) -> None:
    with sqlite3.connect(project / "mlflow.db") as database:
        scores = {name for (name,) in database.execute("SELECT key FROM metrics")}
    assert {"cv_cost lightgbm", "test_cost"} <= scores
    assert any(re.fullmatch(r"cv_cost lightgbm \d+", name) for name in scores)  # of the search
    (needs,) = project.glob("mlruns/**/requirements.txt")
    assert re.search(r"^lightgbm==4\.", needs.read_text(encoding="utf-8"), re.MULTILINE)


def test_other_versions_stay(project: Path, experiments: str) -> None:
    def pins(file: Path) -> set[str]:
        return set(re.findall(r"^\S+==\S+", file.read_text(encoding="utf-8"), re.MULTILINE))

    before = pins(TEMPLATE / "{{cookiecutter.project_slug}}/requirements.txt")
    (new,) = pins(project / "requirements.txt") - before
    assert new.startswith("lightgbm==4.")


def test_trained_again_on_one_thread_it_has_the_same_bytes(
    generator: Generator, project: Path, experiments: str
) -> None:
    (promoted,) = project.glob("models/champions/*/model.skops")
    said = generator.sh(project, "make train AGAIN=1 OMP_NUM_THREADS=1")
    assert "best: lightgbm" in said
    assert "Warning" not in said
    assert filecmp.cmp(project / "models/model.skops", promoted, shallow=False)


def test_champion_predicts_a_file_as_it_came(
    generator: Generator, project: Path, experiments: str
) -> None:
    predict = "make predict INPUT=data/raw/penguins.csv OUTPUT=scored.csv"
    assert "predicted by version 1" in generator.sh(project, predict)
    raw, scored = (
        list(csv.DictReader((project / name).open(encoding="utf-8")))
        for name in ("data/raw/penguins.csv", "scored.csv")
    )
    assert [{name: row[name] for name in raw[0]} for row in scored] == raw
    assert all(row["predicted_sex"] for row in scored)
    assert not COLUMNS & scored[0].keys()


READ = """
import json, struct, sys
from pathlib import Path
from wandb.proto.wandb_internal_pb2 import Record

# The log of an offline run: blocks of 32 KiB with pieces of records, each behind a header of 7 bytes.
data, place, pieces, found = Path(sys.argv[1]).read_bytes(), 7, b"", {}
while place + 7 <= len(data):
    if place % 32768 > 32768 - 7:
        place += 32768 - place % 32768
        continue
    _, length, kind = struct.unpack_from("<IHB", data, place)
    pieces += data[place + 7 : place + 7 + length]
    place += 7 + length
    if kind in (1, 4):  # whole, or the last piece
        record, pieces = Record.FromString(pieces), b""
        run, summary = record.run, record.summary
        if run.run_id:
            found |= {"run": run.run_id, "name": run.display_name, "why": run.notes}
        for each in [*run.config.update, *summary.update]:
            found[each.key or each.nested_key[0]] = json.loads(each.value_json)
        if record.artifact.name:
            found["file"] = record.artifact.name
print(json.dumps(found))
"""


def test_run_is_in_weights_and_biases_too(
    generator: Generator, project: Path, experiments: str
) -> None:
    """Its offline mode keeps in a folder what it would send."""
    settings = (project / "pyproject.toml").read_text(encoding="utf-8")
    named = settings.replace("dev = [", 'dev = [\n    "wandb>=0.31,<0.32",', 1)
    (project / "pyproject.toml").write_text(named, encoding="utf-8")
    (project / ".env").write_text("TRACKER=wandb\nWANDB_MODE=offline\n", encoding="utf-8")
    generator.sh(project, "make lock setup")
    said = generator.sh(
        project, f". .venv/{ACTIVATE} && WHY=elsewhere python -m tabwright repro --again calibrate"
    )
    (kept,) = project.glob("mlruns/wandb/offline-run-*/*.wandb")
    assert f"is in wandb: {kept.parent}" in said
    found = json.loads(generator.sh(project, f". .venv/{ACTIVATE} && python -c '{READ}' {kept}"))
    (file,) = project.glob(f"reports/runs/{found['run']}.json")
    record = json.loads(file.read_text(encoding="utf-8"))
    assert (found["why"], found["file"]) == ("elsewhere", f"run-{record['run']}")
    assert f"{found['name']} is in wandb" in said
    assert found["parameters"]["train.folds"] == record["params"]["train.folds"]
    assert found["facts"]["model_md5"] == record["model_md5"]
    assert found["cv_cost"] == pytest.approx(record["cv"]["mean"])
