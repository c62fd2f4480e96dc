"""Every day: predict, monitor, retrain; each step is a target of the Makefile.

The DAG has the name of this file and works in the checkout that it is part of. A connection of the
same name, if there is one, holds what .env would, as a JSON object in its field `extra`.
"""

import os
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import yaml
from airflow.exceptions import AirflowNotFoundException
from airflow.sdk import DAG, Connection, task

NAME, PROJECT = Path(__file__).stem, Path(__file__).resolve().parents[2]
RETRIED = {"retries": 2, "retry_delay": timedelta(minutes=1), "retry_exponential_backoff": 2.0}


def steps() -> list[str]:
    """The targets in their order: a project may have a source of its data, and a DVC remote."""
    data = yaml.safe_load((PROJECT / "params.yaml").read_text(encoding="utf-8"))["data"]
    remote = "remote" in (PROJECT / ".dvc/config").read_text(encoding="utf-8")
    fetch, push = ["fetch"] * bool(data.get("source")), ["push"] * remote
    return ["pull", *fetch, "data", "predict", "monitor", "act", *push]


def make(*words: str) -> None:
    """Run make in the project, with the variables of the connection."""
    try:
        secrets = Connection.get(NAME).extra_dejson
    except AirflowNotFoundException:
        secrets = {}
    subprocess.run(["make", *words], cwd=PROJECT, env=os.environ | secrets, check=True)


def alert(context: dict) -> None:
    """Tell which task failed."""
    make("alert", f"WHAT={context['ti'].task_id} failed in the DAG {NAME}")


with DAG(
    NAME,
    schedule="15 6 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 0,
        "execution_timeout": timedelta(hours=6),
        "on_failure_callback": alert,
    },
) as dag:
    before = None
    for step in steps():
        # What asks a network is tried again; what decides runs once.
        options = RETRIED if step in ("pull", "fetch", "push") else {}
        this = task(make, task_id=step, **options)(step)
        if before:
            before >> this
        before = this
