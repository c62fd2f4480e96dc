"""Errors for people: one sentence, no traceback."""

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
STOPPED = "error: stopped; run the same command again to continue."
MAKE_ROOM = "Make room on the disk, then run this again."
BROKEN_PIPE, INTERRUPTED = 141, 130  # the exit codes of a shell for a closed pipe and for Ctrl-C


class ProjectError(Exception):
    """A mistake in the data, the parameters or the command that the user can fix."""


@contextmanager
def cli_errors() -> Iterator[None]:
    """Turn an error that the user can fix into a message on stderr and exit code 1.

    Errors of files and the database become a `ProjectError` where they occur; any other exception is a
    bug, whose traceback is needed.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(BROKEN_PIPE)
    except ProjectError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        if error.errno not in FULL:
            raise
        sys.exit(f"error: {first_line(error)}. {MAKE_ROOM}")
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)
        sys.exit(INTERRUPTED)


def say_interrupts() -> None:
    """Make Ctrl-C a sentence before `cli_errors` begins as well, while libraries are imported."""
    sys.excepthook = _say_interrupt


def _say_interrupt(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        print(STOPPED, file=sys.stderr)  # Python then ends with the exit code of Ctrl-C
    else:
        sys.__excepthook__(kind, error, trace)


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """The most similar of the known words as a question in brackets, after a space; empty if none is."""
    from difflib import get_close_matches  # only a mistake needs it

    similar = {name.lower(): name for name in known}
    found = get_close_matches(str(word).lower(), similar, n=1)
    return f" (did you mean {similar[found[0]]}?)" if found else ""


def first_line(error: BaseException) -> str:
    """The first line of a message, without the full stop."""
    return str(error).strip().partition("\n")[0].rstrip(".")
