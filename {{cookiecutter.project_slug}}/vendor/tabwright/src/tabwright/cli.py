"""The command line: `python -m tabwright <command> [options]`."""

import os
import sys
from importlib import import_module

from .project.errors import cli_errors
from .project.project import Project

# Imported when it is called: some take seconds.
COMMANDS = {
    "prepare": ("workspace.prepare:main", "prepare git, DVC, MLflow, raw data and schema"),
    "fetch": ("io.fetch:main", "download the raw data from data.source"),
    "infer": ("dataset.infer:main", "infer references/schema.yaml, once"),
    "schema": ("dataset.compare:main", "compare the schema with the raw file; --update"),
    "params": ("evaluation.params:main", "check all of params.yaml; says nothing if it is right"),
    "repro": ("workspace.repro:main", "run the steps that are not up to date; --again"),
    "fingerprint": ("selection.fingerprint:main", "hash what training uses, by its meaning"),
    "calibrate": ("tracking.calibrate:main", "calibrate the trained model, choose its threshold"),
    "explain": ("prediction.explain:main", "say why a row is predicted so; --row, --input"),
    "gate": ("evaluation.gate:main", "fail when the model is not good enough"),
    "experiments": ("reports.experiments:main", "list all runs, write the lab notebook"),
    "metrics": ("reports.scores:main", "the scores as a table; --against"),
    "track": ("tracking.trackers:main", "log a run to the tracker that TRACKER names; --run"),
    "compare": ("reports.compare:main", "compare two runs; --run, --with"),
    "register": ("registry.promote:register", "make a model the challenger; --run"),
    "promote": ("registry.promote:promote", "make the challenger the champion; --force"),
    "shadow": ("registry.promote:shadow", "let a model predict unseen beside the champion; --run"),
    "rollback": ("registry.promote:rollback", "bring back the previous champion"),
    "models": ("registry.promote:show", "list registered models and promotions"),
    "export": ("export.export:main", "write the champion as ONNX"),
    "report": ("reports.report:main", "write the report, the data page and the model card"),
    "monitor": ("monitoring.monitor:main", "watch the champion: drift, live scores, what to do"),
    "act": ("monitoring.act:main", "do what monitor says; --auto"),
    "alert": ("monitoring.alert:main", "tell the webhook of ALERT_URL; --what"),
    "outcomes": (
        "monitoring.outcomes:outcomes",
        "add what became known of predicted rows; --input",
    ),
    "forget": ("monitoring.outcomes:forget", "delete what is logged of one row; --id"),
    "push": ("workspace.remote:push", "send files to the DVC remote"),
    "pull": ("workspace.remote:pull", "fetch files from the DVC remote"),
    "status": ("workspace.status:main", "fail when dvc.lock is stale"),
    "verify": ("workspace.verify:main", "rehash every file that DVC keeps; --repair"),
    "reproduce": ("reproduction.reproduce:main", "repeat a run and compare; --run"),
}


def main(arguments: list[str] | None = None) -> None:
    """Run a command in the project around the current folder.

    Parameters
    ----------
    arguments
        The name of the command and its options; those of the command line if None.
    """
    command, *rest = arguments or sys.argv[1:] or ["--help"]
    if command not in COMMANDS:
        lines = [f"  {name:<12} {what}" for name, (_, what) in COMMANDS.items()]
        print("python -m tabwright <command> [options]", *lines, sep="\n")
        sys.exit(command not in ("-h", "--help", "help"))
    # Threads that wait must not burn the cores that others need (scikit-learn's OpenMP).
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    module, _, function = COMMANDS[command][0].partition(":")
    with cli_errors():
        project = Project.find()
        getattr(import_module(f"{__package__}.{module}"), function)(project, rest)
