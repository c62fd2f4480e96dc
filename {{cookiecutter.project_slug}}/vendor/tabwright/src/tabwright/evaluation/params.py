"""Check all of params.yaml, before a step runs: its keys, and the metrics, candidates and columns it names."""

from ..project.commands import Arguments, command_parser
from ..project.errors import ProjectError
from ..project.files import read_json
from ..project.project import Project
from ..project.settings import VOTING, Params, build
from ..schema.schema import Schema, load_schema
from ..selection.metrics import CLASSES, VALUES, require_known, task_metrics
from .expectation import Expectation


def main(project: Project, arguments: Arguments = None) -> None:
    command_parser("params", __doc__).parse_args(arguments)
    check_project(project)


def check_project(project: Project) -> None:
    """Raise a `ProjectError` if raw data is missing, or a later step would refuse a setting."""
    require_raw_data(project)
    check_params(project)


def require_raw_data(project: Project) -> None:
    """Raise a `ProjectError` unless the raw data is here."""
    raw = project.params.data.raw
    if project.raw_file.exists():
        return
    remedy = "put it there, or correct the name, then `make setup`"
    if project.params.data.source:
        remedy = "`make fetch` downloads it again"
    elif project.raw_file.with_name(project.raw_file.name + ".dvc").exists():
        remedy = "`dvc checkout` or `make pull` brings it back"
    raise ProjectError(f"{raw}, data.raw in params.yaml, is missing: {remedy}.")


def check_params(project: Project) -> None:
    """Raise a `ProjectError` for a setting of `params.yaml` that a later step would refuse.

    Names of columns are checked once there is a schema.
    """
    params, metrics = project.params, project.metrics
    schema = load_schema(project.schema_file) if project.schema_file.is_file() else None
    known = list(task_metrics(schema, own=metrics) if schema else {**CLASSES, **VALUES, **metrics})
    require_known("train.metric", [params.train.metric], ["auto", *known])
    if schema:
        _check_columns(schema, params)
    for name in ("minimum", "slice_minimum"):
        require_known(f"evaluate.{name}", getattr(params.evaluate, name), known)
    _check_candidates(project, schema)


def _check_columns(schema: Schema, params: Params) -> None:
    kept = [name for name, column in schema.columns.items() if column.kept]
    if not params.data.target.lstrip("#-").isdigit():  # a position is resolved by `infer`
        require_known("data.target", [params.data.target], list(schema.columns))
    if params.data.split_by:
        require_known("data.split_by", [params.data.split_by], kept)
    if params.evaluate.slices != "auto":
        others = [name for name in kept if name != schema.target]
        require_known("evaluate.slices", params.evaluate.slices, others)
    for number, entry in enumerate(params.behaviour, 1):
        where = f"params.yaml: behaviour, entry {number}"
        try:
            build(Expectation, entry, where).complete(schema, std=1.0)
        except ProjectError as error:
            raise ProjectError(f"{where}: {str(error).removeprefix(f'{where}: ')}") from error


def _check_candidates(project: Project, schema: Schema | None) -> None:
    """Look at the owner's candidates, which takes seconds, where the last training knew not all."""
    asked = project.params.train.candidates
    if schema is None or set(asked) <= {VOTING, *_last_candidates(project)}:
        return
    if candidates := project.owner("models.candidates", "candidates", None):
        known = candidates(schema, project.params.seed)
        require_known("train.candidates", asked, [*known, VOTING])


def _last_candidates(project: Project) -> list[str]:
    """Those of the last training, also those that its budget left out."""
    try:
        last = read_json(project.candidates_file)
        return [*last["candidates"], *last["left_out"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
