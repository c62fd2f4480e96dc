"""Tables through the whole path to a service: the same numbers by every way of asking.

    python3 benchmarks/service_tables.py FILE... [--folder FOLDER] [--rows 200] [--set OLD=NEW]... [--keep]

For each FILE of FOLDER/index.csv (see `tables.py`) a project is generated with `serving=true`; then
`make predict`, a commit, `make register promote`, `make export`, `make serve`. The raw file predicted by
`make predict` is what is compared with: rows as JSON, together and one by one; the file; a client
generated from the OpenAPI document; and the form in Chromium. `--set` replaces words of params.yaml.
Needs what `tables.py` needs, and Chromium; the clients get an environment of their own.
"""

import argparse
import csv
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from common import COMMIT, PROJECT, ROOT, Run, generate, head, machine, make_venv, row, run, tell
from tables import HEADLESS, last_sentence, read

COLUMNS = (
    "file",
    "task",
    "rows",
    "model",
    "exported",
    "rows as JSON",
    "one by one",
    "typed client",
    "form",
    "whole file",
    "held-out score",
)
ALONE = 20  # rows that are sent one by one, and by the typed client
PATIENCE = 300  # seconds
CLOSE, CLOSE_EXPORT = 1e-12, 1e-9
LIMITS = {"SERVE_PORT": "0", "SERVE_BODY_BYTES": "100000000", "SERVE_SECONDS": "300"}
TRUE, FALSE = ("true", "yes", "t", "y"), ("false", "no", "f", "n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--folder", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--rows", type=int, default=200, help="that are sent as JSON")
    parser.add_argument("--set", action="append", default=[], metavar="OLD=NEW")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "chromium")
    parser.add_argument("--clients", type=Path, help="a Python that has what the clients need")
    parser.add_argument("--keep", action="store_true", help="keep the projects")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="service-"))
    if options.clients is None:
        programs = make_venv(folder / "clients", "openapi-python-client", "playwright")
        options.clients = programs / "python"
    entries = {entry["file"]: entry for entry in read(options.folder / "index.csv")}
    print(f"{machine()}\n\n{head(COLUMNS)}", flush=True)
    for name in options.files:
        tell(name)
        cells = measure(entries[name], folder / Path(name).stem, options)
        print(row(cells.get(column, "") for column in COLUMNS), flush=True)
    if options.keep:
        tell(f"kept in {folder}")
    else:
        shutil.rmtree(folder)


def measure(entry: dict[str, str], folder: Path, options: argparse.Namespace) -> dict[str, str]:
    """The cells of one table's row."""
    path = (options.folder / entry["file"]).resolve()
    target = re.sub(r'^#\d+ "(.*)"$', r"\1", entry["target"]).removesuffix(HEADLESS)
    folder.mkdir()
    generate(folder, f"raw_data={path}", f"target={target}", "serving=true").check()
    project = folder / PROJECT
    exported = promote(project, options.set)
    run("make", "predict", f"INPUT={path}", "OUTPUT=batch.csv", cwd=project).check()
    with (project / "batch.csv").open(encoding="utf-8", newline="") as file:
        batch = list(csv.DictReader(file))
    with served(project) as address:
        model = json.loads(ask(f"{address}/model"))
        expected = [line for line in batch if line[f"predicted_{model['schema']['target']}"]]
        found = compare(address, model, expected[: options.rows], folder, path, options)
    name = model["metric"]
    return found | {
        "file": entry["file"],
        "task": entry["task"],
        "rows": str(len(batch)),
        "model": json.loads((project / "reports/candidates.json").read_text("utf-8"))["best"],
        "exported": exported,
        "held-out score": f"{name} {model['scores'][name]:.4g}",
    }


def promote(project: Path, changes: list[str]) -> str:
    """Train, promote and export; whether it was exported, or why not."""
    params = project / "params.yaml"
    text = params.read_text("utf-8")
    for old, new in (change.split("=", 1) for change in changes):
        assert old in text, old
        text = text.replace(old, new)
    params.write_text(text, encoding="utf-8")

    def commit() -> Run:
        run("git", "add", "--all", cwd=project).check()
        return run(*COMMIT, cwd=project).check()

    run("make", "predict", cwd=project).check()
    commit()
    run("make", "register", "promote", cwd=project).check()
    done = run("make", "export", cwd=project)
    commit()
    return f"no: {last_sentence(done).partition(';')[0]}" if done.code else "yes"


@contextmanager
def served(project: Path) -> Iterator[str]:
    """`make serve`: the address."""
    log = project / "serve.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            ["make", "serve"],
            cwd=project,
            env=os.environ | LIMITS,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    deadline = time.monotonic() + PATIENCE
    try:
        while not (found := re.search(r"running on (http://\S+)", log.read_text("utf-8"))):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(log.read_text("utf-8"))
            time.sleep(0.1)
        yield found[1]
    finally:
        os.killpg(process.pid, 15)
        process.wait(PATIENCE)


def compare(
    address: str,
    model: dict,
    batch: list[dict],
    folder: Path,
    path: Path,
    options: argparse.Namespace,
) -> dict[str, str]:
    """The cells that say by how much answers differ from the batch."""
    columns = model["schema"]["columns"]
    rows = [
        {name: as_json(line[name], each["type"]) for name, each in columns.items()}
        for line in batch
    ]
    together = json.loads(ask(f"{address}/predict", json.dumps(rows).encode()))
    alone = [
        json.loads(ask(f"{address}/predict", json.dumps(each).encode())) for each in rows[:ALONE]
    ]
    whole = (folder / PROJECT / "batch.csv").read_bytes()
    (folder / "case.json").write_text(
        json.dumps({"rows": rows[:ALONE], "file": str(path)}), "utf-8"
    )
    script = Path(__file__).with_name("service_clients.py")
    words = (address, folder / "case.json", folder, options.chromium)
    done = run(options.clients, script, *words).check()
    by_others = json.loads(done.output)
    close = CLOSE_EXPORT if model["exported"] else CLOSE
    same = {
        "by address": ask(f"{address}/predict/file", path.read_bytes()) == whole,
        "typed client": (folder / "client.csv").read_bytes() == whole,
        "form": (folder / "form.csv").read_bytes() == whole,
    }
    return {
        "rows as JSON": apart(together, batch, model, close),
        "one by one": apart(alone, batch[:ALONE], model, close),
        "typed client": apart(by_others["client"], batch[:ALONE] * 2, model, close),
        "form": at_the_form(by_others["form"], batch, model),
        "whole file": ", ".join(
            f"{by}: {'same bytes' if yes else 'DIFFERS'}" for by, yes in same.items()
        ),
    }


def apart(answers: list[dict], batch: list[dict], model: dict, close: float) -> str:
    """The largest difference of answers from the batch, of values as a share of them."""
    target, most = model["schema"]["target"], 0.0
    assert len(answers) == len(batch)
    for answer, line in zip(answers, batch, strict=True):
        said = line[f"predicted_{target}"]
        if model["schema"]["task"] == "regression":
            most = max(most, abs(answer["prediction"] - float(said)) / max(abs(float(said)), 1.0))
            continue
        if answer["prediction"] != said:
            return f"DIFFERS: {answer['prediction']!r}, not {said!r}"
        for name, value in answer["probabilities"].items():
            most = max(most, abs(value - float(line[f"probability_{name}"])))
    return f"{'' if most <= close else 'DIFFERS by '}{most:.1e}"


def at_the_form(texts: list[str], batch: list[dict], model: dict) -> str:
    """Whether the texts at the form are the predictions of the batch."""
    target = model["schema"]["target"]
    for text, line in zip(texts, batch, strict=False):
        first, *others = text.splitlines()
        said = line[f"predicted_{target}"]
        if model["schema"]["task"] == "regression":
            if abs(float(first) / float(said) - 1) > CLOSE_EXPORT:
                return f"DIFFERS: {first}, not {said}"
            continue
        shown = [
            f"{name}: {float(line[f'probability_{name}']):.4f}"
            for name in model["schema"]["classes"]
        ]
        if [first, *others[: len(shown)]] != [said, *shown]:
            return f"DIFFERS: {text!r}, not {[said, *shown]}"
    return f"same, {len(texts)} rows"


def as_json(cell: str, kind: str) -> object:
    """A cell of the batch as a program sends it."""
    if cell in ("", "NA", "NaN", "?"):
        return None
    if kind == "numeric":
        return float(cell.replace(",", "."))
    if kind == "boolean":
        assert cell.lower() in TRUE + FALSE, cell
        return cell.lower() in TRUE
    return cell


def ask(url: str, body: bytes | None = None) -> bytes:
    """Send a body or nothing, and read the answer."""
    try:
        with urlopen(Request(url, body), timeout=PATIENCE) as answer:
            return answer.read()
    except HTTPError as error:
        raise SystemExit(f"{url}: {error.code} {error.read().decode()[:2000]}") from error


if __name__ == "__main__":
    main()
