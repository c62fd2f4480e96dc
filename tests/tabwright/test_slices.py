"""Scores on parts of the held-out rows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.small_table import predict_test_rows
from tabwright.evaluation import resampling, slices
from tabwright.project.errors import ProjectError
from tabwright.schema.column import Column
from tabwright.schema.schema import Schema
from tabwright.selection import metrics


def agreed_on(**kinds: str) -> object:
    """A contract with a column `y` to predict and others of these kinds."""
    columns = {name: Column(kind) for name, kind in kinds.items()}
    columns["y"] = Column("category", categories=["no", "yes"])
    return Schema("y", "classification", columns)


def masks(table: pd.DataFrame, schema: object) -> dict[tuple[str, str], list[int]]:
    """The row numbers of each slice by column and label."""
    columns = [name for name in schema.columns if name != "y"]
    found = slices.make_slices(table, schema, columns)
    return {(column, label): np.flatnonzero(mask).tolist() for column, label, mask in found}


def test_slices_are_values_quartiles_and_gaps() -> None:
    schema = agreed_on(city="category", member="boolean", age="numeric", note="text", at="datetime")
    table = pd.DataFrame(
        {
            "city": pd.Series(["Bern", "Graz", None, "Bern", "Graz", "Bern"], dtype="str"),
            "member": pd.Series([True, None, False, True, True, True], dtype="boolean"),
            "age": [1.0, 2.0, 3.0, 4.0, np.nan, 5.0],
            "note": pd.Series(["a", "b", "c", "d", "e", None], dtype="str"),
            "at": pd.to_datetime(["2024-01-01"] * 6),
        }
    )
    assert masks(table, schema) == {
        ("city", "Bern"): [0, 3, 5],
        ("city", "Graz"): [1, 4],
        ("city", "(empty)"): [2],
        ("member", "False"): [2],
        ("member", "True"): [0, 3, 4, 5],
        ("member", "(empty)"): [1],
        ("age", "up to 2"): [0, 1],
        ("age", "over 2 to 3"): [2],
        ("age", "over 3 to 4"): [3],
        ("age", "over 4"): [5],
        ("age", "(empty)"): [4],
        ("note", "(empty)"): [5],
    }


def test_numbers_of_few_values_are_cut_by_value() -> None:
    found = masks(pd.DataFrame({"class": [1, 3, 2, 3, 2.5]}), agreed_on(**{"class": "numeric"}))
    assert [label for _, label in found] == ["1", "2", "2.5", "3"]
    assert found["class", "3"] == [1, 3]


@pytest.mark.parametrize("cells", [[3.0] * 4, [np.nan] * 4])
def test_numbers_without_spread_are_one_slice(cells: list[float]) -> None:
    found = masks(pd.DataFrame({"age": cells}), agreed_on(age="numeric"))
    assert list(found.values()) == [[0, 1, 2, 3]]


def test_most_frequent_values_of_a_long_column_are_kept() -> None:
    cells = [f"v{n:02}" for n in range(30)] + ["v29", "v28"]
    found = masks(pd.DataFrame({"key": cells}, dtype="str"), agreed_on(key="category"))
    assert len(found) == slices.MAX_SLICES
    assert {("key", "v28"), ("key", "v29"), ("key", "v00")} <= found.keys()


def test_auto_takes_few_columns_of_few_values() -> None:
    kinds = {f"c{n}": "category" for n in range(7)}
    schema = agreed_on(age="numeric", long="category", same="category", **kinds)
    table = pd.DataFrame({name: ["a", "b"] * 10 for name in kinds} | {"age": range(20)})
    table["long"], table["same"] = [str(n) for n in range(20)], "x"
    assert slices.slice_columns(table, schema, "auto") == ["c0", "c1", "c2", "c3", "c4"]
    assert slices.slice_columns(table, schema, ["age", "c6"]) == ["age", "c6"]
    with pytest.raises(ProjectError, match=r"names y, z; known are c0, .*age, long"):
        slices.slice_columns(table, schema, ["age", "y", "z"])


def scored(trained, **changes) -> list[dict]:
    """The slices of the held-out rows, some of them changed."""
    draws = resampling.make_resampling(
        trained.test, trained.params.data, trained.params.evaluate, seed=1
    )
    predicted = predict_test_rows(trained.model, trained)
    changed = replace(predicted, rows=trained.test.assign(**changes))
    return slices.score_slices(changed, ["city"], draws)


def test_score_of_a_slice_is_that_of_its_rows(trained) -> None:
    truth = metrics.encode_target(trained.test, trained.schema)
    predicted = metrics.predict_scores(trained.model, trained.test, trained.schema)
    found = scored(trained)
    assert [part["value"] for part in found] == ["Bern", "Graz", "Lyon"]
    for part in found:
        rows = (trained.test["city"] == part["value"]).to_numpy()
        assert part["rows"] == rows.sum()
        expected = metrics.CLASSES["roc_auc"].function(truth[rows], predicted[rows])
        assert part["score"] == part["scores"]["roc_auc"] == expected
        assert part["low"] <= part["score"] <= part["high"]
    assert scored(trained) == found


def test_few_rows_or_one_class_have_no_score(trained) -> None:
    city = pd.Series("Graz", trained.test.index, dtype="str")
    city.iloc[:9] = "few"
    city[trained.test["bought"] == "yes"] = "buyers"
    found = {part["value"]: part for part in scored(trained, city=city)}
    assert found["few"]["rows"] < slices.MIN_ROWS < found["buyers"]["rows"]
    for name in ("few", "buyers"):
        assert found[name]["score"] is found[name]["low"] is None
        assert found[name]["scores"] == {}


@pytest.mark.parametrize("drawn", [200, 20_000])
def test_interval_covers_chance_however_many_rows_are_drawn(drawn, trained, monkeypatch) -> None:
    monkeypatch.setattr(slices, "DRAWN_ROWS", drawn)
    random = np.random.default_rng(0)
    truth = random.normal(size=20_000)
    draws = resampling.Resampling(np.arange(20_000), "rows", 200, 0.95, seed=1)
    low, high = slices.interval(truth, np.zeros(20_000), metrics.VALUES["rmse"], draws)
    # The standard error of an RMSE is its size over sqrt(2 n); 95 % are 1.96 of them to each side.
    assert (high - low) / 2 == pytest.approx(1.96 / np.sqrt(40_000), rel=0.2)
    assert low < 1 < high
