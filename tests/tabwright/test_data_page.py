"""The page on the data: what it counts, shows and survives."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tabwright.dataset.counts import count_rows
from tabwright.evaluation import style
from tabwright.io import sample
from tabwright.project.project import Project
from tabwright.reports import data_figures, data_page, page
from tabwright.schema.column import Column
from tabwright.schema.schema import Schema

BROKEN = pd.DataFrame(
    {
        "rejected_row": [3, 3, 9, 12],
        "rejected_column": ["visits", "city", "visits", ""],
        "rejected_value": ["<many>", None, "many" * 40, None],
        "rejected_rule": ["a number", "one of Bern, Graz", "a number", "unique"],
    }
)
NONE = BROKEN.head(0)


def draw(rows: pd.DataFrame, schema, folder: Path) -> bool:
    """Whether there is a figure; no warning is passed over."""
    folder.mkdir(exist_ok=True)
    (folder / "target.svg").unlink(missing_ok=True)
    with warnings.catch_warnings(action="error"):
        data_figures.draw_columns(rows, schema, folder)
        data_figures.draw_target(rows, schema, folder)
    return (folder / "target.svg").exists()


def numbers(count: int) -> tuple[pd.DataFrame, Schema]:
    """Rows of `count` columns of numbers named by long questions, and a quantity."""
    random = np.random.default_rng(0)
    names = [rf"What is it, at $\no{number}$ in all, in the end?" for number in range(count)]
    rows = pd.DataFrame(random.normal(size=(60, count + 1)), columns=[*names, "y"])
    columns = {name: Column("numeric") for name in rows}
    return rows, Schema("y", "regression", columns)


def test_page_shows_what_there_is(trained, tmp_path: Path) -> None:
    rows = trained.train.assign(city=trained.train["city"].mask(trained.train["visits"] > 40))
    assert draw(rows, trained.schema, tmp_path)
    html = data_page.render(
        title="<Sales>",
        schema=trained.schema,
        data="data/raw/sales.csv",
        counts={"clean": 97, "rejected": 3, "train": 70, "test": 20, "unlabelled": 7},
        issues=[
            {
                "kind": "leak",
                "column": "<spent>",
                "message": "tells all",
                "remedy": "`role: <ignore>`",
            }
        ],
        checked=[{"kind": "time", "measure": "order", "limit": "0.95", "nearest": "<day> 0.2"}],
        rejected=data_page.broken_rules(BROKEN),
        figures=page.figures_in(tmp_path),
    )
    assert html.count("data:image/svg+xml;base64,") == 2
    assert "http" not in html
    for words in (
        "&lt;Sales&gt;",
        "&lt;spent&gt;",
        "tells all",
        "<code>role: &lt;ignore&gt;</code>",
        "3.0 %",
        "0.95",
        "&lt;day&gt; 0.2",
    ):
        assert words in html
    assert "<td>rejected by the schema</td><td>3</td>" in html


def test_rules_are_counted_by_row_the_most_broken_first() -> None:
    rules = data_page.broken_rules(pd.concat([BROKEN, BROKEN.head(1)]))
    assert [(rule["column"], rule["rows"]) for rule in rules] == [
        ("visits", 2),
        ("", 1),
        ("city", 1),
    ]
    assert rules[0]["examples"][0] == "<many>"
    assert len(rules[0]["examples"][1]) == 40
    assert rules[1]["examples"] == ["an empty cell"]
    assert data_page.broken_rules(NONE) == []


def test_a_row_that_breaks_two_rules_counts_once(project: Project) -> None:
    for name in ("clean", "train", "test", "unlabelled", "rejected"):
        path = getattr(project, f"{name}_file")
        path.parent.mkdir(parents=True, exist_ok=True)
        BROKEN.to_parquet(path)
    counts = count_rows(project)
    assert (counts["clean"], counts["rejected"]) == (4, 3)


def test_long_names_are_drawn(tmp_path: Path) -> None:
    assert draw(*numbers(3), tmp_path)


def test_columns_that_are_not_drawn_are_counted() -> None:
    counts = dict.fromkeys(("clean", "rejected", "train", "test", "unlabelled"), 0)
    facts = {"title": "", "data": "", "issues": [], "checked": [], "rejected": [], "figures": {}}
    html = data_page.render(schema=numbers(33)[1], counts=counts, **facts)
    assert "the profile has the other 3" in html
    assert "No issue was found" in html


def test_figures_survive_odd_tables(trained, tmp_path: Path) -> None:
    rows = trained.train.head(12).assign(spent=np.nan, city="빨강", joined=pd.NaT, remark=None)
    assert draw(rows, trained.schema, tmp_path)
    assert not draw(rows.head(1).assign(bought=None), trained.schema, tmp_path)
    assert not draw(rows.head(0), trained.schema, tmp_path)
    one, schema = numbers(1)
    one["y"] = 1.0
    assert not draw(one, schema, tmp_path)  # one value says nothing


def test_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    rows, schema = numbers(1)
    for name in ("one", "two"):
        draw(rows, schema, tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_sample_keeps_order_and_types(trained, tmp_path: Path) -> None:
    table = pd.concat([trained.train] * 20, ignore_index=True)
    table["number"] = range(len(table))
    path = tmp_path / "clean.parquet"
    table.to_parquet(path, index=False, row_group_size=500)
    some = sample.sample_file(path, 1, 900)[0]
    assert len(some) == 900
    assert some["number"].is_monotonic_increasing
    assert some["number"].is_unique
    pd.testing.assert_frame_equal(some, table.iloc[some["number"]].reset_index(drop=True))
    pd.testing.assert_frame_equal(some, sample.sample_file(path, 1, 900)[0])
    assert len(sample.sample_file(path, 1, 10**6)[0]) == len(table)


@pytest.mark.parametrize(
    ("text", "line"), [("a\n b", "a b"), ("x" * 9, "xxxx…"), ("12345", "12345")]
)
def test_labels_are_short(text: str, line: str) -> None:
    assert style.short(text, 5) == line


def test_rare_values_are_put_together() -> None:
    values = data_figures.frequent(pd.Series([*"aaabbc", "d", "e"]), most=3)
    assert values.tolist() == [*"aaabb", "(other)", "(other)", "(other)"]


def test_categories_with_the_same_start_have_bars_of_their_own(tmp_path: Path) -> None:
    long = [f"a very long name of a district, part {part}" for part in ("north", "south", "west")]
    rows = pd.DataFrame({"where": long * 20, "y": [*range(60)]})
    categories = Column("category", categories=long)
    schema = Schema("y", "regression", {"where": categories, "y": Column("numeric")})
    draw(rows, schema, tmp_path)
    for name in ("columns", "target"):
        text = (tmp_path / f"{name}.svg").read_text(encoding="utf-8")
        assert all(part in text for part in ("…north", "…south", "…west"))


@pytest.mark.parametrize(("low", "high", "bars"), [(2007, 2009, 3), (0, 15, 16), (0, 99, 25)])
def test_histograms_of_whole_numbers_have_no_combs(low: int, high: int, bars: int) -> None:
    values = pd.Series(np.arange(low, high + 1, dtype=float))
    counts = np.histogram(values, data_figures.bins(values)[0])[0]
    assert len(counts) == bars
    assert len(set(counts)) == 1


def test_a_long_tail_is_left_out_and_said() -> None:
    values = pd.Series(np.append(np.random.default_rng(0).random(998), [1e6, 1e6]))
    edges, beyond = data_figures.bins(values)
    assert edges[-1] < 2
    assert beyond == pytest.approx(0.002, abs=0.01)
    assert beyond > 0


def test_whole_numbers_are_shown_as_such() -> None:
    assert str(data_page.whole_numbers(pd.Series([2007.0, np.nan])).dtype) == "Int64"
    for other in ([0.5, 1.0], [1e300, 1.0], [np.inf, 1.0]):
        assert str(data_page.whole_numbers(pd.Series(other)).dtype) == "float64"
