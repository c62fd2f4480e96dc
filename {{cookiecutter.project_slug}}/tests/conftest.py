"""Your table, your schema and your code: a test takes them as arguments, by these names.

Of a large table some rows are taken, and all is done in a copy: no test changes your data, models
or runs.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pandas as pd
import pytest
from ruamel.yaml import YAML
from tabwright.dataset.infer import infer_from_file
from tabwright.io.parquet import read_parquet
from tabwright.io.read import read_batches
from tabwright.io.sample import sample
from tabwright.project.errors import ProjectError
from tabwright.project.project import Project
from tabwright.schema.schema import Schema, load_schema, save_schema

ROWS = 500  # taken of a larger table
HERE = Project.find(Path(__file__).parent)


@contextmanager
def fail_in_a_sentence() -> Iterator[None]:
    """Fail with what is wrong with the table or the settings, without a traceback."""
    try:
        yield
    except ProjectError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def owner() -> Callable[[str], ModuleType]:
    """A function that imports a module of your package, such as `owner("models.candidates")`."""
    return lambda name: import_module(f"{HERE.package}.{name}")


@pytest.fixture(scope="session")
def schema(owner: Callable[[str], ModuleType]) -> Schema:
    """The schema of `make schema`, or what it will be."""
    if not HERE.raw_file.exists():
        pytest.skip(f"{HERE.params.data.raw} is not here: `make pull` brings it")
    if HERE.schema_file.exists():
        return load_schema(HERE.schema_file)
    clean = owner("data.make_dataset").clean
    with fail_in_a_sentence():
        return infer_from_file(HERE.raw_file, HERE.params.data, HERE.params.seed, clean=clean)


@pytest.fixture(scope="session")
def raw(schema: Schema) -> pd.DataFrame:
    """Rows as they are read, before `clean`; as many of each class as there are."""
    batches = read_batches(HERE.raw_file, schema.source, [], schema.known_columns)
    with fail_in_a_sentence():
        rows = sample(batches, HERE.params.seed)[0].sample(frac=1, random_state=0)
    if len(rows) > ROWS and schema.target in rows:
        turn = rows.groupby(schema.target, dropna=False).cumcount()
        rows = rows.loc[turn.sort_values(kind="stable").index]
    return rows.head(ROWS).sort_index()


@pytest.fixture(scope="session")
def project(raw: pd.DataFrame, schema: Schema, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of this project with these rows as its table, and settings that save time."""
    copy = Project(tmp_path_factory.mktemp("project"))
    shutil.copy(HERE.root / "pyproject.toml", copy.root)
    shutil.copytree(HERE.root / "src", copy.root / "src")
    params = YAML().load(HERE.params_file)
    # By chance more rows of a sample than of the table break a rule.
    most = min(1, 2 * params["data"]["max_rejected"])
    params["data"] |= {"raw": "raw.parquet", "max_rejected": most}
    params["train"]["folds"] = 2
    params["train"]["n_iter"] = 0
    params["evaluate"] |= {"bootstrap": 20}
    YAML().dump(params, copy.params_file)
    save_schema(schema, copy.schema_file)
    raw.to_parquet(copy.raw_file, index=False)
    return copy


@pytest.fixture(scope="session")
def dataset(project: Project, owner: Callable[[str], ModuleType]) -> SimpleNamespace:
    """What `make data` makes of these rows: `clean`, `train`, `test` and `unlabelled` tables."""
    with fail_in_a_sentence():
        owner("data.make_dataset").make_dataset(project)
    names = ("clean", "train", "test", "unlabelled")
    return SimpleNamespace(**{n: read_parquet(getattr(project, f"{n}_file")) for n in names})
