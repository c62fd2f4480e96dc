"""Errors for people: one sentence, no traceback."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MAKE_ROOM = "Make room on the disk, then run this again."


class ProjectError(Exception):
    """A mistake in the data, the parameters or the command that its reader can mend."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn an error its reader can mend into a message on stderr and exit code 1."""
    try:
        yield
    except ProjectError as error:
        sys.exit(f"error: {error}")
    except Exception as error:
        library = type(error).__module__.partition(".")[0]  # not imported: that takes a second
        if isinstance(error, OSError) or library == "pyarrow":
            full = getattr(error, "errno", None) in FULL
            mend = MAKE_ROOM if full else "`make verify` tells whether a file is damaged."
            sys.exit(f"error: {_line(error)}. {mend}")
        if library in ("mlflow", "sqlalchemy"):
            sys.exit(f"error: the database of runs: {_line(error)}. {_mend_database(str(error))}")
        raise


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")


def _mend_database(said: str) -> str:
    if "is full" in said:
        return MAKE_ROOM
    if "locked" in said:
        return "Wait until nobody else writes to it, then run this again."
    return (
        "If mlflow.db is damaged, `mv mlflow.db mlflow.db.damaged` and run this again: it gets a "
        "new one. The files of runs in reports/runs stay."
    )
