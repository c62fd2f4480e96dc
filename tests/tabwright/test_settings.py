"""Parameters, files that are written whole."""

import errno
import os
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import Template
from support import owner, small_table
from tabwright.project import errors, files, lock_file, settings
from tabwright.project.errors import ProjectError


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("seed:", "sead:", "seed is missing"),
        ("  folds: ", "  fold: 3\n  folds: ", "fold is not a parameter"),
        ("seed:", "days: 7\nseed:", "days is not a parameter.* in `Settings` of config.py"),
        ("seed:", "seed: [", "not valid YAML"),
        ("folds: 5", "folds: 1", "train.folds must be a whole number from 2"),
        ("test_size: 0.2", "test_size: 20", "data.test_size must be in"),
        ("max_rejected: 0.05", "max_rejected: 5%", "data.max_rejected must be from 0 to 1"),
        (
            "  target:",
            "  source: sqlite://a:b@c\n  target:",
            "data.source must be without a password",
        ),
        ("threshold: f1", "threshold: recal 0.9", "did you mean recall 0.9[?]"),
        ("threshold: f1", "threshold: precision", "did you mean precision 0.9[?]"),
        ("threshold: f1", "threshold: top 0%", "train.threshold must be f1, precision 0.9,"),
        ("threshold: f1", "threshold: top 120%", "train.threshold must be f1, precision 0.9,"),
        ("threshold: f1", "threshold: top 0", "train.threshold must be .* or a number in"),
        ("threshold: f1", "threshold: recall 1.5", "did you mean recall 0.9[?]"),
        ("bootstrap: 500", "bootstrap: 0", "evaluate.bootstrap must be"),
        ("slices: auto", "slices: all", "evaluate.slices must be auto or a list"),
        ("  minimum: {}", "  minimum: 0.8", "evaluate.minimum must be a number for each"),
        ("slice_minimum: {}", "slice_minimum: {f1: x}", "evaluate.slice_minimum must be"),
        ("behaviour:", "behaviour: same\nseed_of:", "behaviour must be|seed_of is not"),
    ],
)
def test_wrong_params_are_named(old: str, new: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    text = (owner.PROJECT / "params.yaml").read_text(encoding="utf-8")
    text = Template(text).render(cookiecutter={"__raw_file": "a.csv", "target": "y"})
    assert old in text
    path.write_text(text, encoding="utf-8")
    assert settings.load_params(path, settings.Params).train.folds == 5
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProjectError, match=words):
        settings.load_params(path, settings.Params)


def test_words_are_text_as_dvc_and_the_schema_read_them(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    text = (owner.PROJECT / "params.yaml").read_text(encoding="utf-8")
    text = Template(text).render(cookiecutter={"__raw_file": "a.csv", "target": "y"})
    path.write_text(text.replace("target: 'y'", "target: no"), encoding="utf-8")
    assert settings.load_params(path, settings.Params).data.target == "no"


@pytest.mark.parametrize(
    "goal",
    [*settings.GOALS, "precision .5", "recall 1", "cost 0.5", "top 0.5%", "top 99.9%", 0.3],
)
def test_goals_of_a_threshold_are_taken(goal: str | float) -> None:
    train = replace(small_table.PARAMS.train, threshold=goal)
    assert train.threshold == goal


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("linear", r"write \[linear\]\."),
        ("'[linear, forest]'", r"write \[linear, forest\], without quotes\."),
    ],
)
def test_text_in_place_of_a_list_is_shown_as_one(written: str, advice: str, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    text = (owner.PROJECT / "params.yaml").read_text(encoding="utf-8")
    text = Template(text).render(cookiecutter={"__raw_file": "a.csv", "target": "y"})
    text = re.sub("candidates: .*", f"candidates: {written}", text)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProjectError, match=advice):
        settings.load_params(path, settings.Params)


@pytest.mark.parametrize("text", ["", ":::", "stages:", "- a", "<<<<<<< HEAD\nstages: {}", "\xff"])
def test_damaged_lock_file_is_told(text: str, tmp_path: Path) -> None:
    assert lock_file.locked_stages(tmp_path) == {}
    (tmp_path / "dvc.lock").write_bytes(text.encode("latin-1"))
    with pytest.raises(ProjectError, match=r"dvc\.lock (is damaged|has the conflict markers)"):
        lock_file.locked_stages(tmp_path)


def test_folder_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    for name in ("first", "second"):
        with files.replacing(folder) as partial:
            partial.mkdir()
            (partial / name).touch()
    with suppress(KeyboardInterrupt), files.replacing(folder) as partial:
        partial.mkdir()
        raise KeyboardInterrupt
    assert [path.name for path in folder.iterdir()] == ["second"]
    assert [path.name for path in tmp_path.iterdir()] == ["figures"]


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    _, token, host = files.temporary_name().split("-")
    name = ".a.{}-{}-{}.partial.csv"
    left = tmp_path / name.format(99999999, token, host)
    kept = {
        tmp_path / name.format(os.getppid(), token, host),
        tmp_path / name.format(99999999, token, "elsewhere"),
        tmp_path / left.name.replace(".a.", ".ab."),
    }
    old = tmp_path / name.format(99999998, token, "elsewhere")
    for path in (left, old, *kept):
        path.touch()
    os.utime(old, (0, 0))
    with files.replacing(tmp_path / "a.csv") as partial:
        partial.touch()
    assert set(tmp_path.iterdir()) == {tmp_path / "a.csv", *kept}


def test_what_a_reader_can_mend_is_a_sentence() -> None:
    for error in (ProjectError("x"), OSError(errno.ENOSPC, "No space left on device")):
        with pytest.raises(SystemExit, match=r"x|Make room on the disk"), errors.cli_errors():
            raise error


@pytest.mark.parametrize("error", [ZeroDivisionError("x"), OSError("x")])
def test_mistake_in_the_code_keeps_its_traceback(error: Exception) -> None:
    with pytest.raises(type(error)), errors.cli_errors():
        raise error
