"""Requests of any shape are answered or refused; none is an error of the service."""

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.served import ROW, Client, new_project, service
from support.small_table import make_raw

COUNT = settings(max_examples=60, deadline=None)
CELLS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(
    CELLS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
CHANGES = st.dictionaries(st.sampled_from([*ROW]) | st.text(), CELLS | VALUES, max_size=3)
ROWS = st.builds(lambda change: ROW | change, CHANGES)
HEAD, *LINES = make_raw(20, seed=7).drop(columns="bought").to_csv(index=False).splitlines()
TABLES = st.lists(st.sampled_from(LINES) | st.text(), max_size=5).map(
    lambda lines: "\n".join([HEAD, *lines]).encode()
)


@pytest.fixture(scope="module")
def client(trained, tmp_path_factory) -> Iterator[Client]:
    """A running service."""
    with service(
        new_project(tmp_path_factory.mktemp("any"), trained.model, trained.schema)
    ) as made:
        yield made
        assert made.metric("failures_total") == 0


@COUNT
@given(ROWS | st.lists(ROWS, max_size=3) | VALUES)
def test_any_json(client: Client, body: object) -> None:
    answer = client.predict(body)
    assert answer.status in (200, 422), answer.data
    if answer.status == 422:
        assert {*answer.json["detail"][0]} == {"row", "column", "expected"}


@COUNT
@given(TABLES | st.binary())
@example(b'"')  # a header that never ends
def test_any_file(client: Client, body: bytes) -> None:
    answer = client.send("POST", "/predict/file", body)
    assert answer.status in (200, 422), answer.data


@COUNT
@given(st.text(max_size=9), st.sampled_from(["/model", "/predict", "/predict/file"]))
def test_any_version(client: Client, version: str, path: str) -> None:
    method = "GET" if path == "/model" else "POST"
    answer = client.send(method, f"{path}?version={quote(version)}", json.dumps(ROW).encode())
    assert answer.status in (200, 404, 422), answer.data
