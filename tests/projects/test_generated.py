"""Generated projects at work: what the README promises, by the commands it names."""

import filecmp
import json
import re
import shutil
import sqlite3
from pathlib import Path

from support.generator import ACTIVATE, PYTHON, Generator, edit

COMMIT = (
    "git add --all; git diff --cached --quiet || git -c user.name=x -c user.email=x@y commit -qnm x"
)


def test_birds_without_a_recorded_sex_are_predicted(example: Path) -> None:
    lines = (example / "data/processed/predictions.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 11
    header = lines[0].split(",")
    made = ["predicted_sex", "probability_male", "probability_female", "prediction_note"]
    assert header[-4:] == made
    assert {line.split(",")[-4] for line in lines[1:]} <= {"female", "male"}
    assert {line.split(",")[header.index("year")] for line in lines[1:]} <= {"2007", "2008", "2009"}


def test_nothing_runs_again_without_a_reason(generator: Generator, example: Path) -> None:
    assert "Running stage" not in generator.sh(example, "make train")
    params = example / "params.yaml"
    before = params.read_text(encoding="utf-8")
    params.write_text(before.replace("bootstrap: 500", "bootstrap: 50"), encoding="utf-8")
    status = generator.sh(example, f".venv/{PYTHON} -m dvc repro --dry")
    params.write_text(before, encoding="utf-8")
    assert "Running stage 'evaluate'" in status
    assert "Running stage 'train'" not in status


def test_threshold_metric_and_comment_train_nothing(generator: Generator, example: Path) -> None:
    def ran(command: str) -> set[str]:
        return set(re.findall("Running stage '(.*)'", generator.sh(example, command)))

    def runs() -> int:
        return len(list((example / "reports/runs").glob("*.json")))

    generator.sh(example, COMMIT)
    before, dry = runs(), f".venv/{PYTHON} -m dvc repro --dry evaluate"
    edit(example, "params.yaml", {"threshold: f1": "threshold: recall 0.99"})
    assert ran("make train") == {"fingerprint", "calibrate"}
    assert ran(dry) == {"evaluate"}
    assert runs() == before + 1
    metric = {"] = {}": '] = {"one": Metric(lambda y_true, y_pred: 1.0)}'}
    edit(example, "src/example/config.py", metric)
    comment = {"BOOSTING: Space = (": "BOOSTING: Space = (  # trees"}
    edit(example, "src/example/models/candidates.py", comment)
    again = ran("make evaluate || true")
    assert {"evaluate", "gate"} <= again
    assert not again & {"train", "calibrate"}
    scores = json.loads((example / "reports/metrics.json").read_text(encoding="utf-8"))
    assert scores["test"]["one"] == 1
    assert runs() == before + 1
    edit(example, "src/example/features/build_features.py", {"TOPICS = 30": "TOPICS = 30 + 0 * 1"})
    assert ran(f". .venv/{ACTIVATE} && dvc repro fingerprint") == {"fingerprint"}
    assert {"train", "calibrate"} <= ran(dry)
    go_back(generator, example)


def test_dvc_shows_the_graph_the_metrics_and_runs_experiments(
    generator: Generator, example: Path
) -> None:
    dvc = f". .venv/{ACTIVATE} && dvc"
    generator.sh(example, COMMIT)
    graph = generator.sh(example, f"{dvc} dag --mermaid")
    for stage in (
        "schema",
        "data",
        "fingerprint",
        "train",
        "calibrate",
        "evaluate",
        "report",
        "gate",
    ):
        assert f'["{stage}"]' in graph
    generator.sh(example, f"{dvc} exp run -q -S evaluate.bootstrap=50 evaluate")
    assert "gain_interval.low" in generator.sh(example, f"{dvc} metrics diff")
    go_back(generator, example)
    assert "gain_interval" not in generator.sh(example, f"{dvc} metrics diff")


def go_back(generator: Generator, project: Path) -> None:
    """Bring back what was committed, with what DVC keeps of it."""
    generator.sh(project, "git checkout -q .")
    generator.sh(project, f". .venv/{ACTIVATE} && dvc checkout -q --force")
    assert "Running stage" not in generator.sh(project, "make all")


def test_clone_elsewhere_gives_the_same_predictions(
    generator: Generator, example: Path, tmp_path: Path
) -> None:
    generator.sh(example, f"make push && ({COMMIT})")
    clone = tmp_path / "clone with spaces é"
    generator.sh(example, f'git clone -q . "{clone}"')
    said = generator.sh(clone, "make setup pull predict")
    assert "Running stage" not in said
    name = "data/processed/predictions.csv"
    assert filecmp.cmp(clone / name, example / name, shallow=False)
    assert "0 are not here" in generator.sh(clone, "make verify")


def test_report_and_docs_are_made(generator: Generator, example: Path) -> None:
    page = (example / "reports/report.html").read_text(encoding="utf-8")
    assert "<h1>Pingüins &amp; co</h1>" in page
    figures = {path.name for path in (example / "reports/figures/evaluation").glob("*.svg")}
    assert {"calibration.svg", "gain.svg", "learning_curve.svg", "slices.svg"} <= figures
    assert page.count("<figure") == len(figures)
    assert "Quality gate passed" in page
    assert "every row is valid" in (example / "reports/data.html").read_text(encoding="utf-8")
    assert (example / "reports/data_profile.html").stat().st_size > 10_000
    generator.sh(example, "make docs")
    assert "Pingüins &amp; co" in (example / "docs/_build/index.html").read_text(encoding="utf-8")


def test_projects_own_checks_pass(generator: Generator, example: Path) -> None:
    assert " passed" in generator.sh(example, "make test")
    generator.sh(example, "make lint notebooks")
    generator.sh(example, "git diff --exit-code notebooks")
    generator.sh(example, f".venv/{PYTHON} -m tox -e lint")


def test_a_run_says_who_why_and_from_what(generator: Generator, example: Path) -> None:
    with sqlite3.connect(example / "mlflow.db") as database:
        tags = dict(database.execute("SELECT key, value FROM tags").fetchall())
        metrics = {name for (name,) in database.execute("SELECT key FROM metrics")}
        status = {name for (name,) in database.execute("SELECT status FROM runs")}
    assert len(tags["mlflow.source.git.commit"]) == 40
    assert {"project.why", "project.dirty", "project.train_md5", "project.lock_md5"} <= tags.keys()
    assert {"cv_roc_auc", "cv_roc_auc baseline", "test_roc_auc"} <= metrics
    assert status == {"FINISHED"}


def test_tampering_is_found(generator: Generator, example: Path) -> None:
    model = example / "models/model.skops"
    model.chmod(0o644)
    good = model.read_bytes()
    model.write_bytes(good[:-1] + b"x")
    said = generator.sh(example, "make verify", code=1)
    model.write_bytes(good)
    assert "models/model.skops" in said
    generator.sh(example, "make verify")


def test_commit_with_a_key_in_it_is_refused(generator: Generator, example: Path) -> None:
    key = "AKIA" + "IOSFODNN7" + "EXAMPLQ"
    (example / "references/notes.txt").write_text(f"aws_key = '{key}'\n", encoding="utf-8")
    commit = "git -c user.name=x -c user.email=x@y commit -m notes"
    said = generator.sh(example, f"git add references/notes.txt && {commit}", code=1)
    generator.sh(example, "git rm -qf references/notes.txt")
    assert "notes.txt" in said
    assert key not in said


def test_clean_removes_what_can_be_made_again(generator: Generator, example: Path) -> None:
    model = example / "models/model.skops"
    before = model.read_bytes()
    generator.sh(example, "make clean")
    assert not model.exists()
    assert (example / "data/raw/penguins.csv").exists()
    generator.sh(example, f". .venv/{ACTIVATE} && dvc checkout")
    assert "Running stage" not in generator.sh(example, "make all predict")
    assert model.read_bytes() == before


def test_setup_finishes_what_generation_left_even_without_git(
    generator: Generator, tmp_path: Path
) -> None:
    project = shutil.move(generator(project_slug="later").path, tmp_path / "moved elsewhere")
    said = generator.sh(project, "make setup data")
    assert "344 rows: 267 to train on, 66 to test on, 11 without 'sex'" in said
    generator.sh(project, "git init -q && make setup")
    assert "no_scm" not in (project / ".dvc/config.local").read_text(encoding="utf-8")
    generator.sh(project, "git add --all && git -c user.name=x -c user.email=x@y commit -qm first")
