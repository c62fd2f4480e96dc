"""Runs, the registry and its gate in a generated project, by the commands of its README."""

import json
import random
import re
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from support.generator import ACTIVATE, PYTHON, Generator, edit

COMMIT = "git add --all && git -c user.name=Ada -c user.email=a@b commit -qnm work"
QUICK = {
    "n_iter: auto": "n_iter: 0",
    "bootstrap: 500": "bootstrap: 60",
    "candidates: [linear, boosting, extra trees, neural net, forest, voting]": "candidates: [linear]",
}
QUIET = "MLFLOW_DISABLE_TELEMETRY=true"
TRAINING = "rows = read_rows(project.train_file, params.train.max_rows, params.seed)"


def table() -> str:
    """Rows in which `bought` follows from size, colour and noise; some are not known yet."""
    draw = random.Random(7)
    lines = ["key,size,colour,bought"]
    for n in range(600):
        size, colour = draw.gauss(0, 1), draw.choice(["blue", "green", "red"])
        score = size + (colour == "red") + draw.gauss(0, 0.7)
        bought = "" if n % 20 == 0 else "yes" if score > 0.4 else "no"
        lines.append(f"k{n},{size:.3f},{colour},{bought}")
    return "\n".join(lines) + "\n"


def state(project: Path) -> tuple:
    """What a refusal must not change: decisions, aliases, and every file git and DVC know."""
    with closing(sqlite3.connect(project / "mlflow.db")) as database:
        aliases = database.execute("SELECT alias, version FROM registered_model_aliases").fetchall()
    models = sorted((project / "models").rglob("*"))
    contents = {path.name: path.read_bytes() for path in models if path.is_file()}
    status = subprocess.check_output(["git", "status", "--porcelain"], cwd=project)
    return sorted(aliases), contents, status


@pytest.fixture(scope="module")
def project(generator: Generator) -> Path:
    """A project whose second model is the champion."""
    (generator.folder / "shop.csv").write_text(table(), encoding="utf-8")
    made = generator(venv=True, raw_data="shop.csv", target="bought", project_slug="shop")
    assert "not done" not in made.output
    edit(made.path, "params.yaml", QUICK | {"candidates: [linear]": "candidates: [forest]"})
    generator.sh(made.path, f"{COMMIT} && make evaluate WHY='the first' && {COMMIT}")
    generator.sh(made.path, "make register promote")
    edit(made.path, "params.yaml", {"candidates: [forest]": "candidates: [linear]"})
    generator.sh(made.path, f"{COMMIT} && make evaluate register WHY='straight | lines'")
    said = generator.sh(made.path, "make promote")
    assert "is the champion" in said
    checked = COMMIT.replace("-qnm", "-qm")  # git's hooks let pass what a promotion writes
    generator.sh(made.path, f"{checked} && make push")
    return made.path


@contextmanager
def other_work(generator: Generator, project: Path) -> Iterator[None]:
    """Afterwards all is as it was committed before."""
    before = generator.sh(project, "git rev-parse HEAD").strip()
    try:
        yield
    finally:
        generator.sh(project, f"git checkout -q . && git reset -q --hard {before}")
        generator.sh(
            project,
            f". .venv/{ACTIVATE} && dvc checkout --quiet --force data train calibrate evaluate",
        )


def refused(generator: Generator, project: Path) -> str:
    """Try to promote the present model; it changes nothing."""
    generator.sh(project, "make train register")
    before = state(project)
    said = generator.sh(project, "make promote", code=1)
    assert state(project) == before
    return said


def test_champion_predicts_and_predictions_say_so(generator: Generator, project: Path) -> None:
    edit(project, "params.yaml", {"candidates: [linear]": "candidates: [forest]"})
    said = generator.sh(project, "make predict")
    edit(project, "params.yaml", {"candidates: [forest]": "candidates: [linear]"})
    assert "Running stage 'train'" not in said
    assert "30 rows of data/processed/unlabelled.parquet predicted by version 2" in said
    name = "data/processed/predictions.csv.origin.json"
    origin = json.loads((project / name).read_text(encoding="utf-8"))
    (decision,) = [one for one in decisions(project) if one["version"] == "2"]
    assert (origin["model_version"], origin["run"]) == ("2", decision["run"])
    assert origin["rows"] == 30
    assert origin["predicted_at"]


def test_logged_model_predicts_without_the_project(
    generator: Generator, project: Path, tmp_path: Path
) -> None:
    """In another folder, with what is locked alone, for a file without the target."""
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


def decisions(project: Path) -> list[dict]:
    """The log of promotions."""
    return json.loads((project / "models/champion.json").read_text(encoding="utf-8"))


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
        edit(project, "params.yaml", {"folds: 5": "folds: 4"})
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


def test_rollback_brings_back_the_same_predictions(generator: Generator, project: Path) -> None:
    predictions = project / "data/processed/predictions.csv"
    with other_work(generator, project):
        generator.sh(project, "make predict")
        second = predictions.read_bytes()
        generator.sh(project, "make rollback predict")
        first = predictions.read_bytes()
        assert first != second
        assert "no champion before" in generator.sh(project, "make rollback", code=1)
        generator.sh(project, f"{COMMIT} && make register promote FORCE='back again' predict")
        assert predictions.read_bytes() == second


def test_clone_predicts_with_the_champion(
    generator: Generator, project: Path, tmp_path: Path
) -> None:
    generator.sh(project, "make predict")
    clone = tmp_path / "clone"
    generator.sh(project, f'git clone -q . "{clone}"')
    new = tmp_path / "new.csv"
    new.write_text("key,size,colour\nk,0.5,red\n", encoding="utf-8")
    told = generator.sh(clone, f'make setup predict INPUT="{new}"', code=1)
    assert "of the champion is missing: `make pull` brings it" in told
    assert "by version 2" in generator.sh(clone, "make pull predict")
    name = "data/processed/predictions.csv"
    assert (clone / name).read_bytes() == (project / name).read_bytes()
    champion = clone / "models/champions" / decisions(clone)[-1]["run"][:8] / "model.skops"
    champion.chmod(0o644)
    champion.write_bytes((clone / "models/model.skops").read_bytes()[:-1] + b"x")
    assert "is not what was promoted" in generator.sh(clone, "make predict", code=1)


def test_runs_are_listed_compared_and_come_from_copies(generator: Generator, project: Path) -> None:
    with other_work(generator, project):
        dvc = f". .venv/{ACTIVATE} && dvc"
        generator.sh(project, f"{dvc} exp run -q --temp -S train.folds=7 evaluate")
        listed = generator.sh(project, "make experiments")
        assert "train.folds" in listed
        assert "straight | lines" in listed
        page = (project / "reports/lab_notebook.md").read_text(encoding="utf-8")
        assert "straight \\| lines" in page
        assert re.search(r"train\.folds 7 \(was \d\)", page)
        first, second = (one["run"] for one in decisions(project)[:2])
        names = [re.search(rf"(\w+-\w+-\d\d)\b.* {run[:8]}", listed)[1] for run in (first, second)]
        said = generator.sh(project, f"make compare RUN={names[0]} WITH={second[:9]}")
    assert "train.candidates ['forest'] (was ['linear'])" in said
    assert re.search(r"code: the same \(commit \w{7}; was commit \w{7}\)", said), said
    assert re.search(f"verdict: .*{names[0]} .*{names[1]} on the same held-out rows", said), said
    for line in ("cross-validation: roc_auc", "held-out rows: roc_auc"):
        assert re.search(f"{line} 0.* against 0.*, gain .*(better|worse|difference)", said), said


@contextmanager
def mlflow_server(generator: Generator, project: Path, folder: Path) -> Iterator[str]:
    """The address of a server of the project's MLflow."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command = [
        project / ".venv" / PYTHON,
        "-m",
        "mlflow",
        "server",
        "--port",
        port,
        "--workers",
        "1",
    ]
    command += ["--backend-store-uri", f"sqlite:///{folder}/server.db"]
    command += ["--artifacts-destination", folder / "artifacts"]
    environment = generator.environment | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with subprocess.Popen(
        command, env=environment, cwd=folder, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stderr is not None
            assert any("startup complete" in line for line in server.stderr)
            threading.Thread(target=server.stderr.read, daemon=True).start()
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def test_runs_and_champions_live_on_a_server(
    generator: Generator, project: Path, tmp_path: Path
) -> None:
    settings = project / ".env"
    with mlflow_server(generator, project, tmp_path) as address, other_work(generator, project):
        settings.write_text(f"MLFLOW_TRACKING_URI={address}\n", encoding="utf-8")
        before = set((project / "reports/runs").glob("*.json"))
        generator.sh(project, "make train AGAIN=1 WHY='for the team'")
        generator.sh(project, "make evaluate register promote")
        (run,) = set((project / "reports/runs").glob("*.json")) - before
        run.unlink()
        assert "for the team" in generator.sh(project, "make experiments")
        assert run.exists()
        assert re.search(r"\d+ +champion", generator.sh(project, "make models"))
        settings.unlink()
    with closing(sqlite3.connect(tmp_path / "server.db")) as database:
        assert database.execute("SELECT status FROM runs").fetchall() == [("FINISHED",)]
