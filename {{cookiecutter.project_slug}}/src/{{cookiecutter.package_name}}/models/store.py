"""Save and load models as `.skops` files, which hold no code."""

import io
import re
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import skops.io
from sklearn.base import BaseEstimator

from ..errors import ProjectError
from ..files import replacing
from .candidates import LIBRARIES

PACKAGE = __name__.split(".")[0]
TRUSTED_MODULES = tuple(f"{name}." for name in (*LIBRARIES, "numpy", "scipy", PACKAGE))
CONTAINERS = ("collections.OrderedDict",)  # trusted by exact name: LightGBM keeps scores in it


def save_model(model: BaseEstimator, path: Path) -> None:
    """Write the model, whole or not at all; the same model gives the same bytes."""
    with replacing(path) as partial:
        partial.write_bytes(_canonical(skops.io.dumps(model)))


def load_model(path: Path) -> BaseEstimator:
    """Read a model, refusing types from any module but `LIBRARIES`, NumPy, SciPy and this package.

    Raises
    ------
    ProjectError
        When the file is missing, damaged, or holds other types; nothing in it has run then.
    """
    if not path.is_file():
        raise ProjectError(f"{path}: no model there yet: `make train` makes one.")
    try:
        return skops.io.load(path, trusted=trusted_types(path.read_bytes()))
    except ProjectError:
        raise
    except Exception as error:  # of a dozen types, where bytes are damaged
        raise ProjectError(
            f"{path}: not a model this project can load ({error}). "
            "`make verify` tells whether the file is damaged."
        ) from error


def trusted_types(data: bytes) -> list[str]:
    """The types in a `.skops` file beyond skops' own list, all of them from trusted modules.

    Raises
    ------
    ProjectError
        When there is any other.
    """
    unknown = skops.io.get_untrusted_types(data=data)
    others = [name for name in unknown if name not in CONTAINERS]
    if foreign := [name for name in others if not name.startswith(TRUSTED_MODULES)]:
        raise ProjectError(
            f"the model file holds {', '.join(foreign)}, which this project does not trust. "
            f"It loads types of {', '.join(name[:-1] for name in TRUSTED_MODULES)} only; "
            f"see LIBRARIES in src/{PACKAGE}/models/candidates.py."
        )
    return unknown


def _canonical(data: bytes) -> bytes:
    """Number objects and files in order of appearance and drop the time, in place of memory addresses."""
    canonical = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as old, ZipFile(canonical, "w") as new:
        schema = old.read("schema.json").decode()
        names = re.findall(r'"__id__": (\d+)|"file": "([^".]+)', schema)
        numbers = {name: str(n) for n, name in enumerate(dict.fromkeys(a or b for a, b in names))}
        schema = re.sub(r'("__id__": )(\d+)', lambda found: found[1] + numbers[found[2]], schema)
        schema = re.sub(r'("file": ")([^".]+)', lambda found: found[1] + numbers[found[2]], schema)
        for name in old.namelist():
            stem, _, suffix = name.partition(".")
            if name == "schema.json":
                new.writestr(ZipInfo(name), schema)
            else:
                new.writestr(ZipInfo(f"{numbers[stem]}.{suffix}"), old.read(name))
    return canonical.getvalue()
