"""Makes Excel files."""

import io
from typing import Any

import openpyxl


def workbook(sheets: dict[str, list[list[Any]]]) -> bytes:
    """The bytes of a workbook with these sheets, by title."""
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(file)
    return file.getvalue()
