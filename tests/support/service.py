"""Start a service as its reader does, and ask it."""

import json
import os
import re
import signal
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.waiting import PATIENCE, wait_for


@contextmanager
def running(command: list[str], folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Run a service on a free port; yield its address, and stop it with SIGTERM."""
    with tempfile.TemporaryDirectory() as other:
        log = Path(other, "log")
        with log.open("w", encoding="utf-8") as file:
            options = {"cwd": folder, "stdout": file, "stderr": file, "start_new_session": True}
            process = subprocess.Popen(command, env={**environment, "SERVE_PORT": "0"}, **options)
        try:
            yield wait_for(lambda: _address(process, log))
        finally:
            process.terminate() if os.name == "nt" else os.killpg(process.pid, signal.SIGTERM)
            process.wait(PATIENCE)


def _address(process: subprocess.Popen, log: Path) -> str:
    said = log.read_text(encoding="utf-8")
    assert process.poll() is None, said
    found = re.search(r"running on (http://\S+)", said)
    return found[1].replace("0.0.0.0", "127.0.0.1") if found else ""


def ask(url: str, body: Any = None) -> Any:
    """Send JSON or nothing, and read the answer: JSON, or text."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        text = answer.read().decode()
    return json.loads(text) if answer.headers.get_content_type() == "application/json" else text
