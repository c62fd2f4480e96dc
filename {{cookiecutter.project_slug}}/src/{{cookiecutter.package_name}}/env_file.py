"""Settings and secrets of this machine: the file .env at the top of the project."""

from io import StringIO
from pathlib import Path

from dotenv import load_dotenv
from dotenv.parser import parse_stream

from .config import PROJECT
from .errors import ProjectError, explained


def load_env_file(path: Path = PROJECT / ".env") -> None:
    """Put its values into the environment, where those of the shell win; a damaged line ends it."""
    if not path.is_file():
        return
    with explained():
        try:
            text = path.read_text(encoding="utf-8-sig")
            for entry in parse_stream(StringIO(text)):
                if entry.error or (entry.key and entry.value is None):
                    start = entry.original.string
                    line = entry.original.line + start[: -len(start.lstrip())].count("\n")
                    raise ProjectError(f".env, line {line}: not NAME=value; see .env.example.")
            load_dotenv(stream=StringIO(text), interpolate=False)
        except (OSError, ValueError) as error:
            raise ProjectError(f".env cannot be read ({error}). Save it as UTF-8 text.") from error
