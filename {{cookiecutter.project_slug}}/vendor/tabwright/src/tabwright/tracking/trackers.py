"""Runs in another tracker beside MLflow: `TRACKER=wandb`, `comet` or `neptune` in `.env`.

It gets what the record of a run holds: parameters, scores, where it comes from; no row of the data. Keys and
modes are variables of the vendors, such as `WANDB_MODE=offline`; what they keep here is below `mlruns`.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any

from ..project.commands import Arguments, command_parser
from ..project.errors import ProjectError, did_you_mean, first_line
from ..project.project import Project
from .record import Record, find_record, record_file, run_parameters, run_scores, short

VARIABLE = "TRACKER"
PATIENCE = 180  # seconds
FACTS = ("commit", "dirty", "model", "model_md5", "train_md5", "lock_md5", "user", "started")


def log_to_wandb(project: Project, record: Record) -> str:
    """Log to Weights & Biases; return where the run is."""
    os.environ.setdefault("WANDB_DATA_DIR", str(Path("wandb").resolve()))  # else in the home folder
    import wandb

    own = wandb.Settings(
        console="off", disable_code=True, disable_git=True, silent=True, x_disable_stats=True
    )
    with wandb.init(
        project=project.name,
        id=record["run"],
        name=short(record),
        notes=record["why"],
        config={"parameters": _parameters(record), "facts": _facts(record)},
        dir=Path.cwd(),
        resume="allow",
        allow_val_change=True,
        settings=own,
    ) as run:
        run.summary.update(run_scores(record))
        file = record_file(project, record["run"])
        run.log_artifact(str(file), name=f"run-{record['run']}", type="record")
        return str(Path(run.dir).parent if run.offline else run.url)


def log_to_comet(project: Project, record: Record) -> str:
    """Log to Comet; return where the run is."""
    import comet_ml

    off = (
        *("log_code", "log_graph", "log_git_metadata", "log_git_patch", "log_env_details"),
        *("auto_output_logging", "auto_param_logging", "auto_metric_logging", "parse_args"),
    )
    own = comet_ml.ExperimentConfig(
        name=short(record),
        display_summary_level=0,
        offline_directory="comet",
        **dict.fromkeys(off, False),
    )
    run = comet_ml.start(
        project=project.name,
        experiment_key=record["run"],
        mode="get_or_create",
        experiment_config=own,
    )
    run.log_parameters(_parameters(record))
    run.log_metrics(run_scores(record))
    run.log_others(_facts(record) | {"why": record["why"]})
    run.log_asset(str(record_file(project, record["run"])), "run.json", overwrite=True)
    run.end()
    return str(run.url or "mlruns/comet")


def log_to_neptune(project: Project, record: Record) -> str:
    """Log to the Neptune server that `NEPTUNE_API_TOKEN` names; return where the run is."""
    import neptune

    off = ("stdout", "stderr", "hardware_metrics", "traceback")
    run = neptune.init_run(
        custom_run_id=record["run"],
        name=short(record),
        description=record["why"],
        source_files=[],
        git_ref=False,
        **{f"capture_{what}": False for what in off},
    )
    run["parameters"] = _parameters(record)
    run["scores"] = run_scores(record)
    run["facts"] = _facts(record)
    run["record"].upload(str(record_file(project, record["run"])))
    run.stop()
    return str(run.get_url())


TRACKERS: dict[str, tuple[str, Callable[[Project, Record], str]]] = {
    "wandb": ("wandb", log_to_wandb),
    "comet": ("comet-ml", log_to_comet),
    "neptune": ("neptune", log_to_neptune),
}


def also_track(project: Project, record: Record) -> None:
    """Log a run to the tracker that `TRACKER` names, if it does; what fails is a warning.

    It has a process of its own: a tracker that asks, hangs or patches libraries stops no training.
    """
    if not (name := os.environ.get(VARIABLE)):
        return
    command = [sys.executable, "-m", "tabwright", "track", "--run", record["run"]]
    try:
        done = subprocess.run(
            command,
            check=False,
            cwd=project.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        said = f"no answer within {PATIENCE} s"
    else:
        if done.returncode == 0:
            print(done.stdout.strip())
            return
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["it failed"]
        errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
        said = (errors or lines)[-1]
    print(
        f"warning: {VARIABLE}={name}: {said.rstrip('.')}. The run is complete without it; `python -m "
        f"tabwright track --run {short(record)}` tries again.",
        file=sys.stderr,
    )


def main(project: Project, arguments: Arguments = None) -> None:
    """Log a run to the tracker that TRACKER names."""
    parser = command_parser("track", main.__doc__)
    parser.add_argument("--run", required=True, help="its name or identifier, or how it begins")
    record = find_record(project, parser.parse_args(arguments).run)
    name = os.environ.get(VARIABLE, "")
    if name not in TRACKERS:
        raise ProjectError(
            f"{VARIABLE} is {name!r}{did_you_mean(name, TRACKERS)}, not {', '.join(TRACKERS)}: correct "
            "it in .env, or take it out."
        )
    package, log = TRACKERS[name]
    place = project.home / "mlruns"
    place.mkdir(exist_ok=True)
    try:
        with chdir(place), redirect_stdout(sys.stderr):
            where = log(project, record)
    except ModuleNotFoundError as error:
        raise ProjectError(
            f"{error.name} is not installed: name {package} in the group `dev` of pyproject.toml, then "
            "`make lock setup`."
        ) from error
    except Exception as error:
        raise ProjectError(f"{type(error).__name__}: {first_line(error)}.") from error
    print(f"{short(record)} is in {name}: {where}")


def _parameters(record: Record) -> dict[str, Any]:
    """The parameters of a run, as text where they are no numbers."""
    return {
        name: value if isinstance(value, int | float) else str(value)
        for name, value in run_parameters(record).items()
    }


def _facts(record: Record) -> dict[str, str]:
    """Where a run comes from."""
    return {name: str(record[name]) for name in FACTS}
