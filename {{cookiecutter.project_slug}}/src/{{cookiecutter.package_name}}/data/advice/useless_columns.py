"""Find features that say nothing about other rows: identifiers and constants."""

import pandas as pd

from ..contract.schema import Schema

FEWEST = 20  # values; fewer may all differ by chance
DIFFERENT = 0.9  # share of the values; above it they hardly repeat
NEARLY = 0.995  # share of the rows with the same value


def identifiers(train: pd.DataFrame, schema: Schema) -> dict[str, str]:
    """Why each feature that looks like a number or a name of the row does so."""
    found = {}
    for name, column in schema.features.items():
        present = train[name].dropna()
        if len(present) < FEWEST or (share := present.nunique() / len(present)) < DIFFERENT:
            continue
        if column.kind == "numeric":
            whole = len(present) == len(train) and (present % 1 == 0).all()
            if whole and present.is_unique and present.is_monotonic_increasing:
                found[name] = "counts up from row to row"
        elif column.kind == "category" or (column.kind == "text" and _is_one_word(present)):
            found[name] = f"{share:.0%} of its values differ"
    return found


def _is_one_word(cells: pd.Series) -> bool:
    return bool(cells.str.contains(r"\s").mean() < 0.1)


def constants(train: pd.DataFrame, schema: Schema) -> dict[str, str]:
    """What each feature that is nearly always the same is, the most constant first."""
    found = {}
    for name in schema.features:
        counts = train[name].value_counts(dropna=False)
        if len(counts) and counts.iloc[0] >= NEARLY * len(train):
            others = len(train) - counts.iloc[0]
            rows = "in all rows" if others == 0 else f"in all but {others} of {len(train)} rows"
            found[name] = (others, f"is {_in_words(counts.index[0])} {rows}")
    return {
        name: reason for name, (_, reason) in sorted(found.items(), key=lambda item: item[1][0])
    }


def _in_words(value: object) -> str:
    if pd.isna(value):
        return "empty"
    return f"{value:g}" if isinstance(value, float) else f"'{value}'"
