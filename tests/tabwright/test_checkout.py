"""What a checkout does with conflict markers, notebooks and checks before a commit."""

import json
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from support.clones import entry, git, keep, write
from support.default_project import default_project
from tabwright.export.runtime import exports
from tabwright.project.dvc_storage import DvcStorage
from tabwright.project.errors import ProjectError
from tabwright.project.git import commit_hint, require_merged
from tabwright.project.lock_file import locked_stages
from tabwright.project.project import Project
from tabwright.registry.champion import promotion_log
from tabwright.schema.yaml_file import read_tree
from tabwright.tracking.record import load_records, raw_data
from tabwright.workspace import after_checkout
from tabwright.workspace.checkout import configure_git


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("params.yaml", lambda project: project.params),
        ("params.yaml", lambda project: DvcStorage(project.root).outputs()),
        ("references/schema.yaml", lambda project: read_tree(project.schema_file)),
        ("dvc.lock", lambda project: locked_stages(project.root)),
        ("models/champion.json", promotion_log),
        ("models/export.json", exports),
        ("reports/runs/0.json", load_records),
        ("data/raw/penguins.csv.dvc", raw_data),
    ],
)
def test_conflict_marks_are_told_with_the_file_and_the_cure(
    name: str, read: object, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(default_project(), tmp_path / "project"))
    write(root, 0, [entry("base", 1)])
    git(root, "init", "--quiet")
    path = root / name
    text = path.read_text("utf-8") if path.exists() else "target: x\n"
    last = text.splitlines()[-1]
    marked = f"{text}<<<<<<< HEAD\n{last}\n=======\n{last}\n>>>>>>> other\n"
    path.write_text(marked, encoding="utf-8")
    cure = "git add" if name.endswith(".yaml") else f"git checkout --ours {name}"
    for reader in (read, lambda project: require_merged(project.root)):
        with pytest.raises(ProjectError) as told:
            reader(Project(root))
        assert str(told.value).startswith(f"{name} has the conflict markers of a merge")
        assert cure in str(told.value)


def test_outputs_of_a_notebook_reach_no_commit_and_stay_in_the_file(
    clones: tuple[Path, Path], tmp_path: Path
) -> None:
    ada, _ = clones
    path = ada / "notebooks/0.1-explore.ipynb"
    book = json.loads(path.read_text("utf-8"))
    ran = next(cell for cell in book["cells"] if cell["cell_type"] == "code")
    ran |= {"execution_count": 7, "outputs": [{"output_type": "stream", "text": "secret"}]}
    ran["outputs"][0]["name"] = "stdout"
    path.write_text(json.dumps(book, indent=1) + "\n", encoding="utf-8")
    opened = path.read_bytes()
    assert git(ada, "diff") == ""
    git(ada, "add", "--all")
    assert git(ada, "status", "--porcelain") == ""
    assert "secret" not in git(ada, "show", ":notebooks/0.1-explore.ipynb")
    assert path.read_bytes() == opened
    (ada / ".venv").rename(tmp_path / "gone")  # the filter is not required
    (ada / "notebooks/mine.ipynb").write_bytes(opened)
    git(ada, "add", "--all")
    git(ada, "commit", "--quiet", "--no-verify", "--message", "without an environment")


def test_clone_without_setup_commits_and_merges_by_lines(
    clones: tuple[Path, Path], tmp_path: Path
) -> None:
    git(tmp_path, "clone", "--quiet", str(clones[0]), "plain")
    plain = tmp_path / "plain"
    write(plain, 5, [entry("base", 1)])
    keep(plain, "no drivers, no filter")
    assert git(plain, "status", "--porcelain") == ""


CHECK = """
repos:
  - repo: local
    hooks:
      - {id: a, name: nothing is bad, entry: test ! -e bad, language: system, always_run: true,
         pass_filenames: false}
      - {id: b, name: all is well, entry: own-tool, language: system, always_run: true}
"""


def test_checks_before_a_commit_are_a_line_when_all_is_well(clones: tuple[Path, Path]) -> None:
    ada, _ = clones
    (ada / ".pre-commit-config.yaml").write_text(CHECK, encoding="utf-8")
    tool = ada / ".venv/bin/own-tool"  # on no other path
    tool.write_text("#!/bin/sh\n", encoding="utf-8")
    tool.chmod(0o755)
    git(ada, "add", "--all")
    said = git(ada, "commit", "--quiet", "--message", "checked")
    assert said == "pre-commit: all checks passed\n"
    (ada / "bad").touch()
    git(ada, "add", "--all")
    said = git(ada, "commit", "--quiet", "--message", "unchecked", code=1)
    assert "nothing is bad" in said
    assert "Failed" in said
    configure_git(ada)  # again
    assert git(ada, "commit", "--quiet", "--message", "unchecked", code=1) == said


def test_hint_names_the_command_that_keeps_a_run(clones: tuple[Path, Path]) -> None:
    ada, _ = clones
    assert commit_hint(ada, "x") == ""
    (ada / "new").touch()
    hint = commit_hint(ada, "it's tried")
    subprocess.run(
        hint.partition(": ")[2].replace("commit", "-c user.name=x -c user.email=x@y commit -n"),
        shell=True,
        cwd=ada,
        check=True,
    )
    assert git(ada, "log", "-1", "--format=%s").strip() == "it's tried"
    assert commit_hint(ada, "x") == ""


@pytest.mark.parametrize(("kind", "times"), [("0", 0), ("1", 1), (None, 1)])
def test_data_follow_a_branch_but_not_single_files(
    kind: str | None, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = []
    monkeypatch.delenv("PRE_COMMIT_CHECKOUT_TYPE", raising=False)
    if kind is not None:
        monkeypatch.setenv("PRE_COMMIT_CHECKOUT_TYPE", kind)
    done = subprocess.CompletedProcess([], 0)
    monkeypatch.setattr(
        after_checkout.subprocess, "run", lambda command, **_: ran.append(command) or done
    )
    with suppress(SystemExit):
        after_checkout.main()
    assert len(ran) == times
