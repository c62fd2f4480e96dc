"""What `make train` and its like say around DVC."""

from pathlib import Path

import dvc.cli
import pytest
from tabwright.project.project import Project
from tabwright.workspace import repro


@pytest.mark.parametrize(("made", "said"), [(False, True), (True, False)])
def test_reason_that_no_run_keeps_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    made: bool,
    said: bool,
) -> None:
    project = Project(tmp_path)
    project.runs_folder.mkdir(parents=True)

    def run_steps(arguments: list[str]) -> int:
        assert arguments == ["repro", "gate"]
        if made:
            (project.runs_folder / "a.json").touch()
        return 0

    monkeypatch.setattr(dvc.cli, "main", run_steps)
    monkeypatch.setattr(repro, "check_project", lambda project: None)
    monkeypatch.setenv("WHY", "a try")
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(tmp_path)
    repro.main(project, ["gate"])
    assert ("no run has the reason 'a try'" in capsys.readouterr().out) is said
