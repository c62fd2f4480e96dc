"""Refuse bad answers, with a sentence for each, before any file is written."""

import difflib
import json
import keyword
import os
import re
import shlex
import sys
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote, urlsplit

QUESTIONS = (  # in their order, which the context does not keep
    "project_name project_slug package_name description author_name license raw_data target "
    "dvc_remote docs ci venv"
).split()
REMOTES = ("s3", "gs", "azure", "ssh", "webdav", "webdavs")
OF_SLUG = ("package_name", "dvc_remote")  # made from it unless given
LONGEST = {"raw_data": 2000, "target": 2000, "dvc_remote": 2000}  # all other answers: 200
MARKUP = re.compile(r"\{[%#{]")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
DEVICES = {"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(10))}
# A project by one of these names would hide, or be hidden by, what it is built on.
DEPENDENCIES = set(
    """
    alembic black celery charset-normalizer click cloudpickle dask detect-secrets docker dotenv dulwich
    dvc dvc-azure dvc-data dvc-gs dvc-objects dvc-s3 dvc-ssh dvc-webdav fastapi filelock flask fsspec
    furo graphene hatchling hydra hydra-core ipykernel ipython jinja2 joblib jupyter jupyterlab
    matplotlib mlflow mlflow-skinny mlflow-tracing mypy myst-parser nbclient nbconvert nbformat
    nbmake nbstripout networkx numpy omegaconf packaging pandas pandera pillow pip plotly pre-commit
    pre-commit-hooks protobuf psutil psycopg pyarrow pydantic pygit2 pytest python-calamine
    python-dotenv pyyaml requests rich ruamel ruamel-yaml ruff scikit-learn scipy setuptools sklearn skops skrub sphinx
    sqlalchemy src tabwright tests threadpoolctl tomlkit tox tox-uv tqdm typer uv uvicorn virtualenv wheel
    yaml
    """.split()
)
DATABASE = "postgresql://reader@host/shop#orders"
NO_DATABASES = {"file", "ftp", "ftps", "sftp", "postgres", *REMOTES}
PASSWORD = re.compile("(://[^/@]*:)[^@]*@")
SECRET = re.compile(  # as in the library's settings.py
    "[?&;#=][^?&;#=]*(pass(?![aeiv])|pwd|secret|token|credential|jwt|signature|authorization|keyid|"
    "((?<!ssl)key|(?<![a-z])(auth|sign?|sas))(?![a-z]))[^?&;#=]*=",
    re.IGNORECASE,
)
IN_GIT = "A password or token in it would be stored in git. "
TEXT = (".csv", ".tsv", ".txt", ".data")  # files whose first line may be shown
SHOWN = 120  # characters of its start, and as many of its end


def problems(answers: dict, typed: dict | None = None) -> list[str]:
    """Say what is wrong with the answers, a sentence each; `typed`: before they were evaluated."""
    checks = {
        "project_slug": _slug,
        "package_name": _package,
        "raw_data": _raw_data,
        "target": _target,
        "dvc_remote": _dvc_remote,
    }
    found = {}
    for name in filter(None, answers.get("__unknown", "").split(", ")):
        close = difflib.get_close_matches(name, QUESTIONS, n=1, cutoff=0)[0]
        found[name] = f"{name}: no question asks for it. Type {close}=..., or leave it out."
    for name in QUESTIONS:
        answer = answers[name]
        if not isinstance(answer, str):
            continue  # cookiecutter itself refuses what is not true or false
        if "project_slug" in found and name in OF_SLUG and answer == answers.get(f"__{name}"):
            continue
        # Answers given as key=value are evaluated before any hook runs, as defaults are.
        source = str((typed or {}).get(name, ""))
        default = source.strip("{ }") == f"cookiecutter.__{name}"
        wrong = _text(name, answer, "" if default else source)
        if wrong is None and name in checks:
            wrong = checks[name](answer, answers)
        if wrong:
            shown = re.sub(r"([?&][^=&#]*=)[^&#]*", r"\1***", PASSWORD.sub(r"\1***@", answer))
            if wrong.startswith(IN_GIT):
                shown = re.sub("://[^/@]*@", "://***@", shown)
            found[name] = f"{name} {_quote(shown)}: {wrong}"
    return list(found.values())


def _text(name: str, answer: str, typed: str) -> str | None:
    longest = LONGEST.get(name, 200)
    if MARKUP.search(answer) or MARKUP.search(typed):
        return "Double braces and other template markup are not allowed. Type plain text."
    if CONTROL.search(answer):
        return "It holds a line break or another control character. Type one line of plain text."
    if not answer and name != "target":
        return "It is empty. Type something."
    if answer != answer.strip():
        return "It starts or ends with a blank. Type it without."
    if len(answer) > longest:
        return f"It has {len(answer)} characters. Type at most {longest}."
    return None


def _slug(slug: str, answers: dict) -> str | None:
    if len(slug) > 64 or not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?", slug):
        plain = re.sub(r"[^A-Za-z0-9]+", "-", slug)[:40].strip("-") or "ml-project"
        return (
            "A folder name has at most 64 letters, digits, - and _, "
            f"and starts and ends with a letter or digit. Type for example {plain}."
        )
    return _taken(slug, f"{slug}-project")


def _package(package: str, answers: dict) -> str | None:
    if len(package) > 64 or not re.fullmatch(r"[a-z][a-z0-9_]*", package):
        plain = re.sub(r"[^a-z0-9]+", "_", package.lower())[:40].strip("_0123456789")
        return (
            "A package name has at most 64 small letters, digits and _, and starts with a letter. "
            f"Type for example {plain or 'ml_project'}."
        )
    if keyword.iskeyword(package) or package in sys.stdlib_module_names:
        return f"Python or its standard library has it already. Type for example {package}_project."
    return _taken(package, f"{package}_project")


def _taken(name: str, free: str) -> str | None:
    if name.lower() in DEVICES:
        return f"Windows keeps this name for a device. Type for example {free}."
    if name.lower().replace("_", "-") in DEPENDENCIES:
        return f"It is the name of a library or tool the project uses. Type for example {free}."
    return None


def _dvc_remote(remote: str, answers: dict) -> str | None:
    if remote == "none":
        return None
    if '"' in remote or "%(" in remote:
        return "DVC's configuration cannot hold double quotes or %(. Type it without."
    if "://" not in remote:
        absolute = remote[0] in "~/\\" or PureWindowsPath(remote).is_absolute()
        if not absolute and not os.path.normpath(remote).startswith(".."):
            return (
                "A folder inside the project would end up in git. "
                f"Type a folder beside it, such as ../{answers['project_slug']}-remote."
            )
        return None
    scheme = remote.split("://")[0]
    if scheme not in REMOTES:
        known = ", ".join(f"{scheme}://" for scheme in REMOTES)
        return f"DVC has no plugin here for {scheme}://. Type a folder, none, or one of {known}."
    return _url(remote, f"{scheme}://bucket-or-host/folder", data=False)


def _url(url: str, pattern: str, data: bool) -> str | None:
    try:
        parts = urlsplit(url)
        host, secret, _ = parts.hostname, parts.password, parts.port
    except ValueError:
        return f"It is not a URL. Type it like {pattern}."
    if data and (parts.username is not None or SECRET.search(unquote(url))):
        return f"{IN_GIT}Type the path of a downloaded file, or the address without it."
    if secret is not None or (parts.query and not data):
        return f"{IN_GIT}Type it without; credentials go into environment variables."
    if not host or host.startswith("."):
        return f"It names no bucket or host. Type it like {pattern}."
    return None


def _raw_data(raw: str, answers: dict) -> str | None:
    if raw == "example":
        return None
    source, path, name = answers["__source"], answers["__raw_path"], answers["__raw_file"]
    wrong = None
    if source in ("http", "s3"):
        pattern = f"{path.split(':')[0]}://host-or-bucket/folder/table.csv"
        wrong = _url(path, pattern, data=True)
        if not wrong and not name:
            wrong = f"It names no file. Type it like {pattern}."
    elif source != "none":
        wrong = _database(path, answers)
    elif "_output_dir" in answers:  # cruft gives no folder
        wrong = _file(path, answers)
        if answers["__select"] and _find(raw, answers).exists():
            wrong = (
                "The # selects a sheet, but a file has this whole name. Rename it to table.xlsx."
            )
    odd = name.startswith(".") or name.endswith(".dvc") or name.split(".")[0].lower() in DEVICES
    if not wrong and (odd or len(name.encode()) > 200):
        return f"{_quote(name)} cannot be the name of a raw file. Rename it, such as to table.csv."
    return wrong


def _database(url: str, answers: dict) -> str | None:
    scheme = url.partition("://")[0]
    if scheme in NO_DATABASES or not re.fullmatch(r"[a-z][a-z0-9_]*(\+[a-z0-9_]+)?", scheme):
        return (
            f"Nothing is fetched by {scheme}://. Type a path, an http(s) or s3 address, "
            f"or a database such as {DATABASE}."
        )
    cut = re.search("://[^/@]*:[^/@]*@", answers["raw_data"])  # a password may hold a #
    if cut or SECRET.search(unquote(url)) or PASSWORD.search(url):
        return f"{IN_GIT}Type it without; it goes into the environment variable DATABASE_PASSWORD."
    if not answers["__select"].strip():
        return f"It names no table. Type one, or a query, after a #: {url}#orders."
    return None


def _file(raw: str, answers: dict) -> str | None:
    """Tell why there is no table where the answer says; what is in it is for `make setup`."""
    path = _find(raw, answers)
    try:
        if not path.exists():
            return f"There is no such file ({path}). Type the path of a table, or example."
        if path.is_dir():
            if Path(answers["_output_dir"]).resolve().is_relative_to(path.resolve()):
                return "The project would come into this folder. Type one that holds tables alone."
            if not (files := _files(path)):
                return "It is a folder without files. Type one that holds tables."
            path = files[0]
        if not path.is_file():
            return "It is not a regular file. Type the path of a table."
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        return f"It cannot be read ({error.strerror}). Type the path of a table you may read."
    return f"The file {path.name} is empty. Type the path of a table with rows." if empty else None


def _files(folder: Path) -> list[Path]:
    """The files that the project will read in a folder: those that are not hidden."""
    return sorted(path for path in folder.rglob("[!._]*") if path.is_file())


def _target(target: str, answers: dict) -> str | None:
    """Ask for a target; whether there is such a column is for `make setup`."""
    if target:
        return None
    raw, shown = answers["__raw_path"], ""
    here = "_output_dir" in answers and answers["__source"] == "none"
    if here and raw.lower().endswith(TEXT) and not _file(raw, answers):
        path = _find(raw, answers)
        with (_files(path) or [path])[0].open(encoding="utf-8", errors="replace") as file:
            line = " ".join(file.readline(1 << 20).removeprefix("\ufeff").split())
        line = line if len(line) <= 2 * SHOWN else f"{line[:SHOWN]} ... {line[-SHOWN:]}"
        shown = f"; {_quote(raw)} begins with: {line}" if line.isprintable() else ""
    return f"It is empty. Type the column to predict{shown}."


def _find(raw: str, answers: dict) -> Path:
    """Look for the file or folder from where the command was typed, then from the output folder."""
    path = os.path.expanduser(raw)
    here = [Path(os.environ.get("PWD", answers["_output_dir"]), path)]
    return next((p for p in [*here, Path(answers["_output_dir"], path)] if p.exists()), here[0])


def _quote(answer: str) -> str:
    text = json.dumps(answer, ensure_ascii=False)
    return text if len(text) <= 60 else text[:50] + '..."'


def occupied(folder: Path) -> list[str]:
    """Refuse a folder that holds anything: rendering would overwrite it, file by file."""
    names = sorted(path.name for path in folder.iterdir())
    names[3:] = ["..."] if len(names) > 3 else []
    said = (
        f"The folder {folder} is not empty ({', '.join(names)}): to adopt a repository, generate "
        "elsewhere with --output-dir and copy what you want into it; to update a project of this "
        "template, run `cruft update` there."
    )
    return [said] if names else []


def again(answers: dict, typed: dict, bad: list[str]) -> list[str]:
    """Say how to repeat what was typed at the questions, with gaps where it was bad."""
    asked, words = False, ["  --no-input"]
    for name in QUESTIONS if typed else ():
        default = typed[name][0] if isinstance(typed[name], list) else typed[name]
        value, given = answers[name], answers[name] != default
        asked |= given and not MARKUP.search(str(default))
        if any(line.startswith(f"{name} ") for line in bad):
            words.append(f"{name}=...")
        elif given and value != answers.get(f"__{name}"):
            text = value if isinstance(value, str) else json.dumps(value)
            words.append(shlex.quote(f"{name}={text}"))
    return ["To keep the other answers, add to the command:", " ".join(words)] if asked else []


def main() -> None:
    """Check the answers and stop cookiecutter when one of them is bad."""
    answers = json.loads(r"""{{ cookiecutter | jsonify }}""")
    typed = json.loads(r"""{{ _cookiecutter | default({}) | jsonify }}""")
    if found := occupied(Path.cwd()) or problems(answers, typed):
        print("No project was made. Please fix:", *found, sep="\n  ", file=sys.stderr)
        print(*again(answers, typed, found), sep="\n", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
