"""The guide to a cluster, by its page: two workers of this machine, one of which is killed."""

import csv
import json
import re
import socket
import subprocess
from pathlib import Path

from support.generator import TEMPLATE, Generator

FILES = 4
TIMEOUT = 1200  # seconds, on a machine that is busy


def free_port() -> str:
    """A port that nobody has."""
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        return str(there.getsockname()[1])


def commands(page: Path) -> str:
    """The shell blocks of a page as one script, which ends what it has started."""
    blocks = re.findall(r"^```bash\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    script = "".join(blocks).replace("8786", free_port())
    return f"set -e\ntrap 'kill -9 $(jobs -p)' EXIT\n{script}"


def read(folder: Path) -> dict[str, bytes]:
    """The predictions in a folder."""
    return {path.name: path.read_bytes() for path in folder.glob("part-*.csv")}


def test_guide_predicts_a_folder_and_goes_on_after_a_kill(
    generator: Generator, example: Path
) -> None:
    with (example / "data/raw/penguins.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    (new := example / "new").mkdir()
    for number in range(FILES):
        with (new / f"part-{number}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows[number::FILES]])
    done = subprocess.run(
        ["bash", "-c", commands(TEMPLATE / "docs/cluster.md")],
        cwd=example,
        env=generator.environment | {"PWD": str(example)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(f"{len(rows)} rows of {FILES} files in new predicted") == 3
    assert f"{FILES - 1} files were finished before" in done.stdout
    assert "Stage 'train' didn't change, skipping" in done.stdout  # SCHEDULER is no input of it
    assert read(example / "scored") == read(example / "here")
    report = json.loads((example / "scored/_report.json").read_text(encoding="utf-8"))
    assert report["scheduler"].startswith("tcp://127.0.0.1:")
    locked = (example / "requirements-cluster.txt").read_text(encoding="utf-8")
    assert "distributed==" in locked
