"""Refuse bad answers, with a sentence for each, before any file is written."""

import codecs
import csv
import difflib
import io
import json
import keyword
import os
import re
import sys
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote, urlsplit

QUESTIONS = (
    "project_name",
    "project_slug",
    "package_name",
    "description",
    "author_name",
    "license",
    "raw_data",
    "target",
    "dvc_remote",
    "docs",
    "ci",
    "venv",
)
CHOICES = {
    "license": ("MIT", "BSD-3-Clause", "Apache-2.0", "none"),
    "ci": ("none", "github", "gitlab"),
}
SWITCHES = ("docs", "venv")
REMOTES = ("s3", "gs", "azure", "ssh", "webdav", "webdavs")
EXAMPLE_COLUMNS = [
    "species",
    "island",
    "bill_length_mm",
    "bill_depth_mm",
    "flipper_length_mm",
    "body_mass_g",
    "sex",
    "year",
]
LONGEST = {"raw_data": 2000, "target": 2000, "dvc_remote": 2000}  # all other answers: 200
MARKUP = re.compile(r"\{[%#{]")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
DEVICES = {"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(10))}
# A project by one of these names would hide, or be hidden by, what it is built on.
DEPENDENCIES = set(
    """
    alembic black celery charset-normalizer click cloudpickle dask detect-secrets docker dulwich dvc
    dvc-azure dvc-data dvc-gs dvc-objects dvc-s3 dvc-ssh dvc-webdav fastapi flask fsspec furo
    graphene hatchling hydra hydra-core ipykernel ipython jinja2 joblib jupyter jupyterlab
    matplotlib mlflow mlflow-skinny mlflow-tracing mypy myst-parser nbclient nbconvert nbformat
    nbmake nbstripout networkx numpy omegaconf packaging pandas pandera pillow pip plotly pre-commit
    pre-commit-hooks protobuf psutil psycopg pyarrow pydantic pygit2 pytest python-calamine pyyaml
    requests rich ruamel ruamel-yaml ruff scikit-learn scipy setuptools sklearn skops skrub sphinx
    sqlalchemy src tests threadpoolctl tomlkit tox tox-uv tqdm typer uv uvicorn virtualenv wheel
    yaml
    """.split()
)
# Files whose columns the project looks at, when it has the means to read them.
NOT_TEXT = {
    *(".gz", ".bz2", ".zst", ".lz4", ".zip", ".parquet", ".json", ".jsonl", ".ndjson"),
    *(".xlsx", ".xls", ".xlsb", ".xlsm", ".ods"),
}
UTF16 = (b"\xff\xfe", b"\xfe\xff")
DATABASE = "postgresql://reader@host/shop#orders"
NO_DATABASES = {"file", "ftp", "ftps", "sftp", "postgres", *REMOTES}
PASSWORD = re.compile("(://[^/@]*:)[^@]*@")
SECRET = re.compile(  # a parameter such as sig, X-Amz-Signature, api_key, access_token, password
    "[?&;#=][^?&;#=]*(pass(?![aeiv])|pwd|secret|token|credential|jwt|signature|authorization|keyid|"
    "((?<!ssl)key|(?<![a-z])(auth|sign?|sas))(?![a-z]))[^?&;#=]*=",
    re.IGNORECASE,
)
HEAD = 64 * 1024  # bytes that are sure to hold a header
ROWS_ABOVE = 50  # among them are the names of the columns


def problems(answers: dict, typed: dict | None = None) -> list[str]:
    """Say what is wrong with the answers and what to type instead.

    Parameters
    ----------
    answers
        The context of cookiecutter.
    typed
        The answers before cookiecutter evaluated them, where it tells.

    Returns
    -------
    list of str
        One sentence for each bad answer.
    """
    checks = {
        "project_slug": _slug,
        "package_name": _package,
        "raw_data": _raw_data,
        "target": _target,
        "dvc_remote": _dvc_remote,
    }
    found = {}
    for name in QUESTIONS:
        answer = answers[name]
        if "project_slug" in found and answer == answers.get(f"__{name}"):
            continue  # computed from a bad answer
        wrong = None
        if name in CHOICES:
            if answer not in CHOICES[name]:
                wrong = f"Type one of {', '.join(CHOICES[name])}."
        elif name in SWITCHES:
            if not isinstance(answer, bool):
                wrong = "Type true or false."
        else:
            # Answers given as key=value are evaluated before any hook runs, as defaults are.
            source = (typed or {}).get(name, "")
            default = source.strip("{ }") == f"cookiecutter.__{name}"
            wrong = _text(name, answer, "" if default else source)
            if wrong is None and name in checks:
                wrong = checks[name](answer, answers)
        if wrong:
            shown = PASSWORD.sub(r"\1***@", answer) if isinstance(answer, str) else answer
            found[name] = f"{name} {_quote(shown)}: {wrong}"
    return list(found.values())


def _text(name: str, answer: str, typed: str) -> str | None:
    longest = LONGEST.get(name, 200)
    if MARKUP.search(answer) or MARKUP.search(typed):
        return "Double braces and other template markup are not allowed. Type plain text."
    if CONTROL.search(answer):
        return "It holds a line break or another control character. Type one line of plain text."
    if not answer:
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
    if keyword.iskeyword(package):
        return f"It is a Python keyword. Type for example {package}_project."
    if package in sys.stdlib_module_names:
        return (
            "It is the name of a module of Python's standard library. "
            f"Type for example {package}_project."
        )
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
    return _url(remote, f"{scheme}://bucket-or-host/folder", query=False)


def _url(url: str, pattern: str, query: bool) -> str | None:
    try:
        parts = urlsplit(url)
        host, secret, _ = parts.hostname, parts.password, parts.port
    except ValueError:
        return f"It is not a URL. Type it like {pattern}."
    signed = (parts.username or SECRET.search(unquote(url))) if query else parts.query
    if secret is not None or signed:
        return (
            "A password, token or signature in it would be stored in git. "
            "Type it without; credentials go into environment variables. "
            "A file behind a signed address is downloaded by hand."
        )
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
        wrong = _url(path, pattern, query=True)
        if not wrong and not name:
            wrong = f"It names no file. Type it like {pattern}."
    elif source != "none":
        wrong = _database(path, answers)
    elif "_output_dir" in answers:  # cruft gives no folder
        wrong = _file(path, answers)
        if answers["__select"] and _find(raw, answers).exists():
            wrong = (
                "A # after an Excel file selects a sheet, but there is a file of this whole name. "
            )
            wrong += "Rename it, such as to table.xlsx."
    odd = name.startswith(".") or name.endswith(".dvc") or name.split(".")[0].lower() in DEVICES
    if not wrong and (odd or len(name.encode()) > 200):
        return f"{_quote(name)} cannot be the name of a raw file. Rename it, such as to table.csv."
    return wrong


def _database(url: str, answers: dict) -> str | None:
    scheme, _, rest = url.partition("://")
    if scheme in NO_DATABASES or not re.fullmatch(r"[a-z][a-z0-9_]*(\+[a-z0-9_]+)?", scheme):
        return (
            f"Nothing is fetched by {scheme}://. Type a path, an http(s) or s3 address, "
            f"or a database such as {DATABASE}."
        )
    if SECRET.search(unquote(url)) or PASSWORD.search(url):
        return (
            "A password in it would be stored in git. "
            "Type it without; it goes into the environment variable DATABASE_PASSWORD."
        )
    if not answers["__select"].strip():
        return f"It names no table. Type one, or a query, after a #: {url}#orders."
    if scheme.split("+")[0] == "sqlite":
        file = rest.split("?")[0].removeprefix("/")
        if "_output_dir" in answers and not Path(answers["_output_dir"], file).is_file():
            return (
                f"There is no file {file} in {answers['_output_dir']}. "
                "Type its whole path, as in sqlite:////srv/shop.db#orders."
            )
        return None
    try:
        parts = urlsplit(url)
        named = parts.path.strip("/") or parts.query
        _ = parts.port
    except ValueError:
        named = ""
    return None if named else f"It names no database. Type it like {DATABASE}."


def _file(raw: str, answers: dict) -> str | None:
    """Tell why the table that the answer names cannot be used; its columns are for `_target`."""
    try:
        path = _find(raw, answers)
        if not path.exists():
            return f"There is no such file ({path}). Type the path of a table, or example."
        if path.is_dir():
            inside = Path(answers["_output_dir"]).resolve().is_relative_to(path.resolve())
            if inside:
                return "The project would come into this folder. Type one that holds tables alone."
            if not (files := _files(path)):
                return "It is a folder without files. Type one that holds tables."
            path = files[0]
        if not path.is_file():
            return "It is not a regular file. Type the path of a table."
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        return f"It cannot be read ({error.strerror}). Type the path of a table you may read."
    parquet = head.startswith(b"PAR1")
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        return (
            f"The file{_of(path, raw)} is empty. Type the path of a table with a header and rows."
        )
    if parquet != (path.suffix == ".parquet"):
        what = "" if parquet else "not "
        return f"It is {what}a Parquet file: those, and only those, end in .parquet. Rename it."
    if path.suffix.lower() in NOT_TEXT or head.startswith(UTF16):
        return None
    if b"\0" in head:
        return "It is not a text table. Type the path of one, or name the file after what it is."
    if len(head) < HEAD and len(_rows(head)) < 2:
        return "It has a header and no rows. Type the path of a table with both."
    return None


def _files(folder: Path) -> list[Path]:
    """The files that the project will read in a folder: those that are not hidden."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [file for file in files if not file.name.startswith((".", "_"))]


def _of(path: Path, raw: str) -> str:
    return "" if raw.replace("\\", "/").endswith(path.name) else f" {path.name}"


def _target(target: str, answers: dict) -> str | None:
    raw = answers["raw_data"]
    if raw == "example":
        columns = EXAMPLE_COLUMNS
    elif "://" in raw or "_output_dir" not in answers or _raw_data(raw, answers):
        return None  # not here to look at, or refused already
    else:
        path = _find(answers["__raw_path"], answers)
        path = _files(path)[0] if path.is_dir() else path
        head = path.open("rb").read(HEAD)
        if path.suffix.lower() in NOT_TEXT or head.startswith(UTF16):
            return None  # looked at once the environment can read it
        rows = _rows(head)
        columns = [cell.strip() for cell in rows[0]]
        above = {cell.strip(" '") for row in rows[:ROWS_ABOVE] for cell in row}  # below a title
        if target in above or not (target.isascii() or _is_utf8(head)):
            return None
    # The project knows columns by position, and gives those without a name one.
    if target in columns or re.fullmatch(r"#?-?\d+|column_\d+|.*\.\d+", target):
        return None
    by_case = {column.lower(): column for column in columns if column}
    close = [by_case[key] for key in difflib.get_close_matches(target.lower(), by_case, cutoff=0.5)]
    listed = close + [column for column in columns if column and column not in close]
    more = f" and {len(listed) - 20} more" if len(listed) > 20 else ""
    return f"No such column in {_quote(raw)}. Type one of: {', '.join(listed[:20])}{more}."


def _find(raw: str, answers: dict) -> Path:
    """Look for the file or folder from where the command was typed, then from the output folder."""
    path = os.path.expanduser(raw)
    here = [Path(os.environ.get("PWD", answers["_output_dir"]), path)]
    return next((p for p in [*here, Path(answers["_output_dir"], path)] if p.exists()), here[0])


def _rows(head: bytes) -> list[list[str]]:
    """Cut the start of a CSV file into rows, as `data/reading` of the project does."""
    decode = codecs.getincrementaldecoder("utf-8-sig")().decode
    text = decode(head) if _is_utf8(head) else head.decode("cp1252", errors="replace")

    def score(rows: list[list[str]]) -> tuple[float, int]:
        widths = [len(row) for row in rows]
        usual = max(set(widths), key=widths.count)
        return (widths.count(usual) / len(widths) if usual > 1 else 0.0), usual

    tables = [csv.reader(io.StringIO(text, newline=""), delimiter=mark) for mark in ",;\t|"]
    best = max(([row for row in table if row] for table in tables), key=score)
    if score(best)[0]:
        return best
    return [line.split() for line in text.splitlines() if line.strip()]  # parted by blanks


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _quote(answer: object) -> str:
    text = json.dumps(answer, ensure_ascii=False)
    return text if len(text) <= 60 else text[:50] + '..."'


def main() -> None:
    """Check the answers and stop cookiecutter when one of them is bad."""
    answers = json.loads(r"""{{ cookiecutter | jsonify }}""")
    typed = json.loads(r"""{{ _cookiecutter | default({}) | jsonify }}""")
    if found := problems(answers, typed):
        print("No project was made. Please mend:", *found, sep="\n  ", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
