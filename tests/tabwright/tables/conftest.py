"""One project for all these tests, and a PostgreSQL server of their own."""

from collections.abc import Iterator

import pytest
from support.dataset_runner import DatasetRunner
from support.postgres import PASSWORD, server


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> DatasetRunner:
    """The default project; whoever uses it begins with `runner.clear()`."""
    return DatasetRunner(tmp_path_factory.mktemp("tables") / "project")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """SQLAlchemy address of an empty database `postgres`, without its password: PGPASSWORD."""
    with server() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        yield url
