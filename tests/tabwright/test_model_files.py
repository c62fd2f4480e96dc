"""A model file loads by its record alone: the same bytes, types by name, and code as it was."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.testing
import pandas as pd
import pytest
import skops.io
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from tabwright.project.errors import ProjectError
from tabwright.project.project import Project
from tabwright.selection import transformers
from tabwright.selection.persistence import load_model, save_model
from tabwright.selection.sources import SourceCode
from tabwright.tracking.record import load_recorded_model


def crafted(statement: str = "ran = True") -> object:
    """A pipeline of functions of NumPy alone, which runs a statement when it transforms."""
    text = {"fill_value": statement.encode(), "dtype": f"S{len(statement)}"}
    return make_pipeline(
        FunctionTransformer(np.full_like, kw_args=text), FunctionTransformer(numpy.testing.measure)
    )


def test_file_that_no_run_saved_is_not_loaded(tmp_path: Path) -> None:
    path, mark = tmp_path / "model.skops", tmp_path / "mark"
    skops.io.dump(crafted(f"open({str(mark)!r}, 'w')"), path)
    with pytest.raises(ProjectError, match="saved this file"):
        load_recorded_model(Project(tmp_path), path).transform(np.zeros((1, 1)))
    assert not mark.exists()


def test_file_in_the_place_of_a_saved_one_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    record = save_model(StandardScaler().fit([[1.0], [2.0]]), path, SourceCode(tmp_path))
    skops.io.dump(crafted(), path)
    with pytest.raises(ProjectError, match="not the model that was recorded"):
        load_model(path, record, SourceCode(tmp_path))


def test_types_that_were_not_recorded_are_not_loaded(tmp_path: Path) -> None:
    """Not even where the hash agrees; no module is trusted as a whole."""
    path = tmp_path / "model.skops"
    record = save_model(crafted(), path, SourceCode(tmp_path))
    assert any(name.endswith(".measure") for name in record["types"])
    for name in record["types"]:
        less = record | {"types": [other for other in record["types"] if other != name]}
        with pytest.raises(ProjectError):
            load_model(path, less, SourceCode(tmp_path))


OWN = '''\
"""Functions of the owner."""
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from . import numbers as ns
from .units import METRE, scale
from .stars import *

RATES: dict[str, float] = {"a": 2.0}
RATES["b"] = 3.0
LIMIT = 10


def length(table: pd.DataFrame) -> pd.DataFrame:
    """In metres."""
    return scale(table * RATES["a"], METRE).clip(max=ns.LARGEST + STAR)


def other(table):
    return table + LIMIT


class Base(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.fitted_ = True
        return self


class Length(Base):
    unit: float = 1.0

    def transform(self, X):
        from .late import shift

        return other(X) * self.unit + shift()
'''
FILES = {
    "__init__.py": "",
    "own.py": OWN,
    "units.py": "METRE = 100\nFOOT = 30\n\ndef scale(x, by):\n    return x / by\n\ndef unused():\n    return 1\n",
    "numbers.py": "LARGEST = 50\n",
    "stars.py": "STAR = 1.0\nOTHER = 2.0\n",
    "late.py": "def shift():\n    return 0\n",
}
Edit = Callable[[str, str, str], None]


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Edit:
    """A package of the owner below src; call it to change a file."""
    package = tmp_path / "src" / "shop"
    package.mkdir(parents=True)
    for name, text in FILES.items():
        (package / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "src"))
    for name in [name for name in sys.modules if name.split(".")[0] == "shop"]:
        monkeypatch.delitem(sys.modules, name)

    def change(name: str, old: str, new: str) -> None:
        text = (package / name).read_text(encoding="utf-8")
        assert old in text
        (package / name).write_text(text.replace(old, new), encoding="utf-8")

    return change


@pytest.fixture
def saved(edit: Edit, tmp_path: Path) -> tuple[Path, dict]:
    """A model of the owner's function and class, and its record."""
    own = importlib.import_module("shop.own")
    model = make_pipeline(FunctionTransformer(own.length), own.Length()).fit(np.ones((1, 1)))
    path = tmp_path / "model.skops"
    record = save_model(model, path, SourceCode(tmp_path / "src"))
    return path, record | {"run": "1a2b3c4d5e6f", "commit": "c0ffee123456", "dirty": False}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("own.py", '"""In metres."""', '"""In metres, of course."""'),
        ("own.py", "(table: pd.DataFrame) -> pd.DataFrame", "(table)"),
        ("own.py", "    return table + LIMIT", "    # plus\n    return (table\n        + LIMIT)"),
        ("own.py", "import numpy as np", "import numpy as np\nimport math"),
        ("units.py", "FOOT = 30", "FOOT = 31"),
        ("units.py", "    return 1", "    return 2"),
        ("stars.py", "OTHER = 2.0", "OTHER = 3.0"),
        ("units.py", "METRE = 100", "METRE = 100  # cm"),
    ],
)
def test_edits_that_change_no_result_refuse_nothing(
    name: str, old: str, new: str, edit: Edit, saved: tuple[Path, dict], tmp_path: Path
) -> None:
    edit(name, old, new)
    assert load_model(*saved, SourceCode(tmp_path / "src")).transform(np.ones((1, 1))).shape == (
        1,
        1,
    )


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("own.py", "table * RATES", "table / RATES", r"shop\.own\.length, which has changed"),
        ("own.py", "def length", "def lengths", r"shop\.own\.length, which is gone"),
        ("own.py", "class Length", "class Lengths", r"shop\.own\.Length, which is gone"),
        ("own.py", "unit: float = 1.0", "unit: float = 2.0", r"shop\.own\.Length, which has"),
        ("own.py", '{"a": 2.0}', '{"a": 2.5}', r"length, which uses shop\.own\.RATES, and"),
        ("own.py", '["b"] = 3.0', '["b"] = 3.5', r"length, which uses shop\.own\.RATES, and"),
        ("own.py", "LIMIT = 10", "LIMIT = 11", r"Length, which uses shop\.own\.LIMIT, and"),
        ("own.py", "fitted_ = True", "fitted_ = X", r"uses shop\.own\.Base"),
        ("units.py", "METRE = 100", "METRE = 101", r"length, which uses shop\.units\.METRE, and"),
        ("units.py", "x / by", "x * by", r"length, which uses shop\.units\.scale, and"),
        ("numbers.py", "50", "60", r"length, which uses shop\.numbers\.LARGEST, and"),
        ("stars.py", "STAR = 1.0", "STAR = 2.0", r"length, which uses shop\.stars\.STAR, and"),
        ("late.py", "return 0", "return 1", r"Length, which uses shop\.late\.shift, and"),
    ],
)
def test_model_of_changed_code_is_refused_by_name(
    name: str, old: str, new: str, said: str, edit: Edit, saved: tuple[Path, dict], tmp_path: Path
) -> None:
    edit(name, old, new)
    with pytest.raises(ProjectError, match=said) as refused:
        load_model(*saved, SourceCode(tmp_path / "src"))
    assert "commit c0ffee12" in str(refused.value)
    assert "train and promote again" in str(refused.value)


@pytest.mark.parametrize("name", ["__main__", "shop.own"])
def test_function_that_cannot_be_found_later_is_not_saved(
    name: str, edit: Edit, tmp_path: Path
) -> None:
    def inner(table: object) -> object:
        return table

    inner.__module__ = name
    with pytest.raises(ProjectError, match=rf"{name}\.inner, which cannot be"):
        save_model(
            FunctionTransformer(inner), tmp_path / "model.skops", SourceCode(tmp_path / "src")
        )


def test_columns_of_transformers_have_names() -> None:
    dates = pd.DataFrame({"a": pd.to_datetime(["2024-02-29", None]), "b": pd.Timestamp(0)})
    flags = pd.DataFrame({"c": pd.array([True, None], dtype="boolean")})
    for transformer, table in (
        (transformers.DateParts(), dates),
        (transformers.BooleansAsNumbers(), flags),
    ):
        made = transformer.fit_transform(table)
        assert list(made) == transformer.get_feature_names_out().tolist()
        named = transformer.set_output(transform="pandas").fit_transform(table)
        pd.testing.assert_frame_equal(named, made)
    words = transformers.MissingTextAsEmpty().fit_transform(pd.Series(["a", None]))
    assert words.tolist() == ["a", ""]
