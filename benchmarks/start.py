"""From nothing to predictions, step by step: with a cold and then with a warm package cache.

    python3 benchmarks/start.py [ANSWER=VALUE ...]

Needs pip, git, make and a package index, as a newcomer does. Everything happens in a temporary
folder with a home and caches of its own, made empty for the first run and kept for the second.
Answers such as `raw_data=table.csv target=price` go to cookiecutter.
"""

import re
import shutil
import sys
import tempfile
from pathlib import Path

from common import BIN, ROOT, head, machine, row, run, tell

HOOK_STEP = re.compile(r"^  (\S.*?) +(\d+\.\d) s", re.MULTILINE)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="start-") as name:
        scratch = Path(name)
        cold = measure(scratch, "cold", sys.argv[1:])
        warm = measure(scratch, "warm", sys.argv[1:])
    uv = "uv on the PATH" if shutil.which("uv") else "no uv on the PATH"
    print(f"{machine()}, {uv}\n\n{head(['step', 'cold cache, s', 'warm cache, s'])}")
    for step in cold:
        print(row([step, f"{cold[step]:.1f}", f"{warm[step]:.1f}"]))


def measure(scratch: Path, cache: str, answers: list[str]) -> dict[str, float]:
    """Seconds by step, for a user whose home and caches are in `scratch`."""
    private = ("HOME", "UV_CACHE_DIR", "PIP_CACHE_DIR", "XDG_CACHE_HOME")
    env = {variable: scratch / variable.lower() for variable in private}
    for folder in env.values():
        folder.mkdir(exist_ok=True)
    work = scratch / cache
    work.mkdir()
    steps: dict[str, float] = {}

    def take(step: str, *command: object) -> str:
        tell(f"{cache} cache: {step}")
        done = run(*command, cwd=work, **env).check()
        steps[step] = done.seconds
        return done.output

    python = work / "venv" / BIN / "python"
    take("make a virtual environment", sys.executable, "-m", "venv", "venv")
    take("install cookiecutter", python, "-m", "pip", "install", "--quiet", "cookiecutter")
    said = take("generate", python, "-m", "cookiecutter", ROOT, "--no-input", *answers)
    if "not done" in said:
        sys.exit(said)
    steps |= {f"generate: {step}": float(seconds) for step, seconds in HOOK_STEP.findall(said)}
    project = next(path.parent for path in work.glob("*/params.yaml"))
    take("make predict", "make", "-C", project, "predict")
    steps["from nothing to predictions"] = sum(
        seconds for step, seconds in steps.items() if not step.startswith("generate:")
    )
    return steps


if __name__ == "__main__":
    main()
