"""Wait for a condition, and for no longer than it takes."""

import time
from collections.abc import Callable
from typing import Any

PATIENCE = 240  # seconds until a condition must hold, on a machine that is busy


def wait_for(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait until a condition holds; return its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
    return value
