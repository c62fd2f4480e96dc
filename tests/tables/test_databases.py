"""Tables that come from a database server."""

from sqlalchemy import create_engine, text


def test_server_of_the_tests_answers(postgres_url: str) -> None:
    assert "password" not in postgres_url
    with create_engine(postgres_url).connect() as connection:
        assert connection.scalar(text("SELECT 6 * 7")) == 42
