"""What the hooks repeat of other files, and the answers that the first of them refuses."""

import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from support.generator import TEMPLATE, Generator
from support.template import ANSWERS, CONTEXT, created, given, hook_answers

from local_extensions import dependencies


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
