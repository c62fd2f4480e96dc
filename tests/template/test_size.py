"""What an owner has to read stays small; `python3 tests/support/lines.py` prints the numbers."""

import pytest
from support.lines import MAX_FILE, MAX_FUNCTION, PARTS, files, functions

LIMITS = {"owner's code": 600, "owner's tests": 300}


@pytest.mark.parametrize(("part", "limit"), LIMITS.items())
def test_owner_reads_few_lines(part: str, limit: int) -> None:
    assert sum(file.lines for file in files(PARTS[part])) <= limit


@pytest.mark.parametrize("part", [*LIMITS, "library"])
def test_files_and_functions_are_short(part: str) -> None:
    assert [file for file in files(PARTS[part]) if file.lines > MAX_FILE] == []
    long = [function for function in functions(PARTS[part]) if function.lines > MAX_FUNCTION]
    assert long == []
