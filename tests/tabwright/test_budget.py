"""The time budget of training, by a clock that only fits move."""

import re
from dataclasses import replace

import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from support.owner import candidates
from support.small_table import make_raw, with_train
from tabwright.project.errors import ProjectError
from tabwright.schema.rules import apply_contract
from tabwright.schema.schema import Schema
from tabwright.selection import budget
from tabwright.selection.candidate import Candidate
from tabwright.selection.model_selection import ModelSelection


class Clock:
    """The seconds that fits have taken."""

    now = 0.0


class Slow(DummyClassifier):
    """A model whose fit takes some seconds, and some more for each row."""

    def __init__(self, per_row: float = 0.0, start: float = 0.0, strategy: str = "prior") -> None:
        super().__init__(strategy=strategy)
        self.per_row, self.start = per_row, start

    def fit(self, X, y, sample_weight=None) -> "Slow":
        Clock.now += self.start + self.per_row * len(X)
        return super().fit(X, y)


@pytest.fixture
def rows(schema: Schema, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """900 labelled rows, on one core, where only fits take time."""
    Clock.now = 0.0
    monkeypatch.setattr(budget, "monotonic", lambda: Clock.now)
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    typed, _ = apply_contract(make_raw(1000), schema)
    return typed.dropna(subset=["bought"])[:900]


def select(rows: pd.DataFrame, schema: Schema, timeout: float, **known: Slow) -> ModelSelection:
    selection = ModelSelection(rows, schema, with_train(timeout=timeout))
    selection.compare({name: Candidate(model) for name, model in known.items()})
    return selection


def test_what_does_not_fit_is_left_out_and_named(rows, schema, capsys) -> None:
    # A trial of 200 rows, thrice 600 to compare, 900 in the end.
    known = {"cheap": Slow(0.01), "dear": Slow(0.1), "last": Slow(0.01)}
    selection = select(rows, schema, 100, **known)
    assert list(selection.trials) == ["baseline", "cheap", "last"]
    assert selection.left_out == ["dear"]
    said = capsys.readouterr().out
    assert re.search(
        r"dear  left out: takes about 27\d s, and 51 of train.timeout are left\n", said
    )
    assert Clock.now + 0.01 * 900 <= 100  # the final fit


@pytest.mark.parametrize(("timeout", "fits"), [(59, True), (49, False)])
def test_the_final_fit_is_counted(timeout: float, fits: bool, rows, schema) -> None:
    selection = select(rows, schema, timeout, cheap=Slow(), other=Slow(0.02))  # 4 + 36 + 18 seconds
    assert ("other" in selection.trials) == fits


def test_a_start_that_takes_long_is_told_from_slow_rows(rows, schema) -> None:
    # 25 seconds for 200 rows, thrice for 600: a trial of 400 tells that it is 25 as well.
    trials = select(rows, schema, 250, cheap=Slow(), steady=Slow(start=25)).trials
    assert "steady" in trials


def test_the_cheapest_is_added_where_none_fits(rows, schema) -> None:
    selection = select(rows, schema, 1, dear=Slow(0.2), cheaper=Slow(0.1))
    assert selection.best() == "cheaper"
    assert selection.left_out == ["dear"]


def test_skipped_candidates_are_not_tried(rows, schema) -> None:
    params = with_train(skip=["one", "two 1"], n_iter=3)
    two = Candidate(make_pipeline(Slow()), portfolio=[{"start": 1}, {"start": 2}], at="slow")
    with pytest.raises(ProjectError, match=r"train\.skip names every candidate"):
        ModelSelection(rows, schema, params).compare({"one": two})
    assert Clock.now == 0
    selection = ModelSelection(rows, schema, params)
    selection.compare({"one": two, "two": two})
    selection.search()
    assert list(selection.trials) == ["baseline", "two", "two 2"]
    assert not selection.left_out


def test_the_number_of_settings_follows_from_the_table_alone(schema) -> None:
    columns = {name: column for name, column in schema.columns.items() if name != "remark"}
    plain = replace(schema, columns=columns)
    counts = [budget.count_settings(plain, rows) for rows in (900, 20_000, 2_000_000)]
    assert counts[0] == budget.MAX_SETTINGS > counts[1] > counts[2] == 0
    assert budget.count_settings(plain, 200) == budget.MIN_SETTINGS < counts[0]
    assert budget.count_settings(schema, 20_000) < counts[1]  # a text is many columns
    classes = replace(schema.columns["bought"], categories=[f"c{number}" for number in range(26)])
    many = replace(plain, columns=columns | {"bought": classes}, positive="")
    assert budget.count_settings(many, 20_000) < counts[1]


def test_a_slow_machine_selects_the_same_model_as_a_fast_one(rows, schema, monkeypatch) -> None:
    found = []
    for seconds in (0.0, 0.5):  # that each look at the clock takes

        def tick(seconds: float = seconds) -> float:
            Clock.now += seconds
            return Clock.now

        monkeypatch.setattr(budget, "monotonic", tick)
        selection = ModelSelection(rows, schema, with_train(n_iter="auto", timeout=10_000))
        selection.compare({"linear": candidates.candidates(schema, 1)["linear"]})
        selection.search()
        selection.add_voting()
        found.append({name: trial.score["mean"] for name, trial in selection.trials.items()})
        assert not selection.left_out
    assert found[0] == found[1]
