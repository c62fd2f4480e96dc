"""Answers that follow from others; cookiecutter loads this by `_extensions` of cookiecutter.json."""

import re

import click
from jinja2 import Environment
from jinja2.ext import Extension
from slugify import slugify

SOURCES = {
    "http": "http",
    "https": "http",
    "s3": "s3",
    "postgresql": "postgresql",
    "postgresql+psycopg": "postgresql",
}
BOOK = r"\.(xlsx|xls|xlsb|xlsm|ods)"
BOOK_AND_SHEET = re.compile(rf"(.*?{BOOK})#(.*)", re.IGNORECASE | re.DOTALL)


class Answers(Extension):
    """The filters of cookiecutter.json."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters |= {"raw_data": raw_data, "unknown_answers": unknown_answers}


def raw_data(answer: str, part: str) -> str:
    """Take a part of the answer `raw_data`.

    Parameters
    ----------
    answer
        A path, an address or a database, perhaps with a # and what to take from it.
    part
        `source`: none (it is here), http, s3, postgresql or database. `path`: the answer without
        the #. `select`: the sheet, table or query after it. `address`: the `data.source` of
        params.yaml. `file`: the name below data/raw.

    Returns
    -------
    str
        Empty where there is no such part.
    """
    scheme, mark, _ = answer.partition("://")
    source = SOURCES.get(scheme, "database") if mark else "none"
    path, select = _split(answer, source)
    parts = {"source": source, "path": path, "select": select}
    parts["address"] = "" if source == "none" else _seen_from_the_project(path)
    parts["file"] = _file(path, select, source)
    return parts[part]


def unknown_answers(answers: dict) -> str:
    """Name the answers on cookiecutter's command line that no question asks for: it ignores them."""
    command = click.get_current_context(silent=True)
    given = command.params.get("extra_context") if command else None
    return ", ".join(given.keys() - answers.keys()) if isinstance(given, dict) else ""


def _split(answer: str, source: str) -> tuple[str, str]:
    """Cut at the #, which in a path or an s3 address selects only after the name of a workbook."""
    if source in ("none", "s3"):
        book = BOOK_AND_SHEET.fullmatch(answer)
        return (book[1], book[3]) if book else (answer, "")
    path, _, select = answer.partition("#")
    selects = source != "http" or re.search(f"{BOOK}$", path.split("?")[0], re.IGNORECASE)
    return path, select if selects else ""


def _seen_from_the_project(url: str) -> str:
    """A relative SQLite path starts at the folder in which the project is made."""
    relative = re.fullmatch(r"(sqlite[^:]*):///(?!/|.:)(.+)", url, re.DOTALL)
    return f"{relative[1]}:///../{relative[2]}" if relative else url


def _file(path: str, select: str, source: str) -> str:
    if path == "example":
        return "penguins.csv"
    if source in ("postgresql", "database"):
        table = path.split("?")[0].split("/")[-1].split(".")[0] if " " in select else select
        return f"{slugify(table, max_length=60, separator='_') or 'table'}.parquet"
    plain = path.replace("\\", "/").rstrip("/") if source == "none" else path.split("?")[0]
    return plain.split("/")[-1]
