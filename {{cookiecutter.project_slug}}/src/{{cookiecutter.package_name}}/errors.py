"""Errors for people: one sentence, no traceback."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pyarrow import ArrowException

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
    except (OSError, ArrowException) as error:
        full = isinstance(error, OSError) and error.errno in FULL
        mend = MAKE_ROOM if full else "`make verify` tells whether a file is damaged."
        sys.exit(f"error: {_line(error)}. {mend}")
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("mlflow", "sqlalchemy"):
            raise
        sys.exit(f"error: the database of runs: {_line(error)}. {_mend_database(str(error))}")


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
