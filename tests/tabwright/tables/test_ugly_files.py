"""Files as people have them: each holds the same ten rows, or says in its name what else."""

from collections.abc import Callable

import pytest
from support.dataset_runner import DatasetRunner
from support.read_table import read_table
from tabwright.io.dialect import sniff

NAMES = ["name", "size", "note"]
ROWS = [[f"bird {n}", f"{n}.5", f"seen, {n} times" if n % 3 else ""] for n in range(1, 11)]
HEADER = "name,size,note"


def quoted(cell: str) -> str:
    """A cell as it stands in a file."""
    return f'"{cell}"' if "," in cell else cell


LINES = [",".join(map(quoted, row)) for row in ROWS]
PLAIN = "\n".join([HEADER, *LINES, ""])


def crowded(text: str, separator: str) -> str:
    """The rows with another separator, and so without quotes."""
    rows = [separator.join(row) for row in [NAMES, *ROWS]]
    return text.join([*rows, ""])


FILES: dict[str, bytes] = {
    "plain": PLAIN.encode(),
    "no line end at the end": PLAIN.rstrip("\n").encode(),
    "blank after each separator": "\n".join(
        ["name, size, note", *[", ".join(map(quoted, row)) for row in ROWS], ""]
    ).encode(),
    "blanks around cells": crowded("\n", " ; ").encode(),
    "single quotes": PLAIN.replace('"', "'").encode(),
    "all in quotes": "\n".join('"' + '","'.join(row) + '"' for row in [NAMES, *ROWS]).encode(),
    "mixed line ends": PLAIN.replace("\n", "\r\n", 6).encode(),
    "carriage returns only": PLAIN.replace("\n", "\r").encode(),
    "blank lines between rows": PLAIN.replace("\n", "\n\n").encode(),
    "separator behind each row": "".join(f"{line},\n" for line in [HEADER, *LINES]).encode(),
    "separator behind each row but the header": "\n".join(
        [HEADER, *[f"{line}," for line in LINES], ""]
    ).encode(),
    "title above the header": ("Birds of 2024\n\n" + PLAIN).encode(),
    "comment above the header": ("# birds of 2024\n# by hand\n" + PLAIN).encode(),
    "comment below the header": PLAIN.replace(HEADER, HEADER + "\n# by hand").encode(),
    "units below the header": PLAIN.replace(HEADER, HEADER + "\n,[cm],").encode(),
    "separator named in the first line": ("sep=;\n" + crowded("\n", ";")).encode(),
    "utf-16 without a mark": PLAIN.encode("utf-16-le"),
    "utf-16, big end first": b"\xfe\xff" + PLAIN.encode("utf-16-be"),
    "utf-8 with a mark": PLAIN.encode("utf-8-sig"),
    "parted by blanks": "\n".join(
        " ".join(cell.replace(" ", "_") for cell in row[:2]) for row in [NAMES, *ROWS]
    ).encode(),
}


def cells(runner: DatasetRunner, content: bytes) -> tuple[list[str], list[list[str]]]:
    """Names and rows, read without being told how."""
    path = runner.clear() / "table.csv"
    path.write_bytes(content)
    table = read_table(path, sniff(path))
    return list(table.columns), table.fillna("").astype(str).to_numpy().tolist()


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_ugly_file_is_read(runner: DatasetRunner, content: bytes) -> None:
    names, rows = cells(runner, content)
    if len(names) == 2:
        assert rows == [[name.replace(" ", "_"), size] for name, size, _ in ROWS]
    else:
        assert names[:3] == NAMES
        assert [row[:3] for row in rows] == ROWS


def test_quotes_that_never_close_are_text(runner: DatasetRunner) -> None:
    rows = [["ham", f'{n} said "hello'] if n % 4 else ["spam", f"{n}"] for n in range(1, 40)]
    names, found = cells(runner, "\n".join("\t".join(row) for row in rows).encode())
    assert len(set(names)) == 2
    assert found == rows


def test_names_that_repeat_or_are_missing_are_told_apart(runner: DatasetRunner) -> None:
    content = PLAIN.replace(HEADER, "size,size,")
    names, rows = cells(runner, content.encode())
    assert len(set(names)) == 3
    assert "" not in names
    assert names[0] == "size"
    assert rows == ROWS


def test_carriage_return_in_a_cell_is_kept(runner: DatasetRunner) -> None:
    _, rows = cells(runner, PLAIN.replace("\n", "\r\n").replace("seen, ", "seen,\r").encode())
    assert [row[2] for row in rows] == [row[2].replace("seen, ", "seen,\r") for row in ROWS]


def test_two_encodings_in_one_file(runner: DatasetRunner) -> None:
    lines = PLAIN.replace("bird", "Bläßhuhn").splitlines(keepends=True)
    mixed = b"".join(line.encode("cp1252" if n == 4 else "utf-8") for n, line in enumerate(lines))
    _, rows = cells(runner, mixed)
    assert [row[0] for row in rows] == [row[0].replace("bird", "Bläßhuhn") for row in ROWS]


SENTENCES = {
    "cp1252": "Die größte „Möwe“ saß übers Jahr am Café",
    "cp1251": "Синяя птица сидела на старом дереве у реки",
    "cp949": "파란 새가 강가의 오래된 나무에 앉아 있었다",
    "cp932": "青い鳥が川のそばの古い木にとまっていた",
    "gb18030": "蓝色的鸟停在河边的老树上唱了一整天",
}


@pytest.mark.parametrize("encoding", SENTENCES)
def test_old_encodings(runner: DatasetRunner, encoding: str) -> None:
    word = SENTENCES[encoding]
    text = "name;size\n" + "".join(f"{word} {n};{n}\n" for n in range(30))
    _, rows = cells(runner, text.encode(encoding))
    assert rows == [[f"{word} {n}", str(n)] for n in range(30)]


MONEY: dict[str, Callable[[str], str]] = {
    "1,234.50": lambda number: number,
    "1.234,50": lambda number: number.translate(str.maketrans(",.", ".,")),
    "1 234,50": lambda number: number.translate(str.maketrans(",.", " ,")),
    "1'234.50": lambda number: number.replace(",", "'"),
    "1234,50": lambda number: number.replace(",", "").replace(".", ","),
}


@pytest.mark.parametrize("style", MONEY)
def test_numbers_of_all_countries(runner: DatasetRunner, style: str) -> None:
    values = [round(n**3 * 7.25 + 0.05 * n, 2) for n in range(1, 61)]
    lines = [f"{MONEY[style](f'{value:,.2f}')};{'ab'[n % 2]}" for n, value in enumerate(values)]
    (runner.clear() / "table.csv").write_text("\n".join(["price;y", *lines]), encoding="utf-8")
    run = runner.run("table.csv", "y")
    assert run.worked, run
    parts = [runner.table(name)["price"] for name in ("train", "test")]
    assert sorted(value for part in parts for value in part) == values
