"""Parameters."""

from pathlib import Path

import pytest
from under_test import config, errors


def test_params_of_the_project_are_complete() -> None:
    assert config.load_params().train.folds >= 2


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("seed:", "sead:", "seed is missing"),
        ("  folds: ", "  fold: 3\n  folds: ", "fold is not a parameter"),
        ("seed:", "seed: [", "not valid YAML"),
        ("folds: 5", "folds: 1", "train.folds must be a whole number from 2"),
        ("test_size: 0.2", "test_size: 20", "data.test_size must be in"),
        ("max_rejected: 0.05", "max_rejected: 5%", "data.max_rejected must be from 0 to 1"),
        (
            "  target:",
            "  source: sqlite://a:b@c\n  target:",
            "data.source must be without a password",
        ),
        ("bootstrap: 500", "bootstrap: 0", "evaluate.bootstrap must be"),
    ],
)
def test_wrong_params_are_named(old: str, new: str, words: str, tmp_path: Path) -> None:
    text = config.PARAMS.read_text(encoding="utf-8")
    path = tmp_path / "params.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(errors.ProjectError, match=words):
        config.load_params(path)
