"""Hash what training uses, by its meaning: comments, descriptions and formatting do not count.

`dvc.yaml` makes training depend on these hashes in place of the files.
"""

import ast
import hashlib
import sys
from dataclasses import asdict
from typing import Any

from ..project.commands import Arguments, command_parser
from ..project.errors import ProjectError
from ..project.files import read_json, write_json
from ..project.project import Project
from ..schema.schema import load_schema
from .sources import SourceCode, parse, source_code

STEP = "models.train_model"
LATER = ("evaluate", "behaviour")  # settings that training does not read
Fingerprint = dict[str, str]


def main(project: Project, arguments: Arguments = None) -> None:
    command_parser("fingerprint", __doc__).parse_args(arguments)
    write_json(project.fingerprint_file, fingerprint(project))


def fingerprint(project: Project) -> Fingerprint:
    """Hash the code that training imports, its settings, the schema and the metric that decides.

    Data and versions of libraries are not among them: DVC knows them by their files.

    Returns
    -------
    dict of str
        By module or file: the syntax tree of each module of the owner and of this library that
        `models/train_model.py` imports, directly or not; files of the owner's package that are no
        modules; `config.py`, of which `Settings` and the deciding metric count, unless it is imported.
    """
    code, folder = source_code(project), project.root / "src" / project.package
    modules, _ = code.needed([f"{project.package}.{STEP}"])
    others = (
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and path.name[0] != "."
    )
    schema = asdict(load_schema(project.schema_file))
    for column in schema["columns"].values():
        del column["description"]
    found = {
        "config.py": _hash(sorted(_used_of_config(project, code).items())),
        "params.yaml": _hash(_settings(project)),
        "references/schema.yaml": _hash(schema),
        **{place.as_posix(): _hash(ast.unparse(parse(path))) for path, place in modules.items()},
        **{path.relative_to(folder.parent).as_posix(): _hash(path.read_bytes()) for path in others},
    }
    return dict(sorted(found.items()))


def require_same_fingerprint(project: Project) -> None:
    """Refuse a stored training whose inputs are no longer those of the project.

    Raises
    ------
    ProjectError
        When something was changed while it ran.
    """
    then, now = read_json(project.fingerprint_file), fingerprint(project)
    if changed := sorted({name for name, _ in then.items() ^ now.items()}):
        raise ProjectError(
            f"{', '.join(changed)}: changed since the training began, so its result is "
            "not recorded as that of the present files. `make train` again, or first change them back."
        )


def _settings(project: Project) -> dict[str, Any]:
    """The settings that training may read: those of the data act through its rows."""
    found = {name: value for name, value in asdict(project.params).items() if name not in LATER}
    found["data"] = {name: found["data"][name] for name in ("split", "split_by")}
    del found["train"]["threshold"]
    return found


def _used_of_config(project: Project, code: SourceCode) -> dict[str, str]:
    """The source of the owner's `Settings`, and of the metric that decides if it is the owner's."""
    config, name = f"{project.package}.config", project.params.train.metric
    found = code.definitions(f"{config}.Settings")
    if metric := project.metrics.get(name):
        function = metric.function
        module, symbol = function.__module__, getattr(function, "__qualname__", "")
        # Of a function without a name of its own, such as a lambda, all metrics count.
        named = getattr(sys.modules.get(module), symbol, None) is function
        found |= code.definitions(f"{module}.{symbol}" if named else f"{config}.metrics")
        found[name] = f"{module}.{symbol} {metric.greater_is_better} {metric.of_classes}"
    return found


def _hash(value: Any) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]
