"""Answers that cannot be used are refused with a sentence each; a refusal leaves nothing behind."""

import re
import shlex
from pathlib import Path

import pytest
from support.generator import Generator

LONG = "x" * 300
REFUSED = {
    "project_name": ["", " ", "a\nb", "a\tb", "\x1b[31mred", "a\u2028b", "ends ", LONG],
    "description": ["", "a\nb = 1", LONG],
    "author_name": ["a\rb", LONG],
    "project_slug": [
        "../x",
        "a\\b",
        "a b",
        "-x",
        "x-",
        "a\nb",
        "é",
        "🐧",
        'a"b',
        "2024 Sales: Q1!",
        "$(touch pwned)",
        "`touch pwned`",
        "con",
        "LPT1",
        "numpy",
        "scikit-learn",
        "x" * 70,
    ],
    "package_name": ["class", "json", "con", "numpy", "sklearn", "2x", "A", "a-b", "a.b", "../x"],
    "dvc_remote": [
        "",
        "inside",
        "./x",
        "ftp://host/x",
        "S3://bucket",
        "s3://",
        "s3:///x",
        "webdavs://me:secret@host/x",
        "azure://box/x?sig=secret",
        "ssh://[::1/x",
        'a"b',
    ],
    "raw_data": [
        "",
        "missing.csv",
        ".",
        "ftp://host/x.csv",
        "https://host/",
        "http:///x.csv",
        "missing.xlsx#Sheet 1",
        "postgresql://me:secret@host/shop#orders",
    ],
}


@pytest.mark.parametrize("turn", range(max(map(len, REFUSED.values()))))
def test_bad_answers_are_refused(turn: int, generator: Generator, tmp_path: Path) -> None:
    bad = {name: values[turn] for name, values in REFUSED.items() if turn < len(values)}
    before = listing(tmp_path)
    done = generator.run(**{"target": "sex"} | bad)
    assert done.returncode == 1
    assert sentences(done.stdout).keys() == bad.keys(), done.stdout
    assert all("Type " in sentence for sentence in sentences(done.stdout).values())
    assert listing(tmp_path) == before


@pytest.mark.parametrize("slug", ["", ".", "..", LONG, "a/b/c", "/new/x/y"])
def test_slug_that_is_no_folder_name_leaves_no_file(
    slug: str, generator: Generator, tmp_path: Path
) -> None:
    """Cookiecutter makes, or fails to make, such a folder before any hook can speak."""
    before = listing(tmp_path)
    done = generator.run(project_slug=slug.replace("/new", f"{tmp_path}/new"))
    assert done.returncode == 1
    assert all(path.is_dir() for path in listing(tmp_path) - before)


def test_empty_table_is_refused(generator: Generator, tmp_path: Path) -> None:
    (generator.folder / "table.csv").touch()
    before = listing(tmp_path)
    done = generator.run(raw_data="table.csv", target="sex")
    assert done.returncode == 1
    assert "The file table.csv is empty." in sentences(done.stdout)["raw_data"]
    assert listing(tmp_path) == before


def test_mark_in_the_name_of_an_excel_file(generator: Generator) -> None:
    for name in ("book.xlsx", "book.xlsx#1"):
        (generator.folder / name).write_text("a,sex\n1,2\n", encoding="utf-8")
    done = generator.run(raw_data="book.xlsx#1", target="sex")
    assert done.returncode == 1
    assert "Rename it to table.xlsx." in sentences(done.stdout)["raw_data"]


def test_unusable_folder_is_refused(generator: Generator, tmp_path: Path) -> None:
    for name in ("nothing", "hidden", "void"):
        (generator.folder / name).mkdir()
    (generator.folder / "hidden/.a.csv").touch()
    (generator.folder / "void/b.csv").touch()
    for name, sentence in {
        "nothing": "without files",
        "hidden": "without files",
        "void": "b.csv is empty",
        "../work": "The project would come into this folder",
    }.items():
        before = listing(tmp_path)
        done = generator.run(raw_data=name, target="sex")
        assert done.returncode == 1
        assert sentence in sentences(done.stdout)["raw_data"]
        assert listing(tmp_path) == before


@pytest.mark.parametrize("markup", ["{{ 7 * 7 }}", "{% set x = 1 %}x", "{# x #}x"])
def test_markup_is_refused(markup: str, generator: Generator, tmp_path: Path) -> None:
    before = listing(tmp_path)
    bad = dict.fromkeys(("project_name", "project_slug", "description", "dvc_remote"), markup)
    done = generator.run(**bad)
    assert done.returncode == 1
    assert sentences(done.stdout).keys() == bad.keys()
    assert all("markup" in sentence for sentence in sentences(done.stdout).values())
    assert listing(tmp_path) == before


def test_typed_markup_is_not_evaluated(generator: Generator, tmp_path: Path) -> None:
    before = listing(tmp_path)
    done = generator.run(typed="{{ 7 * 7 }}\nfolder\n" + "\n" * 20)
    assert done.returncode == 1
    assert sentences(done.stdout).keys() == {"project_name"}
    assert '  project_name "{{ 7 * 7 }}": ' in done.stdout
    assert listing(tmp_path) == before


@pytest.mark.parametrize("answer", ["maybe", "{{ 1 }}"])
def test_switch_takes_yes_or_no(answer: str, generator: Generator, tmp_path: Path) -> None:
    before = listing(tmp_path)
    done = generator.run(docs=answer)
    assert done.returncode == 1
    assert "could not be converted to a boolean" in done.stdout
    assert listing(tmp_path) == before


def test_refusal_names_each_bad_answer_once(generator: Generator) -> None:
    done = generator.run(project_slug="a b", license="none", target="", author_name="")
    assert list(sentences(done.stdout)) == ["project_slug", "author_name", "target"]


OWNED = {
    ".git/HEAD": "ref: refs/heads/main",
    ".github/workflows/mine.yml": "on: push",
    "README.md": "mine",
    "docs/index.md": "mine",
    "requirements.txt": "pandas",
    "src/mine/workspace/fetch.py": "MINE = 1",
    "notes/empty": "",
}


@pytest.mark.parametrize("options", [(), ("-f",), ("-f", "-s"), ("-s",)])
@pytest.mark.parametrize("names", [OWNED, [".git/HEAD"], ["README.md"]], ids=len)
def test_folder_that_holds_anything_is_left_alone(
    options: tuple[str, ...], names: list[str], generator: Generator
) -> None:
    folder = generator.folder / "my-ml-project"
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(OWNED[name], encoding="utf-8")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = generator.run(*options)
    assert done.returncode == 1
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    if "-f" in options:  # else cookiecutter itself refuses
        (said,) = [line for line in done.stdout.splitlines() if str(folder) in line][:1]
        assert "is not empty" in said
        assert "--output-dir" in said
        assert "cruft update" in said


WIDE = ",".join(f"c{n}" for n in range(300))


@pytest.mark.parametrize("answers", [{}, {"targt": "churned"}, {"target": ""}])
def test_a_table_of_ones_own_has_no_default_target(
    answers: dict[str, str], generator: Generator, tmp_path: Path
) -> None:
    header = f"sex,{WIDE},churned"
    (generator.folder / "sales.csv").write_text(f"{header}\n{',' * 301}\n", encoding="utf-8")
    before = listing(tmp_path)
    done = generator.run(raw_data="sales.csv", **answers)
    assert done.returncode == 1
    said = sentences(done.stdout)
    assert said.keys() == {"target", *answers}
    assert re.search(r"begins with: sex,c0,c1,.*,c299,churned\.$", said["target"])
    assert len(said["target"]) < 400
    assert listing(tmp_path) == before


@pytest.mark.parametrize("raw", ["https://host/x.csv", "postgresql://host/shop#orders", "b.xlsx"])
def test_target_of_a_table_that_cannot_be_looked_at(raw: str, generator: Generator) -> None:
    (generator.folder / "b.xlsx").write_bytes(b"PK")
    done = generator.run(raw_data=raw)
    assert done.returncode == 1
    assert sentences(done.stdout)["target"].endswith("Type the column to predict.")


def test_misspelt_answer_is_refused(generator: Generator, tmp_path: Path) -> None:
    before = listing(tmp_path)
    done = generator.run(dvc_remot="s3://bucket")
    assert done.returncode == 1
    assert "Type dvc_remote=" in sentences(done.stdout)["dvc_remot"]
    assert listing(tmp_path) == before


def test_typed_answers_are_not_lost_when_one_is_refused(generator: Generator) -> None:
    (generator.folder / "my sales.csv").write_text("id,churned\n1,2\n", encoding="utf-8")
    typed = "Ada's churn\n\n\n\n\n3\nmy sales.csv\n\n\ny\ny\n2\n\nn\n"
    done = generator.run(typed=typed)
    assert done.returncode == 1
    assert sentences(done.stdout).keys() == {"target"}
    (again,) = re.findall("^  (--no-input .*)$", done.stdout, re.MULTILINE)
    assert "target=..." in again
    answers = dict(word.split("=", 1) for word in shlex.split(again)[1:])
    assert answers == {
        "project_name": "Ada's churn",
        "license": "Apache-2.0",
        "raw_data": "my sales.csv",
        "target": "...",
        "serving": "true",
        "docs": "true",
        "ci": "github",
        "venv": "false",
    }
    project = generator(**answers | {"target": "churned"})
    assert project.path.name == "ada-s-churn"
    assert (project.path / ".github").exists()


def sentences(output: str) -> dict[str, str]:
    """Find what is said about each question."""
    return dict(re.findall(r'^  (\w+)(?: ".*")?: (\S.*\.)$', output, re.MULTILINE))


def listing(root: Path) -> set[Path]:
    """List all that is on disk, but cookiecutter's memory of the answers in the home folder."""
    return {path for path in root.rglob("*") if (root / "home") not in path.parents}
