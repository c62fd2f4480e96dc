"""Say why a row is predicted as it is: `make explain ROW=5 INPUT=new.csv`."""

from dataclasses import replace
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np
import pandas as pd

from ..dataset.clean import Clean, clean_rows, unchanged
from ..dataset.observed import detect_source
from ..evaluation.shapley import Explanation, explain_row
from ..io.read import read_batches
from ..io.sample import sample_file
from ..project.commands import Arguments, command_parser
from ..project.errors import ProjectError
from ..project.project import Project
from ..registry.champion import model_in_use
from ..schema.rules import apply_contract, describe, rejected_by
from ..schema.schema import Schema
from ..selection.interval import COVERAGE, get_half_width
from ..selection.metrics import predict_scores
from ..selection.threshold import decide, get_threshold
from .predict import default_input

BACKGROUND = 500  # training rows to compare with
MAX_SHOWN = 12  # columns


def main(project: Project, arguments: Arguments = None) -> None:
    parser = command_parser("explain", __doc__)
    parser.add_argument("--row", required=True, help="its number; the first below the header is 1")
    parser.add_argument("--input", type=Path, help="a file or folder (default: as in predict)")
    options = parser.parse_args(arguments)
    if not options.row.isdecimal():
        raise ProjectError(f"ROW is {options.row!r}, not the number of a row such as ROW=1.")
    used, source = model_in_use(project), options.input or default_input(project)
    model, schema, seed = used.model, used.schema, project.params.seed
    inside = source.resolve().is_relative_to(project.train_file.parent)
    clean = unchanged if inside else project.owner("data.make_dataset", "clean", unchanged)
    row = typed_row(source, int(options.row), schema, clean)
    if not project.train_file.is_file():
        raise ProjectError("there are no training rows here to compare with: `make data` first.")
    background, _ = sample_file(project.train_file, seed, BACKGROUND)
    if lost := [name for name in schema.features if name not in background]:
        raise ProjectError(
            f"{used} uses {', '.join(lost)}, which today's training rows do not have: they cannot be "
            "compared with. Check out the commit it was trained at, or train and promote again."
        )
    scores, output = predict_scores(model, row, schema), 0
    if schema.classes:
        two = len(schema.classes) == 2
        output = 1 if two else int(decide(scores, get_threshold(model))[0])
    found = explain_row(model, row, background, schema, output, seed)
    print(f"row {options.row} of {project.short(source)}, by {used}")
    print(in_words(found, row, schema, output, get_half_width(model)))


def typed_row(source: Path, number: int, schema: Schema, clean: Clean = unchanged) -> pd.DataFrame:
    """Read one row of a file as the model takes it.

    Raises
    ------
    ProjectError
        When there is no such row, or it is not valid.
    """
    written, last = detect_source(source, schema), 0
    for batch in read_batches(source, written, [], schema.known_columns):
        last = max([last, *batch.index])
        if number not in batch.index:
            continue
        given = clean_rows(batch, clean)
        if number not in given.index:
            raise ProjectError(f"clean() in data/make_dataset.py leaves row {number} out.")
        contract = replace(schema, source=written)
        typed, problems = apply_contract(given.loc[[number]], contract, target=False)
        if len(bad := rejected_by(problems)):
            raise ProjectError(f"row {number} has no prediction:\n{describe(bad)}")
        return typed
    raise ProjectError(f"{source.name} has no row {number}: its last is {last}. Give another ROW.")


def in_words(
    found: Explanation, row: pd.DataFrame, schema: Schema, output: int, reach: float = np.inf
) -> str:
    """The explanation as text: a line for each of the strongest columns, one for the others."""
    what = f"the probability of {schema.classes[output]}" if schema.classes else schema.target
    within = ""
    if np.isfinite(reach):
        within = f" (within ± {reach:,.4g} in {COVERAGE:.0%} of rows)"
    shown, rest = found.effects[:MAX_SHOWN], found.effects[MAX_SHOWN:]
    first = (
        f"{what} is {found.prediction:,.4g}{within}, on average over training rows "
        f"{found.average:,.4g}. What each column adds:"
    )
    table = pd.DataFrame(
        {
            "column": [shorten(name, 40, placeholder="…") for name in shown.index],
            "value": [_cell(row[name].iloc[0]) for name in shown.index],
            "effect": [f"{effect:+,.3g}" for effect in shown["effect"]],
            "error": [f"± {error:,.1g}" for error in shown["error"]],
        }
    )
    if len(rest):
        table.loc[len(table)] = [f"{len(rest)} others", "", f"{rest['effect'].sum():+,.3g}", ""]
    lines = table.to_string(index=False, header=False)
    return f"{first}\n{lines}\nThis is how the model decides, not what causes the target."


def _cell(cell: Any) -> str:
    if pd.isna(cell):
        return "(empty)"
    return f"{cell:.10g}" if isinstance(cell, float) else shorten(str(cell), 40, placeholder="…")
