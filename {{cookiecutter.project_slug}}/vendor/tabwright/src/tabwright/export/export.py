"""Write the champion as ONNX, for the service and for other languages: `make export`.

Nothing is written unless it predicts all held-out rows as the champion does, within 1e-9.
"""

import hashlib

from ..project.commands import Arguments, command_parser, dvc
from ..project.errors import ProjectError
from ..project.files import replacing, write_json
from ..project.git import commit_hint
from ..project.project import Project
from ..registry.champion import champion_folder, current_champion, load_champion
from .runtime import MODEL, Session, exports, import_library


def main(project: Project, arguments: Arguments = None) -> None:
    command_parser("export", __doc__).parse_args(arguments)
    champion = current_champion(project)
    if champion is None:
        raise ProjectError("there is no champion to export: `make register promote` makes one.")
    import_library("onnx")
    from ..registry.reference import REFERENCE
    from .check import compare, rows_to_compare  # they import all of scikit-learn
    from .models import to_onnx

    used = load_champion(project, champion)
    data = to_onnx(used.model, used.schema).SerializeToString(deterministic=True)
    folder = champion_folder(project, used.run)
    files = [project.test_file, folder / REFERENCE]
    tables = rows_to_compare(files, used.schema)
    rows, difference = compare(used.model, Session(data, used.schema), used.schema, tables)
    if not rows:
        raise ProjectError("there are no held-out rows to compare with: `make data` makes them.")
    known = exports(project)  # before anything is written
    with replacing(folder / MODEL) as partial:
        partial.write_bytes(data)
    dvc(project.root, "add", "--quiet", str(folder), problem=f"DVC could not add {folder.name}")
    entry = {"model_md5": used.model_md5, "onnx_md5": hashlib.md5(data).hexdigest()}
    write_json(project.export_file, known | {used.run: entry})
    print(
        f"{project.short(folder / MODEL)}: {len(data) / 1e3:,.0f} kB, predicts {rows:,} "
        f"held-out and unusual rows as {used}, within {difference:.1e}"
    )
    print(commit_hint(project.root, f"Export version {used.version} to ONNX"))
