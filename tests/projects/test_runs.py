"""Runs in a generated project are listed and compared, from wherever they come."""

import re
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from support.generator import ACTIVATE, PYTHON, Generator
from support.shop import decisions, other_work


def test_runs_are_listed_compared_and_come_from_copies(generator: Generator, shop: Path) -> None:
    with other_work(generator, shop):
        dvc = f". .venv/{ACTIVATE} && dvc"
        generator.sh(shop, f"{dvc} exp run -q --temp -S train.threshold=0.4 calibrate")
        listed = generator.sh(shop, "make experiments")
        assert "train.threshold" in listed
        assert "straight | lines" in listed
        page = (shop / "reports/lab_notebook.md").read_text(encoding="utf-8")
        assert "straight \\| lines" in page
        assert re.search(r"train\.threshold 0\.4 \(was \w", page)
        first, second = (one["run"] for one in decisions(shop)[:2])
        names = [re.search(rf"(\w+-\w+-\d\d)\b.* {run[:8]}", listed)[1] for run in (first, second)]
        said = generator.sh(shop, f"make compare RUN={names[0]} WITH={second[:9]}")
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
        *("-m", "mlflow", "server", "--port", port, "--workers", "1"),
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
    generator: Generator, shop: Path, tmp_path: Path
) -> None:
    settings = shop / ".env"
    with mlflow_server(generator, shop, tmp_path) as address, other_work(generator, shop):
        settings.write_text(f"MLFLOW_TRACKING_URI={address}\n", encoding="utf-8")
        before = set((shop / "reports/runs").glob("*.json"))
        generator.sh(shop, "make train AGAIN=1 WHY='for the team'")
        generator.sh(shop, "make evaluate register promote")
        (run,) = set((shop / "reports/runs").glob("*.json")) - before
        run.unlink()
        assert "for the team" in generator.sh(shop, "make experiments")
        assert run.exists()
        assert re.search(r"\d+ +champion", generator.sh(shop, "make models"))
        settings.unlink()
    with closing(sqlite3.connect(tmp_path / "server.db")) as database:
        assert database.execute("SELECT status FROM runs").fetchall() == [("FINISHED",)]
