"""Tables that come from a web address into a project by `make fetch`."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from support.generator import Generator
from support.projects import Projects

TABLE = "a,y\n" + "1,no\n2,yes\n" * 30


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address of a folder that is served on this machine, and the folder."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/cut.csv":
                super().do_GET()
                return
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"a,y\n1,2\n")

        def do_HEAD(self) -> None:
            if self.path != "/cut.csv":
                super().do_HEAD()
                return
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    folder = tmp_path / "site"
    folder.mkdir()
    serve = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()


@pytest.fixture
def projects(generator: Generator) -> Projects:
    """Makes projects that need no password."""
    return Projects(generator, {})


def test_address_is_pinned_and_taken_anew(site: tuple[str, Path], projects: Projects) -> None:
    url, folder = site
    (folder / "a ü.csv").write_text(TABLE, encoding="utf-8")
    project = projects(raw_data=f"{url}/a ü.csv?version=1#top", target="y")
    raw, pointer = "data/raw/a ü.csv", "data/raw/a ü.csv.dvc"
    projects.run(project, "tabwright", "fetch")
    assert project.read(raw) == TABLE
    pinned = project.read(pointer)
    assert f"path: {url}/a ü.csv?version=1\n" in pinned
    changed = TABLE.replace("1,no", "3,no")
    (folder / "a ü.csv").write_text(changed, encoding="utf-8")
    projects.run(project, "tabwright", "fetch")
    assert project.read(raw) == changed
    assert project.read(pointer) != pinned


@pytest.mark.parametrize("name", ["gone.csv", "cut.csv"])
def test_failure_leaves_what_was_there(
    name: str, site: tuple[str, Path], projects: Projects
) -> None:
    url, folder = site
    (folder / "table.csv").write_text(TABLE, encoding="utf-8")
    project = projects(raw_data=f"{url}/table.csv", target="y")
    projects.run(project, "tabwright", "fetch")
    params = project.read("params.yaml").replace(f"{url}/table.csv", f"{url}/{name}")
    (project.path / "params.yaml").write_text(params, encoding="utf-8")
    before = project.files()
    said = projects.run(project, "tabwright", "fetch", fails=True)
    assert f"{url}/{name}: " in said
    assert data(project.files()) == data(before)


def test_dead_address(projects: Projects) -> None:
    project = projects(raw_data="http://127.0.0.1:1/table.csv", target="y")
    before = project.files()
    said = projects.run(project, "tabwright", "fetch", fails=True)
    assert "it does not exist, or the server does not answer" in said
    assert data(project.files()) == data(before)


def test_sheet_of_a_workbook(site: tuple[str, Path], projects: Projects) -> None:
    url, folder = site
    with pd.ExcelWriter(folder / "book.xlsx") as book:
        pd.DataFrame({"n": [1]}).to_excel(book, sheet_name="Notes", index=False)
        table = pd.DataFrame({"a": [1.5, 2, 3] * 20, "y": ["yes", "no"] * 30})
        table.to_excel(book, sheet_name="Year 2024", index=False)
    project = projects(raw_data=f"{url}/book.xlsx?download=1#Year 2024", target="y")
    projects.run(project, "tabwright", "fetch")
    projects.run(project, "tabwright", "infer")
    assert "60 rows: " in projects.run(project, "p_code.data.make_dataset")


def test_folder_of_this_machine(projects: Projects) -> None:
    parts = projects.generator.folder / "parts"
    parts.mkdir()
    for name in ("a.csv", "b.csv"):
        (parts / name).write_text(TABLE, encoding="utf-8")
    project = projects(raw_data="parts", target="y")
    projects.run(project, "tabwright", "infer")
    assert "120 rows: " in projects.run(project, "p_code.data.make_dataset")


def data(files: dict[str, bytes]) -> dict[str, bytes]:
    """The raw data among the files of a project, and its record."""
    return {name: content for name, content in files.items() if name.startswith("data/raw/")}
