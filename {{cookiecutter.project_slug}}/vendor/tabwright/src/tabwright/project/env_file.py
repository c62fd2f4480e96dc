"""Settings and secrets of this machine: the file .env at the top of the project."""

from io import StringIO
from pathlib import Path

from dotenv import load_dotenv
from dotenv.parser import parse_stream

from .errors import ProjectError


def load_env_file(home: Path) -> None:
    """Put its values into the environment, where those of the shell win; a damaged line ends it."""
    path = home / ".env"
    try:
        text = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
        for name, value, (written, line), damaged in parse_stream(StringIO(text)):
            if damaged or (name and value is None):
                line += written[: -len(written.lstrip())].count("\n")
                raise ProjectError(f".env, line {line}: not NAME=value; see .env.example.")
        load_dotenv(stream=StringIO(text), interpolate=False)
    except (OSError, ValueError) as error:
        raise ProjectError(f".env cannot be read ({error}). Save it as UTF-8 text.") from error
