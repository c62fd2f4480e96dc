"""Every day: predict, monitor, retrain, in pods that share a volume with a checkout of the project.

`python deploy/kubeflow/pipeline.py` writes pipeline.yaml next to this file, for a recurring run with
at most one run at a time.
"""

import re
import tomllib
from pathlib import Path

import yaml
from kfp import compiler, dsl, kubernetes

PROJECT = Path(__file__).resolve().parents[2]
NAME = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
REPOSITORY = f"https://git.example/team/{NAME}.git"  # yours
IMAGE = "docker.io/library/python:3.13"  # with git and make
# What the secret NAME-daily may hold: the variables of .env, and a token that may push to the repository.
EXAMPLE = (PROJECT / ".env.example").read_text(encoding="utf-8")
SECRETS = ["GIT_TOKEN", *re.findall(r"^# ([A-Z_]+)=", EXAMPLE, re.MULTILINE)]
# git asks this for the password.
HELPER = '!f() { echo username=git; echo "password=$GIT_TOKEN"; }; f'
SCRIPT = """
cd /work
test -d project || git clone "$REPOSITORY" project
cd project
trap 'code=$?; test $code = 0 || make alert WHAT="$0 failed in Kubeflow"; exit $code' EXIT
"""
CHECKOUT = """
git fetch --prune origin
git clean --quiet -ffdx --exclude /.venv --exclude /.dvc --exclude /data/log
git checkout --force --detach origin/HEAD
make setup
"""


def steps() -> list[str]:
    """The targets in their order: a project may have a source of its data."""
    data = yaml.safe_load((PROJECT / "params.yaml").read_text(encoding="utf-8"))["data"]
    fetch = ["fetch"] * bool(data.get("source"))
    return ["pull", *fetch, "data", "predict", "monitor", "act", "push", "propose"]


@dsl.container_component
def run(script: str, step: str):
    """Run a shell script on the volume."""
    return dsl.ContainerSpec(IMAGE, ["sh", "-euc"], [script, step])


@dsl.pipeline(name=NAME, description="Predict, monitor and retrain")
def daily():
    """Each step after the one before."""
    before = None
    for step in ["checkout", *steps()]:
        script = CHECKOUT if step == "checkout" else f"make {step}"
        task = run(script=f"{SCRIPT}{script}", step=step).set_display_name(step)
        task.set_caching_options(False)
        kubernetes.mount_pvc(task, pvc_name=f"{NAME}-daily", mount_path="/work")
        names = {name: name for name in SECRETS}
        kubernetes.use_secret_as_env(task, f"{NAME}-daily", names, optional=True)
        variables = {"REPOSITORY": REPOSITORY, "HOME": "/work", "GIT_CONFIG_COUNT": "1"}
        variables |= {"GIT_CONFIG_KEY_0": "credential.helper", "GIT_CONFIG_VALUE_0": HELPER}
        for variable, value in variables.items():
            task.set_env_variable(variable, value)
        if step in ("checkout", "pull", "fetch", "push"):  # they ask a network; act runs once
            task.set_retry(2, backoff_duration="60s", backoff_factor=2)
        if before:
            task.after(before)
        before = task


if __name__ == "__main__":
    compiler.Compiler().compile(daily, str(Path(__file__).with_suffix(".yaml")))
