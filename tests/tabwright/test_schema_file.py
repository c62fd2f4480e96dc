"""How the contract is written: any reader of YAML takes its words for the same text."""

import pytest
import yaml
from ruamel.yaml import YAML
from tabwright.dataset.update import update_schema
from tabwright.schema.column import Column
from tabwright.schema.schema import Schema, load_schema, save_schema

WORDS = ["no", "Yes", "007", "08", "1e3", "0o17", "0x1F", "1_000", "12:30:45", "2024-01-01"]
WORDS += ["null", "~", "true", ".5", ".inf", "-1", "", " a", "a: b", "# a", "ja"]


@pytest.mark.parametrize("widened", [False, True])
def test_other_readers_take_the_words_for_text(widened, tmp_path) -> None:
    read = YAML(typ="safe")  # YAML 1.2
    path = tmp_path / "schema.yaml"
    columns = {word: Column("numeric", range=[0, 1.5]) for word in WORDS}
    columns["y"] = Column("category", categories=["a"] if widened else WORDS)
    save_schema(Schema("y", "classification", columns), path)
    if widened:
        update_schema(path, [("y", {"categories": WORDS})])
    text = path.read_text(encoding="utf-8")
    for tree in (yaml.safe_load(text), read.load(text)):
        assert list(tree["columns"]) == [*WORDS, "y"]
        assert tree["columns"]["y"]["categories"][widened:] == WORDS
        assert tree["columns"]["no"]["range"] == [0, 1.5]
    assert list(load_schema(path).columns) == [*WORDS, "y"]
