"""Predict the files of a folder one by one, on the cores of this machine or on a cluster.

The output of a file appears whole or not at all, and its lineage after it: `_<name>.origin.json`. A file
whose lineage names this model, these bytes of the input and those of the output is finished, so the same
command goes on after a kill. Workers read the model and write predictions; the request log and the
lineage are written here.
"""

import hashlib
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

from joblib import Parallel, delayed
from tqdm import tqdm

from ..dataset.clean import Clean, unchanged
from ..evaluation.predictions import NOTE
from ..io.object_store import is_address, list_names, stored
from ..project.cluster import cluster_checkout, scheduler, workers
from ..project.errors import ProjectError
from ..project.files import write_json
from ..project.project import Project
from ..registry.champion import ModelInUse, model_in_use
from ..request_log.log import MAX_ROWS, now
from ..selection.sources import source_code
from .batch_log import append
from .job import Job, Origin
from .predict_file import lineage

THREADS = 16  # that look for finished files: most of it is waiting for a disk or a store
MAX_PROBLEMS = 10  # are shown
REPORT = "_report.json"
COUNTS = ("rows", "flagged", "left_out")


def predict_folder(
    project: Project, source: str, output: str, clean: Clean = unchanged, *, strict: bool = False
) -> None:
    """Predict each file that is not finished into a file of the same name, and report.

    Raises
    ------
    ProjectError
        When a file could not be predicted; the others have been.
    """
    began, used = perf_counter(), model_in_use(project)
    job, names = _job(project, used, source, output, clean, strict)
    look = Parallel(n_jobs=THREADS, prefer="threads")(delayed(job.finished)(name) for name in names)
    before = dict(zip(names, look, strict=True))
    left = [name for name, origin in before.items() if not origin]
    found, problems = _predict(project, job, left)
    every = [*filter(None, before.values()), *found]
    report: dict[str, Any] = {
        **lineage(used, job.source),
        **{name: sum(origin[name] for origin in every) for name in COUNTS},
        "files": len(names),
        "finished_before": len(names) - len(left),
        "seconds": round(perf_counter() - began, 2),
        "scheduler": scheduler(),
        "problems": problems,
    }
    with stored(f"{job.output}/{REPORT}") as path:
        write_json(path, report)
    print(_in_words(project, used, job, report))
    if problems:
        shown = "\n".join([*problems.values()][:MAX_PROBLEMS])
        raise ProjectError(
            f"{len(problems)} of {len(names)} files are not predicted, {REPORT} has all reasons:\n"
            f"{shown}\nThe same command tries them again."
        )


def _job(
    project: Project, used: ModelInUse, source: str, output: str, clean: Clean, strict: bool
) -> tuple[Job, list[str]]:
    """What there is to do, and the names of the files."""
    source, output = (
        place.rstrip("/") if is_address(place) else Path(place).resolve().as_posix()
        for place in (source, output)
    )
    if f"{output}/".startswith(f"{source}/"):
        raise ProjectError(f"{output} is in the folder of the input: name another OUTPUT.")
    names = list_names(source)
    if known := Path(source).is_relative_to(project.train_file.parent.resolve()):
        clean = unchanged  # these rows are clean already
    code = source_code(project).definitions(f"{clean.__module__}.{clean.__qualname__}")
    rules = repr((sorted(code.items()), asdict(used.schema))).encode()
    job = Job(
        source=source,
        output=output,
        clean=clean,
        strict=strict,
        made_by={"model_md5": used.model_md5, "rules_md5": hashlib.md5(rules).hexdigest()},
        logged=not known,
        at=now(),
        max_rows=max(MAX_ROWS // len(names), 1),
        root=None if scheduler() else project.root,
        checkout=cluster_checkout(project),
    )
    return job, names


def _predict(project: Project, job: Job, names: list[str]) -> tuple[list[Origin], dict[str, str]]:
    """Predict files in parallel: the lineage of each, and by name why one has no output."""
    found, problems = list[Origin](), dict[str, str]()
    if not names:
        return found, problems
    with workers(len(names)), tqdm(total=len(names), unit="file", leave=False, disable=None) as bar:
        tasks = (delayed(job.predict)(name) for name in names)
        for name, origin, entry, problem in Parallel(return_as="generator_unordered")(tasks):
            bar.update()
            if problem:
                problems[name] = problem
                continue
            # Only after its rows are in the log is a file finished.
            log = append(project, entry) if entry else ""
            with stored(job.origin(name)) as path:
                write_json(path, origin | ({"log": log} if log else {}))
            found.append(origin)
    return found, dict(sorted(problems.items()))


def _in_words(project: Project, used: ModelInUse, job: Job, report: dict[str, Any]) -> str:
    source, output = (
        place if is_address(place) else project.short(Path(place))
        for place in (job.source, job.output)
    )
    note = f": {NOTE} says why" if report["flagged"] + report["left_out"] else ""
    return (
        f"{report['rows'] - report['left_out']} rows of {report['files'] - len(report['problems'])} "
        f"files in {source} predicted by {used}, {report['flagged']} of them flagged, "
        f"{report['left_out']} not predicted, in {output}{note}\n"
        f"{report['finished_before']} files were finished before; {report['seconds']:.1f} s"
    )
