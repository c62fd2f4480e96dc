"""The registry and its gate in a generated project, by the commands of its README."""

import json
import re
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.generator import ACTIVATE, PYTHON, Generator, edit
from support.shop import COMMIT, decisions, other_work, table

QUIET = "MLFLOW_DISABLE_TELEMETRY=true"
PREDICTIONS = "data/processed/predictions.csv"
TRAINING = "rows = read_rows(project.train_file, params.train.max_rows, params.seed)"


def state(project: Path) -> tuple:
    """What a refusal must not change: decisions, aliases, and every file git and DVC know."""
    with closing(sqlite3.connect(project / "mlflow.db")) as database:
        aliases = database.execute("SELECT alias, version FROM registered_model_aliases").fetchall()
    models = sorted((project / "models").rglob("*"))
    contents = {path.name: path.read_bytes() for path in models if path.is_file()}
    status = subprocess.check_output(["git", "status", "--porcelain"], cwd=project)
    return sorted(aliases), contents, status


@pytest.fixture(scope="module")
def project(shop: Path) -> Path:
    """The project of a shop, which each test leaves as it was committed."""
    return shop


@dataclass(frozen=True)
class Predicted:
    """What `make predict` says, the predictions, and where they come from."""

    said: str
    rows: bytes
    origin: dict


@pytest.fixture(scope="module")
def predicted(generator: Generator, project: Path) -> Predicted:
    """What the champion predicts, while another model would be trained."""
    edit(project, "params.yaml", {"candidates: [linear]": "candidates: [forest]"})
    said = generator.sh(project, "make predict")
    edit(project, "params.yaml", {"candidates: [forest]": "candidates: [linear]"})
    origin = (project / f"{PREDICTIONS}.origin.json").read_text(encoding="utf-8")
    return Predicted(said, (project / PREDICTIONS).read_bytes(), json.loads(origin))


def refused(generator: Generator, project: Path) -> str:
    """Try to promote the present model; it changes nothing."""
    generator.sh(project, "make train register")
    before = state(project)
    said = generator.sh(project, "make promote", code=1)
    assert state(project) == before
    return said


def test_champion_predicts_and_predictions_say_so(project: Path, predicted: Predicted) -> None:
    assert "Running stage 'train'" not in predicted.said
    here = "30 rows of data/processed/unlabelled.parquet predicted by version 2"
    assert here in predicted.said
    origin = predicted.origin
    (decision,) = [one for one in decisions(project) if one["version"] == "2"]
    assert (origin["model_version"], origin["run"]) == ("2", decision["run"])
    assert origin["rows"] == 30
    assert origin["predicted_at"]


def test_logged_model_predicts_without_the_project(
    generator: Generator, project: Path, tmp_path: Path
) -> None:
    """In another folder, with what is locked alone, for a file without the target."""
    generator.share_bytecode()
    uv = f"{project / '.venv' / PYTHON} -m uv"
    locked = f"--no-deps --require-hashes --requirement {project / 'requirements.txt'}"
    generator.sh(
        tmp_path, f"{uv} venv --quiet here && {uv} pip install --quiet --python here {locked}"
    )
    download = f"mlflow artifacts download -u models:/shop@champion -d {tmp_path}/model"
    generator.sh(
        project,
        f". .venv/{ACTIVATE} && export {QUIET} MLFLOW_TRACKING_URI=sqlite:///mlflow.db && {download}",
    )
    rows = [line.split(",")[1:3] for line in table().splitlines()]
    (tmp_path / "new.csv").write_text("\n".join(map(",".join, rows)), encoding="utf-8")
    predict = "-m model -i new.csv -t csv -o out.json --env-manager local"
    generator.sh(tmp_path, f". here/{ACTIVATE} && {QUIET} mlflow models predict {predict}")
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["predictions"]
    generator.sh(project, f"make predict INPUT={tmp_path}/new.csv OUTPUT={tmp_path}/scored.csv")
    scored = (tmp_path / "scored.csv").read_text(encoding="utf-8").splitlines()
    column = scored[0].split(",").index("predicted_bought")
    assert found == [line.split(",")[column] for line in scored[1:]]
    assert {"yes", "no"} == set(found)
    image = "generate-dockerfile -m model -d image --env-manager local"
    generator.sh(tmp_path, f". here/{ACTIVATE} && {QUIET} mlflow models {image}")
    assert "COPY model_dir/model " in (tmp_path / "image/Dockerfile").read_text(encoding="utf-8")


def test_challenger_trained_on_held_out_rows_is_refused(
    generator: Generator, project: Path
) -> None:
    leak = f"{TRAINING}\n"
    leak += "    rows = pd.concat([rows, pd.read_parquet(project.test_file)], ignore_index=True)"
    with other_work(generator, project):
        edit(project, "src/*/models/train_model.py", {TRAINING: leak})
        generator.sh(project, COMMIT)
        said = refused(generator, project)
    held_out = re.search(r"(\d+) of (\d+) held-out rows are among those it was fitted on", said)
    assert held_out, said
    assert int(held_out[1]) > 0.8 * int(held_out[2])  # some have a twin in the table


def test_worse_challenger_with_a_collapsed_slice_is_refused(
    generator: Generator, project: Path
) -> None:
    collapse = f"{TRAINING}\n    green = rows['colour'] == 'green'\n"
    collapse += "    rows.loc[green, 'size'] = -4 * rows.loc[green, 'size']"
    with other_work(generator, project):
        edit(project, "src/*/models/train_model.py", {TRAINING: collapse})
        changes = {"slice_minimum: {}": "slice_minimum: {roc_auc: 0.6}", "[linear]": "[forest]"}
        edit(project, "params.yaml", changes)
        generator.sh(project, COMMIT)
        said = refused(generator, project)
    worse = r"FAILED .*roc_auc 0\.\d+ against 0\.\d+ of the champion, version 2.*: gain -0\."
    assert re.search(worse, said), said
    assert re.search(r"colour 'green' .* worse than the lowest allowed", said), said
    assert re.search(r"roc_auc on colour 'green' .* is worse than the champion's", said), said


def test_challenger_from_a_dirty_tree_is_refused_forced_and_committed_later(
    generator: Generator, project: Path
) -> None:
    with other_work(generator, project):
        edit(project, "params.yaml", {"threshold: f1": "threshold: recall 0.9"})
        said = refused(generator, project)
        assert "trained from changes that are in no commit (params.yaml)" in said
        assert "champion" not in said.partition("FORCE")[0]
        generator.sh(project, "make promote FORCE='the fair is tomorrow'")
        forced = decisions(project)[-1]
        assert (forced["what"], forced["why"]) == ("promoted by force", "the fair is tomorrow")
        assert "in no commit" in forced["failed"][0]
        generator.sh(project, "make experiments rollback WHY='fair over'")
        assert "the fair is tomorrow" in (project / "reports/lab_notebook.md").read_text("utf-8")
        back = decisions(project)[-1]
        assert (back["what"], back["version"], back["why"]) == ("rolled back", "2", "fair over")
        assert "by version 2" in generator.sh(project, "make predict")
        listed = generator.sh(project, "make models")
        assert re.search(r"2 +champion", listed)
        assert "promoted by force" in listed
        said = generator.sh(project, f"make register && {COMMIT} && make promote")
        assert "trained from what is in commit" in said


def test_rollback_brings_back_the_same_predictions(
    generator: Generator, project: Path, predicted: Predicted
) -> None:
    predictions = project / PREDICTIONS
    with other_work(generator, project):
        generator.sh(project, "make rollback predict")
        assert predictions.read_bytes() != predicted.rows
        assert "no champion before" in generator.sh(project, "make rollback", code=1)
        generator.sh(project, f"{COMMIT} && make register promote FORCE='back again' predict")
        assert predictions.read_bytes() == predicted.rows


def test_clone_predicts_with_the_champion(
    generator: Generator, project: Path, predicted: Predicted, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    generator.sh(project, f'git clone -q . "{clone}"')
    new = tmp_path / "new.csv"
    new.write_text("key,size,colour\nk,0.5,red\n", encoding="utf-8")
    told = generator.sh(clone, f'make setup predict INPUT="{new}"', code=1)
    assert "of the champion is missing: `make pull` brings it" in told
    assert "by version 2" in generator.sh(clone, "make pull predict")
    assert (clone / PREDICTIONS).read_bytes() == predicted.rows
    champion = clone / "models/champions" / decisions(clone)[-1]["run"][:8] / "model.skops"
    champion.chmod(0o644)
    champion.write_bytes((clone / "models/model.skops").read_bytes()[:-1] + b"x")
    assert "is not what was promoted" in generator.sh(clone, f'make predict INPUT="{new}"', code=1)
