"""The pipeline of a project, compiled by Kubeflow; its commands are run by the shell, in its order."""

import re
import sys
from pathlib import Path

import pytest
import yaml
from support.generator import Generator
from support.scheduled import DAY, Scheduled, blocks

STEPS = ["checkout", "pull", "data", "predict", "monitor", "act", "push", "propose"]
NAME = "my-ml-project"


class Pipeline:
    """A compiled pipeline: tasks in their order, and what each runs with."""

    def __init__(self, project: Path) -> None:
        text = (project / "deploy/kubeflow/pipeline.yaml").read_text(encoding="utf-8")
        spec, platform = yaml.safe_load_all(text)
        self.platform = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
        executors, components = spec["deploymentSpec"]["executors"], spec["components"]
        left, self.tasks = dict(spec["root"]["dag"]["tasks"]), {}
        before: list[str] = []
        while left:
            (name,) = [n for n, task in left.items() if task.get("dependentTasks", []) == before]
            task, before = left.pop(name), [name]
            executor = components[task["componentRef"]["name"]]["executorLabel"]
            self.tasks[task["taskInfo"]["name"]] = task | {
                "container": executors[executor]["container"],
                "platform": self.platform[executor],
            }

    def command(self, name: str, work: Path) -> list[str]:
        """The command of a task, on this machine."""
        task = self.tasks[name]
        values = {
            key: value["runtimeValue"]["constant"]
            for key, value in task["inputs"]["parameters"].items()
        }
        words = [*task["container"]["command"], *task["container"]["args"]]
        found = [re.sub(r"\{\{.*'(\w+)'\]\}\}", lambda at: values[at[1]], word) for word in words]
        return [word.replace("cd /work", f"cd {work}") for word in found]


def compiled(day: Scheduled) -> Pipeline:
    """The pipeline of a project."""
    python, *words = blocks("Kubeflow")[0].split()
    assert python == "python"
    code, _ = day.run(sys.executable, *words)
    assert code == 0, day.said
    return Pipeline(day.path)


def test_each_step_follows_the_one_before(generator: Generator) -> None:
    pipeline = compiled(Scheduled(generator, schedule="kubeflow", dvc_remote="s3://bucket/x"))
    assert list(pipeline.tasks) == STEPS
    again = [name for name, task in pipeline.tasks.items() if "retryPolicy" in task]
    assert again == ["checkout", "pull", "push"]
    for task in pipeline.tasks.values():
        assert "enableCache" not in task["cachingOptions"]
        (mounted,) = task["platform"]["pvcMount"]
        assert (mounted["constant"], mounted["mountPath"]) == (f"{NAME}-daily", "/work")
        (secret,) = task["platform"]["secretAsEnv"]
        assert (secret["secretName"], secret["optional"]) == (f"{NAME}-daily", True)
        names = {pair["envVar"] for pair in secret["keyToEnv"]}
        assert {"GIT_TOKEN", "ALERT_URL", "AWS_SECRET_ACCESS_KEY"} <= names


def test_table_from_elsewhere_is_fetched_first(generator: Generator) -> None:
    answers = {"raw_data": "https://host/t.csv", "target": "sex"}
    pipeline = compiled(Scheduled(generator, schedule="kubeflow", **answers))
    assert list(pipeline.tasks) == [*STEPS[:2], "fetch", *STEPS[2:]]


@pytest.mark.parametrize("failing", ["", "monitor"])
def test_pods_do_what_the_makefile_says(generator: Generator, tmp_path: Path, failing: str) -> None:
    day = Scheduled(generator, bare=True, schedule="kubeflow")
    origin, volume = day.publish(), tmp_path / "volume"
    volume.mkdir()
    pipeline, ran = compiled(day), []
    for name in pipeline.tasks:
        container = pipeline.tasks[name]["container"]
        names = {pair["name"]: pair["value"] for pair in container["env"]}
        names |= {"REPOSITORY": str(origin), "HOME": str(volume), "FAIL": failing, "TRAIN": "1"}
        code, steps = day.run(*pipeline.command(name, volume), at=volume, **names)
        ran += steps
        if code:
            break
    if failing:
        assert (name, ran[-2:]) == ("monitor", ["monitor", "alert monitor failed in Kubeflow"])
    else:
        assert ran == ["setup", *DAY]
        assert "models/shadow.json" in day.git("show", "--stat", "retrain", at=origin)
    assert [path.name for path in volume.iterdir()] == ["project"]
