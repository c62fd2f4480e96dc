"""Scores on parts of the held-out rows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.small_table import predict_test_rows
from tabwright.evaluation import resampling, slices
from tabwright.evaluation.predictions import Predictions
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
    few = ["c0", "c1", "c2", "c3", "c4"]
    assert slices.slice_columns(table, schema, "auto") == [*few, "age"]
    assert slices.slice_columns(table, schema, ["age", "c6"]) == ["age", "c6"]
    with pytest.raises(ProjectError, match=r"names y, z; known are c0, .*age, long"):
        slices.slice_columns(table, schema, ["age", "y", "z"])


def scored(trained, **changes) -> list[dict]:
    """The slices of the held-out rows, some of them changed."""
    draws = resampling.make_resampling(trained.test, trained.params)
    predicted = predict_test_rows(trained.model, trained)
    changed = replace(predicted, rows=trained.test.assign(**changes))
    return slices.score_slices(changed, ["city"], draws)


def test_score_of_a_slice_is_that_of_its_rows(trained) -> None:
    truth = metrics.encode_target(trained.test, trained.schema)
    predicted = metrics.predict_scores(trained.model, trained.test, trained.schema)
    turn = np.arange(len(trained.test)) % 2  # ten rows of each class
    city = pd.Series(np.array(["Bern", "Graz"])[turn], trained.test.index, dtype="str")
    found = scored(trained, city=city)
    assert [part["value"] for part in found] == ["Bern", "Graz"]
    for part in found:
        rows = (city == part["value"]).to_numpy()
        assert part["rows"] == rows.sum()
        expected = metrics.CLASSES["roc_auc"].function(truth[rows], predicted[rows])
        assert part["score"] == part["scores"]["roc_auc"] == expected
        assert part["low"] <= part["score"] <= part["high"]
    assert scored(trained, city=city) == found


def test_few_rows_of_a_class_have_no_score(trained) -> None:
    city = pd.Series("rest", trained.test.index, dtype="str")
    bought = trained.test["bought"] == "yes"
    city[city.index[bought][:9]] = city[city.index[~bought][:12]] = "few"
    found = {part["value"]: part for part in scored(trained, city=city)}
    assert (found["few"]["rows"], found["rest"]["score"] is None) == (21, False)
    assert found["few"]["score"] is found["few"]["low"] is found["few"]["differs"] is None
    assert found["few"]["scores"] == {}


@pytest.mark.parametrize(
    ("y_true", "first", "expected"),
    [
        ([0] * 10 + [1] * 10 + [0, 1] * 5, 20, True),
        ([0] * 10 + [1] * 9 + [0, 1] * 5, 19, False),
        ([0] * 20 + [1] * 20, 20, False),
        ([0] * 12 + [1] * 12 + [2] * 20, 24, True),  # a class that is not in the slice
        ([0] * 12 + [1] * 12 + [2] * 20, 26, False),
        ([0] * 12 + [1] * 12 + [2] * 3, 26, True),  # a class that is too rare anywhere
        (np.linspace(0, 1, 30), 10, True),
        (np.linspace(0, 1, 30), 9, False),
    ],
)
def test_slice_needs_ten_rows_of_each_class(y_true: list, first: int, expected: bool) -> None:
    assert slices.has_score(np.array(y_true), np.arange(len(y_true)) < first) is expected


def amounts(rows: int, seed: int) -> Predictions:
    """Predictions of amounts whose errors have long tails and depend on no column."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame({"city": random.choice(["a", "b", "c"], rows, p=[0.7, 0.2, 0.1])})
    table = table.assign(age=random.normal(size=rows), y=random.normal(size=rows))
    kinds = {"city": "category", "age": "numeric", "y": "numeric"}
    schema = Schema("y", "regression", {name: Column(kind) for name, kind in kinds.items()})
    y_pred = table["y"].to_numpy() + random.standard_t(5, rows)
    return Predictions(table, schema, y_pred, metrics.VALUES, "rmse")


def marked(predicted: Predictions, units: np.ndarray | None = None) -> list[dict]:
    """The slices that differ from the rest."""
    units = np.arange(len(predicted.rows)) if units is None else units
    draws = resampling.Resampling(units, "rows", 2, 0.95, seed=1)
    found = slices.score_slices(predicted, "auto", draws)
    return [part for part in found if part["differs"]]


def test_models_without_a_weak_slice_are_rarely_marked() -> None:
    runs = [bool(marked(amounts(300, seed))) for seed in range(60)]
    # At most 5 % of runs are: of 60, 8 or more with a probability below 1 %.
    assert sum(runs) < 8


def test_weak_slice_is_marked_and_named() -> None:
    predicted = amounts(600, 1)
    weak = (predicted.rows["city"] == "c").to_numpy()
    y_pred = predicted.y_pred + np.where(weak, 4, 0)
    found = marked(replace(predicted, y_pred=y_pred))
    assert {("city", "c", "worse"), ("city", "a", "better")} <= {
        (part["column"], part["value"], part["differs"]) for part in found
    }
    sentence = slices.describe_slices(found, "rmse")
    assert "city c is worse (" in sentence
    assert f"on {weak.sum()} rows, where" in sentence
    assert sentence.index("worse") < sentence.index("better")
    assert "none of 1 differs" in slices.describe_slices([found[0] | {"differs": None}], "rmse")


def test_slice_with_more_of_a_class_is_not_marked_for_that() -> None:
    random = np.random.default_rng(2)
    positive = random.random(2000) < 0.3
    city = np.where(random.random(2000) < np.where(positive, 0.6, 0.05), "many", "few")
    score = 1 / (1 + np.exp(-(random.normal(size=2000) + 2 * positive - 1)))
    table = pd.DataFrame({"city": city, "y": np.where(positive, "yes", "no")})
    known = metrics.task_metrics(agreed_on(city="category"))
    y_pred = np.column_stack([1 - score, score])
    predicted = Predictions(table, agreed_on(city="category"), y_pred, known, "average_precision")
    scores = {part["value"]: part for part in slices.score_slices(predicted, "auto", EVERY_ROW)}
    assert scores["many"]["score"] > scores["few"]["score"] + 0.2
    assert scores["many"]["differs"] is scores["few"]["differs"] is None


EVERY_ROW = resampling.Resampling(np.arange(2000), "rows", 20, 0.95, seed=1)


def test_groups_of_rows_count_once() -> None:
    random = np.random.default_rng(3)
    customer = np.repeat(np.arange(60), 20)
    runs = {"rows": 0, "groups": 0}
    for seed in range(12):
        predicted = amounts(1200, seed)
        of_customer = random.normal(0, 3, 60)[customer]
        rows = predicted.rows.assign(city=np.array(["a", "b"])[customer % 2])
        predicted = replace(predicted, rows=rows, y_pred=predicted.y_true + of_customer)
        runs["rows"] += bool(marked(predicted))
        runs["groups"] += bool(marked(predicted, customer))
    assert runs["groups"] <= 2 < runs["rows"]


@pytest.mark.parametrize("drawn", [200, 20_000])
def test_interval_covers_chance_however_many_rows_are_drawn(drawn, trained, monkeypatch) -> None:
    monkeypatch.setattr(slices, "DRAWN_ROWS", drawn)
    random = np.random.default_rng(0)
    table = pd.DataFrame({"y": random.normal(size=20_000)})
    schema = Schema("y", "regression", {"y": Column("numeric")})
    predicted = Predictions(table, schema, np.zeros(20_000), metrics.VALUES, "rmse")
    draws = resampling.Resampling(np.arange(20_000), "rows", 200, 0.95, seed=1)
    low, high = slices.interval(predicted, np.ones(20_000, dtype=bool), draws)
    # The standard error of an RMSE is its size over sqrt(2 n); 95 % are 1.96 of them to each side.
    assert (high - low) / 2 == pytest.approx(1.96 / np.sqrt(40_000), rel=0.2)
    assert low < 1 < high
