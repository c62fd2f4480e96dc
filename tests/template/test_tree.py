"""Every set of answers gives a clean, complete and honest tree."""

import itertools
import json
import random
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from support.generator import TEMPLATE, GeneratedProject, Generator
from support.recipes import steps

OPTIONS = {
    "license": ["MIT", "BSD-3-Clause", "Apache-2.0", "none"],
    "raw_data": [
        "example",
        "table.csv",
        "https://host/table.csv",
        "s3://bucket/book.xlsx#Sheet 1",
        "postgresql://me@host/shop#orders",
        "mysql+pymysql://me@host/shop#SELECT * FROM orders",
    ],
    "dvc_remote": [
        "../storage",
        "none",
        "s3://bucket/x",
        "gs://bucket",
        "azure://box",
        "ssh://host/x",
        "webdav://host/x",
        "webdavs://host/x",
    ],
    "serving": [False, True],
    "docs": [False, True],
    "ci": ["none", "github", "gitlab"],
    "schedule": json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))[
        "schedule"
    ],
}
TRIED = 1_000  # sets of answers from which the few are chosen that have every pair
OWNERS = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))["_optional"]
SOURCES = {
    "https": "http",
    "s3": "s3",
    "postgresql": "postgresql",
    "mysql+pymysql": "database",
}
OWNED = {path for values in OWNERS.values() for paths in values.values() for path in paths}
SHELL = re.compile(r"^```bash\n(.*?)^```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r'\bmake((?: +(?:[A-Z]+=(?:"[^"]*"|\S+)|[a-z]+\b))+)')
Answers = dict[str, object]


def pairwise(options: dict[str, list]) -> list[Answers]:
    """Choose sets of answers in which every two answers to different questions meet."""

    def pairs(answers: Answers) -> set:
        return set(itertools.combinations(answers.items(), 2))

    every = list(itertools.product(*options.values()))
    rows = random.Random(0).sample(every, TRIED)
    rest = [dict(zip(options, row, strict=True)) for row in rows]
    items = [[(name, answer) for answer in answers] for name, answers in options.items()]
    two = itertools.combinations(items, 2)
    missing = {pair for one, other in two for pair in itertools.product(one, other)}
    chosen = []
    while missing:
        best = max(rest, key=lambda answers: len(pairs(answers) & missing))
        assert pairs(best) & missing
        chosen.append(best)
        missing -= pairs(best)
    return chosen


@pytest.fixture(
    scope="module", params=pairwise(OPTIONS), ids=lambda row: "-".join(map(str, row.values()))
)
def answers(request: pytest.FixtureRequest) -> Answers:
    """One row of the matrix."""
    return request.param


@pytest.fixture(scope="module")
def project(answers: Answers, tmp_path_factory: pytest.TempPathFactory) -> GeneratedProject:
    """The project for one row."""
    generator = Generator(tmp_path_factory.mktemp("tree"))
    (generator.folder / "table.csv").write_text("a,sex\n1,x\n2,y\n", encoding="utf-8")
    return generator(**answers if answers["raw_data"] == "example" else answers | {"target": "sex"})


def test_no_scars(project: GeneratedProject) -> None:
    scars = []
    for name, content in project.files().items():
        if name.startswith("data/raw/") or not content:
            continue
        text = content.decode("utf-8")
        blank = "\n\n\n\n" if name.endswith(".py") else "\n\n\n"
        found = {
            "carriage return": "\r" in text,
            "trailing blank": re.search(r"[ \t]$", text, re.MULTILINE),
            "no newline at the end": not text.endswith("\n"),
            "blank line at the end": text.endswith("\n\n"),
            "blank line at the start": text.startswith("\n"),
            "doubled blank lines": blank in text,
        }
        scars += [f"{name}: {scar}" for scar, there in found.items() if there]
    assert not scars


def test_no_leftover_markup(project: GeneratedProject) -> None:
    leftover = []
    for name, content in project.files().items():
        text = content.decode("utf-8")
        if re.search(r"\{[{%]-?\s*(cookiecutter|(if|for|set|raw|end\w+)\b.*cookiecutter)", text):
            leftover.append(name)
        # Jinja templates, Python and notebooks have braces of their own; so have workflows.
        if not name.endswith((".jinja", ".py", ".ipynb")):
            text = re.sub(r"\$\{\{.*?\}\}", "", text)
            leftover += re.findall(r".*(?:\{[{%#]|[%#]\}).*", text)
        if "cookiecutter" in name:
            leftover.append(name)
    assert not leftover


def test_python_is_formatted_and_clean(project: GeneratedProject) -> None:
    for check in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *check, "--no-cache", "."],
            cwd=project.path,
            capture_output=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_recipe_alone_is_formatted_and_clean(generator: Generator) -> None:
    made = generator().path
    recipes = list(steps((made / "docs/recipes.md").read_text(encoding="utf-8")))
    for name in dict.fromkeys(step.recipe for step in recipes if step.file.endswith(".py")):
        project = Path(shutil.copytree(made, made.with_name(name)))
        for step in recipes:
            if step.recipe == name and step.file.endswith(".py") and step.language == "python":
                step.paste(project)
        ruff = [sys.executable, "-m", "ruff"]
        for command in (["check", "--fix-only", "--quiet"], ["format", "--quiet"], ["check"]):
            done = subprocess.run(
                [*ruff, *command, "--no-cache", "src"],
                cwd=project,
                capture_output=True,
                encoding="utf-8",
            )
            assert done.returncode == 0, name + done.stdout + done.stderr


def test_hashes_that_a_prediction_leaves_are_no_secrets(generator: Generator) -> None:
    config = yaml.safe_load(generator().read(".pre-commit-config.yaml"))
    (hook,) = (hook for hook in config["repos"][0]["hooks"] if hook["id"] == "secrets")
    assert re.search(hook["exclude"], "scored.csv.origin.json")
    assert not re.search(hook["exclude"], "scored.json")


def test_files_parse(project: GeneratedProject) -> None:
    parsers = {".toml": tomllib.loads, ".json": json.loads, ".ipynb": json.loads}
    parsers |= dict.fromkeys((".yaml", ".yml", ".dvc"), lambda text: [*yaml.safe_load_all(text)])
    for name, content in project.files().items():
        if parse := parsers.get(Path(name).suffix):
            assert parse(content.decode("utf-8")) is not None, name


def test_owned_files_are_there_when_chosen(project: GeneratedProject, answers: Answers) -> None:
    remote, mark, _ = str(answers["dvc_remote"]).partition("://")
    chosen = answers | {
        "__remote": remote if mark or remote == "none" else "path",
        "__source": SOURCES.get(str(answers["raw_data"]).partition(":")[0], "none"),
        "serving": str(answers["serving"]).lower(),
        "docs": str(answers["docs"]).lower(),
    }
    wanted = {path for option, values in OWNERS.items() for path in values.get(chosen[option], [])}
    assert {path for path in OWNED if list(project.path.glob(path))} == wanted


def test_library_carries_the_licence_of_the_template(project: GeneratedProject) -> None:
    licence = project.path / "vendor/tabwright/LICENSE"
    assert licence.read_bytes() == (TEMPLATE / "LICENSE").read_bytes()


def test_nothing_else_depends_on_options(
    project: GeneratedProject, answers: Answers, common: set[str]
) -> None:
    own = {"data/raw/table.csv"} if answers["raw_data"] == "table.csv" else set()
    assert shared(project) == common | own


@pytest.fixture(scope="module")
def common(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files of the default project that no option owns."""
    return shared(Generator(tmp_path_factory.mktemp("default"))())


def shared(project: GeneratedProject) -> set[str]:
    """List the files that no option owns."""
    owned = {path.relative_to(project.path) for name in OWNED for path in project.path.glob(name)}
    files = project.files()
    return {name for name in files if not owned & {Path(name), Path(name.split("/")[0])}}


def text_of(project: GeneratedProject, but: tuple[str, ...]) -> str:
    """The text of all files, but those whose path begins with one of `but`."""
    files = project.files().items()
    return "".join(data.decode("utf-8") for name, data in files if not name.startswith(but))


def test_project_without_a_source_has_no_trace_of_one(
    project: GeneratedProject, answers: Answers
) -> None:
    text = text_of(project, but=("requirements", "src/", "tests/", "vendor/"))
    fetched = "://" in str(answers["raw_data"])
    sql = "#" in str(answers["raw_data"]) and not str(answers["raw_data"]).startswith("s3")
    for word in ("make fetch", "fetch:", "  source:"):
        assert (word in text) == fetched, word
    for word in ("sqlalchemy", "DATABASE_PASSWORD"):
        assert (word in text) == sql, word
    assert ("psycopg" in text) == str(answers["raw_data"]).startswith("postgresql")


def test_project_without_a_service_has_no_trace_of_one(
    project: GeneratedProject, answers: Answers
) -> None:
    text = text_of(project, but=("requirements", "vendor/"))
    for word in ("make serve", "serve:", "make export", "uvicorn", "onnx", "SERVE_PORT"):
        assert (word in text) == answers["serving"], word


def test_project_without_a_schedule_has_no_trace_of_one(
    project: GeneratedProject, answers: Answers
) -> None:
    text, schedule = text_of(project, but=("requirements", "vendor/")), answers["schedule"]
    for word in ("alert:", "Every day ", " WHAT\n", "a daily run"):
        assert (word in text) == (schedule != "none"), word
    assert ("daily:" in text) == (schedule not in ("none", "airflow", "kubeflow"))
    elsewhere = schedule in ("github", "gitlab", "kubeflow", "kubernetes")
    assert ("propose:" in text) == ("PROPOSED" in text) == elsewhere
    assert ("daily.log" in text) == (schedule == "cron")
    deployed = schedule not in ("none", "github", "gitlab")
    assert ("deploy/" in text) == (answers["serving"] or deployed)
    assert (project.path / "deploy").exists() == (answers["serving"] or deployed)


def test_no_empty_folders(project: GeneratedProject) -> None:
    empty = [path for path in project.path.rglob("*") if path.is_dir() and not any(path.iterdir())]
    assert not empty


def test_readme_is_short(project: GeneratedProject) -> None:
    assert len(project.read("README.md").splitlines()) <= 80


def test_readme_tree_is_true(project: GeneratedProject) -> None:
    block = re.search(r"^```\n((?:[├│└ ].*\n)+)```$", project.read("README.md"), re.MULTILINE)
    assert block
    folders: list[str] = []
    top = set()
    for line in block[1].splitlines():
        indent, names = re.match(r"((?:│   |    )*)[├└]── (.+?)(?: +<-.*)?$", line).groups()
        for name in names.split(", "):
            folders[len(indent) // 4 :] = [name]
            assert list(project.path.glob("/".join(folders))), line
            top.add(folders[0])
    shown = {path.name for path in project.path.iterdir() if path.is_dir()}
    assert {name for name in shown if not name.startswith(".")} <= top


def pages(project: GeneratedProject) -> dict[str, str]:
    """The README and the pages of a project."""
    return {
        name: text.decode("utf-8")
        for name, text in project.files().items()
        if name == "README.md" or (name.startswith("docs/") and name.endswith(".md"))
    }


def test_pages_name_commands_of_make(project: GeneratedProject) -> None:
    done = subprocess.run(["make"], cwd=project.path, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    listed = set(re.findall(r"^  (\S+) +\S", done.stdout, re.MULTILINE))
    for name, text in pages(project).items():
        code = "\n".join(a or b for a, b in SHELL.findall(text))
        for words in MAKE.findall(code):
            found = re.sub(r'[A-Z]+=("[^"]*"|\S+)', "", words).split()
            assert {*found} <= listed, f"{name}: make{words}"


def test_links_of_pages_lead_somewhere(project: GeneratedProject) -> None:
    for name, text in pages(project).items():
        text = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (project.path / name).parent.joinpath(link).exists(), f"{name}: {link}"


def test_same_answers_give_the_same_bytes(generator: Generator, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    answers = {"project_name": "Ünï", "docs": True, "ci": "github", "dvc_remote": "s3://bucket"}
    assert generator(**answers).files() == Generator(tmp_path / "again")(**answers).files()
