"""What the last hook leaves: the files of the answers, the raw data, and what to do next."""

from pathlib import Path
from types import ModuleType

import pytest
from support.generator import COMMIT, TEMPLATE, Generator, steps
from support.template import ANSWERS, CONTEXT, created, given, hook_answers

(TREE,) = TEMPLATE.glob("{{cookiecutter.*}}")


def test_only_files_of_the_template_are_dropped(post: ModuleType, tmp_path: Path) -> None:
    owned = {
        "license": {"MIT": ["LICENSE"], "BSD": ["LICENSE"]},
        "docs": {"true": ["docs/a/conf.py", "docs/a/b/c"]},
        "ci": {"github": [".github/w/ci.yml"], "gitlab": [".gitlab-ci.yml", "ci/shared"]},
        "__remote": {"ssh": ["ci/shared"]},
        "__source": {"http": ["src/*/fetch.py"]},
    }
    kept = {"LICENSE", "ci/shared", "README", ".github/w/mine.yml", "src/mine/fetch.py"}
    dropped = {"docs/a/conf.py", "docs/a/b/c", ".github/w/ci.yml", ".gitlab-ci.yml"}
    for name in kept | dropped | {"src/p_code/fetch.py"}:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    answers = {"license": "MIT", "docs": False, "ci": "none", "__remote": "ssh"}
    answers |= {"__source": "none", "package_name": "p_code", "_optional": owned}
    post.finish(tmp_path, hook_answers(ANSWERS | answers))
    left = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert left == kept
    assert not (tmp_path / "docs").exists()
    assert not (tmp_path / "src/p_code").exists()


def test_options_own_files_and_no_folders() -> None:
    for owned in CONTEXT["_optional"].values():
        for name in {name for names in owned.values() for name in names}:
            path = name.replace("*", "{{cookiecutter.package_name}}")
            assert (TREE / path).is_file(), name


def test_folder_is_copied_whole(generator: Generator) -> None:
    parts = generator.folder / "all parts"
    for name in ("2024/a.csv", "2025/b.csv"):
        (parts / name).parent.mkdir(parents=True)
        (parts / name).write_text("a,y\n1,2\n", encoding="utf-8")
    project = generator(project_slug="p", raw_data="all parts/", target="y")
    assert "data/raw/all parts, 0.0 MB" in project.output
    raw = project.path / "data/raw/all parts"
    assert {path.relative_to(raw).as_posix() for path in raw.rglob("*.csv")} == {
        "2024/a.csv",
        "2025/b.csv",
    }


def test_half_a_copy_is_removed(
    post: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(source: Path, part: Path) -> None:
        part.mkdir()
        (part / "a.csv").touch()
        raise OSError("disk full")

    (tmp_path / "parts").mkdir()
    (tmp_path / "p/data/raw").mkdir(parents=True)
    monkeypatch.setattr(post.shutil, "copytree", fill)
    answers = given("raw_data", "parts", **created(tmp_path))
    with pytest.raises(OSError, match="disk full"):
        post.raw_data(tmp_path / "p", answers)
    assert not list((tmp_path / "p/data/raw").iterdir())


@pytest.mark.parametrize(
    "answer", ["https://127.0.0.1:9/gone.csv", "s3://bucket/x.csv", "postgresql://127.0.0.1:9/x#y"]
)
def test_setup_fetches_what_is_elsewhere(answer: str, generator: Generator) -> None:
    project = generator(raw_data=answer, target="y")
    assert list(steps(project.output)) == ["prune"]
    assert not list((project.path / "data/raw").glob("[!.]*"))
    assert f"  git init && make setup{COMMIT}\n" in project.output


def test_environment_on_request_only(generator: Generator) -> None:
    project = generator(venv=False)
    assert list(steps(project.output)) == ["prune"]
    assert not (project.path / ".git").exists()
    assert project.output.endswith(
        f"\nReady. Next:\n  cd my-ml-project\n  git init && make setup{COMMIT}\n  make predict\n"
    )


def test_interrupted_environment(
    post: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupt(project: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(post, "install", interrupt)
    monkeypatch.setenv("PWD", str(tmp_path))
    (tmp_path / "p").mkdir()
    post.finish(tmp_path / "p", hook_answers(ANSWERS | created(tmp_path)))
    assert capsys.readouterr().out.endswith(f"  cd p && make setup{COMMIT}\n")
