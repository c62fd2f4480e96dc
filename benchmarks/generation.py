"""Generation without environment next to Cookiecutter Data Science, by turns.

    python3 benchmarks/generation.py [--ccds FOLDER] [--rounds 7]

Needs git and a package index. Both tools are installed into fresh environments and generate with
their defaults, ours with `venv=false`. `ccds` fetches its template from GitHub each time; to leave
the network out, the release that belongs to the installed version is cloned once, or taken from
FOLDER, and both templates are read from disk.
"""

import argparse
import tempfile
from pathlib import Path

from common import ROOT, head, machine, make_venv, median, ratio, row, run, tell

CCDS = "https://github.com/drivendataorg/cookiecutter-data-science"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ccds", type=Path, help="a checkout of its template")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="generation-") as name:
        scratch = Path(name)
        tell("installing both")
        ours = make_venv(scratch / "ours", "cookiecutter")
        theirs = make_venv(scratch / "theirs", "cookiecutter-data-science")
        template = options.ccds.resolve() if options.ccds else clone(theirs, scratch / "template")
        commands = {
            "this template, `venv=false`": (ours / "cookiecutter", ROOT, "venv=false"),
            "`ccds`": (theirs / "ccds", template),
        }
        seconds: dict[str, list[float]] = {label: [] for label in commands}
        files = {}
        for number in range(options.rounds + 1):  # the first fills caches and does not count
            tell(f"round {number} of {options.rounds}")
            for label, (tool, source, *answers) in commands.items():
                output = scratch / f"{tool.name}-{number}"
                done = run(tool, source, "--no-input", "--output-dir", output, *answers).check()
                seconds[label] += [done.seconds] if number else []
                files[label] = sum(
                    path.is_file() and ".git" not in path.parts for path in output.rglob("*")
                )
    print(f"{machine()}, {options.rounds} rounds\n")
    print(head(["generator", "files", "seconds, median (range)"]))
    for label, values in seconds.items():
        print(row([label, files[label], median(values)]))
    print(f"\nRatio of the medians: {ratio(*seconds.values())}")


def clone(programs: Path, folder: Path) -> Path:
    """The template of the installed `ccds`."""
    ask = "from importlib.metadata import version; print(version('cookiecutter-data-science'))"
    version = run(programs / "python", "-c", ask).check().output.strip()
    tell(f"cloning ccds v{version}")
    run("git", "clone", "--quiet", "--depth", 1, "--branch", f"v{version}", CCDS, folder).check()
    return folder


if __name__ == "__main__":
    main()
