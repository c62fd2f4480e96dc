"""Follow a Dockerfile without a container: its commands run in a folder that stands for the root."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from string import Template


@dataclass
class Stage:
    """A stage of a Dockerfile: its file system, variables, and the commands it is left with."""

    root: Path
    environment: dict[str, str]
    folder: Path = Path("/")
    commands: dict[str, list[str]] = field(default_factory=dict)

    @property
    def here(self) -> Path:
        """The working directory on this machine."""
        return self.root / self.folder.relative_to("/")

    def mapped(self, text: str) -> str:
        """Put the working directory on this machine for that of the image."""
        return text.replace(str(self.folder), str(self.here)) if self.folder.name else text


def build(project: Path, root: Path, environment: dict[str, str]) -> Stage:
    """Follow the Dockerfile of a project; what it installs comes from the cache of `environment`."""
    base = root / "base"
    subprocess.run([sys.executable, "-m", "venv", str(base)], check=True)
    outer = environment | {"PATH": f"{base / 'bin'}:{environment['PATH']}"}
    stages: dict[str, Stage] = {}
    text = (project / "Dockerfile").read_text(encoding="utf-8")
    needed = {"last", *re.findall(r"--from=(\S+)", text)}  # no builder makes the others
    for word, rest in _instructions(text):
        if word == "FROM":
            name = rest.partition(" AS ")[2] or "last"
        elif word == "ARG" or name not in needed:
            continue
        match word:
            case "FROM":
                stage = stages[name] = Stage(root / name, dict(outer))
            case "WORKDIR":
                stage.folder = Path(rest)
                stage.here.mkdir(parents=True)
            case "ENV":
                for pair in shlex.split(rest):
                    variable, _, value = pair.partition("=")
                    known = Template(stage.mapped(value)).substitute(stage.environment)
                    if variable != "UV_NO_CACHE":
                        stage.environment[variable] = known
            case "COPY":
                _copy(rest.split(), stage, stages, project)
            case "RUN":
                _run(rest, stage)
            case "CMD":
                stage.commands["CMD"] = json.loads(rest)
            case "HEALTHCHECK":
                stage.commands["HEALTHCHECK"] = json.loads(rest.partition("CMD ")[2])
    return stages["last"]


def _instructions(text: str) -> list[list[str]]:
    plain = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", "")
    return [line.split(maxsplit=1) for line in plain.splitlines() if line.strip()]


def _run(command: str, stage: Stage) -> None:
    subprocess.run(
        ["sh", "-euc", stage.mapped(re.sub(r"-[og] 10001 ", "", command))],  # not only root tests
        cwd=stage.here,
        env=stage.environment,
        check=True,
    )


def _copy(words: list[str], stage: Stage, stages: dict[str, Stage], project: Path) -> None:
    *sources, goal = words
    if sources[0].startswith("--from="):
        other = stages[sources.pop(0).removeprefix("--from=")]
        for source in sources:
            _place(other.root / source.lstrip("/"), stage.here / goal)
        return
    for source in sources:
        for path in _context(project):
            if source == "." or path.as_posix() == source:
                _place(project / path, stage.here / goal / path)


def _context(project: Path) -> list[Path]:
    """What .dockerignore lets through: it leaves out all, then names what is in."""
    lines = (project / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    assert rules[0] == "*"
    found = [path for rule in rules if rule[0] == "!" for path in project.glob(rule[1:])]
    return [path.relative_to(project) for path in found]


def _place(source: Path, goal: Path) -> None:
    if source.is_dir():
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, goal, symlinks=True, dirs_exist_ok=True, ignore=leave)
    else:
        goal = goal / source.name if goal.is_dir() else goal
        goal.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, goal)
