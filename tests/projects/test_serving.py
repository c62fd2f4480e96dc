"""From a model to a service and its image, by the pages that describe it."""

import csv
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.dashboard import metrics
from support.generator import TEMPLATE, Generator
from support.image import Stage, build
from support.service import ask, running
from support.waiting import wait_for

ELSEWHERE = ("docker ", "kubectl ")  # test_deploy.py checks what these read
HERE = "http://127.0.0.1:8000"
WHO = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "x"), ("EMAIL", "x@y"))
}
TAKES_UP = 10  # seconds, another champion


def blocks(page: Path) -> list[str]:
    """The shell blocks of a page, without what needs Docker or Kubernetes."""
    text = page.read_text(encoding="utf-8")
    found = re.findall("^```bash\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [
        "".join(f"{line}\n" for line in block.splitlines() if not line.startswith(ELSEWHERE))
        for block in found
    ]


def penguins(project: Path) -> list[dict]:
    """The rows that `make predict` predicts, as JSON has them, each with what it said."""
    rows = []
    with (project / "data/processed/predictions.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            said = {name: row.pop(name) for name in list(row) if name.startswith(("pred", "prob"))}
            del row["sex"]
            rows.append({name: number(cell) for name, cell in row.items()} | {"said": said})
    return rows


def number(cell: str) -> str | float | None:
    """A cell of a file in JSON."""
    try:
        return float(cell) if cell else None
    except ValueError:
        return cell


@pytest.fixture(scope="module")
def promoted(generator: Generator, example: Path) -> Iterator[Path]:
    """The project after the guide has made it ready to serve."""
    before, generator.environment = generator.environment, generator.environment | WHO
    first, *_ = blocks(TEMPLATE / "docs/serve.md")
    made, entered, *commands = first.splitlines()
    assert "cookiecutter . --no-input" in made
    assert "serving=true" in made
    assert entered.startswith("cd ")
    (example / "docs/notes.md").write_text("Served.\n", encoding="utf-8")  # something to commit
    for command in commands:
        generator.sh(example, command)
    yield example
    generator.environment = before


@pytest.fixture(scope="module")
def service(generator: Generator, promoted: Path) -> Iterator[str]:
    """The address of the service, which runs as the guide starts it."""
    _, start, *_ = blocks(TEMPLATE / "docs/serve.md")
    assert start == "make serve\n"
    with running(["make", "serve"], promoted, generator.environment) as address:
        yield address


def assert_same(answers: list[dict], project: Path) -> None:
    """Compare answers with the predictions of the batch."""
    rows = penguins(project)
    assert len(answers) == len(rows) == 11
    for answer, row in zip(answers, rows, strict=True):
        assert answer["prediction"] == row["said"]["predicted_sex"]
        for name, probability in answer["probabilities"].items():
            batch = float(row["said"][f"probability_{name}"])
            assert probability == pytest.approx(batch, rel=0, abs=1e-9)


def test_service_answers_as_the_batch_does(promoted: Path, service: str) -> None:
    rows = [{n: cell for n, cell in row.items() if n != "said"} for row in penguins(promoted)]
    assert_same(ask(f"{service}/predict", rows), promoted)
    assert_same([ask(f"{service}/predict", row) for row in rows], promoted)


def test_dashboard_names_what_the_service_exports(promoted: Path, service: str) -> None:
    ask(f"{service}/predict", [])
    exported = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", ask(f"{service}/metrics"), re.MULTILINE):
        ends = {"histogram": ("_bucket", "_sum", "_count")}.get(kind, ("",))
        exported |= {name + end for end in ends}
    assert metrics(promoted) <= exported
    assert ask(f"{service}/health")["status"]


def values(text: str) -> list:
    """The JSON values that follow each other in a text."""
    found, decoder = [], json.JSONDecoder()
    while text := text.strip():
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:]
    return found


@pytest.mark.skipif(not shutil.which("curl"), reason="curl, which the pages use, is not here")
def test_pages_work_to_the_letter(generator: Generator, promoted: Path, service: str) -> None:
    def run(block: str) -> str:
        return generator.sh(promoted, f"export SERVE_API_KEY=x\n{block.replace(HERE, service)}")

    def answers(version: str) -> None:
        wait_for(lambda: ask(f"{service}/model")["model_version"] == version, TAKES_UP)

    _, _, asking, *_ = blocks(TEMPLATE / "docs/serve.md")
    (answer,), model = values(run(asking))
    assert {"id", "prediction", "probabilities", "model_version", "run"} <= answer.keys()
    assert model["versions"] == ["1"]
    assert model["scores"][model["metric"]] > 0.7  # `make evaluate` is no step of the guide
    assert model["interval"][model["metric"]]["low"] < model["scores"][model["metric"]]
    assert (promoted / "scored.parquet").read_bytes().startswith(b"PAR1")

    params = (promoted / "params.yaml").read_text(encoding="utf-8")
    other = params.replace("threshold: f1", "threshold: recall 0.9")
    (promoted / "params.yaml").write_text(other, encoding="utf-8")
    generator.sh(promoted, "make train && git add --all && git commit -qm recall")
    raw = (promoted / "data/raw/penguins.csv").read_bytes()
    (promoted / "new.csv").write_bytes(raw)
    promote, *others = blocks(promoted / "docs/serving.md")
    run(re.sub("^make serve .*\n", "", promote, flags=re.MULTILINE))
    answers(version="2")
    for block in others:
        run(block)
    scored = (promoted / "scored.csv").read_bytes()
    assert len(scored.splitlines()) == len(raw.splitlines())
    answers(version="1")  # it has rolled back


@pytest.fixture(scope="module")
def image(generator: Generator, promoted: Path, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """What the Dockerfile makes of the project."""
    return build(promoted, tmp_path_factory.mktemp("image"), generator.environment)


def test_image_predicts_and_writes_its_log_alone(promoted: Path, image: Stage) -> None:
    def files() -> dict[Path, int]:
        every = (path for path in image.root.rglob("*") if path.is_file())
        return {path: path.stat().st_mtime_ns for path in every}

    before = files()
    command = image.commands["CMD"]
    row = {n: cell for n, cell in penguins(promoted)[0].items() if n != "said"}
    with running([*command], image.here, image.environment) as address:
        port = address.rpartition(":")[2]
        answer, model = ask(f"{address}/predict", row), ask(f"{address}/model")
        checked = subprocess.run(
            image.commands["HEALTHCHECK"], env=image.environment | {"SERVE_PORT": port}
        )
    batch = penguins(promoted)[0]["said"]
    assert answer["prediction"] == batch["predicted_sex"]
    assert checked.returncode == 0
    assert model["trained"]
    assert model["exported"]
    changed = {
        path.relative_to(image.here) for path, time in files().items() if before.get(path) != time
    }
    assert {path.parent.as_posix() for path in changed} == {"data/log"}


def test_image_holds_what_predicts(image: Stage) -> None:
    names = {path.name for path in image.here.iterdir()}
    assert names == {
        ".venv",
        "data",
        "models",
        "params.yaml",
        "pyproject.toml",
        "reports",
        "requirements-dev.txt",
        "requirements-serving.txt",
        "src",
        "vendor",
    }
    assert not [*image.root.rglob("*.pyc")]
    installed = {path.name for path in image.here.glob(".venv/lib/*/site-packages/*")}
    assert {"fastapi", "sklearn", "pyarrow"} <= installed
    assert not {"dvc", "mlflow", "matplotlib", "skrub", "pip", "onnx"} & installed
