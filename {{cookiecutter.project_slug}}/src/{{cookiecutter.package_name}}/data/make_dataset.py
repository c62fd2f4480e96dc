"""Raw file -> typed and checked rows (interim) -> train, test and unlabelled rows (processed)."""

from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split

from ..config import CLEAN, DATA_DICTIONARY, REJECTED, ROOT, TEST, TRAIN, UNLABELLED, load_params
from ..errors import ProjectError, explained
from ..files import replacing
from .contract import apply_contract, describe
from .dictionary import data_dictionary
from .read import read_table
from .schema import Schema, load_schema


def main() -> None:
    params = load_params()
    schema = load_schema()
    raw = read_table(ROOT / params.data.raw, schema.source)
    clean, rejected, problems = reject(raw, schema)
    write(REJECTED, rejected)
    if len(rejected) > params.data.max_rejected * len(raw):
        raise ProjectError(
            f"{len(rejected)} of {len(raw)} rows break references/schema.yaml, more than "
            f"data.max_rejected ({params.data.max_rejected:.0%}) allows:\n{describe(problems)}\n"
            "All of them are in data/interim/rejected.parquet. "
            "Correct the data or the schema, or raise data.max_rejected in params.yaml."
        )
    train, test, unlabelled = split(clean, schema, params.data.test_size, params.seed)
    for path, table in ((CLEAN, clean), (TRAIN, train), (TEST, test), (UNLABELLED, unlabelled)):
        write(path, table)
    with replacing(DATA_DICTIONARY) as partial:
        partial.write_text(data_dictionary(clean, schema), encoding="utf-8")
    print(
        f"{len(raw)} rows: {len(train)} to train on, {len(test)} to test on, "
        f"{len(unlabelled)} without {schema.target!r} to predict, {len(rejected)} rejected"
    )
    if len(rejected):
        print(describe(problems))


def reject(raw: pd.DataFrame, schema: Schema) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Part the rows that keep the contract from those that do not.

    Returns
    -------
    clean : DataFrame
        Typed rows that keep it.
    rejected : DataFrame
        Rows as they came, with the reason in `rejected_because`.
    problems : DataFrame
        One line per broken rule, see `apply_contract`.
    """
    typed, problems = apply_contract(raw, schema)
    reasons = (problems["column"].astype(str) + ": expected " + problems["expected"]).groupby(
        problems["row"].astype(int)
    )
    because = reasons.agg("; ".join)
    bad = because.index
    rejected = raw.iloc[bad].assign(rejected_because=because.to_numpy(dtype=object))
    clean = typed.drop(index=typed.index[bad]).reset_index(drop=True)
    return clean, rejected.astype({"rejected_because": "str"}), problems


def split(
    clean: pd.DataFrame, schema: Schema, test_size: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Hold out a share of the labelled rows, the same share of each class where it can be.

    Returns
    -------
    train, test, unlabelled : DataFrame
        Together all rows of `clean`.

    Raises
    ------
    ProjectError
        When fewer than ten rows have a target, or all have the same.
    """
    labelled = clean[schema.target].notna()
    rows = clean[labelled]
    if len(rows) < 10:
        raise ProjectError(
            f"only {len(rows)} rows have a value of {schema.target!r}: a model needs at least 10."
        )
    if rows[schema.target].nunique() < 2:
        raise ProjectError(
            f"{schema.target!r} is {rows[schema.target].iloc[0]!r} in every row: "
            "there is nothing to learn."
        )
    train, test = train_test_split(
        rows, test_size=test_size, random_state=seed, stratify=_strata(rows, schema, test_size)
    )
    return (
        train.sort_index().reset_index(drop=True),
        test.sort_index().reset_index(drop=True),
        clean[~labelled].reset_index(drop=True),
    )


def _strata(rows: pd.DataFrame, schema: Schema, test_size: float) -> pd.Series | None:
    """Classes to keep in proportion; the rarest are kept together, a quantity is not stratified."""
    if schema.task == "regression":
        return None
    target = rows[schema.target]
    counts = target.map(target.value_counts())
    strata = target.where(counts >= 2, "(rare)")
    smallest_side = min(test_size, 1 - test_size) * len(rows)
    too_small = strata.value_counts().min() < 2 or smallest_side < strata.nunique()
    return None if too_small else strata


def write(path: Path, table: pd.DataFrame) -> None:
    """Write Parquet, whole or not at all."""
    with replacing(path) as partial:
        table.to_parquet(partial, index=False)


if __name__ == "__main__":
    with explained():
        main()
