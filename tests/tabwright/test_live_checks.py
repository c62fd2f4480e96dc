"""The live checks of a challenger in the shadow."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.at_work import ROWS, champion_at_work
from support.champions import kept
from tabwright.monitoring import outcomes
from tabwright.project.project import Project
from tabwright.registry import champion, live, shadow
from tabwright.request_log.entry import Answer, Batch
from tabwright.request_log.log import Log


@pytest.fixture
def models(project: Project, trained) -> Project:
    """A project whose champion is run-1, with reference rows."""
    return champion_at_work(project, trained)


def pair(models: Project, trained, worse: float = 0.0, rows: int = ROWS, failed: int = 0) -> object:
    """Log rows that the champion answered and a shadow of run-2 scored, worse by some noise."""
    entry = kept(models, "run-2")
    shadow.begin_shadow(models, entry, 0)
    typed = pd.concat([trained.train, trained.test])
    typed = typed.sample(rows, replace=True, random_state=3, ignore_index=True)
    scores = trained.model.predict_proba(typed[list(trained.schema.features)])
    noise = np.random.default_rng(4).uniform(0, 1, rows)[:, None]
    other = (1 - worse) * scores + worse * np.hstack([noise, 1 - noise])
    answers = [
        Answer(
            f"a{n}", f"k{n}", "1", "run-1", {}, "yes", scores[n].tolist(), "", "run-2",
            None if n < failed else other[n].tolist(),
        )
        for n in range(rows)
    ]  # fmt: skip
    made = Batch("b", "2026-01-01", "service", "1", rows, 0, 0, 1.0, 0, "run-2", 1.5)
    made = made._replace(at=entry["time"][:4] + "-12-31T00:00:00.000+00:00")
    Log(models.log_folder, 30).append(answers, [], made)
    write = [(f"k{n}", value) for n, value in enumerate(typed["bought"])]
    outcomes.log.add_outcomes(models.log_folder, write)
    return champion.load_champion(models, entry)


def test_shadow_that_is_as_good_passes_and_a_worse_one_does_not(models: Project, trained) -> None:
    paired, served = live.live_checks(models, pair(models, trained))
    assert paired.passed
    assert "on 600 live rows" in paired.words
    assert served.passed
    assert "scored 100.0% of 600 rows, 99% needed, in 1.5 times" in served.words


def test_worse_shadow_is_refused_at_the_live_check(models: Project, trained) -> None:
    paired, _ = live.live_checks(models, pair(models, trained, worse=0.6))
    assert not paired.passed
    assert "of the champion, version 1" in paired.words
    assert paired.words.endswith("worse")
    params = replace(models.params.evaluate, max_regression=0.9)
    models.__dict__["params"] = replace(models.params, evaluate=params)
    paired, _ = live.live_checks(models, champion.load_champion(models, shadow_entry(models)))
    assert paired.passed


def shadow_entry(models: Project) -> champion.Promotion:
    """The entry of the model in the shadow."""
    return shadow.current_shadow(models).entry


def test_too_few_rows_and_failures_are_counted(models: Project, trained) -> None:
    paired, served = live.live_checks(models, pair(models, trained, rows=400, failed=5))
    assert not paired.passed
    assert paired.words.startswith("395 rows")
    assert "105 are missing" in paired.words
    assert not served.passed
    assert "98.8%" in served.words


def test_slow_shadow_is_refused(models: Project, trained, monkeypatch) -> None:
    used = pair(models, trained)
    monkeypatch.setattr(live, "MAX_SLOWER", 1.4)
    assert not live.live_checks(models, used)[1].passed


def test_without_a_shadow_there_is_nothing_to_check(models: Project, trained) -> None:
    used = pair(models, trained)
    other = replace(used, run="run-3")
    assert live.live_checks(models, other) == []
    shadow.end_shadow(models)
    assert len(live.live_checks(models, used)) == 2  # it ran
    models.promotions_file.write_text("[]", encoding="utf-8")
    assert live.live_checks(models, used) == []
