"""Parts of dates."""

import numpy as np
import pandas as pd
import pytest
from tabwright.selection import transformers


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


def test_dates_of_all_centuries_have_parts() -> None:
    moments = np.array(["1000-01-01", "1492-10-12", "2262-04-12", "9999-12-31"], "datetime64[us]")
    parts = transformers.DateParts().fit_transform(pd.DataFrame({"day": moments}))
    assert parts["day year"].tolist() == [1000, 1492, 2262, 9999]
    assert parts["day days"].tolist() == moments.astype("datetime64[D]").astype(int).tolist()
