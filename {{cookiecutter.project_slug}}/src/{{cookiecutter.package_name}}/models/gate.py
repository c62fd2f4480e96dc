"""Refuse a model that does not beat the baseline beyond chance."""

import json
from typing import Any

from ..config import METRICS
from ..errors import ProjectError, explained


def main() -> None:
    if not METRICS.is_file():
        raise ProjectError("reports/metrics.json is missing: `make evaluate` writes it.")
    print(verdict(json.loads(METRICS.read_text(encoding="utf-8"))))


def verdict(scores: dict[str, Any]) -> str:
    """A sentence for a model that passes.

    Parameters
    ----------
    scores
        What `evaluate` returns.

    Raises
    ------
    ProjectError
        When the interval of the gain over the baseline reaches 0 or below.
    """
    name, gain = scores["metric"], scores["gain_interval"]
    model, baseline = scores["test"][name], scores["baseline"][name]
    figures = (
        f"{name} {model:.4f} against {baseline:.4f}, gain {gain['low']:.4f} to {gain['high']:.4f}"
    )
    if not gain["low"] > 0:
        raise ProjectError(f"the gate is closed: the model does not beat the baseline ({figures}).")
    return f"the gate is open: the model beats the baseline ({figures})"


if __name__ == "__main__":
    with explained():
        main()
