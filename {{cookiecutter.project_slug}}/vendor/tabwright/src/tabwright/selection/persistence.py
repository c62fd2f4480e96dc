"""Save and load models as `.skops` files, which hold no code.

The record of a saved model has the hash of the file, the names of the types in it, and hashes of the
code they come from. Loading a file requires its record: the same bytes, types and code.
"""

import hashlib
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from zipfile import ZipFile, ZipInfo

from ..project.errors import ProjectError
from ..project.files import replacing
from .sources import SourceCode

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

SHORT = 8  # characters of a hash that people see
Record = dict[str, Any]
REFERENCE = re.compile(r'("__id__": |"file": ")([\w-]+)')  # to an object, or to a file by its stem
ADDRESS = re.compile(r'("_stop_words_id": \{[^}]*"content": ")\d+')  # of a vectorizer of text
RECORDED = ("model_md5", "types", "sources", "commit", "dirty")  # what loading needs of a record
AGAIN = "`make train AGAIN=1 evaluate register promote`"


def save_model(model: "BaseEstimator", path: Path, code: SourceCode) -> Record:
    """Write the model, whole or not at all; the same model gives the same bytes.

    Returns what `load_model` needs: `model_md5`, the `types` that skops does not trust by itself, and
    the `sources` of those defined in this project. A type that cannot be imported by name is refused.
    """
    import skops.io  # it imports all of scikit-learn

    with quick_skops():
        data = skops.io.dumps(model)
    data = _canonical(data)
    types = skops.io.get_untrusted_types(data=data)
    own = [name for name in types if name.startswith("__main__.") or code.locate(name)]
    sources = {name: code.definitions(name) for name in own}
    if lost := [name for name in own if not sources[name]]:
        raise ProjectError(
            f"the model refers to {', '.join(lost)}, which cannot be found by that name later: "
            "define it at the top of a module that others import, such as features/build_features.py."
        )
    with replacing(path) as partial:
        partial.write_bytes(data)
    return {"model_md5": hashlib.md5(data).hexdigest(), "types": types, "sources": sources}


def load_model(path: Path, record: Record, code: SourceCode) -> "BaseEstimator":
    """Read a model by the record of the run that saved it.

    Raises
    ------
    ProjectError
        When the run did not save these bytes, or the code they refer to has changed; the file has not
        been parsed then.
    """
    data = path.read_bytes()
    known = hashlib.md5(data).hexdigest()
    if record["model_md5"] != known:
        raise ProjectError(
            f"{path}: not the model that was recorded (MD5 {known}, not {record['model_md5']}), so "
            "it is not loaded. `make verify REPAIR=1` restores files of this project, `make train "
            "AGAIN=1` what is lost in MLflow."
        )
    if "types" not in record:
        raise ProjectError(f"{path}: its run recorded no types of it; train again ({AGAIN}).")
    _require_same_code(path, record, code)
    import skops.io

    try:
        return skops.io.loads(data, trusted=record["types"])
    except Exception as error:  # of a dozen types, where a library has changed
        raise ProjectError(
            f"{path}: cannot be loaded with the libraries that are installed ({error}): `make setup` "
            f"installs those of the lock, or train and promote again ({AGAIN})."
        ) from error


def _require_same_code(path: Path, record: Record, code: SourceCode) -> None:
    """Refuse a model whose functions and classes in this project have changed."""
    for name, then in record["sources"].items():
        if (now := code.definitions(name)) == then:
            continue
        what = "has changed" if now else "is gone"
        if now.get(name) == then[name]:  # not itself, but what it uses
            others = sorted({each for each, _ in then.items() ^ now.items()})
            what = f"uses {', '.join(others)}, and that has changed"
        commit = f"commit {record['commit'][:SHORT]}" if record.get("commit") else "its code then"
        patch = f" with {record['run']}.diff applied" if record.get("dirty") else ""
        raise ProjectError(
            f"{path} is not loaded: it refers to {name}, which {what} since it was trained. Restore "
            f"that from {commit}{patch}, or train and promote again ({AGAIN})."
        )


@contextmanager
def quick_skops() -> Iterator[None]:
    """Let skops write each object once and without indents, and find names in its archive by hash.

    By itself it writes an object again wherever it is referred to, which makes the trees of an ensemble
    up to twelve times as long; indents it, which takes Python's slow encoder; and looks for each array
    in a list of all. Reading needs the first alone.
    """
    from skops.io import _persist, _utils

    seen, get_state = set[int](), _utils._get_state  # objects in its memo live on: ids are unique

    def get_state_once(value: Any, context: Any) -> dict[str, Any]:
        if id(value) in seen:
            kind = type(value)
            return {
                "__class__": kind.__name__,
                "__module__": kind.__module__,
                "__loader__": "CachedNode",
            }
        seen.add(id(value))
        return get_state(value, context)

    def dumps(state: dict[str, Any], indent: int) -> str:
        return json.dumps(state, separators=(",", ": "))

    names = patch.object(ZipFile, "namelist", lambda archive: archive.NameToInfo.keys())
    compact = patch.object(_persist, "json", SimpleNamespace(dumps=dumps, loads=json.loads))
    with names, compact, patch.object(_utils, "_get_state", get_state_once):
        yield


def _canonical(data: bytes) -> bytes:
    """Number objects and files in order of appearance, without times and memory addresses."""
    canonical = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as old, ZipFile(canonical, "w") as new:
        schema = ADDRESS.sub(r"\g<1>0", old.read("schema.json").decode())
        known = dict.fromkeys(name for _, name in REFERENCE.findall(schema))
        numbers = {name: str(n) for n, name in enumerate(known, start=1)}  # 0 counts as none
        schema = REFERENCE.sub(lambda found: found[1] + numbers[found[2]], schema)
        for name in old.namelist():
            stem, _, suffix = name.partition(".")
            if name == "schema.json":
                new.writestr(ZipInfo(name), schema)
            else:
                content = old.read(name)
                content = _without_padding(content) if suffix == "npy" else content
                new.writestr(ZipInfo(f"{numbers[stem]}.{suffix}"), content)
    return canonical.getvalue()


def _without_padding(content: bytes) -> bytes:
    """Zero what is between the fields of a record array, such as a tree: it is what memory held."""
    import numpy as np

    if b"'descr': [" not in content[:32]:  # in the header, of a type with fields
        return content
    array = np.load(io.BytesIO(content))
    clean, written = np.zeros(array.shape, array.dtype), io.BytesIO()
    for name in array.dtype.names:
        clean[name] = array[name]
    np.save(written, clean)
    return written.getvalue()
