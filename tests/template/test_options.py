"""An option that is off leaves no trace in a project."""

import json
from pathlib import Path

from support.generator import TEMPLATE, GeneratedProject
from support.in_process import generated
from support.pairwise import Answers

OWNERS = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))["_optional"]
SOURCES = {
    "https": "http",
    "s3": "s3",
    "postgresql": "postgresql",
    "mysql+pymysql": "database",
}
OWNED = {path for values in OWNERS.values() for paths in values.values() for path in paths}


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


def test_nothing_else_depends_on_options(project: GeneratedProject, answers: Answers) -> None:
    own = {"data/raw/table.csv"} if answers["raw_data"] == "table.csv" else set()
    assert shared(project) == shared(generated()) | own


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
