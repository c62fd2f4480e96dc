"""Saved models."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import VotingClassifier
from support.owner import PROJECT, candidates
from tabwright.project.errors import ProjectError
from tabwright.selection import metrics, persistence
from tabwright.selection.sources import SourceCode
from tabwright.selection.transformers import HashedText

CODE = SourceCode(PROJECT / "src")


@pytest.fixture(scope="module")
def fitted(trained) -> dict[str, BaseEstimator]:
    """Every candidate, fitted; tests do not change them."""
    features, target = trained.train[list(trained.schema.features)], trained.train["bought"]
    known = candidates.candidates(trained.schema, 1)
    return {name: each.pipeline.fit(features, target) for name, each in known.items()}


def test_every_candidate_is_saved_and_loaded_alike(trained, fitted, tmp_path: Path) -> None:
    for name, model in fitted.items():
        path = tmp_path / f"{name}.skops"
        loaded = persistence.load_model(path, persistence.save_model(model, path, CODE), CODE)
        before = metrics.predict_scores(model, trained.test, trained.schema)
        assert (metrics.predict_scores(loaded, trained.test, trained.schema) == before).all(), name


def test_loaded_model_is_saved_with_the_same_bytes_each_time(fitted, tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    for name in ("forest", "boosting"):
        record = persistence.save_model(fitted[name], path, CODE)
        again = tmp_path / "again.skops"
        hashes = {
            persistence.save_model(persistence.load_model(path, record, CODE), again, CODE)[
                "model_md5"
            ]
            for _ in range(3)
        }
        assert len(hashes) == 1, name


def test_neither_addresses_nor_the_order_of_sets_are_saved(tmp_path: Path) -> None:
    text, hashes = HashedText(n_features=4), set()
    for text._stop_words_id in (140455570684896, 140241281596384):  # as scikit-learn sets it
        record = persistence.save_model(text, tmp_path / "text.skops", CODE)
        hashes.add(record["model_md5"])
    assert len(hashes) == 1
    (used,) = record["sources"].values()
    assert list(used) == sorted(used)
    persistence.load_model(tmp_path / "text.skops", record, CODE).transform(["one word"])


def test_saving_takes_no_list_of_names_for_each_array(trained, tmp_path, monkeypatch) -> None:
    lists = []
    listed = zipfile.ZipFile.namelist
    monkeypatch.setattr(
        zipfile.ZipFile, "namelist", lambda archive: lists.append(1) or listed(archive)
    )
    persistence.save_model(trained.model, tmp_path / "model.skops", CODE)
    assert len(lists) < 5


def test_what_is_referred_to_twice_is_written_once(trained, fitted, tmp_path: Path) -> None:
    path, features = tmp_path / "model.skops", trained.train[list(trained.schema.features)]
    forest = fitted["forest"]
    persistence.save_model(forest, path, CODE)
    size = path.stat().st_size
    pair = VotingClassifier([("one", forest), ("two", forest)], voting="soft")
    pair.estimators_, pair.classes_ = [forest, forest], forest.classes_
    pair.named_estimators_ = {"one": forest, "two": forest}
    record = persistence.save_model(pair, path, CODE)
    assert path.stat().st_size < 1.1 * size
    loaded = persistence.load_model(path, record, CODE)
    assert loaded.named_estimators_["two"] is loaded.estimators_[0]
    expected = forest.predict_proba(features)
    assert (loaded.estimators_[1].predict_proba(features) == expected).all()


def test_damaged_model_is_refused(trained, tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    record = persistence.save_model(trained.model, path, CODE)
    good = path.read_bytes()
    for damaged in (b"", good[:-100], bytes([good[0] ^ 1]) + good[1:]):
        path.write_bytes(damaged)
        with pytest.raises(ProjectError, match="not the model that was recorded"):
            persistence.load_model(path, record, CODE)


def test_bytes_between_the_fields_of_a_tree_do_not_count() -> None:
    layout = {"names": ["a", "b"], "formats": ["i8", "u1"], "offsets": [0, 8], "itemsize": 16}
    written = []
    for rest in (b"\0" * 7, b"garbage"):
        nodes = np.frombuffer((b"\1" * 9 + rest) * 3, np.dtype(layout))
        file = io.BytesIO()
        np.save(file, nodes)
        written.append(persistence._without_padding(file.getvalue()))
    assert written[0] == written[1]
    assert (np.load(io.BytesIO(written[0]))["b"] == 1).all()
