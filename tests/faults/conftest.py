"""One project for all faults, and the table of what it survived."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import summary
from support.faults import STEPS, ProjectStates

THOROUGH = 50


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--moments", type=int, default=len(STEPS), help="at which steps are stopped, in turn"
    )
    parser.addoption("--table", type=Path, help="write the table of faults to this file too")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"thorough: with --moments {THOROUGH} and more")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long, unless asked for."""
    if config.getoption("--moments") < THOROUGH:
        slow = [item for item in items if item.get_closest_marker("thorough")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


@pytest.fixture(scope="session")
def states(tmp_path_factory: pytest.TempPathFactory) -> ProjectStates:
    """A project with an environment, and its state before each step."""
    return ProjectStates(tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="session")
def pool() -> Iterator[ThreadPoolExecutor]:
    """Where two trials at a time run: commands in processes, which threads wait for."""
    with ThreadPoolExecutor(2) as pool:
        yield pool
        pool.shutdown(cancel_futures=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table."""
    if summary.TRIED:
        lines = summary.table()
        terminalreporter.section("faults")
        terminalreporter.write("\n".join(["", *lines, ""]))
        if path := terminalreporter.config.getoption("--table"):
            path.write_text("\n".join([*lines, ""]), encoding="utf-8")
