"""A table to learn from, for the whole of `make data`."""

import random

import pandas as pd


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
