"""Raw file -> typed and checked rows (interim) -> train, test and unlabelled rows (processed).

Everything goes batch by batch: the table need not fit into memory.
"""

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from ..project.settings import DataParams, Params, load_params
from ..project.errors import ProjectError, cli_errors
from ..io.parquet import parquet_batches, parquet_file
from ..project.files import replacing
from .checks.checks import run_checks, describe_issues, new_values, save_issues
from .checks.issue import Issue
from ..schema.ambiguities import find_ambiguities
from ..schema.rules import PROBLEM, REJECTS, ROW, apply_contract, describe, rejected_by
from ..schema.schema import Schema, load_schema, tell_positive
from ..schema.counts import ProblemCounts
from .dictionary import data_dictionary
from ..io.read import read_batches
from ..io.rows import RaggedRow
from .rejected import Duplicates, ragged_lines, with_cells
from ..io.sample import sample_file
from .split import Split, check_split_by, latest

PARTS = {"train": project.train_file, "test": project.test_file, "unlabelled": project.unlabelled_file}


def main() -> None:
    params = project.params
    schema = load_schema(project.schema_file)
    check_split_by(schema, params.data)
    tell_positive(schema)
    with replacing(project.clean_file) as clean, replacing(project.rejected_file) as rejected:
        raw = project.root / params.data.raw
        rows, gone, flagged = check_rows(raw, clean, rejected, schema, params.data)
        problems = pd.read_parquet(rejected, columns=[name for name in PROBLEM if name != REJECTS])
        if gone > params.data.max_rejected * rows:
            rejected.replace(project.rejected_file)  # to be looked at
            raise ProjectError(
                f"{gone} of {rows} rows break references/schema.yaml, more than "
                f"data.max_rejected ({params.data.max_rejected:.0%}) allows:\n"
                f"{describe(problems)}\n"
                "All of them are in data/interim/rejected.parquet; `make schema` shows what has "
                "changed. Correct the data or the schema, or raise data.max_rejected in params.yaml."
            )
        counts = split_rows(clean, schema, params)
        some, _ = sample_file(clean, params.seed)
    with replacing(project.data_dictionary_file) as partial:
        partial.write_text(data_dictionary(some, schema), encoding="utf-8")
    print(
        f"{rows} rows: {counts['train']} to train on, {counts['test']} to test on, "
        f"{counts['unlabelled']} without {schema.target!r} to predict, {gone} rejected"
    )
    if gone:
        print(describe(problems))
    warn(schema, params, flagged)


def warn(schema: Schema, params: Params, flagged: ProblemCounts) -> None:
    """Write and print what a careful colleague would say about the rows."""
    train, test = (sample_file(path, params.seed)[0] for path in (project.train_file, project.test_file))
    first = next(read_batches(project.root / params.data.raw, schema.source, [], schema))
    ambiguous = find_ambiguities(first, pd.concat([train, test]), schema)
    issues = [
        *new_values(flagged),
        *(Issue("reading", *doubt) for doubt in ambiguous),
        *run_checks(train, test, schema, params),
    ]
    save_issues(issues, project.warnings_file)
    if issues:
        print(f"worth a look:\n{describe_issues(issues)}")


def check_rows(
    raw: Path, clean: Path, rejected: Path, schema: Schema, params: DataParams
) -> tuple[int, int, ProblemCounts]:
    """Part the rows that are kept from those that the contract rejects.

    Parameters
    ----------
    raw
        The file or folder to read.
    clean
        Where typed rows are written.
    rejected
        Where a line per broken rule is written: `rejected_row` (1 is the first below the header),
        `rejected_column`, `rejected_value`, `rejected_rule` and the cells of the row.

    Returns
    -------
    rows, rejected : int
        The number of all rows and of those that are rejected.
    flagged : Tally
        What the rows that are kept have otherwise than the contract expects.
    """
    flagged = ProblemCounts()
    ragged: list[RaggedRow] = []
    duplicates = Duplicates(schema, params)
    rows, gone = 0, list[int]()

    def rejected_from(problems: pd.DataFrame, cells: pd.DataFrame) -> np.ndarray:
        bad = rejected_by(problems)[ROW].unique()
        flagged.count(problems[~problems[ROW].isin(bad)])
        if len(bad) or not rows:  # the first tells the columns
            write_rejected(with_cells(problems, cells))
        gone.extend(bad)
        return bad

    with parquet_file(rejected) as write_rejected:
        with parquet_file(clean) as write_clean:
            batches = read_batches(raw, schema.source, ragged, schema)
            for batch in tqdm(
                batches, desc="check", unit="batch", delay=2, leave=False, disable=None
            ):
                typed, problems = apply_contract(batch, schema)
                bad = rejected_from(problems, batch)
                kept = typed.drop(index=bad) if len(bad) else typed
                duplicates.note(kept)
                write_clean(kept)
                rows += len(batch)
        rejected_from(ragged_lines(ragged), batch)
        rows += len(ragged)
        if duplicates.found():
            for problems, cells in duplicates.remove(clean):
                rejected_from(problems, cells)
    return rows, len(gone), flagged


def split_rows(clean: Path, schema: Schema, params: Params) -> Counter[str]:
    """Write the clean rows into data/processed, and count them by `train`, `test`, `unlabelled`.

    Raises
    ------
    ProjectError
        When fewer than ten rows have a target, all have the same, or a side stays empty.
    """
    target, data = schema.target, params.data
    cut = None
    if data.split == "chronological":
        dates = pd.read_parquet(clean, columns=[data.split_by, target])
        cut = latest(dates.loc[dates[target].notna(), data.split_by], data.test_size)
        print(f"rows from {data.split_by} {cut} on are for testing")
    split = Split(schema, data, params.seed, cut)
    counts: Counter[str] = Counter()
    values: set[object] = set()
    with ExitStack() as stack:
        write = {part: stack.enter_context(parquet_file(path)) for part, path in PARTS.items()}
        for batch in parquet_batches(clean):
            parts = split.of(batch)
            counts.update(parts.tolist())
            values.update(batch[target].dropna().unique()[:2])
            for part, write_part in write.items():
                write_part(batch[parts == part])
        _require_enough(counts, values, schema, params)
    return counts


def _require_enough(
    counts: Counter[str], values: set[object], schema: Schema, params: Params
) -> None:
    labelled = counts["train"] + counts["test"]
    if labelled < 10:
        raise ProjectError(
            f"only {labelled} rows have a value of {schema.target!r}. A model needs at least 10."
        )
    if len(values) < 2:
        raise ProjectError(
            f"{schema.target!r} is {values.pop()!r} in every row: there is nothing to learn. "
            "Choose another target, or add rows with other values."
        )
    if not counts["train"] or not counts["test"]:
        side = "test" if counts["train"] else "train"
        raise ProjectError(
            f"no row is left to {side} on: data.split {params.data.split} by "
            f"{params.data.split_by!r} puts all rows, or all but few, on one side. Change one "
            f"of them, or data.test_size ({params.data.test_size}), in params.yaml."
        )


if __name__ == "__main__":
    with cli_errors():
        main()
