"""Add what became known of predicted rows, or delete what is kept of one: `make outcomes`, `make forget`."""

from pathlib import Path
from typing import Any

import pandas as pd

from ..dataset.observed import detect_source
from ..io.read import read_batches
from ..project.commands import Arguments, command_parser
from ..project.errors import ProjectError
from ..project.project import Project
from ..registry.champion import model_in_use
from ..registry.live import typed_outcomes
from ..request_log import log
from ..schema.cells import as_text
from ..schema.rules import describe
from ..schema.schema import Schema

ID = "id"  # the column with the id of an answer


def outcomes(project: Project, arguments: Arguments = None) -> None:
    """Keep the true values of predicted rows, by the id of the answer or the identifier of the row."""
    parser = command_parser("outcomes", outcomes.__doc__)
    parser.add_argument("--input", required=True, help="a file or folder")
    given = parser.parse_args(arguments).input
    if not given:
        raise ProjectError("name the file with the outcomes: `make outcomes INPUT=file.csv`.")
    source, schema = Path(given), model_in_use(project).schema
    pairs: dict[str, Any] = {}
    rows, empty, bad = 0, 0, []
    for batch in read_batches(source, detect_source(source, schema), [], schema.known_columns):
        keys = as_text(batch[_key_column(batch, schema, source)])
        values, problems = typed_outcomes(batch[schema.target], schema)
        known = (values.notna() & keys.notna()).to_numpy()
        pairs |= dict(zip(keys[known].tolist(), values[known].tolist(), strict=True))
        rows += len(batch)
        empty += int((~known).sum())
        bad += [problems] if len(problems) else []
    found = log.add_outcomes(project.log_folder, pairs.items()) if pairs else 0
    unread = sum(len(each) for each in bad)
    print(
        f"{len(pairs)} outcomes of {rows} rows kept, {found} of them of a logged answer, "
        f"{len(pairs) - found} of an unknown id; {empty - unread} rows have no outcome"
    )
    if bad:
        print(f"{unread} are not kept:\n{describe(pd.concat(bad))}")


def _key_column(table: pd.DataFrame, schema: Schema, source: Path) -> str:
    """The column that says which rows the outcomes are of."""
    names = [name for name in (ID, schema.identifier) if name and name in table]
    if schema.target not in table or not names:
        keys = f"{ID!r} with the ids of answers" + (
            f", or {schema.identifier!r}" if schema.identifier else ""
        )
        raise ProjectError(
            f"{source}: outcomes are read from the columns {schema.target!r} and {keys}; it has "
            f"{', '.join(map(str, table.columns[:20]))}."
        )
    return names[0]


def forget(project: Project, arguments: Arguments = None) -> None:
    """Delete the logged rows and outcomes of the id of an answer, or of an identifier."""
    parser = command_parser("forget", forget.__doc__)
    parser.add_argument("--id", required=True)
    key = parser.parse_args(arguments).id
    if not key:
        raise ProjectError("say whose rows are to be deleted: `make forget ID=...`.")
    found = log.forget(project.log_folder, key)
    print(f"{found} logged {'answer' if found == 1 else 'answers'} deleted, with the outcomes")
