"""The DAG of a project in Airflow itself, on a database of one test, with a make that takes notes."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.generator import Generator
from support.scheduled import Scheduled, blocks

STEPS = ["pull", "data", "predict", "monitor", "act", "push"]
PAGE = blocks("Airflow")
TEST = PAGE[0].splitlines()[-1].split()
MAKE = """#!/bin/sh
echo "$*" >> "$RECORD"
echo "$ALERT_URL" > "$RECORD.secret"
test "$1" != "$FAIL"
"""
LOOK = """
from airflow.dag_processing.dagbag import DagBag
import json
dag = DagBag({folder!r}).dags[{name!r}]
tasks = [[t.task_id, t.retries, sorted(t.downstream_task_ids)] for t in dag.topological_sort()]
print(json.dumps({{"tasks": tasks, "runs": dag.max_active_runs, "catchup": dag.catchup}}))
"""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Scheduled:
    """A project whose folder of DAGs is Airflow's."""
    root = tmp_path_factory.mktemp("airflow")
    made = Scheduled(Generator(root), schedule="airflow")
    made.add("make", MAKE)
    made.environment |= {
        "PATH": os.pathsep.join(
            [str(made.bin), str(Path(sys.executable).parent), os.environ["PATH"]]
        ),
        "AIRFLOW_HOME": str(root / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    folder, migrate, _ = PAGE[0].splitlines()
    made.environment |= {
        "AIRFLOW__CORE__DAGS_FOLDER": folder.partition("=")[2].replace("$PWD", str(made.path))
    }
    for command in (migrate, PAGE[1].replace("https://...", "https://s3cret")):
        assert made.run("bash", "-c", command)[0] == 0, made.said
    return made


def test_day_succeeds_with_the_secrets_of_its_connection(day: Scheduled) -> None:
    assert day.run(*TEST) == (0, STEPS), day.said
    secret = day.record.with_name("record.secret").read_text(encoding="utf-8")
    assert secret == "https://s3cret\n"
    assert "s3cret" not in day.said


def test_failing_monitor_is_told_and_nothing_is_pushed(day: Scheduled) -> None:
    code, steps = day.run(*TEST, FAIL="monitor")
    assert code == 1
    assert steps == [*STEPS[:4], "alert WHAT=monitor failed in the DAG my_ml_project"]


@pytest.fixture
def look(day: Scheduled, generator: Generator) -> Callable[..., dict]:
    """What Airflow reads in the DAG of a project."""

    def read(**answers: str) -> dict:
        path = generator(schedule="airflow", target="sex", **answers).path / "deploy/airflow"
        program = LOOK.format(folder=str(path), name="my_ml_project")
        assert day.run(sys.executable, "-c", program)[0] == 0, day.said
        return json.loads(day.said.strip().splitlines()[-1])

    return read


def test_network_is_tried_again_and_what_decides_runs_once(look: Callable[..., dict]) -> None:
    found = look(raw_data="https://host/t.csv")
    assert (found["runs"], found["catchup"]) == (1, False)
    retries = {name: retries for name, retries, _ in found["tasks"]}
    assert list(retries) == ["pull", "fetch", *STEPS[1:]]
    again = {name for name, number in retries.items() if number}
    assert again == {"pull", "fetch", "push"}
    names = list(retries)
    assert [after for _, _, after in found["tasks"]] == [*([name] for name in names[1:]), []]


def test_project_without_a_remote_pushes_nowhere(look: Callable[..., dict]) -> None:
    assert [name for name, _, _ in look(dvc_remote="none")["tasks"]] == STEPS[:-1]
