"""Follow docs/recipes.md of a generated project to the letter, as its reader would."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"\b(?:[Ii]n|Write) `([^`]+)`")
PLACE = re.compile(r"\b([Aa]bove|[Bb]elow|[Ii]n place of) `([^`]+)`")


@dataclass(frozen=True)
class Step:
    """A block of a recipe: a command, a file to write, or text and the line it goes to.

    Attributes
    ----------
    place
        `above`, `below` or `in place of` the one line that begins with `line`; empty for a command
        and for a whole file.
    """

    recipe: str
    language: str
    text: str
    file: str
    place: str = ""
    line: str = ""

    def paste(self, project: Path) -> None:
        """Put the text into its file."""
        path = project / self.file
        if not self.place:
            path.write_text(self.text, encoding="utf-8")
            return
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        (at,) = (n for n, line in enumerate(lines) if line.strip().startswith(self.line))
        start, end = at + (self.place == "below"), at + (self.place != "above")
        lines[start:end] = [self.text]
        path.write_text("".join(lines), encoding="utf-8")


def steps(page: str) -> Iterator[Step]:
    """The blocks of all recipes in their order; those above the first recipe have no name."""
    for section in re.split(r"^## ", page, flags=re.MULTILINE):
        name, file, before = section.partition("\n")[0], "", 0
        for block in BLOCK.finditer(section):
            words = " ".join(section[before : block.start()].split())
            before = block.end()
            file = (FILE.findall(words) or [file])[-1]
            found = [] if f"Write `{file}`" in words else PLACE.findall(words)
            place, line = found[-1] if found else ("", "")
            text = re.sub(f"^{block[1]}", "", block[3], flags=re.MULTILINE)
            yield Step(
                "" if name.startswith("#") else name, block[2], text, file, place.lower(), line
            )
