"""The disk is full, or a file may not grow: a sentence, nothing half-written, and on with more room."""

import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.faults import STEPS, ProjectCopy, ProjectStates, nothing_is_lost_or_half_written
from support.summary import some, trying

KIB = 1024
MOST = 500  # bytes, fewer than any output has
SIZE = 200 * KIB * KIB
ON_DISK = [step for step in STEPS if step != "push"]
# What is left on the disk, so that DVC can begin and the step cannot end.
ROOM = {"data": 16, "train": 1024, "evaluate": 96, "predict": 0, "register": 0, "promote": 512}
# DVC itself writes larger files than these may: they are run without it.
BY_HAND = {
    "data": ".venv/bin/python -m faults.data.make_dataset",
    "train": ".venv/bin/python -m faults.models.train_model",
    "evaluate": ".venv/bin/python -m faults.models.evaluate_model",
    "predict": ".venv/bin/python -m faults.models.predict_model",
}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of one's own, where this machine lets one mount it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here; the limit for files is tried instead")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("step", some(ON_DISK, 3))
def test_step_on_a_full_disk(step: str, states: ProjectStates, disk: Path) -> None:
    room = ROOM[step] * KIB
    project = states.copy(step, disk / "project")
    filler = disk / "filler"
    free = shutil.disk_usage(disk).free
    filler.write_bytes(bytes(max(free - room, 0)))
    with trying(f"full disk during {step}"):
        failed_and_goes_on(project, step, STEPS[step], states, filler.unlink)


@pytest.mark.parametrize("step", some(ON_DISK[::-1], 3))
def test_step_whose_files_may_not_grow(step: str, states: ProjectStates, tmp_path: Path) -> None:
    project = states.copy(step, tmp_path / "project")
    # Python takes for written what it could not write of its own files.
    project.environment["PYTHONDONTWRITEBYTECODE"] = "1"
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (MOST, resource.RLIM_INFINITY))
    with trying(f"files limited in size during {step}"):
        command = BY_HAND.get(step, STEPS[step])
        failed_and_goes_on(project, step, command, states, lambda: None, preexec_fn=limit)


def failed_and_goes_on(
    project: ProjectCopy,
    step: str,
    command: str,
    states: ProjectStates,
    make_room: Callable[[], None],
    **options: Any,
) -> None:
    """Run a step without room, look at what is there, then run it with room."""
    project.told(command, **options)
    undisturbed = states.after[step]
    nothing_is_lost_or_half_written(project, states.before[step], undisturbed)
    make_room()
    project.go_on(STEPS[step])
    assert project.files() == undisturbed
    assert "RUNNING" not in project.statuses()
    assert project.registry() == states.registry[step]
