"""The hooks, imported as they are, and generation on machines that lack something."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from support.generator import TEMPLATE, GeneratedProject, Generator
from support.template import computed, hook_answers

from local_extensions import dependencies

CONTEXT = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
(TREE,) = TEMPLATE.glob("{{cookiecutter.*}}")
PRIVATE = ("__unknown", "__source", "__select")
COMMIT = ' && git add --all && git commit --message "Set up the project"'
ANSWERS = {
    "project_name": "P",
    "project_slug": "p",
    "package_name": "p_code",
    "description": "d",
    "author_name": "Ada",
    "license": "MIT",
    "raw_data": "example",
    "target": "sex",
    "dvc_remote": "none",
    "serving": False,
    "docs": False,
    "ci": "none",
    "schedule": "none",
    "venv": True,
    "__source": "none",
    "__raw_path": "example",
    "__select": "",
    "__raw_file": "penguins.csv",
    "__remote": "none",
    "__unknown": "",
    "_optional": {},
}


def given(question: str, answer: object, **others: str) -> dict:
    """Good answers but one, as the hooks see them."""
    answers = ANSWERS | {question: answer}
    if question == "raw_data":
        private = computed(raw_data=str(answer), target="sex")
        answers |= {name: private[name] for name in ANSWERS if "raw" in name or name in PRIVATE}
    return hook_answers(answers | others)


def created(folder: Path) -> dict[str, str]:
    """What cookiecutter adds to the answers, and cruft does not."""
    return {"_output_dir": str(folder), "_repo_dir": str(TEMPLATE), "_template": str(TEMPLATE)}


# What the hooks repeat of other files


def test_hooks_hold_no_markup_but_the_context() -> None:
    for path in (TEMPLATE / "hooks").glob("*.py"):
        source = path.read_text(encoding="utf-8")
        main = source.index("\ndef main(")
        found = [match.start() for match in re.finditer(r"\{[{%#]", source)]
        assert found
        for start in found:
            assert start > main
            assert source[:start].endswith('json.loads(r"""')


def test_every_question_and_choice_has_a_label(pre: ModuleType) -> None:
    prompts = CONTEXT["__prompts__"]
    questions = [name for name in CONTEXT if not name.startswith("_")]
    assert questions == list(prompts) == hook_answers(ANSWERS)["__questions"]
    choices = {name: CONTEXT[name] for name in questions if isinstance(CONTEXT[name], list)}
    assert {name: list(prompts[name])[1:] for name in choices} == choices
    assert tuple(CONTEXT["_optional"]["__remote"]) == ("path", *pre.REMOTES)


def test_no_dependency_may_be_hidden(generator: Generator) -> None:
    project = generator(
        docs=True, dvc_remote="s3://bucket", raw_data="postgresql://host/shop#orders", target="y"
    )
    about = tomllib.loads(project.read("pyproject.toml"))
    wanted = about["project"]["dependencies"] + about["build-system"]["requires"]
    wanted += [line for group in about["dependency-groups"].values() for line in group]
    names = {re.split(r"[^\w-]", line)[0] for line in wanted}
    assert {name.replace("_", "-") for name in names} <= dependencies()


# The checks


def test_good_answers_have_no_problem(pre: ModuleType) -> None:
    assert pre.problems(hook_answers(ANSWERS)) == {}


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("package_name", "a" * 65),
        ("package_name", "é"),
        ("package_name", "x\n"),
        ("project_slug", "x\n"),
        ("project_slug", "a" * 65),
        ("author_name", "\udc80"),
        ("dvc_remote", "gs://key:secret@bucket"),
        ("dvc_remote", "s3://key:se/cret@bucket"),
        ("dvc_remote", "data/../remote"),
        ("raw_data", "https://me:secret@host/x.csv"),
        ("raw_data", "file:///etc/passwd"),
        ("raw_data", "s3://key:secret@bucket/x.csv"),
        ("raw_data", "https://host/x.csv?sv=1&sig=secret"),
        ("raw_data", "https://host/x.csv?X-Amz-Date=1&X-Amz-Signature=secret"),
        ("raw_data", "https://host/x.csv?X-Goog-Signature=secret"),
        ("raw_data", "https://host/x.csv?v=1&access_token=secret#top"),
        ("raw_data", "https://host/x.csv?apikey=secret"),
        ("raw_data", "https://host/x.csv?AWSAccessKeyId=secret"),
        ("raw_data", "https://secret@host/x.csv"),
        ("raw_data", "mysql://host/shop?auth_token=secret#orders"),
        ("raw_data", "s3://bucket/"),
        ("raw_data", "postgres://host/shop#orders"),
        ("raw_data", "gs://bucket/x.csv#orders"),
        ("raw_data", "my sql://host/shop#orders"),
        ("raw_data", "postgresql://host/shop"),
        ("raw_data", "postgresql://host/shop#"),
        ("raw_data", "postgresql://me:secret@host/shop#orders"),
        ("raw_data", "postgresql://me:1/2@host/shop#orders"),
        ("raw_data", "postgresql://me:12#3@host/shop"),
        ("raw_data", "postgresql://host/shop?password=secret#orders"),
        ("raw_data", "mssql+pyodbc:///?odbc_connect=UID%3Dme%3BPWD%3Dsecret#orders"),
        ("target", ""),
    ],
)
def test_problem_is_one_sentence(question: str, answer: object, pre: ModuleType) -> None:
    (sentence,) = pre.problems(given(question, answer)).values()
    assert "secret" not in sentence
    assert re.fullmatch(rf"{question} \S+.*: (\S.*\. )?(Type|Rename) .*\.", sentence)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("project_slug", "2024-sales"),
        ("project_slug", "A--b__C"),
        ("package_name", "a" * 64),
        ("dvc_remote", "../x"),
        ("dvc_remote", "/srv/x"),
        ("dvc_remote", "~/x"),
        ("dvc_remote", "C:\\Users\\me"),
        ("dvc_remote", "s3://bucket/a/b"),
        ("dvc_remote", "azure://box"),
        ("dvc_remote", "ssh://me@host:2222/srv"),
        ("dvc_remote", "webdavs://host/a%20b"),
        ("raw_data", "http://host/x.csv?version=1&design=b"),
        ("raw_data", "https://host:8080/a@b.csv"),
        ("raw_data", "s3://bucket/a#b.csv"),
        ("raw_data", "postgresql:///shop#orders"),
        ("raw_data", "postgresql://me@[::1]:5432/shop#public.orders"),
        ("raw_data", "postgresql://host/shop#SELECT 'a@b', x::int AS \"A\" FROM y -- #"),
        ("raw_data", "mysql+pymysql://me@host/shop?charset=utf8mb4#orders"),
        ("raw_data", "oracle://me@host/?service_name=shop#orders"),
    ],
)
def test_sound_answer_is_taken(question: str, answer: str, pre: ModuleType) -> None:
    assert pre.problems(given(question, answer)) == {}


@pytest.mark.parametrize("name", [".gitignore", "x.dvc", "con.csv", "x" * 201])
def test_file_name_that_data_raw_cannot_hold(name: str, pre: ModuleType) -> None:
    (sentence,) = pre.problems(given("raw_data", f"https://host/{name}")).values()
    assert "cannot be the name of a raw file" in sentence


def test_unreadable_table(pre: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *arguments: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "x.csv").write_text("sex,a\n1,2\n", encoding="utf-8")
    answers = given("raw_data", "x.csv", **created(tmp_path))
    monkeypatch.setattr(Path, "open", refuse)
    (sentence,) = pre.problems(answers).values()
    assert "It cannot be read (Permission denied)." in sentence


def test_question_for_a_target_shows_both_ends_of_the_first_line(
    pre: ModuleType, tmp_path: Path
) -> None:
    columns = [f"c{n}" for n in range(300)] + ["Body mass (g)"]
    (tmp_path / "x.csv").write_text("\t".join(columns) + "\n" + "\t" * 300, encoding="utf-8")
    answers = given("raw_data", "x.csv", target="", **created(tmp_path))
    (sentence,) = pre.problems(answers).values()
    assert 'Type the column to predict; "x.csv" begins with: c0 c1 c2 ' in sentence
    assert sentence.endswith(" c298 c299 Body mass (g).")
    assert len(sentence) < 400


def test_cruft_has_no_file_to_check(pre: ModuleType) -> None:
    assert pre.problems(given("raw_data", "gone.csv")) == {}
    assert pre.problems(given("raw_data", "sqlite:///gone.db#orders")) == {}


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


# Where the raw data comes from


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


# Machines. PATH holds stand-ins alone; `uv` makes an empty environment in which the command
# `tabwright prepare` is one line.

UV = """
import pathlib, subprocess, sys
if sys.argv[1] == "venv":
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", sys.argv[-1]], check=True)
elif "sync" in sys.argv:
    assert "--require-hashes" in sys.argv and "requirements.txt" in sys.argv
elif "--editable" in sys.argv:
    packages = [word for before, word in zip(sys.argv, sys.argv[1:]) if before == "--editable"]
    assert packages == ["vendor/tabwright", "."]
    assert all(pathlib.Path(package, "pyproject.toml").exists() for package in packages)
    (site,) = pathlib.Path(".venv").rglob("site-packages")
    (site / "tabwright").mkdir()
    (site / "tabwright" / "__main__.py").write_text({prepare!r})
"""
PREPARE = "import pathlib; pathlib.Path('data/raw/penguins.csv.dvc').write_text('prepared')"
OFFLINE = """
import sys
sys.exit("error: Failed to fetch\\n  Caused by: dns error\\n  Caused by: failed to lookup address")
"""


@pytest.fixture
def machine(generator: Generator, tmp_path: Path) -> Callable[..., Generator]:
    """Put a few tools, and no others, on a machine: programs by name, or None for the real ones."""

    def machine(**tools: str | None) -> Generator:
        folder = tmp_path / "bin"
        folder.mkdir()
        for name, program in tools.items():
            if program is None:
                real = [shutil.which(name)]
                program = (
                    f"import subprocess, sys; sys.exit(subprocess.call({real} + sys.argv[1:]))"
                )
            script = folder / f"{name}.py"
            script.write_text(program, encoding="utf-8")
            if os.name == "nt":
                start = f'@"{sys.executable}" "{script}" %*\r\n'
                (folder / f"{name}.bat").write_text(start, encoding="utf-8")
            else:
                start = f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n'
                (folder / name).write_text(start, encoding="utf-8")
                (folder / name).chmod(0o755)
        generator.environment["PATH"] = str(folder)
        return generator

    return machine


GOOD_UV = UV.format(prepare=PREPARE)


def git(project: GeneratedProject, *words: str) -> str:
    """Ask git about a project."""
    done = subprocess.run(
        ["git", *words], cwd=project.path, capture_output=True, text=True, encoding="utf-8"
    )
    return done.stdout.strip()


def steps(output: str) -> dict[str, str]:
    """Read the report: what each step says, in order; each has its time."""
    return dict(re.findall(r"^  (\w+(?:,? \w+)?) +\d+\.\d s *(.*)$", output, re.MULTILINE))


def test_complete_machine(machine: Callable[..., Generator]) -> None:
    generator = machine(git=None, make="", uv=GOOD_UV)
    generator.environment |= {"VIRTUAL_ENV": "/elsewhere", "GIT_DIR": "/elsewhere"}
    project = generator(venv=True, author_name='Ada "L" <x>; $(x)', project_name="Pinguïn 'x'")
    assert list(steps(project.output)) == [
        "prune",
        "raw data",
        "git",
        "environment",
        "DVC, MLflow",
        "first commit",
    ]
    assert "not done" not in project.output
    assert project.output.endswith("\nReady. Next:\n  cd pinguin-x\n  make predict\n  make help\n")
    assert git(project, "log", "--all", "--format=%D|%s") == "HEAD -> main|Start Pinguïn 'x'"
    assert git(project, "log", "--format=%an") == 'Ada "L" x; $(x)'
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "show", "HEAD:data/raw/penguins.csv.dvc") == "prepared"
    assert git(project, "config", "--local", "user.name") == ""


def test_known_identity_is_used(machine: Callable[..., Generator]) -> None:
    generator = machine(git=None, make="", uv=GOOD_UV)
    config = Path(generator.environment["HOME"], ".gitconfig")
    config.write_text("[user]\nname = Grace\nemail = grace@example.org\n", encoding="utf-8")
    project = generator(venv=True)
    assert git(project, "log", "--format=%an <%ae>") == "Grace <grace@example.org>"


def test_hooks_do_not_run_on_the_first_commit(machine: Callable[..., Generator]) -> None:
    block = "p = pathlib.Path('.git/hooks/pre-commit'); p.write_text('#!/bin/sh\\nexit 1\\n')"
    prepare = f"import pathlib; {block}; p.chmod(0o755)"
    project = machine(git=None, make="", uv=UV.format(prepare=prepare))(venv=True)
    assert steps(project.output)["first commit"] == "as The project authors"
    assert git(project, "log", "--format=%s") == "Start My ML Project"


def test_no_network_with_uv(machine: Callable[..., Generator]) -> None:
    project = machine(git=None, make="", uv=OFFLINE)(venv=True)
    said = steps(project.output)
    why = "not done: no answer from the network (failed to lookup address)"
    assert said["environment"] == why
    assert said["DVC, MLflow"] == "not done: it needs the environment"
    assert git(project, "log", "--format=%s") == "Start My ML Project"
    assert project.output.endswith(
        "The project is kept. Once that is fixed, one command finishes it:\n"
        f"  cd my-ml-project && make setup{COMMIT}\n"
    )


def test_no_network_and_no_uv(machine: Callable[..., Generator]) -> None:
    generator = machine(git=None, make="")
    generator.environment |= {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    project = generator(venv=True)
    assert steps(project.output)["environment"].startswith("not done: no answer from the network")
    assert not (project.path / ".venv").exists()
    assert f"one command finishes it:\n  cd my-ml-project && make setup{COMMIT}\n" in project.output


def test_no_git(machine: Callable[..., Generator]) -> None:
    project = machine(make="", uv=GOOD_UV)(venv=True)
    said = steps(project.output)
    assert said["git"] == "not done: git is not on this machine"
    assert said["environment"] == said["DVC, MLflow"] == ""
    assert said["first commit"] == "not done: there is no git repository"
    assert project.output.endswith(f"  cd my-ml-project && git init && make setup{COMMIT}\n")


def test_nothing_at_hand(machine: Callable[..., Generator]) -> None:
    project = machine(uv=OFFLINE)(venv=True)
    assert (project.path / "README.md").exists()
    assert f"  cd my-ml-project && git init && make setup{COMMIT}\n" in project.output
    assert project.output.endswith("make is not on this machine; install it first.\n")


def test_no_make(machine: Callable[..., Generator]) -> None:
    project = machine(git=None, uv=GOOD_UV)(venv=True)
    enter, *commands = project.output.split("Ready. Next:\n")[1].splitlines()
    assert enter.endswith("activate")
    assert commands == ["  dvc repro", "  python -m my_ml_project.models.predict_model"]


@pytest.mark.parametrize(
    ("remote", "told"),
    [("../p-remote", True), ("none", False), ("s3://bucket/folder", False)],
)
def test_remote_that_others_do_not_reach_is_told(
    remote: str, told: bool, machine: Callable[..., Generator]
) -> None:
    said = machine(git=None, make="", uv=GOOD_UV)(venv=True, dvc_remote=remote).output
    assert (f"The DVC remote is {remote}, a folder of this machine." in said) == told
    assert (".venv/bin/dvc remote modify storage url" in said) == told


def test_project_that_cannot_prepare_itself(machine: Callable[..., Generator]) -> None:
    prepare = "import sys; sys.exit('error: disk full')"
    project = machine(git=None, make="", uv=UV.format(prepare=prepare))(venv=True)
    assert steps(project.output)["DVC, MLflow"] == "not done: disk full"
    assert project.output.endswith(f"  cd my-ml-project && make setup{COMMIT}\n")


def test_inside_another_repository(machine: Callable[..., Generator]) -> None:
    generator = machine(git=None, make="", uv=GOOD_UV)
    subprocess.run(["git", "init", "--quiet"], cwd=generator.folder, check=True)
    project = generator(venv=True)
    assert not (project.path / ".git").exists()
    said = steps(project.output)
    assert said["git"] == "left alone: the folder is already inside a git repository"
    assert said["first commit"] == "left to you: the repository is not new"
    assert git(project, "rev-parse", "--verify", "--quiet", "HEAD") == ""
    assert git(project, "diff", "--cached", "--name-only") == ""
    assert "Ready. Next:\n  cd my-ml-project\n" in project.output


def test_inside_the_clone_of_a_template(machine: Callable[..., Generator]) -> None:
    generator = machine(git=None, make="", uv=GOOD_UV)
    subprocess.run(["git", "init", "--quiet"], cwd=generator.folder, check=True)
    (generator.folder / "cookiecutter.json").write_text("{}", encoding="utf-8")
    project = generator(venv=True)
    assert (project.path / ".git").exists()
    assert git(project, "log", "--format=%s") == "Start My ML Project"


def test_folder_with_spaces_and_letters_of_the_world(machine: Callable[..., Generator]) -> None:
    generator = machine(git=None, make="", uv=GOOD_UV)
    table = generator.folder / "größe 1.csv"
    table.write_text("a,y\n1,2\n", encoding="utf-8")
    done = generator.run("-o", "mes données/2024", raw_data=table.name, target="y", venv=True)
    assert done.returncode == 0
    assert "not done" not in done.stdout
    assert "  cd 'mes données/2024/my-ml-project'\n" in done.stdout
    folder = generator.folder / "mes données/2024/my-ml-project"
    assert (folder / "data/raw/größe 1.csv").read_bytes() == table.read_bytes()
    assert not (folder / "data/raw/penguins.csv").exists()


def test_environment_on_request_only(generator: Generator) -> None:
    project = generator(venv=False)
    assert list(steps(project.output)) == ["prune", "raw data"]
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
