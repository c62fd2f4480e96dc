"""One project for all these tests, and a PostgreSQL server of their own."""

from collections.abc import Iterator

import pytest
from conftest import Bakery

from .postgres import PASSWORD, server
from .rig import Workbench


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """The default project; whoever uses it begins with `bench.clear()`."""
    root = tmp_path_factory.mktemp("tables")
    return Workbench(Bakery(root)().path, root / "pristine")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """SQLAlchemy address of an empty database `postgres`, without its password: PGPASSWORD."""
    with server() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        yield url
