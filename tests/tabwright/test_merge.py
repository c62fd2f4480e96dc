"""Two clones change the same generated files; git merges them, both ways, by what setup told it."""

import json
from pathlib import Path

from support.clones import entry, git, keep, write
from tabwright.export.runtime import exports
from tabwright.project.commands import dvc
from tabwright.project.git import require_merged
from tabwright.project.lock_file import locked_stages
from tabwright.project.project import Project
from tabwright.registry.champion import current_champion, previous_champion, promotion_log
from tabwright.tracking.record import load_records


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
