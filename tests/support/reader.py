"""Follow a page from a clone of the template, as its reader would."""

import re
import shutil
import subprocess
from pathlib import Path

from support.generator import TEMPLATE, Generator

WHO = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "x"), ("EMAIL", "x@y"))
}
LEFT_OUT = (".git", ".tox", ".venv", "__pycache__", "_build", ".*_cache")


def blocks(page: str, title: str = "") -> list[str]:
    """The shell blocks of a page, or of one of its sections."""
    text = (TEMPLATE / page).read_text(encoding="utf-8")
    if title:
        text = text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return re.findall("^```bash\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


class Reader:
    """Types what a page says, in one shell after another; `cd` stays.

    It begins in a clone of the template, in a folder of its own.
    """

    def __init__(self, generator: Generator, name: str) -> None:
        self.environment = generator.environment | WHO
        self.folder = generator.folder / name / "template"
        shutil.copytree(TEMPLATE, self.folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
        self.before = ""  # what is typed first in every shell

    def types(self, block: str, keys: str = "") -> str:
        """Run a block; return what it prints."""
        end = "\nset +e; echo; echo IN $PWD"
        done = subprocess.run(
            ["bash", "-ec", f"{self.before}\n{block}{end}"],
            cwd=self.folder,
            env=self.environment | {"PWD": str(self.folder)},
            input=keys,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}"
        said, _, here = done.stdout.rpartition("\nIN ")
        self.folder = Path(here.strip())
        return said
