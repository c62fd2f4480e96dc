"""Two clones change the same generated files; git merges them, both ways, by what setup told it."""

import json
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from support.default_project import default_project
from tabwright.export.runtime import exports
from tabwright.project.commands import dvc
from tabwright.project.dvc_storage import DvcStorage
from tabwright.project.errors import ProjectError
from tabwright.project.git import commit_hint, require_merged
from tabwright.project.lock_file import locked_stages
from tabwright.project.project import Project
from tabwright.registry.champion import current_champion, previous_champion, promotion_log
from tabwright.schema.yaml_file import read_tree
from tabwright.tracking.record import load_records, raw_data
from tabwright.workspace import after_checkout
from tabwright.workspace.checkout import configure_git

CLONES = ("ada's", "ben")
LOCK = "schema: '2.0'\nstages:\n  train:\n    cmd: train\n    params:\n      params.yaml:\n        seed: {}\n"
CARD = "score {}\n\n<!-- yours: limits -->\n{}\n<!-- end -->\n\nrows {}\n"


def git(folder: Path, *command: str, code: int = 0) -> str:
    """Run git in a folder and return all that it prints."""
    own = ("-c", "user.name=x", "-c", "user.email=x@y", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *own, *command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def entry(run: str, version: int, what: str = "promoted") -> dict:
    """A line of the promotion log."""
    named = {"run": run, "version": str(version), "what": what}
    return named | {"model_md5": "", "schema_md5": ""}


def write(root: Path, number: int, log: list[dict], limits: str = "none") -> None:
    """Write what the steps of a run write, each run differently."""
    (root / "dvc.lock").write_text(LOCK.format(number), encoding="utf-8")
    for name in ("metrics", "warnings", "candidates"):
        text = json.dumps({"value": number}) + "\n"
        (root / f"reports/{name}.json").write_text(text, encoding="utf-8")
    (root / "reports/model_card.md").write_text(CARD.format(number, limits, number), "utf-8")
    (root / "references/data_dictionary.md").write_text(f"| {number} |\n", encoding="utf-8")
    (root / f"reports/runs/{number}.json").write_text(
        f'{{"run": "{number}", "started": ""}}\n', "utf-8"
    )
    (root / "models/champion.json").write_text(json.dumps(log, indent=2) + "\n", encoding="utf-8")


def keep(root: Path, message: str) -> None:
    """Commit all."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--no-verify", "--message", message)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project after a run, and its clones, set up but for the environment, which is this one."""
    folder = tmp_path_factory.mktemp("whole")
    origin = folder / "origin"
    shutil.copytree(default_project(), origin)
    write(origin, 0, [entry("base", 1)])
    git(origin, "init", "--quiet", "--initial-branch=main")
    keep(origin, "start")
    git(origin, "config", "receive.denyCurrentBranch", "updateInstead")
    for name in CLONES:
        root = folder / name
        git(folder, "clone", "--quiet", str(origin), str(root))
        git(root, "config", "pull.rebase", "false")
        python = root / ".venv/bin/python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
        python.chmod(0o755)
        configure_git(root)
    return folder


@pytest.fixture
def clones(whole: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Copies of the two clones, of a copy of the project."""
    for name in ("origin", *CLONES):
        shutil.copytree(whole / name, tmp_path / name)
    ada, ben = (tmp_path / name for name in CLONES)
    for root in (ada, ben):
        git(root, "remote", "set-url", "origin", str(tmp_path / "origin"))
    return ada, ben


def test_runs_on_both_sides_merge_in_both_directions(clones: tuple[Path, Path]) -> None:
    ada, ben = clones
    base = [entry("base", 1)]
    write(ada, 1, [*base, entry("a", 2)], limits="none\nonly for adults")
    keep(ada, "of Ada")
    git(ada, "push", "--quiet", "--no-verify")
    write(ben, 2, base, limits="no tourists\nnone")
    keep(ben, "of Ben")
    said = git(ben, "pull", "--no-edit")
    assert "`make pull all` brings all up to date" in said
    assert git(ben, "status", "--porcelain") == ""
    project = Project(ben)
    require_merged(ben)
    assert locked_stages(ben)["train"]["params"] == {"params.yaml": {"seed": 2}}  # like the files
    assert json.loads(project.metrics_file.read_text("utf-8")) == {"value": 2}
    assert project.data_dictionary_file.read_text("utf-8") == "| 2 |\n"
    assert current_champion(project)["run"] == "a"
    assert {record["run"] for record in load_records(project)} == {"0", "1", "2"}
    git(ben, "push", "--quiet", "--no-verify")

    write(ada, 3, [*base, entry("a", 2), entry("c", 3)], limits="none\nonly for adults")
    keep(ada, "of Ada, again")
    git(ada, "pull", "--no-edit")
    assert git(ada, "status", "--porcelain") == ""
    assert locked_stages(ada)["train"]["params"] == {"params.yaml": {"seed": 3}}
    card = Project(ada).model_card_file.read_text("utf-8")
    assert card.startswith("score 3\n")
    assert current_champion(Project(ada))["run"] == "c"
    git(ada, "push", "--quiet", "--no-verify")
    git(ben, "pull", "--no-edit")
    assert git(ben, "diff", "origin/main") == ""


def test_what_both_wrote_on_the_model_card_is_kept(clones: tuple[Path, Path]) -> None:
    ada, ben = clones
    words = "first\nsecond\nthird\nfourth\nfifth"
    write(ada, 0, [entry("base", 1)], limits=words)
    keep(ada, "words")
    git(ben, "pull", str(ada), "main")
    for number, (root, old, new) in enumerate(
        [(ada, "first", "for adults"), (ben, "fifth", "no tourists")], start=1
    ):
        write(root, number, [entry("base", 1)], limits=words.replace(old, new))
        keep(root, "other words")
    git(ada, "fetch", "--quiet", str(ben), "main")
    git(ada, "merge", "--no-edit", "FETCH_HEAD")
    expected = words.replace("first", "for adults").replace("fifth", "no tourists")
    assert f"\n{expected}\n" in Project(ada).model_card_file.read_text("utf-8")


def test_two_new_champions_are_a_decision(clones: tuple[Path, Path]) -> None:
    ada, ben = clones
    for root, run in ((ada, "a"), (ben, "b")):
        write(root, 0, [entry("base", 1), entry(run, 2)])
        keep(root, run)
    git(ada, "fetch", "--quiet", str(ben), "main")
    said = git(ada, "merge", "FETCH_HEAD", code=1)
    assert "models/champion.json: both branches have a new champion. `git add" in said
    log = promotion_log(Project(ada))
    known = [(promotion["run"], promotion["version"]) for promotion in log]
    assert known == [("base", "1"), ("b", "2"), ("a", "3")]
    assert previous_champion(Project(ada))["run"] == "b"
    git(ada, "add", "models/champion.json")
    git(ada, "commit", "--quiet", "--no-verify", "--no-edit")
    assert git(ada, "status", "--porcelain") == ""


def test_rollback_of_one_branch_does_not_undo_the_champion_of_the_other(
    clones: tuple[Path, Path],
) -> None:
    ada, ben = clones
    base = [entry("base", 1)]
    write(ada, 0, [*base, entry("a", 2)])
    write(ben, 0, [*base, entry("b", 2), entry("base", 1, "rolled back")])
    for root in clones:
        keep(root, "log")
    for root, other in ((ada, ben), (ben, ada)):
        git(root, "branch", "before")
        git(root, "fetch", "--quiet", str(other), "main")
        git(root, "merge", "--no-edit", "FETCH_HEAD")
        assert current_champion(Project(root))["run"] == "a"
        assert previous_champion(Project(root))["run"] == "base"
        git(root, "reset", "--quiet", "--hard", "before")


def test_exports_of_both_branches_are_kept(clones: tuple[Path, Path]) -> None:
    ada, ben = clones
    for root, run in ((ada, "a"), (ben, "b")):
        entry = {"model_md5": run, "onnx_md5": run}
        Project(root).export_file.write_text(json.dumps({run: entry}), encoding="utf-8")
        keep(root, f"export {run}")
    git(ada, "fetch", "--quiet", str(ben), "main")
    git(ada, "merge", "--no-edit", "FETCH_HEAD")
    assert exports(Project(ada)).keys() == {"a", "b"}


def test_files_added_to_a_folder_on_both_sides_are_all_there(clones: tuple[Path, Path]) -> None:
    ada, ben = clones

    def add(root: Path, name: str) -> None:
        photo = root / "data/external/photos" / name
        photo.parent.mkdir(exist_ok=True)
        photo.write_text(name, encoding="utf-8")
        dvc(root, "add", "--quiet", str(photo.parent))
        keep(root, name)

    for root in clones:
        dvc(root, "config", "--local", "cache.dir", str(root.parent / "cache"))
    add(ada, "before")
    git(ben, "pull", "--no-edit", str(ada), "main")
    dvc(ben, "checkout", "--quiet", "data/external/photos.dvc")
    add(ada, "of Ada")
    add(ben, "of Ben")
    git(ada, "fetch", "--quiet", str(ben), "main")
    git(ada, "merge", "--no-edit", "FETCH_HEAD")
    dvc(ada, "checkout", "--quiet", "data/external/photos.dvc")
    photos = (ada / "data/external/photos").iterdir()
    assert {path.name for path in photos} == {"before", "of Ada", "of Ben"}


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
