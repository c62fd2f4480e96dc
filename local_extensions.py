"""Answers that follow from others; cookiecutter loads this by `_extensions` of cookiecutter.json."""

import json
import keyword
import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from runpy import run_path
from urllib.parse import unquote, urlsplit

import click
from jinja2 import Environment, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context
from slugify import slugify

THIS = Path(__file__).resolve()
SOURCES = {
    "http": "http",
    "https": "http",
    "s3": "s3",
    "postgresql": "postgresql",
    "postgresql+psycopg": "postgresql",
}
BOOK = r"\.(xlsx|xls|xlsb|xlsm|ods)"
BOOK_AND_SHEET = re.compile(rf"(.*?{BOOK})#(.*)", re.IGNORECASE | re.DOTALL)
DEVICES = {"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(10))}
MARKUP = re.compile(r"\{[%#{]")
LOGIN = re.compile("://[^/@]*:[^/@]*@")
SECRET = re.compile(  # as in the library's settings.py
    "[?&;#=][^?&;#=]*(pass(?![aeiv])|pwd|secret|token|credential|jwt|signature|authorization|keyid|"
    "((?<!ssl)key|(?<![a-z])(auth|sign?|sas))(?![a-z]))[^?&;#=]*=",
    re.IGNORECASE,
)
# Next to what the lock files name: names of imports, and of tools that look for each other.
OTHER_DEPENDENCIES = set(
    "black dask distributed dotenv hatchling hydra jupyter jupyterlab mypy nbconvert nbmake pandera pip plotly "
    "ruamel sklearn src tabwright tests typer wheel yaml".split()
)
TEXT = (".csv", ".tsv", ".txt", ".data")  # files whose first line may be shown
SHOWN = 120  # characters of its start, and as many of its end


class Answers(Extension):
    """The filters of cookiecutter.json and of the hooks."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        # cruft renders two versions of the template in one process, which imports the first alone.
        environment.filters |= run_path(str(THIS))["FILTERS"]


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


@pass_context
def for_pre_gen(context: Context, answers: dict) -> dict:
    """Add what the first hook needs to judge the answers.

    Parameters
    ----------
    context
        Has `_cookiecutter`, the answers before they were evaluated; not with cruft.
    answers
        All answers, in the order of the questions.

    Returns
    -------
    dict
        The answers and `__questions`, in their order; those whose answer was evaluated, `__markup`,
        or has a `__secret`; why a name is `__reserved` and what is the `__fault` of an address;
        `__shown`, answers without secrets; `__repeat`, words that give again what was typed;
        `__found`, the raw file; `__whole`, whether all of `raw_data` is the name of a file, and how
        the table `__begins`.
    """
    typed = context.get("_cookiecutter") or {}
    questions = [name for name in answers if not name.startswith("_")]
    found = _find(answers["__raw_path"], answers)
    return answers | {
        "__questions": questions,
        "__markup": [name for name in typed if _was_evaluated(name, str(typed[name]))],
        "__secret": _with_secret(answers),
        "__reserved": _reserved(answers),
        "__fault": {name: _fault(answers[name]) for name in ("raw_data", "dvc_remote")},
        "__shown": {name: _quote(_masked(str(answers[name]))) for name in questions},
        "__repeat": _repeat(answers, typed),
        "__found": str(found),
        "__whole": _exists(_find(answers["raw_data"], answers)),
        "__begins": _begins(found, answers["__raw_path"]),
    }


def for_post_gen(answers: dict) -> dict:
    """Add what the last hook has to do and to say.

    Returns
    -------
    dict
        The answers and `__unwanted`, files of options that are not chosen; `__cruft`, the text of
        .cruft.json and a note; `__found`, the raw file; the words to `__wait` with, and commands:
        to `__copy` the raw file, to `__enter` the project, and what is `__next`.
    """
    found = str(_find(answers["__raw_path"], answers))
    local = answers["__source"] == "none"
    slow = "the environment takes" if local else "the environment and the raw data take"
    enter = _enter(answers)
    return answers | {
        "__unwanted": _unwanted(answers),
        "__cruft": _cruft(answers) if "_output_dir" in answers else ("", ""),
        "__found": found,
        "__wait": f"; {slow} a minute or more the first time" if answers["venv"] else "",
        "__copy": shlex.join(("cp", "-r", found, f"data/raw/{answers['__raw_file']}")),
        "__enter": enter,
        "__next": _next(enter, answers["package_name"]),
    }


def _was_evaluated(name: str, typed: str) -> bool:
    """Whether an answer held markup: cookiecutter evaluates key=value, as it does defaults."""
    return bool(MARKUP.search(typed)) and typed.strip("{ }") != f"cookiecutter.__{name}"


def _with_secret(answers: dict) -> list[str]:
    """The questions whose answer holds a password or token, which git would keep."""
    path, remote = answers["__raw_path"], answers["dvc_remote"]
    web = answers["__source"] in ("http", "s3")
    login = re.search("://[^/?#]*@" if web else "://[^/@]*:[^@]*@", path)
    if not web:
        login = login or LOGIN.search(answers["raw_data"])  # a password may hold a #
    secret = answers["__source"] != "none" and (login or SECRET.search(unquote(path)))
    cloud = LOGIN.search(remote) or re.search(r"://[^#]*\?", remote)
    return ["raw_data"] * bool(secret) + ["dvc_remote"] * bool(cloud)


def _reserved(answers: dict) -> dict[str, str]:
    """Why an answer cannot be the name of a folder, a package or a raw file; empty where it can."""
    package, file = answers["package_name"], answers["__raw_file"]
    python = keyword.iskeyword(package) or package in sys.stdlib_module_names
    odd = file.startswith(".") or file.endswith(".dvc") or file.split(".")[0].lower() in DEVICES
    odd = odd or len(file.encode(errors="replace")) > 200
    taken = "Python or its standard library has it already." if python else _taken(package)
    return {
        "project_slug": _taken(answers["project_slug"]),
        "package_name": taken,
        "raw_data": "It cannot be the name of a raw file." if odd else "",
    }


def _taken(name: str) -> str:
    if name.lower() in DEVICES:
        return "Windows keeps this name for a device."
    taken = _plain(name) in dependencies()
    return "It is the name of a library or tool the project uses." if taken else ""


def _plain(name: str) -> str:
    return re.sub("[-_.]+", "-", name.lower())


@cache
def dependencies() -> set[str]:
    """Names of what a project is built on: one of the same name would hide it, or be hidden."""
    locks = [path.read_text(encoding="utf-8") for path in THIS.parent.glob("*/requirements*.txt")]
    names = re.findall(r"^([\w.-]+)(?:\[.*\])?==", "\n".join(locks), re.MULTILINE)
    return {_plain(name) for name in names} | OTHER_DEPENDENCIES


def _fault(url: str) -> str:
    """What is wrong with an address that names a host or bucket."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "It is not a URL."
    return "" if host and not host.startswith(".") else "It names no bucket or host."


def _quote(answer: str) -> str:
    text = json.dumps(answer, ensure_ascii=False)
    return text if len(text) <= 60 else text[:50] + '..."'


def _masked(answer: str) -> str:
    plain = re.sub("://([^/@]*:[^@]*|[^/@]*)@", "://***@", answer)
    return re.sub(r"([?&][^=&#]*=)[^&#]*", r"\1***", plain)


def _repeat(answers: dict, typed: dict) -> dict[str, str]:
    words = {}
    for name, default in typed.items():
        value = answers[name]
        usual = (default[0] if isinstance(default, list) else default, answers.get(f"__{name}"))
        if value not in usual:
            text = value if isinstance(value, str) else json.dumps(value)
            words[name] = shlex.quote(f"{name}={text}")
    return words


def _find(source: str, answers: dict) -> Path:
    """Look for a file or folder from where the command was typed, then from the output folder."""
    output = answers.get("_output_dir", "")
    path = os.path.expanduser(source)
    here, there = Path(os.environ.get("PWD", output), path), Path(output, path)
    return there if _exists(there) and not _exists(here) else here


def _exists(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 (Path.exists fails where it may not look)


def _begins(path: Path, shown: str) -> str:
    """What a text file begins with; nothing where that cannot be shown."""
    try:
        if path.suffix.lower() not in TEXT or not path.is_file():
            return ""
        with path.open(encoding="utf-8", errors="replace") as file:
            line = " ".join(file.readline(1 << 20).removeprefix("\ufeff").split())
    except OSError:
        return ""
    line = line if len(line) <= 2 * SHOWN else f"{line[:SHOWN]} ... {line[-SHOWN:]}"
    return f"; {_quote(shown)} begins with: {line}" if line.isprintable() else ""


def _unwanted(answers: dict) -> list[str]:
    """The files that only options not chosen own."""
    owned, chosen = set[str](), set[str]()
    for option, values in answers["_optional"].items():
        answer = answers[option]
        owned.update(*values.values())
        chosen.update(values.get(answer if isinstance(answer, str) else json.dumps(answer), ()))
    return sorted(name.replace("*", answers["package_name"]) for name in owned - chosen)


def _enter(answers: dict) -> str:
    output = answers.get("_output_dir", "")
    project, here = Path(output, answers["project_slug"]), os.environ.get("PWD", output)
    folder = project.relative_to(here) if project.is_relative_to(here) else project
    return f"cd {shlex.quote(str(folder))}"


def _next(enter: str, package: str) -> list[str]:
    """Enter the project and predict, with make or without."""
    if shutil.which("make"):
        return [enter, "make predict", "make help"]
    activate = r".venv\Scripts\activate" if os.name == "nt" else "source .venv/bin/activate"
    return [f"{enter} && {activate}", "dvc repro", f"python -m {package}.models.predict_model"]


def _cruft(answers: dict) -> tuple[str, str]:
    """The text of .cruft.json, without what cruft works out again, and a note."""
    known = _git("ls-files", "cookiecutter.json")  # not so in a copy within another repository
    commit, top, directory = (
        _git("rev-parse", "HEAD", "--show-toplevel", "--show-prefix") or [""] * 3
    )
    local = answers["_repo_dir"].startswith(answers["_template"])
    origin = "".join(_git("config", "remote.origin.url"))
    address = top if local else without_login(origin)
    if not (known and commit and address):
        return "", "no .cruft.json: git does not know the version of the template"
    questions = {name: value for name, value in answers.items() if not name.startswith("_")}
    state = {
        "template": address,
        "commit": commit,
        "checkout": None if local else answers["_checkout"],
        "context": {"cookiecutter": {**questions, "_template": address, "_commit": commit}},
        "directory": directory.rstrip("/") or None,
    }
    changed = "the template has changes that are not committed" if _git("status", "-s", ".") else ""
    return json.dumps(state, indent=2) + "\n", changed


def without_login(address: str) -> str:
    """Leave out user and password of an address; empty where a token may still be in it."""
    plain = re.sub("^(https?://)[^/]*@", r"\1", address, flags=re.IGNORECASE)
    plain = re.sub("^([a-z+]+://[^/:@]*):[^/]*@", r"\1@", plain)
    return "" if re.search(r"\?|^https?://.*@", plain, re.IGNORECASE) else plain


def _git(*words: str) -> list[str]:
    """The lines that git says of this template; none where it cannot."""
    other = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")  # of a shell in another repository
    own = {name: value for name, value in os.environ.items() if name not in other}
    command = ["git", "-C", str(THIS.parent), *words]
    try:
        done = subprocess.run(command, env=own, capture_output=True, encoding="utf-8")
    except OSError:
        return []
    return done.stdout.splitlines() if done.returncode == 0 else []


# Hooks get by their filters what depends on this machine: cruft writes all answers into the project.
FILTERS = {
    "raw_data": raw_data,
    "unknown_answers": unknown_answers,
    "for_pre_gen": for_pre_gen,
    "for_post_gen": for_post_gen,
}
