"""A generated project on one's own table, without an edit, and on another one later."""

import json
from pathlib import Path

import pytest
from support.generator import TABLE, Generator, edit

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
