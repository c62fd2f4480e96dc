"""The day of a generated project, as cron starts it: the steps, and what happens when one fails."""

import json
import shutil
from pathlib import Path

import pytest
from support.generator import Generator, edit
from support.webhook import webhook

WRONG = {"$(TABWRIGHT) monitor\n": "$(TABWRIGHT) monitor --nothing\n"}
CRON = "/usr/bin/env -i HOME={home} PATH=/usr/bin:/bin /bin/sh -c"


@pytest.mark.skipif(not shutil.which("flock"), reason="flock, which cron's line needs, is not here")
def test_cron_runs_the_day_and_a_failure_is_told(generator: Generator, example: Path) -> None:
    *_, line = (example / "deploy/crontab").read_text(encoding="utf-8").splitlines()
    command = line.split(maxsplit=5)[5].replace("'", "'\\''")
    cron = f"{CRON.format(home=example.parent)} '{command}'"
    log, made = example / "daily.log", example / "data/processed/predictions.csv"
    made.unlink()
    with webhook() as hook:
        (example / ".env").write_text(f"ALERT_URL={hook.address}\n", encoding="utf-8")
        assert generator.sh(example, cron) == ""
        said = log.read_text(encoding="utf-8")
        assert "files and folders are in place" in said
        assert "nothing is to be done" in said
        assert "in the remote" in said
        assert made.exists()
        assert hook.received == []

        log.unlink()
        edit(example, "Makefile", WRONG)
        generator.sh(example, cron)
        edit(example, "Makefile", {wrong: right for right, wrong in WRONG.items()})
    (example / ".env").unlink()
    (body,) = hook.received
    assert json.loads(body) == {"text": "Pingüins & co: the daily run failed, see daily.log"}
    said = log.read_text(encoding="utf-8")
    assert "unrecognized arguments: --nothing" in said
    assert "make monitor failed: what follows was not run" in said
    assert "nothing is to be done" not in said
    assert "in the remote" not in said
    log.unlink()
