"""Every set of answers gives a clean, complete and honest tree."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import yaml
from support.generator import TEMPLATE, GeneratedProject, Generator
from support.in_process import generated
from support.recipes import steps

SHELL = re.compile(r"^```bash\n(.*?)^```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r'\bmake((?: +(?:[A-Z]+=(?:"[^"]*"|\S+)|[a-z]+\b))+)')


def test_no_scars(project: GeneratedProject) -> None:
    scars = []
    for name, content in project.files().items():
        if name.startswith("data/raw/") or not content:
            continue
        text = content.decode("utf-8")
        blank = "\n\n\n\n" if name.endswith(".py") else "\n\n\n"
        found = {
            "carriage return": "\r" in text,
            "trailing blank": re.search(r"[ \t]$", text, re.MULTILINE),
            "no newline at the end": not text.endswith("\n"),
            "blank line at the end": text.endswith("\n\n"),
            "blank line at the start": text.startswith("\n"),
            "doubled blank lines": blank in text,
        }
        scars += [f"{name}: {scar}" for scar, there in found.items() if there]
    assert not scars


def test_no_leftover_markup(project: GeneratedProject) -> None:
    files = project.files().items()
    leftover = [found for name, data in files for found in markup(name, data.decode("utf-8"))]
    assert not leftover


@cache  # most files are the same whatever the answers
def markup(name: str, text: str) -> list[str]:
    """What cookiecutter should have replaced in a file."""
    leftover = []
    if re.search(r"\{[{%]-?\s*(cookiecutter|(if|for|set|raw|end\w+)\b.*cookiecutter)", text):
        leftover.append(name)
    # Jinja templates, Python and notebooks have braces of their own; so have workflows.
    if not name.endswith((".jinja", ".py", ".ipynb")):
        text = re.sub(r"\$\{\{.*?\}\}", "", text)
        leftover += re.findall(r".*(?:\{[{%#]|[%#]\}).*", text)
    if "cookiecutter" in name:
        leftover.append(name)
    return leftover


def test_python_is_formatted_and_clean(project: GeneratedProject) -> None:
    for check in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *check, "--no-cache", "."],
            cwd=project.path,
            capture_output=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_recipe_alone_is_formatted_and_clean(tmp_path: Path) -> None:
    made = generated().path
    recipes = list(steps((made / "docs/recipes.md").read_text(encoding="utf-8")))
    for name in dict.fromkeys(step.recipe for step in recipes if step.file.endswith(".py")):
        project = Path(shutil.copytree(made, tmp_path / name))
        for step in recipes:
            if step.recipe == name and step.file.endswith(".py") and step.language == "python":
                step.paste(project)
        ruff = [sys.executable, "-m", "ruff"]
        for command in (["check", "--fix-only", "--quiet"], ["format", "--quiet"], ["check"]):
            done = subprocess.run(
                [*ruff, *command, "--no-cache", "src"],
                cwd=project,
                capture_output=True,
                encoding="utf-8",
            )
            assert done.returncode == 0, name + done.stdout + done.stderr


def test_hashes_that_a_prediction_leaves_are_no_secrets() -> None:
    config = yaml.safe_load(generated().read(".pre-commit-config.yaml"))
    (hook,) = (hook for hook in config["repos"][0]["hooks"] if hook["id"] == "secrets")
    assert re.search(hook["exclude"], "scored.csv.origin.json")
    assert not re.search(hook["exclude"], "scored.json")


def test_files_parse(project: GeneratedProject) -> None:
    parsers = {".toml": tomllib.loads, ".json": json.loads, ".ipynb": json.loads}
    parsers |= dict.fromkeys((".yaml", ".yml", ".dvc"), lambda text: [*yaml.safe_load_all(text)])
    for name, content in project.files().items():
        if parse := parsers.get(Path(name).suffix):
            assert parse(content.decode("utf-8")) is not None, name


def test_library_carries_the_licence_of_the_template(project: GeneratedProject) -> None:
    licence = project.path / "vendor/tabwright/LICENSE"
    assert licence.read_bytes() == (TEMPLATE / "LICENSE").read_bytes()


def test_no_empty_folders(project: GeneratedProject) -> None:
    empty = [path for path in project.path.rglob("*") if path.is_dir() and not any(path.iterdir())]
    assert not empty


def test_readme_is_short(project: GeneratedProject) -> None:
    assert len(project.read("README.md").splitlines()) <= 80


def test_readme_tree_is_true(project: GeneratedProject) -> None:
    block = re.search(r"^```\n((?:[├│└ ].*\n)+)```$", project.read("README.md"), re.MULTILINE)
    assert block
    folders: list[str] = []
    top = set()
    for line in block[1].splitlines():
        indent, names = re.match(r"((?:│   |    )*)[├└]── (.+?)(?: +<-.*)?$", line).groups()
        for name in names.split(", "):
            folders[len(indent) // 4 :] = [name]
            assert list(project.path.glob("/".join(folders))), line
            top.add(folders[0])
    shown = {path.name for path in project.path.iterdir() if path.is_dir()}
    assert {name for name in shown if not name.startswith(".")} <= top


def pages(project: GeneratedProject) -> dict[str, str]:
    """The README and the pages of a project."""
    return {
        name: text.decode("utf-8")
        for name, text in project.files().items()
        if name == "README.md" or (name.startswith("docs/") and name.endswith(".md"))
    }


def test_pages_name_commands_of_make(project: GeneratedProject) -> None:
    done = subprocess.run(["make"], cwd=project.path, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    listed = set(re.findall(r"^  (\S+) +\S", done.stdout, re.MULTILINE))
    for name, text in pages(project).items():
        code = "\n".join(a or b for a, b in SHELL.findall(text))
        for words in MAKE.findall(code):
            found = re.sub(r'[A-Z]+=("[^"]*"|\S+)', "", words).split()
            assert {*found} <= listed, f"{name}: make{words}"


def test_links_of_pages_lead_somewhere(project: GeneratedProject) -> None:
    for name, text in pages(project).items():
        text = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (project.path / name).parent.joinpath(link).exists(), f"{name}: {link}"


def test_same_answers_give_the_same_bytes_by_the_command_and_in_a_process(tmp_path: Path) -> None:
    answers = {"project_name": "Ünï", "docs": True, "ci": "github", "dvc_remote": "s3://bucket"}
    assert Generator(tmp_path)(**answers).files() == generated(**answers).files()
