"""Tables that come from a database, SQLite's or a server's, into a project by `make fetch`."""

import os
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from sqlalchemy import create_engine
from support.generator import GeneratedProject, Generator
from support.postgres import PASSWORD
from support.projects import Projects
from support.shop_table import shop


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


@pytest.fixture
def projects(generator: Generator, monkeypatch: pytest.MonkeyPatch) -> Projects:
    """Makes projects whose owner knows the password, by the variable that is theirs."""
    monkeypatch.delenv("PGPASSWORD", raising=False)
    return Projects(generator, {"DATABASE_PASSWORD": PASSWORD})


def test_table_becomes_a_dataset(shop_url: str, projects: Projects) -> None:
    project = projects(raw_data=f"{shop_url}#shop", target="bought")
    assert "data/raw/shop.parquet: 90 rows" in projects.run(project, "tabwright", "fetch")
    table = pd.read_parquet(project.path / "data/raw/shop.parquet")
    assert list(table.columns) == list(shop(90, 1).columns)
    assert table["spent"].dtype == float
    assert table["bought"].isna().sum() == (shop(90, 1)["bought"] == "").sum()
    pinned = project.read("data/raw/shop.parquet.dvc")
    projects.run(project, "tabwright", "fetch")
    assert project.read("data/raw/shop.parquet.dvc") == pinned
    projects.run(project, "tabwright", "infer")
    assert "90 rows: " in projects.run(project, "p_code.data.make_dataset")
    assert_kept_secret(project)


def test_query_is_taken_as_it_is_written(shop_url: str, projects: Projects) -> None:
    query = "SELECT visitor, 'it''s :x 5%' AS \"Note\", CAST(spent AS int) AS spent, bought "
    query += "FROM shop WHERE visitor LIKE 'v0000%' ORDER BY visitor"
    project = projects(raw_data=f"{shop_url}#{query}", target="bought")
    assert ": 10 rows" in projects.run(project, "tabwright", "fetch")
    (raw,) = (project.path / "data/raw").glob("*.parquet")
    table = pd.read_parquet(raw)
    assert set(table["Note"]) == {"it's :x 5%"}
    assert table["spent"].dtype == "int64"


BAD_SELECTIONS = {
    "shopp": "shopp",
    "SELEC * FROM shop": "SELEC",
    "SELECT * FROM shop WHERE 1 = 2": "returns no rows",
    "SELECT visitor, visitor FROM shop": "returns visitor twice",
}


def test_bad_selection_is_one_sentence(shop_url: str, projects: Projects) -> None:
    project = projects(raw_data=f"{shop_url}#shop")
    projects.run(project, "tabwright", "fetch")
    before = project.files()
    params = yaml.safe_load(project.read("params.yaml"))
    for select, words in BAD_SELECTIONS.items():
        params["data"]["select"] = select
        text = yaml.safe_dump(params)
        (project.path / "params.yaml").write_text(text, encoding="utf-8")
        said = projects.run(project, "tabwright", "fetch", fails=True)
        assert words in said
        assert project.files() == before | {"params.yaml": text.encode()}
        assert_kept_secret(project, said)


def test_types_hold_for_all_batches(tmp_path: Path, projects: Projects) -> None:
    """Numbers may begin as nothing, and whole ones must not lose digits in between."""
    rows = 100_001
    table = pd.DataFrame({"id": range(2**60, 2**60 + rows), "late": None, "mixed": 1})
    table = table.astype({"late": object, "mixed": object})
    table.loc[[0, rows - 1], "mixed"] = None
    table.loc[5, "mixed"] = "x"
    table.loc[rows - 1, "late"] = 2.5
    engine = create_engine(f"sqlite:///{tmp_path / 'late.db'}")
    table.to_sql("late", engine, index=False)
    engine.dispose()
    project = projects(raw_data=f"sqlite:///{tmp_path / 'late.db'}#late")
    projects.run(project, "tabwright", "fetch")
    back = pd.read_parquet(project.path / "data/raw/late.parquet")
    assert back["id"].tolist() == table["id"].tolist()
    assert back["late"].tolist()[-1] == 2.5
    assert back["late"].isna().sum() == rows - 1
    assert back["mixed"].tolist()[4:6] == ["1", "x"]


def test_wrong_password(postgres_url: str, projects: Projects) -> None:
    project = projects(raw_data=f"{postgres_url}#shop")
    for password in ({}, {"DATABASE_PASSWORD": "not the one"}):
        projects.environment = password
        said = projects.run(project, "tabwright", "fetch", fails=True)
        assert "cannot be reached" in said
        assert "DATABASE_PASSWORD" in said
        assert "not the one" not in said
    assert not list((project.path / "data/raw").glob("[!.]*"))


BAD_DATABASES = {
    "postgresql://me@127.0.0.1:1/shop": "127.0.0.1.*cannot be reached: .*refused",
    "sqlite:///{gone}": "there is no file .*gone",
    "sqlite:///{other}": "file is not a database",
    "mysql+nodriver://me@127.0.0.1/shop": "load plugin: .*nodriver.*add the package",
    "oracle+cx_oracle://me@127.0.0.1/shop": "No module named 'cx_Oracle'.*add the package",
    "nonsense": "no SQLAlchemy URL",
    f"postgresql://me:{PASSWORD}@127.0.0.1:1/shop": "without a password",
}


def test_database_that_cannot_be_read(projects: Projects, tmp_path: Path) -> None:
    project = projects(raw_data="postgresql://me@127.0.0.1:1/shop#orders")
    (tmp_path / "other").write_text("no database, but a text of some length\n" * 90, "utf-8")
    before = project.read("params.yaml")
    for url, words in BAD_DATABASES.items():
        url = url.format(gone=tmp_path / "gone", other=tmp_path / "other")
        params = before.replace("postgresql://me@127.0.0.1:1/shop", url)
        (project.path / "params.yaml").write_text(params, encoding="utf-8")
        said = projects.run(project, "tabwright", "fetch", fails=True)
        assert re.search(words, said), said
        assert PASSWORD not in said
        assert not list((project.path / "data/raw").glob("[!.]*"))


def assert_kept_secret(project: GeneratedProject, said: str = "") -> None:
    """Look for the password in all files and in what was said."""
    assert PASSWORD not in said
    for folder, _, names in os.walk(project.path):
        for name in names:
            assert PASSWORD.encode() not in Path(folder, name).read_bytes(), name
