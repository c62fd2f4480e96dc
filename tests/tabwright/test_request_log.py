"""The log of what was asked and answered: nothing acknowledged is lost, and all of it can be deleted."""

import sqlite3
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from support.owner import PROJECT
from tabwright.project.errors import ProjectError
from tabwright.request_log import entry, log
from tabwright.request_log.entry import Answer, Batch, Refusal
from tabwright.request_log.log import Log

WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, {library!r})
from tabwright.request_log.entry import Answer, Batch
from tabwright.request_log.log import Log, now
kept = Log(Path(sys.argv[1]), 30)
for number in range(int(sys.argv[3])):
    batch = f"{{sys.argv[2]}}-{{number}}"
    rows = [Answer(f"{{batch}}-{{row}}", None, "1", "run", {{"x": row}}, "yes", [0.1, 0.9]) for row in range(8)]
    kept.append(rows, [], Batch(batch, now(), "service", "1", 8, 0, 0, 0.1))
    print(batch, flush=True)
"""
LIBRARY = str(PROJECT / "vendor" / "tabwright" / "src")


def writer(folder: Path, name: str, batches: int) -> subprocess.Popen[str]:
    """A process that appends batches of 8 rows, and prints the name of each that is kept."""
    command = [sys.executable, "-c", WRITER.format(library=LIBRARY), folder, name, str(batches)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def answer(number: int, key: str | None = None, **changes) -> Answer:
    """An answer to a row."""
    made = Answer(f"a{number}", key, "1", "run-1", {"x": number}, "yes", [0.25, 0.75])
    return made._replace(**changes)


def batch(name: str = "b1", **changes) -> Batch:
    """A batch of one row."""
    return Batch(name, log.now(), entry.SERVICE, "1", 1, 0, 0, 0.01)._replace(**changes)


def test_killed_writer_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    killed, other = writer(tmp_path, "killed", 10**6), writer(tmp_path, "other", 60)
    said = [killed.stdout.readline().strip() for _ in range(40)]
    killed.kill()
    said += killed.communicate()[0].splitlines()
    said += other.communicate()[0].splitlines()
    assert other.returncode == 0
    answers = log.read_answers(tmp_path)
    counts = answers["id"].str.rpartition("-")[0].value_counts()
    assert len(said) >= 100
    assert set(said) <= set(counts.index)
    assert set(counts) == {8}  # a batch is kept whole or not at all


def test_processes_make_a_new_file_at_the_same_moment(tmp_path: Path) -> None:
    for turn in range(4):
        processes = [writer(tmp_path / str(turn), f"p{number}", 2) for number in range(3)]
        errors = [process.communicate()[1] for process in processes]
        assert errors == ["", "", ""]
        assert len(log.read_batches(tmp_path / str(turn))) == 6


def test_answer_is_read_as_it_was_kept(tmp_path: Path) -> None:
    kept = Log(tmp_path, 30)
    row = {"name": "Žofia \u2028 'x'", "spent": 1.5, "member": None}
    both = answer(
        1, "C1", row=row, note="spent is new", shadow_run="run-2", shadow_scores=[0.5, 0.5]
    )
    kept.append([both], [], batch(at="2026-11-27T10:00:00.500+00:00"))
    kept.append(
        [answer(2, answer=3.25, scores=[3.25])], [], batch("b2", at="2026-11-27T10:00:00.200+00:00")
    )
    later, earlier = log.read_answers(tmp_path).to_dict("records")[::-1]
    assert earlier["answer"] == 3.25
    assert (later["row"], later["scores"]) == (row, [0.25, 0.75])
    assert (later["note"], later["shadow_run"]) == ("spent is new", "run-2")
    assert later["shadow_scores"] == [0.5, 0.5]
    assert later["key"] == "C1"
    assert list(
        log.read_answers(tmp_path, datetime(2026, 11, 27, 10, 0, 0, 300_000, UTC))["id"]
    ) == ["a1"]
    assert log.read_answers(tmp_path, date(2026, 11, 28)).empty


def test_nothing_logged_has_the_same_columns(tmp_path: Path) -> None:
    assert list(log.read_answers(tmp_path).columns)[-2:] == ["shadow_scores", "outcome"]
    assert list(log.read_batches(tmp_path).columns) == list(Batch._fields)
    assert log.read_refusals(tmp_path, log.read_batches(tmp_path)).empty
    assert not list(tmp_path.iterdir())


def test_same_batch_twice_counts_once(tmp_path: Path) -> None:
    kept = Log(tmp_path, 30)
    name = entry.batch_id("file", "model")
    for note in ("first", "second"):
        rows = [answer(row, id=entry.row_id(name, row), note=note) for row in range(3)]
        kept.append(rows, [Refusal("x", "a number", 2)], batch(name, rows=5, rejected=2))
    assert set(log.read_answers(tmp_path)["note"]) == {"second"}
    assert len(log.read_answers(tmp_path)) == 3
    assert log.read_batches(tmp_path)["rows"].tolist() == [5]
    assert log.read_refusals(tmp_path, log.read_batches(tmp_path))["rows"].tolist() == [2]
    assert entry.batch_id("other", "model") != name != entry.batch_id("file", "other")


def test_same_batch_on_another_day_counts_once(tmp_path: Path) -> None:
    kept, yesterday = Log(tmp_path, 30), datetime.now(UTC) - timedelta(days=1)
    kept.append([answer(1)], [Refusal("x", "a number", 2)], batch(at=yesterday.isoformat()))
    kept.close()
    (file,) = tmp_path.glob("*.db")
    file.rename(tmp_path / f"{yesterday.date()}.db")
    kept.append([answer(1, note="again")], [], batch())
    assert log.read_answers(tmp_path)["note"].tolist() == ["again"]
    assert len(log.read_batches(tmp_path)) == 1
    assert log.read_refusals(tmp_path, log.read_batches(tmp_path)).empty


def test_outcomes_come_late_twice_and_in_part_and_the_latest_word_wins(tmp_path: Path) -> None:
    kept = Log(tmp_path, 30)
    kept.append([answer(1, "C1"), answer(2, "C2"), answer(3, "C3"), answer(4, "C3")], [], batch())
    assert log.read_answers(tmp_path)["outcome"].isna().all()
    assert log.add_outcomes(tmp_path, [("C1", "no"), ("a2", "no"), ("unknown", "no")]) == 2
    assert log.add_outcomes(tmp_path, [("C1", "no"), ("C3", "no"), ("C1", "yes")]) == 2
    assert log.add_outcomes(tmp_path, [("a4", "yes")]) == 1  # an answer's own id comes first
    outcomes = log.read_answers(tmp_path).set_index("id")["outcome"]
    assert outcomes.to_dict() == {"a1": "yes", "a2": "no", "a3": "no", "a4": "yes"}


def test_what_is_forgotten_is_in_no_file(tmp_path: Path) -> None:
    kept = Log(tmp_path, 30)
    rows = [answer(row, f"person-{row}", row={"name": f"secret-{row}"}) for row in range(50)]
    kept.append(rows, [], batch())
    log.add_outcomes(tmp_path, [("person-7", "outcome-7"), ("a7", "outcome-7"), ("a8", "yes")])
    assert log.forget(tmp_path, "person-7") == 1
    assert log.forget(tmp_path, "person-7") == 0
    bytes_kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(word in bytes_kept for word in (b"person-7", b"secret-7", b"outcome-7"))
    assert b"secret-8" in bytes_kept
    assert log.forget(tmp_path, "a8") == 1
    kept.append([answer(99)], [], batch("b2"))
    assert len(log.read_answers(tmp_path)) == 49


def test_old_days_are_deleted(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    for age in (29, 30, 31, 400):
        kept = Log(tmp_path, 1000)
        kept.append([answer(age)], [], batch(f"b{age}"))
        kept.close()
        (tmp_path / f"{today}.db").rename(tmp_path / f"{today - timedelta(days=age)}.db")
    log.add_outcomes(tmp_path, [("a31", "yes")])
    Log(tmp_path, 30).append([answer(0)], [], batch())
    assert set(log.read_answers(tmp_path)["id"]) == {"a0", "a29", "a30"}
    assert not list(tmp_path.glob(f"{today - timedelta(days=31)}*"))
    assert (tmp_path / log.OUTCOMES).is_file()


def test_file_that_was_moved_away_is_made_again(tmp_path: Path) -> None:
    kept = Log(tmp_path, 30)
    kept.append([answer(1)], [], batch())
    for path in tmp_path.iterdir():
        path.unlink()
    kept.append([answer(2)], [], batch("b2"))
    assert log.read_answers(tmp_path)["id"].tolist() == ["a2"]


def test_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "2026-01-01.db").write_bytes(b"no database " * 100)
    with pytest.raises(ProjectError, match=r"2026-01-01\.db of the log cannot be used"):
        log.read_answers(tmp_path)


def test_batch_that_cannot_be_kept_is_not_kept_in_part(tmp_path: Path) -> None:
    kept = Log(tmp_path, 30)
    with pytest.raises(sqlite3.Error):
        kept.append([answer(1), answer(2, key=object())], [], batch())
    assert log.read_answers(tmp_path).empty
