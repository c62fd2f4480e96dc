"""Parts of dates."""

import numpy as np
import pandas as pd
import pytest
from tabwright.selection import (
    transformers,
)


def test_date_parts_are_right() -> None:
    dates = pd.DataFrame(
        {
            "start": pd.to_datetime(["2024-02-29 18:00", None]),
            "end": pd.to_datetime(["2024-03-01 06:00", "2024-03-01 00:00"]),
        }
    )
    parts = transformers.DateParts().fit_transform(dates)
    names = ["year", "month", "day", "weekday", "hour", "hour sin", "month cos"]
    assert parts.loc[0, [f"start {name}" for name in names]].tolist() == pytest.approx(
        [2024, 2, 29, 3, 18, -1, 0.5]
    )
    assert parts["start to end"].tolist() == pytest.approx([0.5, np.nan], nan_ok=True)
    assert parts.filter(like="start").loc[1].isna().all()
