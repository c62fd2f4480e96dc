"""What the service refuses before it costs anything, and what a full disk or a stop may not cost."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.owner import TEMPLATE
from support.served import ROW, Client, new_project, service
from support.small_table import make_raw
from support.waiting import PATIENCE, wait_for
from tabwright.project.errors import ProjectError
from tabwright.project.project import Project
from tabwright.request_log import log
from tabwright.serving import models
from tabwright.serving.settings import serve_settings

LIMITS = {"SERVE_BODY_BYTES": "5000", "SERVE_ROWS": "10", "SERVE_QUEUE": "3"}


@pytest.fixture
def project(trained, tmp_path: Path) -> Project:
    """A project with a champion."""
    return new_project(tmp_path, trained.model, trained.schema)


@pytest.fixture
def limited(project: Project, monkeypatch) -> Iterator[Client]:
    """A service with low limits."""
    for name, value in LIMITS.items():
        monkeypatch.setenv(name, value)
    with service(project) as client:
        yield client


@pytest.fixture
def held(monkeypatch) -> Iterator[SimpleNamespace]:
    """A model that waits: `begun` is set when it is asked, and it answers when `go` is set."""
    made = SimpleNamespace(
        begun=threading.Event(), go=threading.Event(), score=models.predict_scores
    )
    made.go.set()

    def scores(*given):
        made.begun.set()
        assert made.go.wait(30)
        return made.score(*given)

    monkeypatch.setattr(models, "predict_scores", scores)
    yield made
    made.go.set()


def test_body_may_be_as_long_as_said_and_no_longer(limited: Client) -> None:
    body = json.dumps(ROW).encode()
    fits = body + b" " * (5000 - len(body))
    assert limited.send("POST", "/predict", fits).status == 200
    for path in ("/predict", "/predict/file"):
        answer = limited.send("POST", path, fits + b" ")
        assert answer.status == 413
        assert answer.json["detail"][0]["expected"] == "at most 5000 bytes"
        chunks = iter([fits, b" "])  # without a length before
        assert limited.send("POST", path, chunks).status == 413
    endless = (b" " * 1000 for _ in range(10**4))
    assert limited.send("POST", "/predict", endless).status == 413
    assert limited.predict(ROW).status == 200


def test_list_may_have_as_many_rows_as_said(limited: Client) -> None:
    assert len(limited.predict([ROW] * 10).json) == 10
    answer = limited.predict([ROW] * 11)
    assert answer.status == 413
    assert answer.json["detail"][0]["expected"] == "at most 10 rows"


def test_full_queue_says_when_to_come_back(limited: Client, held: SimpleNamespace) -> None:
    held.begun.clear()
    held.go.clear()
    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(limited.predict, ROW)
        assert held.begun.wait(30)
        waiting = [threads.submit(limited.predict, ROW) for _ in range(3)]
        wait_for(lambda: limited.metric("waiting_requests") == 3)
        refused = limited.predict(ROW)
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert limited.get("/ready").status == 503
        assert limited.get("/health").status == 200
        held.go.set()
        assert {one.result().status for one in [first, *waiting]} == {200}
    assert limited.get("/ready").status == 200
    assert limited.metric("batch_rows_count") == 2  # those that waited were predicted at once


def test_requests_at_once_are_limited(project: Project, held, monkeypatch) -> None:
    monkeypatch.setenv("SERVE_CONCURRENCY", "1")
    with service(project) as client, ThreadPoolExecutor(1) as threads:
        held.begun.clear()
        held.go.clear()
        first = threads.submit(client.predict, ROW)
        assert held.begun.wait(30)
        assert client.get("/health").status == 200
        refused = client.predict(ROW)
        held.go.set()
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert first.result().status == 200


def test_what_takes_too_long_is_given_up(project: Project, held, monkeypatch) -> None:
    monkeypatch.setenv("SERVE_SECONDS", "0.3")
    with service(project) as client:
        with socket.create_connection(("127.0.0.1", client.port)) as slow:
            head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
            slow.sendall(head)  # and then nothing
            assert b" 504 " in slow.recv(1000).partition(b"\r\n")[0]
        held.go.clear()
        late = client.predict(ROW)
        held.go.set()
        assert late.status == 504
        assert late.json == {"detail": "not answered within 0.3 seconds"}
        wait_for(lambda: client.predict(ROW).status == 200)


def test_key_is_asked_for(project: Project, monkeypatch) -> None:
    monkeypatch.setenv("SERVE_API_KEY", "s3cret!")
    rows = make_raw(2).to_csv(index=False).encode()
    with service(project) as client:
        right = {"Authorization": "Bearer s3cret!"}
        for wrong in ({}, {"Authorization": "Bearer s3cret"}, {"Authorization": "Basic s3cret!"}):
            answer = client.predict(ROW, **wrong)
            assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
            assert client.send("POST", "/predict/file", rows, wrong).status == 401
            assert client.send("GET", "/model", None, wrong).status == 401
        assert (
            client.predict(ROW, Authorization="Bearer schlüssel".encode().decode("latin-1")).status
            == 401
        )
        assert client.predict(ROW, **right).status == 200
        assert client.send("POST", "/predict/file", rows, right).status == 200
        assert client.get("/health").status == client.get("/ready").status == 200
        document = json.loads(client.get("/openapi.json").data)
    assert document["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    assert 'id="key"' in client_page(project, monkeypatch)


def client_page(project: Project, monkeypatch) -> str:
    """The form."""
    with service(project) as client:
        return client.get("/docs").data.decode()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SERVE_ROWS", "many", "SERVE_ROWS: Input should be a valid integer"),
        ("SERVE_ROWS", "0", "SERVE_ROWS: Input should be greater than or equal to 1"),
        ("SERVE_SECONDS", "nan", "SERVE_SECONDS: Input should be"),
        ("SERVE_PORT", "70000", "SERVE_PORT: Input should be less than"),
        ("SERVE_API_KEY", "a b", "SERVE_API_KEY: should have no spaces"),
        (
            "SERVE_APIKEY",
            "secret",
            r"SERVE_APIKEY: is no setting of the service \(did you mean SERVE_API_KEY",
        ),
    ],
)
def test_wrong_setting_is_a_sentence_without_the_value(name: str, value: str, said: str) -> None:
    with pytest.raises(ProjectError, match=said) as error:
        serve_settings({name: value, "OTHER": "x"})
    assert "secret" not in str(error.value)
    assert serve_settings({"SERVE_ROWS": " "}).rows == 1000


def test_full_disk_costs_no_answer_is_counted_and_said_once(
    project: Project, monkeypatch, caplog
) -> None:
    """The log may grow to some pages, as on a small disk; then there is room again."""
    files, connect = list[sqlite3.Connection](), log.connect

    def limited(path: Path) -> sqlite3.Connection:
        files.append(connect(path))
        files[-1].execute("pragma max_page_count = 16")
        return files[-1]

    monkeypatch.setattr(log, "connect", limited)
    rows = make_raw(30, seed=7).drop(columns="bought").to_csv(index=False).encode()
    with service(project) as client:
        answers = [client.predict([ROW] * 10) for _ in range(20)]
        answers += [client.send("POST", "/predict/file", rows) for _ in range(3)]
        assert {one.status for one in answers} == {200}
        lost = client.metric("unlogged_rows_total")
        kept = len(log.read_answers(project.log_folder))
        assert client.metric('failures_total{part="log"}') >= 4
        assert lost >= 90
        assert kept + lost == 290
        assert len([one for one in caplog.records if "disk is full" in one.message]) == 1
        files[-1].execute("pragma max_page_count = 1000000")
        assert client.predict(ROW).status == 200
        assert client.metric("unlogged_rows_total") == lost
    assert len(log.read_answers(project.log_folder)) == kept + 1


def test_nothing_is_logged_where_no_day_is_kept(project: Project, monkeypatch) -> None:
    monkeypatch.setenv("SERVE_LOG_DAYS", "0")
    with service(project) as client:
        assert client.predict(ROW).status == 200
    assert not (project.root / "data" / "log").exists()


PROCESS = """
import sys
from pathlib import Path
sys.path[:0] = [{tests!r}, {library!r}]
import support.owner
from support.waiting import wait_for
from tabwright.project.project import Project
from tabwright.serving import models
from tabwright.serving.app import create_app, run
folder, score = Path(sys.argv[1]), models.predict_scores
def held(*given):
    if (folder / "hold").exists():
        wait_for((folder / "go").exists)
    return score(*given)
models.predict_scores = held
run(create_app(Project(folder)))
"""


def test_ends_after_what_is_being_answered(project: Project) -> None:
    root, library = project.root, str(next(TEMPLATE.glob("{{*}}/vendor/tabwright/src")))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        client = Client(free.getsockname()[1])
    script = PROCESS.format(tests=str(TEMPLATE / "tests"), library=library)
    environment = os.environ | {"SERVE_PORT": str(client.port)}
    process = subprocess.Popen([sys.executable, "-c", script, root], env=environment)

    def is_up() -> bool:
        assert process.poll() is None
        with suppress(OSError):
            return client.get("/health").status == 200
        return False

    try:
        wait_for(is_up)
        (root / "hold").touch()
        with ThreadPoolExecutor(20) as threads:
            asked = [threads.submit(client.predict, ROW) for _ in range(20)]
            wait_for(lambda: client.metric("open_requests") == 21)
            process.send_signal(signal.SIGTERM)
            wait_for(lambda: not is_up_now(client.port))
            (root / "go").touch()
            assert {one.result().status for one in asked} == {200}
        process.wait(PATIENCE)
        assert len(log.read_answers(root / "data" / "log")) == 20
    finally:
        process.kill()
        process.wait()


def is_up_now(port: int) -> bool:
    """Whether a port accepts a connection."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False
