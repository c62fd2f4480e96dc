"""Errors for people: one sentence, no traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class ProjectError(Exception):
    """A mistake in the data, the parameters or the command that its reader can mend."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn a `ProjectError` into a message on stderr and exit code 1."""
    try:
        yield
    except ProjectError as error:
        sys.exit(f"error: {error}")
