"""One of many files to predict, in a process of this machine or on a worker of a cluster."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from ..dataset.clean import Clean
from ..io.object_store import content_hash, fetched, stored
from ..project.cluster import Checkout, refused, worker_project
from ..project.errors import ProjectError, first_line
from ..project.files import md5, read_json
from ..project.project import Project
from ..registry.champion import ModelInUse, current_champion, model_in_use
from ..request_log.entry import Entry
from .batch_log import BatchLog, make_entry
from .predict_file import TABLES, lineage, predict_file

Origin = dict[str, Any]


class Predicted(NamedTuple):
    """What became of a file: its lineage and what is to be logged, or why it has no output."""

    name: str
    origin: Origin
    entry: Entry | None = None
    problem: str = ""


@dataclass(frozen=True)
class Job:
    """All that a worker has to know of a folder.

    Attributes
    ----------
    made_by
        What a file has to be made by to be finished: hashes of the model, and of contract and `clean`.
    at, max_rows
        When it began, which makes one batch of all files in the log, and the rows it keeps of each.
    root, checkout
        The project, but on a cluster, whose workers have checkouts of their own; what these have to be.
    """

    source: str
    output: str
    clean: Clean
    strict: bool
    made_by: dict[str, str]
    logged: bool
    at: str
    max_rows: int
    root: Path | None
    checkout: Checkout = field(default_factory=dict)

    def result(self, name: str) -> str:
        """Where the predictions of a file go: CSV and Parquet files keep their format."""
        return f"{self.output}/{name}" + ("" if name.endswith(TABLES) else TABLES[0])

    def origin(self, name: str) -> str:
        """Where the lineage of these predictions goes: readers of a folder pass over such a name."""
        folder, _, file = self.result(name).rpartition("/")
        return f"{folder}/_{file}.origin.json"

    def finished(self, name: str) -> Origin:
        """The lineage of a file that needs not be predicted again, else an empty one."""
        try:
            with fetched(self.origin(name)) as path:
                origin: Origin = read_json(path)
        except (FileNotFoundError, ValueError):
            return {}
        same = self.made_by.items() <= origin.items()
        odd = origin.get("flagged", 0) + origin.get("left_out", 0)
        if not same or (self.strict and odd):
            return {}
        hashes = content_hash(f"{self.source}/{name}"), content_hash(self.result(name))
        return origin if hashes == (origin["input_md5"], origin["output_md5"]) else {}

    def predict(self, name: str) -> Predicted:
        """Predict one file.

        Raises
        ------
        ProjectError
            When this process has another model or other code.
        """
        project = Project(self.root) if self.root else worker_project(self.checkout)
        used = _model(project, self.made_by["model_md5"])
        source, output = f"{self.source}/{name}", self.result(name)
        log = None
        if self.logged:
            log = BatchLog(used, PurePosixPath(self.source).name, self.at, self.max_rows)
        try:
            read = content_hash(source)
            with fetched(source) as path:
                with stored(output) as result:
                    counts = predict_file(
                        path,
                        result,
                        used.model,
                        used.schema,
                        self.clean,
                        strict=self.strict,
                        log=log,
                    )
                entry = make_entry(project, log, path, counts) if log else None
        except ProjectError as error:
            return Predicted(name, {}, problem=str(error))
        except FileNotFoundError:
            return Predicted(name, {}, problem=f"{source}: it is not there any more.")
        rows = {
            "rows": counts["rows"],
            "flagged": counts["flagged"],
            "left_out": counts["left out"],
        }
        hashes = {"input_md5": read, "output_md5": content_hash(output)}
        return Predicted(name, lineage(used, name) | rows | self.made_by | hashes, entry)


def _model(project: Project, model_md5: str) -> ModelInUse:
    """The model in use, which has to be that of the command."""
    champion, latest = current_champion(project), project.model_file
    found = champion["model_md5"] if champion else md5(latest) if latest.is_file() else ""
    if model_md5 != found:
        raise refused("has another champion")
    try:
        return _load(project, model_md5)
    except ProjectError as error:
        raise refused(f"cannot load the champion ({first_line(error)})") from error


@lru_cache(1)  # of each process
def _load(project: Project, model_md5: str) -> ModelInUse:
    return model_in_use(project)
