"""The settings of the service where a reader finds them, and where a container passes them on."""

import re

import yaml
from support.generator import TEMPLATE
from tabwright.serving.settings import PREFIX, ServeSettings, serve_settings

PROJECT = TEMPLATE / "{{cookiecutter.project_slug}}"


def test_example_lists_every_setting_with_its_default() -> None:
    text = (PROJECT / ".env.example").read_text(encoding="utf-8")
    listed = dict(re.findall(rf"^# ({PREFIX}\w+)=(.*)$", text, re.MULTILINE))

    assert {PREFIX + name.upper() for name in ServeSettings.__dataclass_fields__} == listed.keys()
    assert serve_settings(listed) == ServeSettings()


def test_container_passes_them_on_but_where_it_listens() -> None:
    text = (PROJECT / "compose.yaml").read_text(encoding="utf-8")
    compose = yaml.safe_load(re.sub(r"\{[{%].*?[}%]\}", "name", text.partition("\n")[2]))
    passed = compose["services"]["api"]["environment"]

    own = {f"{PREFIX}HOST", f"{PREFIX}PORT"}
    assert passed.keys() | own == {PREFIX + n.upper() for n in ServeSettings.__dataclass_fields__}
