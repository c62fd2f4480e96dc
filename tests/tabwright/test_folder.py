"""Predict the files of a folder one by one."""

from collections.abc import Callable
from pathlib import Path

import fsspec
import pandas as pd
import pytest
from support.champions import kept, latest
from support.small_table import make_raw
from tabwright.io import read
from tabwright.monitoring import windows
from tabwright.prediction import folder
from tabwright.prediction.predict import predict
from tabwright.prediction.predict_file import predict_file
from tabwright.project import cluster
from tabwright.project.errors import ProjectError
from tabwright.project.files import read_json
from tabwright.project.project import Project
from tabwright.registry.champion import promotion_log, record_promotion
from tabwright.request_log.log import read_answers, read_batches

NAMES = ["a.csv", "b.csv", "below/c.csv"]
ROWS = 20


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """One core needs no other process."""
    monkeypatch.setattr(cluster, "cpu_count", lambda: 1)
    monkeypatch.delenv("SCHEDULER", raising=False)


@pytest.fixture
def models(project: Project, trained) -> Project:
    """A project with a model."""
    return latest(project, trained)


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """A folder of files to predict."""
    for number, name in enumerate(NAMES):
        path = tmp_path / "new" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        make_raw(ROWS, seed=number).drop(columns="bought").to_csv(path, index=False)
    return tmp_path / "new"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """A folder that is not there yet."""
    return tmp_path / "scored"


def times(output: Path) -> dict[str, int]:
    """When each file of predictions was written."""
    return {name: (output / name).stat().st_mtime_ns for name in NAMES}


def test_each_file_is_predicted_as_if_it_was_alone(
    models: Project, new: Path, output: Path, trained, capsys
) -> None:
    predict(models, new, output)
    for name in NAMES:
        alone = output.parent / "alone.csv"
        predict_file(new / name, alone, trained.model, trained.schema)
        assert (output / name).read_bytes() == alone.read_bytes()
    assert [path.relative_to(output).as_posix() for path in read.list_files(output)] == NAMES
    report = read_json(output / "_report.json")
    assert (report["rows"], report["files"], report["problems"]) == (3 * ROWS, 3, {})
    assert report["seconds"] > 0
    assert f"{3 * ROWS} rows of 3 files in new predicted by" in capsys.readouterr().out


def test_other_formats_become_parquet(
    models: Project, new: Path, output: Path, tmp_path: Path
) -> None:
    rows = pd.read_csv(new / "a.csv", dtype=str)
    (other := tmp_path / "other").mkdir()
    rows.to_csv(other / "a.csv.gz", index=False)
    rows.to_csv(other / "a.csv", index=False)
    predict(models, other, output)
    assert len(pd.read_parquet(output / "a.csv.gz.parquet")) == len(pd.read_csv(output / "a.csv"))


def test_finished_files_are_passed_over(models: Project, new: Path, output: Path, capsys) -> None:
    predict(models, new, output)
    before, report = times(output), read_json(output / "_report.json")
    predict(models, new, output)
    assert times(output) == before
    again = read_json(output / "_report.json")
    assert again["finished_before"] == 3
    assert {name: again[name] for name in folder.COUNTS} == {
        name: report[name] for name in folder.COUNTS
    }
    assert "3 files were finished before" in capsys.readouterr().out


def _other_input(models: Project, new: Path, output: Path) -> None:
    make_raw(ROWS, seed=9).to_csv(new / "b.csv", index=False)


def _other_output(models: Project, new: Path, output: Path) -> None:
    (output / "b.csv").write_text("edited", encoding="utf-8")


def _no_lineage(models: Project, new: Path, output: Path) -> None:
    (output / "_b.csv.origin.json").unlink()


def _torn_lineage(models: Project, new: Path, output: Path) -> None:
    (output / "_b.csv.origin.json").write_text('{"model_md5"', encoding="utf-8")


@pytest.mark.parametrize("change", [_other_input, _other_output, _no_lineage, _torn_lineage])
def test_a_file_that_changed_is_predicted_again(
    change: Callable[..., None], models: Project, new: Path, output: Path
) -> None:
    predict(models, new, output)
    before = times(output)
    change(models, new, output)
    predict(models, new, output)
    after = times(output)
    assert [name for name in NAMES if after[name] != before[name]] == ["b.csv"]
    assert len(pd.read_csv(output / "b.csv")) == ROWS


def shorter(rows: pd.DataFrame) -> pd.DataFrame:
    """A `clean` of another meaning."""
    return rows.head(ROWS // 2)


def test_other_rules_predict_all_again(models: Project, new: Path, output: Path, trained) -> None:
    predict(models, new, output)
    before = times(output)
    (source := models.root / "src").mkdir()
    (source / f"{__name__}.py").write_text(Path(__file__).read_text("utf-8"), encoding="utf-8")
    predict(models, new, output, shorter)
    assert all(written != before[name] for name, written in times(output).items())
    assert read_json(output / "_report.json")["left_out"] == 3 * ROWS // 2


def test_another_champion_predicts_all_again(models: Project, new: Path, output: Path) -> None:
    predict(models, new, output)
    entry = kept(models, "run-1") | {"model_md5": "0" * 32}
    record_promotion(models, entry, promotion_log(models))
    with pytest.raises(ProjectError, match="is not what was promoted"):
        predict(models, new, output)


def test_what_fails_is_named_and_the_rest_is_done(models: Project, new: Path, output: Path) -> None:
    raw = pd.read_csv(new / "b.csv", dtype=str)
    raw.assign(visits="many").to_csv(new / "b.csv", index=False)
    for _ in range(2):
        with pytest.raises(ProjectError, match=r"1 of 3 files are not predicted.*\n.*b\.csv"):
            predict(models, new, output)
    assert not (output / "b.csv").exists()
    assert len(pd.read_csv(output / "below/c.csv")) == ROWS
    assert "'many'" in read_json(output / "_report.json")["problems"]["b.csv"]


def test_strict_predicts_again_what_was_flagged(models: Project, new: Path, output: Path) -> None:
    raw = pd.read_csv(new / "b.csv", dtype=str)
    raw.assign(city="Oslo").to_csv(new / "b.csv", index=False)
    predict(models, new, output)
    assert read_json(output / "_report.json")["flagged"] == ROWS
    with pytest.raises(ProjectError, match="1 of 3 files are not predicted"):
        predict(models, new, output, strict=True)


def test_a_folder_is_one_batch_to_who_reads_the_log(
    models: Project, new: Path, output: Path, monkeypatch
) -> None:
    monkeypatch.setattr(folder, "MAX_ROWS", 15)
    predict(models, new, output)
    batches, answers = read_batches(models.log_folder), read_answers(models.log_folder)
    assert batches["rows"].tolist() == [ROWS] * 3
    assert batches[["at", "source"]].drop_duplicates()["source"].tolist() == ["new"]
    assert len(answers) == 15
    monkeypatch.setattr(windows, "MIN_ROWS", 5)
    assert list(map(len, windows.split_windows(answers))) == [15]
    monkeypatch.setattr(windows, "MAX_LOGGED", 15)
    monkeypatch.setattr(windows, "MAX_READ", 15)
    assert len(windows.read_newest(models)[0]) == 15
    log = read_json(output / "_a.csv.origin.json")["log"]
    assert answers["id"].str.startswith(log).sum() == 5


def test_a_file_whose_rows_were_not_logged_is_not_finished(
    models: Project, new: Path, output: Path, monkeypatch
) -> None:
    def stop(*_: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(folder, "append", stop)
        with pytest.raises(KeyboardInterrupt):
            predict(models, new, output)
    assert len(list(output.rglob("*.csv"))) == 1  # whole, and not finished
    predict(models, new, output)
    assert read_json(output / "_report.json")["finished_before"] == 0
    assert len(read_answers(models.log_folder)) == 3 * ROWS


def test_an_object_store_holds_the_same_bytes(
    models: Project, new: Path, output: Path, monkeypatch
) -> None:
    store = fsspec.filesystem("memory")
    store.put(str(new), "/bucket/new", recursive=True)
    predict(models, new, output)
    for _ in range(2):
        predict(models, "memory://bucket/new", "memory://bucket/scored")
    for name in NAMES:
        assert store.cat_file(f"/bucket/scored/{name}") == (output / name).read_bytes()
    with store.open("/bucket/scored/_report.json", "r", encoding="utf-8") as file:
        assert '"finished_before": 3' in file.read()
    store.rm("/bucket", recursive=True)


@pytest.mark.parametrize(
    ("source", "output", "said"),
    [
        ("new", "new/scored", "name another OUTPUT"),
        ("s3://bucket/new", "scored.csv", "must be a folder"),
        ("gs://bucket/new", "scored", "gcsfs.*`make lock setup`"),
        ("memory://nothing/here", "scored", "no file there"),
        ("new/a.csv", "scored", r"must be a \.csv or \.parquet file"),
    ],
)
def test_what_cannot_be_is_a_sentence(
    source: str, output: str, said: str, models: Project, new: Path, monkeypatch
) -> None:
    monkeypatch.chdir(new.parent)
    with pytest.raises(ProjectError, match=said):
        predict(models, source, output)
