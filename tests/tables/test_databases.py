"""Tables that come from a database, SQLite's or a server's."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine

from .shop import shop


@pytest.fixture(params=["sqlite", "postgresql"])
def shop_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database with a table `shop`; the server asks for a password."""
    url = f"sqlite:///{(tmp_path / 'shop.db').as_posix()}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    engine = create_engine(url)
    typed = shop(90, 1).replace("", None).astype({"spent": float})
    typed.to_sql("shop", engine, index=False, if_exists="replace")
    engine.dispose()
    return url


def test_databases_hold_the_table(shop_url: str) -> None:
    engine = create_engine(shop_url)
    with engine.connect() as connection:
        counted = connection.exec_driver_sql("SELECT count(*), count(bought) FROM shop").one()
    engine.dispose()
    assert tuple(counted) == (90, (shop(90, 1)["bought"] != "").sum())
