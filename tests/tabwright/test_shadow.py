"""The model in the shadow: it begins, is found by the service, and ends."""

import json
from dataclasses import replace

import pytest
from support.champions import kept, latest, promoted
from tabwright.project.errors import ProjectError
from tabwright.project.project import Project
from tabwright.registry import champion, promote, shadow
from tabwright.tracking.record import find_record, save_record


@pytest.fixture
def models(project: Project, trained) -> Project:
    """A project whose champion is run-1, and a record of run-2."""
    made = latest(project, trained)
    promoted(made, "run-1")
    for run in ("run-1", "run-2"):
        save_record(made, find_record(made, "latest") | {"run": run})
    return made


def test_shadow_is_what_the_file_says(models: Project) -> None:
    assert shadow.current_shadow(models) is None
    entry = kept(models, "run-2")
    shadow.begin_shadow(models, entry, 0.1)
    found = shadow.current_shadow(models)
    assert (found.entry, found.share) == (entry, 0.1)
    assert champion.load_champion(models, found.entry).run == "run-2"
    assert champion.model_in_use(models).run == "run-1"
    shadow.end_shadow(models)
    shadow.end_shadow(models)
    assert shadow.current_shadow(models) is None


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"run": "r", "share": 1}', "null"])
def test_damaged_file_is_named(text: str, models: Project) -> None:
    models.shadow_file.write_text(text, encoding="utf-8")
    with pytest.raises(ProjectError, match=r"models/shadow\.json is damaged"):
        shadow.current_shadow(models)


@pytest.mark.parametrize("text", ["1.01", "-0.1", "nan", "half", "10%"])
def test_share_is_from_0_to_1(text: str) -> None:
    assert shadow.parse_share("") == shadow.parse_share("0") == 0
    assert shadow.parse_share("1") == 1
    with pytest.raises(ProjectError, match="not a share from 0 to 1"):
        shadow.parse_share(text)


def begin(models: Project, run: str, monkeypatch: pytest.MonkeyPatch, share: str = "") -> None:
    """`make shadow` of a run whose files are there already."""
    monkeypatch.setattr(promote, "fetch", lambda *_: None)
    monkeypatch.setattr(promote, "add_to_champions", lambda *_: None)
    if not champion.champion_folder(models, run).exists():
        entry = kept(models, run) | {"version": "2"}
        monkeypatch.setattr(promote, "_entry", lambda *_: entry)
    promote.shadow(models, ["--run", run, "--share", share])


def test_promotion_of_the_shadow_ends_it_and_that_of_another_does_not(
    models: Project, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(promote, "mirror", lambda *_: None)
    begin(models, "run-2", monkeypatch, "0.2")
    assert "version 2" in (said := capsys.readouterr().out)
    assert "answers 20% of the service's rows" in said
    entry = shadow.current_shadow(models).entry
    assert (entry["what"], entry["version"]) == ("in the shadow", "2")
    log = champion.promotion_log(models)
    other = kept(models, "run-3")
    promote._record(models, other, "promoted", "", log, [])
    assert json.loads(models.shadow_file.read_text(encoding="utf-8"))["share"] == 0.2
    promote._record(models, entry, "promoted", "", champion.promotion_log(models), [])
    assert not models.shadow_file.exists()
    promote.shadow(models, ["--end"])  # there is none: nothing to end


def test_former_champion_can_be_the_shadow_until_it_is_back(models: Project, monkeypatch) -> None:
    monkeypatch.setattr(promote, "mirror", lambda *_: None)
    promoted(models, "run-2")
    begin(models, "run-1", monkeypatch)
    assert shadow.current_shadow(models).entry["version"] == "1"
    promote.rollback(models, [])
    assert champion.current_champion(models)["run"] == "run-1"
    assert not models.shadow_file.exists()


def test_shadow_that_cannot_be_compared_is_refused(models: Project, trained, monkeypatch) -> None:
    with pytest.raises(ProjectError, match="is the champion"):
        promote.shadow(models, ["--run", "run-1"])
    columns = dict(trained.schema.columns)
    columns["bought"] = replace(columns["bought"], categories=["no", "perhaps", "yes"])
    entry = kept(models, "run-2", replace(trained.schema, columns=columns, positive=""))
    monkeypatch.setattr(promote, "_shadow_entry", lambda *_: entry)
    with pytest.raises(ProjectError, match=r"its classes are no, perhaps, yes, not no, yes"):
        promote.shadow(models, ["--run", "run-2"])
    assert not models.shadow_file.exists()


def test_version_of_the_shadow_is_not_given_to_another(models: Project, tmp_path) -> None:
    (tmp_path / "schema.yaml").write_text("", encoding="utf-8")
    log = champion.promotion_log(models)
    shadow.begin_shadow(models, kept(models, "run-2"), 0)
    versions = [
        promote._entry(models, find_record(models, "latest") | {"run": run}, tmp_path, log)[
            "version"
        ]
        for run in ("run-1", "run-2", "run-9")
    ]
    assert versions == ["1", "2", "3"]
