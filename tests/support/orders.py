"""Orders with every kind of column, some of which are returned; what can change does, by as much as asked."""

import numpy as np
import pandas as pd

WORDS = (
    "gift urgent fragile blue red large small return broken late thanks please call door neighbour "
    "office home leave box wrap"
).split()
PRODUCTS = np.array([f"sku-{number:04d}" for number in range(300)])
EFFECTS = np.random.default_rng(7).normal(0, 0.8, 300)  # of each product
COUNTRIES = dict(zip("ABCDEFGHIJ", np.array([30, 20, 12, 10, 8, 7, 5, 4, 2, 2]) / 100, strict=True))
CHANNELS = {"web": 0.5, "app": 0.3, "shop": 0.15, "phone": 0.05}


def orders(
    rows: int,
    seed: int = 0,
    *,
    concept: float = 0.0,
    shift: float = 0.0,
    missing: float = 0.05,
    new: float = 0.0,
) -> pd.DataFrame:
    """Raw rows.

    Parameters
    ----------
    concept
        How much of another dependence of `returned` on channel and amount there is, 1 for all.
    shift
        Of the logarithm of `amount`, whose standard deviation is 0.8.
    missing
        The share of empty cells of `age`; of `discount` it is four times as much.
    new
        The share of rows with a channel that there was not before.
    """
    random = np.random.default_rng(seed)
    amount = np.exp(random.normal(3.5 + shift, 0.8, rows)).round(2)
    items = random.poisson(2, rows) + 1
    weight = (items * random.gamma(2, 0.6, rows)).round(3)
    discount = np.where(random.random(rows) < 4 * missing, np.nan, random.beta(2, 8, rows).round(3))
    age = random.normal(42, 12, rows).clip(18, 90).round()
    age = np.where(random.random(rows) < missing, np.nan, age)
    country = random.choice([*COUNTRIES], rows, p=[*COUNTRIES.values()])
    channel = random.choice([*CHANNELS], rows, p=[*CHANNELS.values()])
    channel = np.where(random.random(rows) < new, "kiosk", channel)
    product = random.zipf(1.3, rows) % 300
    express = random.random(rows) < 0.25
    ordered = pd.Timestamp("2025-01-01") + pd.to_timedelta(random.integers(0, 525_600, rows), "min")
    ships = ordered + pd.to_timedelta(random.exponential(30, rows).round(), "h")
    count = random.integers(2, 9, rows)
    words = np.array_split(random.choice(WORDS, count.sum()), count.cumsum()[:-1])
    note = [" ".join(each) for each in words]
    trouble = np.array(["broken" in text or "return" in text for text in note])
    log_odds = (
        -1.6
        + EFFECTS[product]
        + 0.5 * (np.log(amount) - 3.5)
        + 1.2 * trouble
        + 1.5 * np.nan_to_num(discount)
        + 0.8 * (channel == "app")
        - 0.5 * express
        + 0.02 * (np.nan_to_num(age, nan=42) - 42)
        + 0.01 * (ships - ordered).total_seconds().to_numpy() / 3600
        + concept * (1.5 * (channel == "web") - (np.log(amount) - 3.5))
    )
    returned = random.random(rows) < 1 / (1 + np.exp(-log_odds))
    return pd.DataFrame(
        {
            "order_id": [f"O{seed:04d}{number:08d}" for number in range(rows)],
            "ordered_at": ordered.strftime("%Y-%m-%d %H:%M:%S"),
            "ships_at": ships.strftime("%Y-%m-%d %H:%M:%S"),
            "country": country,
            "channel": channel,
            "product": PRODUCTS[product],
            "amount": amount,
            "items": items,
            "weight": weight,
            "discount": discount,
            "age": age,
            "express": np.where(express, "yes", "no"),
            "note": note,
            "returned": np.where(returned, "yes", "no"),
        }
    )
