"""A table to learn from, for the whole of `make data`, and what is made of it."""

import random

import pandas as pd

from .rig import Run, Workbench


def shop(rows: int, seed: int) -> pd.DataFrame:
    """Text cells of visits to a shop; whether something was bought is sometimes not known."""
    chance = random.Random(seed)
    days = pd.date_range("2024-01-01", periods=rows).strftime("%d.%m.%Y")
    table = {
        "visitor": [f"v{n:05d}" for n in range(rows)],
        "day": list(days),
        "spent": [f"{chance.uniform(0, 90):.2f}" for _ in range(rows)],
        "colour": [chance.choice(["red", "blue", "green"]) for _ in range(rows)],
        "remark": [f'{chance.choice(["good", "bad"])} visit, said "{n}"' for n in range(rows)],
        "bought": [chance.choice(["yes", "yes", "no", "no", ""]) for _ in range(rows)],
    }
    return pd.DataFrame(table)


def lines(table: pd.DataFrame) -> list[list[str]]:
    """Names and rows, for the writer."""
    return [list(table.columns), *table.to_numpy().tolist()]


class Made:
    """The rows of a dataset, their columns in one order."""

    def __init__(self, bench: Workbench) -> None:
        names = ("train", "test", "unlabelled")
        self.parts = {name: bench.table(name).sort_index(axis=1) for name in names}

    def __len__(self) -> int:
        return sum(map(len, self.parts.values()))

    def values(self, part: str, column: str) -> set[str]:
        """What a column holds in `train`, `test` or `unlabelled`."""
        return set(self.parts[part][column])

    def assert_equals(self, other: "Made") -> None:
        """Compare with what another run made."""
        for name, table in self.parts.items():
            pd.testing.assert_frame_equal(table, other.parts[name], obj=name)


def made_by(run: Run, bench: Workbench) -> Made:
    """What a run that came to its end has made."""
    assert run.broke is None, repr(run.broke)
    assert run.worked, run.message
    return Made(bench)
