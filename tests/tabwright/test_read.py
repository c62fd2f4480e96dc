"""Reading what people really have."""

import gzip
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from support.read_table import read_table
from tabwright.dataset import infer, observed
from tabwright.io import dialect, read
from tabwright.io.source import Source
from tabwright.project.errors import ProjectError
from tabwright.schema.guess import infer_schema
from tabwright.schema.rules import apply_contract

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def make_workbook(path: Path, sheets: dict[str, list[list]]) -> None:
    """Write the least that is an Excel file."""

    def cell(value: object) -> str:
        text = f'<c t="inlineStr"><is><t>{value}</t></is></c>'
        return (
            "<c/>"
            if value is None
            else text
            if isinstance(value, str)
            else f"<c><v>{value}</v></c>"
        )

    def links(targets: dict[str, str], kind: str) -> str:
        entries = (
            f'<Relationship Id="{name}" Type="{OFFICE}/{kind}" Target="{target}"/>'
            for name, target in targets.items()
        )
        return f'<Relationships xmlns="{LINKS}">{"".join(entries)}</Relationships>'

    files = {f"r{number}": f"sheet{number}.xml" for number in range(len(sheets))}
    with zipfile.ZipFile(path, "w") as book:
        for file, rows in zip(files.values(), sheets.values(), strict=True):
            lines = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
            sheet = f'<worksheet xmlns="{SHEETS}"><sheetData>{lines}</sheetData></worksheet>'
            book.writestr(f"xl/{file}", sheet)
        entries = "".join(
            f'<sheet name="{name}" sheetId="{number}" r:id="r{number}"/>'
            for number, name in enumerate(sheets)
        )
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{SHEETS}" xmlns:r="{OFFICE}"><sheets>{entries}</sheets></workbook>',
        )
        book.writestr("xl/_rels/workbook.xml.rels", links(files, "worksheet"))
        book.writestr("_rels/.rels", links({"book": "xl/workbook.xml"}, "officeDocument"))
        book.writestr("[Content_Types].xml", "<Types/>")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_is_read_back_as_written(
    separator: str, encoding: str, tmp_path: Path, raw: pd.DataFrame
) -> None:
    raw.loc[0, "remark"] = f'Größe "L"{separator} two\nlines'
    path = tmp_path / "raw.csv"
    raw.to_csv(path, sep=separator, encoding=encoding, index=False)
    pd.testing.assert_frame_equal(
        read_table(path).reset_index(drop=True), raw.fillna(""), check_dtype=False
    )


@pytest.mark.parametrize(
    "suffix", [".csv.gz", ".csv.zip", ".csv.zst", ".jsonl", ".json", ".lines.json", ".parquet"]
)
def test_packed_and_other_files_hold_the_same_table(suffix: str, tmp_path: Path) -> None:
    table = pd.DataFrame({"size": [1.5, 2.25, None], "city": ["Łódź", "Graz", "a,b"]})
    path = tmp_path / f"raw{suffix}"
    if suffix == ".parquet":
        table.to_parquet(path)
    elif ".json" in suffix:
        lines = suffix != ".json"
        table.to_json(path, orient="records", lines=lines)
    elif suffix == ".csv.zst":
        import pyarrow as pa

        with pa.output_stream(str(path), compression="zstd") as file:
            file.write(table.to_csv(index=False).encode())
    else:
        table.to_csv(path, index=False)
    found = read_table(path).replace("", None).astype({"size": float})
    pd.testing.assert_frame_equal(found.reset_index(drop=True), table, check_dtype=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\r1,2\r3,4\r", {"header": True}),
        ("1,x\n2,y\n3,x\n4,x\n", {"header": False}),
        ("# made by hand\n\nday;t\n1;2,5\n2;3,5\n", {"skip_rows": 2, "separator": ";"}),
        ("t,p,name\nK,Pa,\n280,1,x\n281,2,y\n282,3,z\n", {"skip_rows_after_header": 1}),
        ('a\tb\nx\t"hi\ny\tno\nz\tyes\n', {"quote": "", "separator": "\t"}),
        ("a,b\n'x,y',1\n'z',2\n", {"quote": "'"}),
        ('a,b\n"say \\"hi\\", no",1\nz,2\n', {"escape": "\\"}),
        ("  1.0   22  x\n 10.5    3  y\n  7.25 14  x\n", {"separator": " ", "header": False}),
        ('18.0  8  307  130  3504  12.0  70\t"big  one"\n' * 3, {"separator": " "}),
        ("n,c\n1,c\n2,c\n3,b\n4,c\nn,c\n5,b\n6,c\n7,b\n", {"header": True}),
        ("city,2001,2002,2003\nx,1,2,3\ny,4,5,6\n", {"header": True}),
        ("a;b\n" + "1,5;-2,25\n" * 9, {"separator": ";"}),
        ("1.234,5;2,25;7\n" * 9, {"separator": ";", "header": False}),
        ("a\tb\n" + "1 234,5\t2,25\n" * 9, {"separator": "\t"}),
        ("name  size\n" + "x1     1,5\n" * 9, {"separator": " "}),
        ("id,tags,n\n" + "1,2;3,4\n" * 9, {"separator": ","}),
        ("room no,size\n" + "Room 5,3\n" * 9, {"separator": ","}),
    ],
)
def test_dialect_is_told_from_the_text(text: str, expected: dict, tmp_path: Path) -> None:
    found = dialect.sniff(written(tmp_path / "raw.csv", text))
    assert {key: getattr(found, key) for key in expected} == expected


def test_header_with_the_target_tells_the_delimiter(tmp_path: Path) -> None:
    path = written(tmp_path / "raw.csv", "place;n;y\n" + "Via 1, 2, Rome, Italy, EU;5;no\n" * 99)
    assert dialect.sniff(path, ["y"]).separator == ";"


def test_word_shows_what_a_guessed_encoding_makes_of_it(tmp_path: Path, capsys) -> None:
    text = "town,y\n" + "the town of Plzeň,no\nBrno,yes\n" * 20
    path = written(tmp_path / "raw.csv", text.encode("cp1250"))
    infer.infer_from_file(path, SimpleNamespace(target="y", select=""), 0)
    said = capsys.readouterr().out
    assert "cp1252 is a guess; it makes a word 'Plzeò'" in said
    assert "cp1250" in said


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("name\n" + "Wrocław,Łódź\n" * 3, "cp1250", "cp1250"),
        ("name\n" + "Иван,Москва\n" * 30, "cp1251", "cp1251"),
        ("name\n" + "太郎,東京\n" * 30, "cp932", "cp932"),
        ("name\n" + "Müller,Köln\n" * 30, "cp1252", "cp1252"),
        ("name\n" + "Müller,Köln\n" * 30, "utf-16-le", "utf-16-le"),
    ],
)
def test_encoding_is_told_from_the_bytes(
    text: str, encoding: str, expected: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "raw.csv", text.encode(encoding))
    assert dialect.sniff(path).encoding == expected


def test_cells_of_two_encodings_are_both_read(tmp_path: Path) -> None:
    mixed = "name,n\nMüller,1\nKöhler,2\n".encode() + "Größe,3\n".encode("cp1252")
    path = written(tmp_path / "raw.csv", mixed)
    assert dialect.sniff(path).encoding == "mixed"
    assert read_table(path)["name"].tolist() == ["Müller", "Köhler", "Größe"]


def test_names_are_made_where_there_are_none(tmp_path: Path) -> None:
    path = written(tmp_path / "raw.csv", "p,p,,p.1\n1,2,3,4,\n5,6,7,8,\n")
    assert list(read_table(path)) == ["p", "p.1", "column_2", "p.1.1", "column_4"]


def test_one_name_over_two_numbers_is_not_guessed(tmp_path: Path) -> None:
    comma = Source(separator=",")
    with pytest.raises(ProjectError, match="one name, and 1,5 may be one number or two"):
        list(read.read_batches(written(tmp_path / "new.csv", "x\n1,5\n-2,5\n"), comma))
    named = written(tmp_path / "new.csv", "x\na,5\nb,6\n")  # as R writes names of rows
    assert pd.concat(read.read_batches(named, comma))["x"].tolist() == ["5", "6"]


def test_aligned_columns_are_read(tmp_path: Path) -> None:
    path = written(tmp_path / "raw.data", "  1.0   22  x\n 10.5    3  y\n  7.25 14  x\n" * 9)
    assert read_table(path).head(2).to_numpy().tolist() == [
        ["1.0", "22", "x"],
        ["10.5", "3", "y"],
    ]


def test_ragged_rows_are_set_aside_with_their_numbers(tmp_path: Path) -> None:
    path = written(tmp_path / "raw.csv", "a,b\n1,2\n3\n4,5,6\n7,8\n")
    ragged: list = []
    table = pd.concat(read.read_batches(path, read.detect(path), ragged))
    assert table["a"].to_dict() == {1: "1", 4: "7"}
    assert [(row.row, row.text) for row in ragged] == [(2, "3"), (3, "4,5,6")]
    with pytest.raises(ProjectError, match="row 2, expected 2 cells, not 1: 3"):
        read_table(path)


def test_lines_of_separators_alone_are_no_rows(tmp_path: Path) -> None:
    path = written(tmp_path / "raw.csv", "a,b\n1,2\n,\n,4\n,\n,\n")
    assert read_table(path)["b"].to_dict() == {1: "2", 3: "4"}


def test_files_of_a_folder_are_one_table(tmp_path: Path) -> None:
    written(tmp_path / "1.csv", "a,b\n1,x\n2,y\n")
    written(tmp_path / "2.csv", "b,a\nz,3\n")
    table = read_table(tmp_path)
    assert table["a"].to_dict() == {1: "1", 2: "2", 3: "3"}
    written(tmp_path / "3.csv", "a,c\n1,x\n")
    with pytest.raises(ProjectError, match=r"3\.csv: its columns differ .* in b, c"):
        read_table(tmp_path)


def test_a_sheet_is_read_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "raw.xlsx"
    make_workbook(path, {"notes": [["about"]], "2024": [["a", "b"], [1, "x"], [2.5, None]]})
    table = read_table(path, read.detect(path, "2024"))
    assert table["a"].tolist() == [1.0, 2.5]
    with pytest.raises(ProjectError, match="2023"):
        read_table(path, read.detect(path, "2023"))


def test_new_rows_of_a_file_without_header_may_lack_the_target(tmp_path: Path) -> None:
    old = written(tmp_path / "old.csv", "yes,1,a\nno,2,b\nyes,3,a\nno,4,a\nno,5,b\n" * 3)
    schema = infer_schema(read_table(old), "#0", dialect.sniff(old))
    new = written(tmp_path / "new.csv", "9,b\n")
    source = observed.detect_source(new, schema)
    table = pd.concat(read.read_batches(new, source, known=schema.known_columns))
    assert table.to_dict("records") == [{"column_1": "9", "column_2": "b"}]


@pytest.mark.parametrize(
    ("cells", "source", "expected"),
    [
        (["1,25", "3,5"], ";", (",", "", [1.25, 3.5])),
        (["28,801", "30,332"], ";", (",", "", [28.801, 30.332])),
        (["28,801", "30,332"], ",", (".", ",", [28801, 30332])),
        (["1.234,5", "2,5"], ";", (",", ".", [1234.5, 2.5])),
        (["1 234,5", "2,5"], ";", (",", " ", [1234.5, 2.5])),
        (["1'234.5", "2.5"], ",", (".", "'", [1234.5, 2.5])),
        (["1’234,5", "2,5"], ";", (",", "'", [1234.5, 2.5])),
        (["1.234,5 EUR", "2,5 EUR"], ";", (",", ".", [1234.5, 2.5])),
        (["$1,234.5", "$2.5"], ",", (".", ",", [1234.5, 2.5])),
        (["12,5 %", "3 %"], ";", (",", "", [0.125, 0.03])),
    ],
)
def test_marks_in_numbers_are_told(cells: list[str], source: str, expected: tuple) -> None:
    table = pd.DataFrame({"price": cells * 10, "y": ["a", "b"] * 10}, index=range(1, 21))
    found = infer_schema(table, "y", Source(separator=source))
    typed, problems = apply_contract(table, found)
    assert problems.empty
    marks = (found.source.decimal, found.source.thousands, typed["price"].head(2).tolist())
    assert marks == expected


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("raw.csv", b"", "empty"),
        ("raw.csv", b"\x1f\x8b\x08\x00\x81\x9d", "neither text"),
        ("raw.csv.gz", b"a,b\n1,2\n", "not a .gz file, or damaged"),
        ("raw.csv.gz", gzip.compress(b"a,b\n1,2\n" * 999)[:-20], "not a .gz file, or damaged"),
        ("raw.parquet", b"PAR1", "not a .parquet file"),
        ("raw.json", b'{"a": ', "not a .json file"),
        ("raw.json", json.dumps([{"a": {"b": 1}}]).encode(), "'a' contains lists or records"),
        ("raw.xlsx", b"a,b", "not a .xlsx file"),
        ("raw.json", b'{"a": 1}\n{"a": 2', "not a .json file"),
    ],
)
def test_what_is_no_table_is_named(name: str, content: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=words):
        read_table(written(tmp_path / name, content))
