"""Saved models."""

from pathlib import Path

import pytest
from support.owner import PROJECT, candidates
from tabwright.project.errors import ProjectError
from tabwright.selection import (
    metrics,
    persistence,
)
from tabwright.selection.sources import SourceCode

CODE = SourceCode(PROJECT / "src")


def test_every_candidate_is_saved_and_loaded_alike(trained, tmp_path: Path) -> None:
    features, target = trained.train[list(trained.schema.features)], trained.train["bought"]
    for name, each in candidates.candidates(trained.schema, 1).items():
        model = each.pipeline.fit(features, target)
        path = tmp_path / f"{name}.skops"
        loaded = persistence.load_model(path, persistence.save_model(model, path, CODE), CODE)
        before = metrics.predict_scores(model, trained.test, trained.schema)
        assert (metrics.predict_scores(loaded, trained.test, trained.schema) == before).all(), name


def test_damaged_model_is_refused(trained, tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    record = persistence.save_model(trained.model, path, CODE)
    good = path.read_bytes()
    for damaged in (b"", good[:-100], bytes([good[0] ^ 1]) + good[1:]):
        path.write_bytes(damaged)
        with pytest.raises(ProjectError, match="not the model that was recorded"):
            persistence.load_model(path, record, CODE)
