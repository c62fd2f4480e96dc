"""Exported models predict what the models do: every kind of model, task and column."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder
from support.export_table import COLORS, MODELS, TASKS, Task, make_task
from tabwright.export import check, features, models
from tabwright.export.graph import Graph
from tabwright.export.runtime import Session
from tabwright.project.errors import ProjectError
from tabwright.schema.column import Column
from tabwright.schema.rules import apply_contract
from tabwright.schema.schema import Schema
from tabwright.selection.candidate import Candidate, log_target, voting_ensemble
from tabwright.selection.fit import FittedCandidate, calibrate_and_threshold
from tabwright.selection.metrics import one_thread, predict_scores
from tabwright.selection.transformers import DateParts

CLOSE = 1e-12
task = cache(make_task)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads of boosting only wait for each other on so few rows."""
    with one_thread():
        yield


@cache
def fitted(name: str, model: str) -> BaseEstimator:
    """A candidate, fitted once; tests must not change it."""
    return task(name).fitted(model)


def load(model: BaseEstimator, of: Task) -> Session:
    """A model, exported and loaded."""
    return Session(models.to_onnx(model, of.schema).SerializeToString(), of.schema)


def difference(model: BaseEstimator, of: Task, *tables: pd.DataFrame) -> float:
    """The largest difference on all rows, on unusual ones, and on other tables."""
    unusual = check.unusual_rows(of.rows.head(3), of.schema)
    rows, apart = check.compare(model, load(model, of), of.schema, [of.rows, unusual, *tables])
    assert rows == len(of.rows) + len(unusual) + sum(map(len, tables))
    return apart


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", TASKS)
def test_every_candidate_of_every_task(name: str, model: str) -> None:
    kinds = {column.type for column in task(name).schema.features.values()}
    assert kinds == {"numeric", "boolean", "category", "datetime"}
    assert difference(fitted(name, model), task(name)) < CLOSE


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("model", ["linear", "neural net"])
def test_log_of_the_target(model: str) -> None:
    of = task("regression")
    logged = log_target(Candidate(of.candidate(model))).pipeline
    assert difference(logged.fit(of.features, of.target), of) < CLOSE


@pytest.mark.parametrize("name", TASKS)
def test_ensemble_of_all_with_weights_has_its_features_once(name: str) -> None:
    of = task(name)
    parts = {model: FrozenEstimator(fitted(name, model)) for model in MODELS[1:]}
    voting = voting_ensemble(parts, [3, 1, 2, 5], of.schema).pipeline
    voting = voting.fit(of.features, of.target)
    assert difference(voting, of) < CLOSE
    nodes = models.to_onnx(voting, of.schema).graph.node
    encoders = [node for node in nodes if node.op_type == "LabelEncoder"]
    assert len(encoders) == len(of.schema.names("category"))


@pytest.mark.parametrize("model", ["linear", "forest"])
@pytest.mark.parametrize("name", ["binary", "multiclass"])
def test_calibrated_model_at_its_threshold(name: str, model: str) -> None:
    of, random = task(name), np.random.default_rng(0)
    classes = len(of.schema.classes)
    columns = [f"probability_{label}" for label in of.schema.classes]
    shy = random.dirichlet(np.full(classes, 0.3), len(of.rows))  # and mostly wrong
    rows = pd.DataFrame(shy, columns=columns).assign(y_true=of.target.array)
    rows["fold"] = pd.array(np.arange(len(rows)) % 3, dtype="Int64")
    facts = {"metric": "log_loss"}
    fit = FittedCandidate(fitted(name, model), facts, rows, of.features.head(9))
    calibrated, facts = calibrate_and_threshold(fit, of.schema, 0.37)
    assert facts["calibration"]["kept"]
    assert isinstance(getattr(calibrated, "estimator_", calibrated), StackingClassifier)
    assert isinstance(calibrated, FixedThresholdClassifier) == (classes == 2)
    assert difference(calibrated, of) < CLOSE


def test_threshold_decides_the_class() -> None:
    of, inner = task("binary"), FrozenEstimator(fitted("binary", "linear"))
    positive = of.schema.classes[1]
    value = np.sort(load(inner.estimator, of).scores(of.rows)[:, 1])[20]
    model = FixedThresholdClassifier(inner, threshold=value, pos_label=positive)
    predicted, *_ = load(model.fit(of.features, of.target), of).run(of.rows)
    assert (predicted == positive).sum() == len(of.rows) - 20  # a probability that is equal too


@pytest.mark.parametrize("name", ["binary", "multiclass"])
def test_class_without_a_training_row_has_probability_0(name: str) -> None:
    of = task(name)
    column = replace(of.schema.columns["target"], categories=["absent", *of.schema.classes])
    schema = replace(of.schema, columns=of.schema.columns | {"target": column})
    wider = of._replace(schema=schema)
    assert difference(fitted(name, "boosting"), wider) < CLOSE


@pytest.mark.parametrize("model", ["forest", "boosting"])
@pytest.mark.parametrize("name", TASKS)
def test_tree_of_one_leaf(name: str, model: str) -> None:
    of = task(name)
    one = of.candidate(model).set_params(model__min_samples_leaf=len(of.rows))
    one.fit(of.features, of.target)
    assert len(np.unique(predict_scores(one, of.rows, of.schema), axis=0)) == 1
    assert difference(one, of) < CLOSE


@pytest.mark.parametrize("model", ["linear", "boosting", "forest", "neural net"])
def test_cells_that_are_huge_infinite_or_at_an_edge(model: str) -> None:
    of = task("regression")
    cells = ["1e29", "-1e29", "inf", "-inf", "1e-300", "16777217", "0.1", "nan", "-0.0"]
    raw = of.rows.head(len(cells)).assign(height=cells, target="")
    typed, _ = apply_contract(raw, of.schema, target=False)
    assert typed["height"].isna().sum() == 3  # infinities are no numbers
    assert difference(fitted("regression", model), of, typed) < CLOSE


@pytest.mark.parametrize("model", ["forest", "boosting"])
def test_cells_on_both_sides_of_every_split(model: str) -> None:
    of = task("regression")
    cells = np.unique(of.rows["height"].dropna())
    middle = (cells[1:] + cells[:-1]) / 2
    near = np.concatenate(
        [middle, *(np.nextafter(middle, side) for side in (-np.inf, np.inf)), np.float32(middle)]
    )
    rows = of.rows.iloc[np.arange(len(near)) % len(of.rows)].assign(height=near)
    assert difference(fitted("regression", model), of, rows) < CLOSE


def test_calendar_of_all_centuries_bit_by_bit() -> None:
    random = np.random.default_rng(0)
    edges = ["1000-01-01", "9999-12-31T23:59:59.999999", "1969-12-31T23:59:59.999999"]
    edges += ["1899-12-31T23:59", "1900-03-01", "2000-02-29", "2100-02-28", "NaT"]
    moments = np.array(edges, "datetime64[us]")
    between = random.integers(*moments[:2].astype(int), 3000).astype("datetime64[us]")
    moments = np.concatenate([moments, between])
    dates = pd.DataFrame({"a": moments, "b": np.roll(moments, 1)})
    expected = DateParts().fit_transform(dates).to_numpy()
    schema = Schema("y", "regression", {name: Column("datetime") for name in dates})
    g = Graph(schema)
    parts = features.transform(g, DateParts(), [g.column("a"), g.column("b")])
    for number in range(expected.shape[1]):
        g.output(f"part {number}", g.add("Gather", parts, number, axis=1))
    found = np.column_stack(Session(g.model().SerializeToString(), schema).run(dates))
    np.testing.assert_array_equal(found, expected)


def test_rare_and_new_and_missing_categories_differ() -> None:
    of = task("binary")
    session = load(fitted("binary", "linear"), of)
    row = of.rows.iloc[[5]]
    values = [*COLORS, "new", None]
    table = pd.concat([row] * len(values)).assign(
        color=pd.array(values, dtype=of.rows["color"].dtype)
    )
    assert len(np.unique(session.scores(table)[:, 1])) == len(values)


def test_same_model_gives_the_same_bytes() -> None:
    made = [models.to_onnx(fitted("multiclass", "forest"), task("multiclass").schema)] * 2
    again = models.to_onnx(make_task("multiclass").fitted("forest"), task("multiclass").schema)
    first, second = (each.SerializeToString(deterministic=True) for each in (made[0], again))
    assert first == second
    onnx.checker.check_model(made[0], full_check=True)


@pytest.mark.parametrize(
    "model", [RandomForestClassifier(5), HistGradientBoostingClassifier(max_iter=9)]
)
def test_columns_as_they_are_with_missing_cells_in_trees(model: BaseEstimator) -> None:
    of = task("multiclass")
    columns = ColumnTransformer(
        [("as they are", "passthrough", ["height", "_1"]), ("gone", "drop", ["length, mm"])]
    )
    assert of.rows["height"].isna().any()
    assert difference(make_pipeline(columns, model).fit(of.features, of.target), of) < CLOSE


class Distorted(Session):
    """An exported model that predicts one row wrong."""

    def __init__(self, session: Session, **wrong: object) -> None:
        self.session, self.wrong = session, wrong

    def run(self, typed: pd.DataFrame) -> list[np.ndarray]:
        """The columns of the prediction, the first row of some of them as given."""
        made = [column.copy() for column in self.session.run(typed)]
        for number, value in self.wrong.items():
            made[int(number[1:])][0] = value
        return made


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("binary", {"_1": 0.5}),
        ("binary", {"_1": np.nan}),
        ("binary", {"_0": "another class"}),
        ("multiclass", {"_3": 1e-8}),
        ("regression", {"_0": np.inf}),
        ("regression", {"_0": -1.0}),
    ],
)
def test_one_row_that_differs_is_found(name: str, wrong: dict[str, object]) -> None:
    of, model = task(name), fitted(name, "linear")
    session = load(model, of)
    check.compare(model, Distorted(session), of.schema, [of.rows])
    with pytest.raises(ProjectError, match="differs from the champion"):
        check.compare(model, Distorted(session, **wrong), of.schema, [of.rows])


def test_a_billionth_is_the_limit() -> None:
    of, model = task("binary"), fitted("binary", "linear")
    session = load(model, of)
    value = session.run(of.rows)[1][0]
    check.compare(model, Distorted(session, _1=value + 9e-10), of.schema, [of.rows])
    with pytest.raises(ProjectError, match="by 2e-09, more than 1e-09"):
        check.compare(model, Distorted(session, _1=value + 2e-9), of.schema, [of.rows])


class OwnModel(LogisticRegression):
    """A model of the owner's."""


def own_function(cells: pd.DataFrame) -> pd.DataFrame:
    """A feature of the owner's."""
    return cells


def refused(model: BaseEstimator, of: Task, schema: Schema | None = None) -> str:
    """What is said about a model that cannot be exported."""
    with pytest.raises(ProjectError) as raised:
        models.to_onnx(model, schema or of.schema)
    said = str(raised.value)
    assert "cannot be exported to ONNX; nothing is written, and predictions go on with" in said
    assert "\n" not in said
    return said


def test_text_is_refused(trained) -> None:
    of = Task(trained.train, trained.schema, "text")
    assert "the column 'remark' of type text" in refused(trained.model, of)


def test_what_is_the_owners_is_refused_by_name() -> None:
    of = task("binary")
    known = fitted("binary", "linear")
    said = refused(make_pipeline(known[0], OwnModel()), of)
    assert f"a model of the class {__name__}.OwnModel cannot" in said
    steps = make_pipeline(known[0], FunctionTransformer(own_function), known[-1])
    assert f"the function {__name__}.own_function cannot" in refused(steps, of)
    steps = make_pipeline(known[0], FunctionTransformer(partial(np.clip, a_min=0)), known[-1])
    assert "the function functools.partial cannot" in refused(steps, of)
    said = refused(make_pipeline(known[0], OrdinalEncoder(), known[-1]), of)
    assert "OrdinalEncoder cannot" in said


def test_settings_without_a_counterpart_are_refused() -> None:
    of = task("binary")
    known = of.fitted("linear")
    known[0].named_transformers_["categories"].drop = "first"
    assert "a OneHotEncoder that leaves out or joins" in refused(known, of)
    columns = of.schema.columns | {"probability_yes": Column("numeric")}
    with pytest.raises(ProjectError, match="a table with a column 'probability_yes'"):
        models.to_onnx(fitted("binary", "linear"), replace(of.schema, columns=columns))
    assert "an empty text is a value" in refused(
        fitted("binary", "linear"),
        of,
        replace(of.schema, source=replace(of.schema.source, missing=["NA"])),
    )
