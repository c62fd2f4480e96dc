"""Refuse bad answers, with a sentence for each, before any file is written."""

import difflib
import json
import os
import re
import sys
from pathlib import Path, PureWindowsPath

REMOTES = ("s3", "gs", "azure", "ssh", "webdav", "webdavs")
OF_SLUG = ("package_name", "dvc_remote")  # made from it unless given
LONGEST = {"raw_data": 2000, "target": 2000, "dvc_remote": 2000}  # all other answers: 200
MARKUP = re.compile(r"\{[%#{]")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
DATABASE = "postgresql://reader@host/shop#orders"
NO_DATABASES = {"file", "ftp", "ftps", "sftp", "postgres", *REMOTES}
IN_GIT = "A password or token in it would be stored in git. "


def problems(answers: dict) -> dict[str, str]:
    """Say what is wrong with the answers, a sentence for each question."""
    checks = {
        "project_slug": _slug,
        "package_name": _package,
        "raw_data": _raw_data,
        "target": _target,
        "dvc_remote": _dvc_remote,
    }
    found = {}
    for name in filter(None, answers["__unknown"].split(", ")):
        close = difflib.get_close_matches(name, answers["__questions"], n=1, cutoff=0)[0]
        found[name] = f"{name}: no question asks for it. Type {close}=..., or leave it out."
    for name in answers["__questions"]:
        answer = answers[name]
        if not isinstance(answer, str):
            continue  # cookiecutter itself refuses what is not true or false
        if "project_slug" in found and name in OF_SLUG and answer == answers.get(f"__{name}"):
            continue
        wrong = _text(name, answer, answers)
        if wrong is None and name in checks:
            wrong = checks[name](answer, answers)
        if wrong:
            found[name] = f"{name} {answers['__shown'][name]}: {wrong}"
    return found


def _text(name: str, answer: str, answers: dict) -> str | None:
    longest = LONGEST.get(name, 200)
    if MARKUP.search(answer) or name in answers["__markup"]:
        return "Double braces and other template markup are not allowed. Type plain text."
    if CONTROL.search(answer):
        return "It holds a line break or another control character. Type one line of plain text."
    if not answer and name != "target":
        return "It is empty. Type something."
    if answer != answer.strip():
        return "It starts or ends with a space. Type it without."
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
    why = answers["__reserved"]["project_slug"]
    return f"{why} Type for example {slug}-project." if why else None


def _package(package: str, answers: dict) -> str | None:
    if len(package) > 64 or not re.fullmatch(r"[a-z][a-z0-9_]*", package):
        plain = re.sub(r"[^a-z0-9]+", "_", package.lower())[:40].strip("_0123456789")
        return (
            "A package name has at most 64 lowercase letters, digits and _, and starts with a "
            f"letter. Type for example {plain or 'ml_project'}."
        )
    why = answers["__reserved"]["package_name"]
    return f"{why} Type for example {package}_project." if why else None


def _dvc_remote(remote: str, answers: dict) -> str | None:
    if remote == "none":
        return None
    if '"' in remote or "%(" in remote:
        return "DVC's configuration cannot hold double quotes or %(. Type it without."
    scheme, mark, _ = remote.partition("://")
    if not mark:
        absolute = remote[0] in "~/\\" or PureWindowsPath(remote).is_absolute()
        if absolute or os.path.normpath(remote).startswith(".."):
            return None
        return (
            "A folder inside the project would end up in git. "
            f"Type a folder next to it, such as ../{answers['project_slug']}-remote."
        )
    if scheme not in REMOTES:
        known = ", ".join(f"{scheme}://" for scheme in REMOTES)
        return f"DVC has no plugin here for {scheme}://. Type a folder, none, or one of {known}."
    if "dvc_remote" in answers["__secret"]:
        return f"{IN_GIT}Type it without; credentials go into environment variables."
    if fault := answers["__fault"]["dvc_remote"]:
        return f"{fault} Type it like {scheme}://bucket-or-host/folder."
    return None


def _raw_data(raw: str, answers: dict) -> str | None:
    if raw == "example":
        return None
    source, path, wrong = answers["__source"], answers["__raw_path"], None
    if source in ("http", "s3"):
        fault = answers["__fault"]["raw_data"] or "It names no file." * (not answers["__raw_file"])
        if "raw_data" in answers["__secret"]:
            wrong = f"{IN_GIT}Type the path of a downloaded file, or the address without it."
        elif fault:
            wrong = f"{fault} Type it like {path.split(':')[0]}://host-or-bucket/folder/table.csv."
    elif source != "none":
        wrong = _database(path, answers)
    elif "_output_dir" in answers:  # cruft gives no folder
        wrong = _file(Path(answers["__found"]), answers)
    if not wrong and (why := answers["__reserved"]["raw_data"]):
        return f"{why} Rename it, such as to table.csv."
    return wrong


def _database(url: str, answers: dict) -> str | None:
    scheme = url.partition("://")[0]
    if scheme in NO_DATABASES or not re.fullmatch(r"[a-z][a-z0-9_]*(\+[a-z0-9_]+)?", scheme):
        return (
            f"Nothing is fetched by {scheme}://. Type a path, an http(s) or s3 address, "
            f"or a database such as {DATABASE}."
        )
    if "raw_data" in answers["__secret"]:
        return f"{IN_GIT}Type it without; it goes into the environment variable DATABASE_PASSWORD."
    if not answers["__select"].strip():
        return f"It names no table. Type one, or a query, after a #: {url}#orders."
    return None


def _file(path: Path, answers: dict) -> str | None:
    """Tell why there is no table where the answer says; what is in it is for `make setup`."""
    if answers["__select"] and answers["__whole"]:
        return "The # selects a sheet, but a file has this whole name. Rename it to table.xlsx."
    try:
        if not path.exists():
            return f"There is no such file ({path}). Type the path of a table, or example."
        if path.is_dir():
            if Path(answers["_output_dir"]).resolve().is_relative_to(path.resolve()):
                return "The project would come into this folder. Type one that holds tables alone."
            files = sorted(file for file in path.rglob("[!._]*") if file.is_file())
            if not files:
                return "It is a folder without files. Type one that holds tables."
            path = files[0]
        if not path.is_file():
            return "It is not a regular file. Type the path of a table."
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        return f"It cannot be read ({error.strerror}). Type the path of a table you may read."
    return f"The file {path.name} is empty. Type the path of a table with rows." if empty else None


def _target(target: str, answers: dict) -> str | None:
    """Ask for a target; whether there is such a column is for `make setup`."""
    return None if target else f"It is empty. Type the column to predict{answers['__begins']}."


def occupied(folder: Path) -> dict[str, str]:
    """Refuse a folder that holds anything: rendering would overwrite it, file by file."""
    names = sorted(path.name for path in folder.iterdir())
    names[3:] = ["..."] if len(names) > 3 else []
    said = (
        f"The folder {folder} is not empty ({', '.join(names)}): to adopt a repository, generate "
        "elsewhere with --output-dir and venv=false, then copy it in with adopt.py of the project "
        "(docs/adopt.md); to update a project of this template, run `cruft update` there."
    )
    return {"folder": said} if names else {}


def main() -> None:
    """Check the answers and stop cookiecutter when one of them is bad."""
    answers = json.loads(r"""{{ cookiecutter | for_pre_gen | jsonify }}""")
    if found := occupied(Path.cwd()) or problems(answers):
        print("No project was made. Please fix:", *found.values(), sep="\n  ", file=sys.stderr)
        gaps = {name: f"{name}=..." for name in found if name in answers["__questions"]}
        if answers["__repeat"].keys() - gaps:  # what was typed at the questions
            print("To keep the other answers, add to the command:", file=sys.stderr)
            print("  --no-input", *(answers["__repeat"] | gaps).values(), file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
