"""Generated projects at work: what the README promises, by the commands it names."""

import filecmp
import json
import re
import shutil
import sqlite3
from pathlib import Path

import pytest
from support.generator import ACTIVATE, PYTHON, TABLE, Generator, edit

COMMIT = (
    "git add --all; git diff --cached --quiet || git -c user.name=x -c user.email=x@y commit -qnm x"
)
QUICK = {
    "n_iter: auto": "n_iter: 0",
    "candidates: [linear, boosting, extra trees, neural net, forest, voting]": "candidates: [linear]",
}


@pytest.fixture(scope="module")
def own(generator: Generator) -> Path:
    """A project on one's own table: semicolons, a byte order mark, a quantity to predict."""
    table = generator.folder / "my prices.csv"
    table.write_text(TABLE, encoding="utf-8")
    project = generator(venv=True, project_slug="own", raw_data=table.name, target="price")
    assert "not done" not in project.output
    assert "wrote references/schema.yaml: regression of 'price'" in project.output
    return project.path


def test_first_commit_holds_the_project_and_nothing_of_the_machine(
    generator: Generator, own: Path
) -> None:
    assert generator.sh(own, "git log --format='%s'").strip() == "Start My ML Project"
    tracked = set(generator.sh(own, "git ls-files").splitlines())
    assert {"README.md", "data/raw/my prices.csv.dvc", "data/interim/.gitignore"} <= tracked
    assert not {name for name in tracked if "venv" in name or name.endswith((".csv", ".db"))}
    assert str(generator.folder) not in "".join(
        (own / name).read_text(encoding="utf-8") for name in tracked
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
    generator.sh(example, COMMIT)
    edit(example, "params.yaml", QUICK)
    generator.sh(example, "make evaluate || true")
    changes = {
        "threshold": [("params.yaml", "threshold: f1", "threshold: recall 0.99")],
        "metric and comment": [
            ("src/example/config.py", "] = {}", '] = {"one": Metric(lambda y_true, y_pred: 1.0)}'),
            (
                "src/example/models/candidates.py",
                "BOOSTING: Space = (",
                "BOOSTING: Space = (  # trees",
            ),
        ],
        "feature": [
            ("src/example/features/build_features.py", "TOPICS = 30", "TOPICS = 30 + 0 * 1")
        ],
    }
    runs, ran = len(list((example / "reports/runs").glob("*.json"))), {}
    for what, edits in changes.items():
        for name, old, new in edits:
            edit(example, name, {old: new})
        said = generator.sh(example, "make evaluate || true")
        ran[what] = set(re.findall("Running stage '(.*)'", said))
    scores = json.loads((example / "reports/metrics.json").read_text(encoding="utf-8"))
    assert ran["threshold"] == {"fingerprint", "calibrate", "evaluate", "gate"}
    assert scores["test"]["one"] == 1
    assert not ran["metric and comment"] & {"train", "calibrate"}
    assert {"train", "calibrate"} <= ran["feature"]
    assert len(list((example / "reports/runs").glob("*.json"))) == runs + 2
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


def test_own_table_is_predicted_without_an_edit(generator: Generator, own: Path) -> None:
    assert generator.sh(own, "git status --porcelain") == ""
    said = generator.sh(own, "make -j4 predict evaluate")
    assert "WARNING" not in said  # of a library, on what the owner cannot change
    assert "references" not in generator.sh(own, "git diff --name-only")
    assert json.loads(next(own.glob("reports/runs/*.json")).read_text("utf-8"))["dirty"] is False
    assert "quality gate passed" in said
    scores = json.loads((own / "reports/metrics.json").read_text(encoding="utf-8"))
    assert scores["metric"] == "rmse"
    assert scores["test"]["rmse"] < 0.3 * scores["baseline"]["rmse"]
    lines = (own / "data/processed/predictions.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == (
        "key,weight (kg),colour,price,"
        "predicted_price,predicted_price_low,predicted_price_high,prediction_note"
    )
    assert len(lines) == 1 + 40


def test_new_file_is_predicted_or_refused_whole(
    generator: Generator, own: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new file.csv"
    new.write_text("colour,weight (kg),key,note\nblue,3.5,a,x\nred,7.5,b,y\n", encoding="utf-8")
    output = tmp_path / "scored file.csv"
    predict = f'make predict INPUT="{new}" OUTPUT="{output}"'
    generator.sh(own, predict)
    lines = output.read_text(encoding="utf-8").splitlines()
    assert [line.rsplit(",", 4)[0] for line in lines] == new.read_text("utf-8").splitlines()
    new.write_text("colour,weight (kg),key\nblue,3.5,a\ngreen,heavy,b\n", encoding="utf-8")
    before = output.read_bytes()
    said = generator.sh(own, f"{predict} STRICT=1", code=1)
    assert "row 2, column 'weight (kg)': 'heavy', expected a number" in said
    assert "row 2, column 'colour': 'green', expected one of blue, red" in said
    assert output.read_bytes() == before
    left = {new.name, output.name, f"{output.name}.origin.json"}
    assert {path.name for path in tmp_path.iterdir()} == left
    assert "1 not predicted" in generator.sh(own, predict)
    last = output.read_text(encoding="utf-8").splitlines()[2]
    assert last == "green,heavy,b,,,,weight (kg): 'heavy' is not a number; colour 'green' is new"


def test_too_many_broken_rows_stop_the_pipeline(generator: Generator, own: Path) -> None:
    raw = own / "data/raw/my prices.csv"
    good = raw.read_bytes()
    raw.chmod(0o644)
    raw.write_bytes(good.replace(b".5;", b".x;"))
    said = generator.sh(own, "make data", code=1)
    raw.write_bytes(good)
    assert "data.max_rejected (5%)" in said
    assert "'0.x', expected a number" in said
    generator.sh(own, "make data")


def test_other_data_later_and_a_gate_that_refuses_a_model_of_noise(
    generator: Generator, own: Path
) -> None:
    rows = "".join(f"{n % 20},{n // 20 % 2}\n" for n in range(400))  # each pair as often
    (own / "data/raw/noise.csv").write_text("x,y\n" + rows, encoding="utf-8")
    params = (own / "params.yaml").read_text(encoding="utf-8")
    params = params.replace("my prices.csv", "noise.csv").replace("'price'", "'y'")
    (own / "params.yaml").write_text(params, encoding="utf-8")
    edit(own, "params.yaml", QUICK)
    (own / "references/schema.yaml").unlink()
    said = generator.sh(own, "make setup evaluate", code=1)
    assert "classification of 'y'" in said
    assert "quality gate failed: the model does not beat the baseline" in said
    assert (own / "reports/metrics.json").exists()


def test_setup_finishes_what_generation_left_even_without_git(
    generator: Generator, tmp_path: Path
) -> None:
    project = shutil.move(generator(project_slug="later").path, tmp_path / "moved elsewhere")
    said = generator.sh(project, "make setup data")
    assert "344 rows: 267 to train on, 66 to test on, 11 without 'sex'" in said
    generator.sh(project, "git init -q && make setup")
    assert "no_scm" not in (project / ".dvc/config.local").read_text(encoding="utf-8")
    generator.sh(project, "git add --all && git -c user.name=x -c user.email=x@y commit -qm first")
