"""cruft takes a generated project to a newer template, however the project was made."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.generator import TEMPLATE, Generator

WHO = ["-c", "user.name=x", "-c", "user.email=x@y"]


@pytest.fixture
def generator(tmp_path: Path) -> Generator:
    """Generates the project of one test."""
    return Generator(tmp_path)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A repository with this template, to change."""
    copy = tmp_path / "git-template"  # cookiecutter wants "git" in an address
    ignore = shutil.ignore_patterns(".git", ".tox", ".venv", "__pycache__", "_build", ".*_cache")
    shutil.copytree(TEMPLATE, copy, ignore=ignore)
    run(copy, "git", "init", "-q", "-b", "main")
    commit(copy, "first")
    return copy


@pytest.fixture(params=["cookiecutter", "cruft create"])
def project(
    request: pytest.FixtureRequest,
    generator: Generator,
    template: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A project, and what its owner has done since."""
    monkeypatch.setattr(os, "environ", os.environ | generator.environment)
    words = [*request.param.split(), str(template), "--no-input"]
    if words[0] == "cookiecutter":
        words.append("venv=false")
    run(generator.folder, sys.executable, "-m", *words)
    made = generator.folder / "my-ml-project"
    run(made, "git", "init", "-q", "-b", "main")
    params = made / "params.yaml"
    params.write_text(params.read_text("utf-8").replace("folds: 5", "folds: 10"), "utf-8")
    (made / "src/my_ml_project/features/mine.py").write_text("ANSWER = 42\n", "utf-8")
    commit(made, "mine")
    return made


def run(folder: Path, *command: str, environment: dict[str, str] | None = None) -> str:
    """Run a command and return what it prints."""
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        env=environment or dict(os.environ),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commit(folder: Path, message: str) -> None:
    """Commit all there is, also what is ignored in a template but not in its projects."""
    raw = "{{cookiecutter.project_slug}}/data/raw/penguins.csv"
    run(folder, "git", "add", "--all")
    if (folder / raw).exists():
        run(folder, "git", "add", "--force", raw)
    run(folder, "git", *WHO, "commit", "-q", "-m", message)


def update(project: Path, *options: str) -> None:
    """Update the project and hold that nothing is left to mend by hand."""
    run(project, sys.executable, "-m", "cruft", "update", "--skip-apply-ask", *options)
    assert not list(project.rglob("*.rej"))


def test_changes_are_delivered_and_the_owners_work_is_kept(project: Path, template: Path) -> None:
    assert "up to date" in run(project, sys.executable, "-m", "cruft", "check")
    inside = template / "{{cookiecutter.project_slug}}"
    makefile = inside / "Makefile"
    makefile.write_text(makefile.read_text("utf-8") + "\n# a new line\n", "utf-8")
    params = inside / "params.yaml"
    params.write_text(params.read_text("utf-8").replace("seed: 42", "seed: 7"), "utf-8")
    for folder in ("src/{{cookiecutter.package_name}}", "vendor/tabwright/src/tabwright/io"):
        (inside / folder / "fresh.py").write_text('"""New."""\n', "utf-8")
    # A new filter: cruft renders both versions in one process.
    extensions = template / "local_extensions.py"
    extensions.write_text(f'{extensions.read_text("utf-8")}FILTERS["shout"] = str.upper\n', "utf-8")
    readme = inside / "README.md"
    readme.write_text(f"{readme.read_text('utf-8')}\n{{{{ 'new' | shout }}}}\n", "utf-8")
    commit(template, "second")
    update(project)
    assert (project / "Makefile").read_text("utf-8").endswith("# a new line\n")
    assert (project / "src/my_ml_project/fresh.py").exists()
    assert (project / "vendor/tabwright/src/tabwright/io/fresh.py").exists()
    assert (project / "src/my_ml_project/features/mine.py").exists()
    kept = (project / "params.yaml").read_text("utf-8")
    assert "folds: 10" in kept
    assert "seed: 42" in kept
    assert (project / "README.md").read_text("utf-8").endswith("\nNEW\n")


def test_an_option_can_be_added_later_and_taken_back(project: Path, template: Path) -> None:
    assert not (project / ".github").exists()
    (template / "CHANGELOG.md").write_text("changed\n", "utf-8")
    commit(template, "second")
    asked = '{"ci": "github", "docs": true, "dvc_remote": "s3://bucket/x", "schedule": "cron"}'
    update(project, "--variables-to-update", asked)
    assert (project / ".github/workflows/ci.yml").exists()
    for name in ("docs/conf.py", "requirements-docs.txt", "requirements-s3.txt"):
        assert (project / name).exists()
    assert "make docs" in (project / "README.md").read_text("utf-8")
    assert 'remote = ["dvc[s3]' in (project / "pyproject.toml").read_text("utf-8")
    assert (project / "deploy/crontab").exists()
    commit(project, "more")
    (template / "CHANGELOG.md").write_text("changed again\n", "utf-8")
    commit(template, "third")
    update(project, "--variables-to-update", '{"schedule": "none"}')
    assert not (project / "deploy").exists()
    assert "alert:" not in (project / "Makefile").read_text("utf-8")


@pytest.fixture
def addresses(generator: Generator, template: Path) -> dict[str, str]:
    """What a person may type for the template, and what cruft has to clone then."""
    local = generator.folder / "templates/git-template"
    run(generator.folder, "git", "clone", "-q", str(template), str(local))
    url = template.parent.as_uri()
    rc = Path(generator.environment["HOME"], ".cookiecutterrc")
    rc.write_text(f'abbreviations: {{us: "{url}/{{}}"}}\n', "utf-8")
    return {
        "templates/git-template": str(local),
        f"{url}/git-template": f"{url}/git-template",
        "us:git-template": f"{url}/git-template",
    }


def test_address_and_commit_are_remembered(
    addresses: dict[str, str], generator: Generator, template: Path
) -> None:
    head = run(template, "git", "rev-parse", "HEAD").strip()
    for number, (typed, address) in enumerate(addresses.items()):
        answers = [f"project_name=P{number}", "venv=false", "ci=github"]
        words = ("-m", "cookiecutter", "--no-input", typed, *answers)
        run(generator.folder, sys.executable, *words, environment=generator.environment)
        text = (generator.folder / f"p{number}/.cruft.json").read_text("utf-8")
        state = json.loads(text)
        assert (state["template"], state["commit"]) == (address, head)
        assert state["checkout"] is state["directory"] is None
        assert state["context"]["cookiecutter"]["ci"] == "github"


def test_folder_of_a_larger_repository_is_remembered(generator: Generator, template: Path) -> None:
    inside = template / "tabular"
    inside.mkdir()
    for path in template.glob("[!.]*"):
        if path != inside:
            path.rename(inside / path.name)
    commit(template, "deeper")
    words = ("-m", "cookiecutter", "--no-input", str(template), "--directory", "tabular")
    run(generator.folder, sys.executable, *words, "venv=false", environment=generator.environment)
    project = generator.folder / "my-ml-project"
    state = json.loads((project / ".cruft.json").read_text("utf-8"))
    assert (state["template"], state["directory"]) == (str(template), "tabular")
    assert "up to date" in run(project, sys.executable, "-m", "cruft", "check")


def test_template_without_a_version_is_not_remembered(generator: Generator, template: Path) -> None:
    shutil.rmtree(template / ".git")
    run(template.parent, "git", "init", "-q")  # around it, of something else
    words = ("-m", "cookiecutter", "--no-input", str(template), "venv=false")
    said = run(generator.folder, sys.executable, *words, environment=generator.environment)
    assert "no .cruft.json: git does not know the version of the template" in said
    assert not (generator.folder / "my-ml-project/.cruft.json").exists()
