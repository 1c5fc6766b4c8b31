"""Tables for spreadsheets: CSV that Japanese Excel opens right, and XLSX with real dates and numbers."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO, StringIO
from typing import Final
from zoneinfo import ZoneInfo

Cell = str | int | float | bool | datetime | None

FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")
"""How text begins that a spreadsheet takes for a formula or a command (OWASP, CSV injection; faults U11). The wide
characters too: Japanese Excel reads them like the narrow ones."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_CELL_MAX: Final = 32_767
_SHEET_NAME: Final = re.compile(rf"[\[\]:*?/\\']|{_CONTROL.pattern}|[\t\r\n]")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table with a name."""

    name: str
    head: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]


def as_csv(sheets: Sequence[Sheet], zone: ZoneInfo) -> bytes:
    """UTF-8 with a byte order mark, without which Japanese Excel reads it as Shift_JIS. Tables follow each other."""
    out = StringIO(newline="")
    writer = csv.writer(out)
    for place, sheet in enumerate(sheets):
        if place:
            writer.writerow([])
        if len(sheets) > 1:
            writer.writerow([harmless(sheet.name)])
        writer.writerow([harmless(name) for name in sheet.head])
        writer.writerows([[_spelled(cell, zone) for cell in row] for row in sheet.rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def harmless(text: str) -> str:
    """`text` as it stands in a CSV cell: what could be taken for a formula gets an apostrophe in front."""
    text = _CONTROL.sub("", text)
    return f"'{text}" if text.lstrip(" \u3000").startswith(FORMULA) or text.startswith(FORMULA) else text


def _spelled(cell: Cell, zone: ZoneInfo) -> str | int | float:
    match cell:
        case None:
            return ""
        case bool():
            return "1" if cell else "0"
        case datetime():
            return cell.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
        case str():
            return harmless(cell)
    return cell


def as_xlsx(sheets: Sequence[Sheet], zone: ZoneInfo, made_at: datetime) -> bytes:
    """A workbook. Text is written as text, so that no cell is ever a formula or a link."""
    import xlsxwriter  # here, because reading it takes a tenth of the start of the pages

    out = BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    book.set_properties({"created": made_at.replace(tzinfo=None)})
    head = book.add_format({"bold": True, "bg_color": "#E8ECF5", "border": 1, "text_wrap": True, "valign": "top"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    taken: set[str] = set()
    for sheet in sheets:
        page = book.add_worksheet(_sheet_name(sheet.name, taken))
        for column, name in enumerate(sheet.head):
            page.write_string(0, column, _CONTROL.sub("", name)[:_CELL_MAX], head)
            page.set_column(column, column, _width([name, *(row[column] for row in sheet.rows[:200])]))
        for place, row in enumerate(sheet.rows, 1):
            for column, cell in enumerate(row):
                match cell:
                    case None:
                        continue
                    case bool():
                        page.write_boolean(place, column, cell)
                    case datetime():
                        page.write_datetime(place, column, cell.astimezone(zone).replace(tzinfo=None), moment)
                    case str():
                        page.write_string(place, column, _CONTROL.sub("", cell)[:_CELL_MAX])
                    case _:
                        page.write_number(place, column, cell)
        page.freeze_panes(1, 0)
        if sheet.rows and len(sheets) == 1:
            page.autofilter(0, 0, len(sheet.rows), len(sheet.head) - 1)
    book.close()
    return out.getvalue()


def _sheet_name(name: str, taken: set[str]) -> str:
    """At most 31 characters, none that Excel refuses, no name twice."""
    short = _SHEET_NAME.sub(" ", name).strip()[:28] or "-"
    found, number = short, 2
    while found.lower() in taken:
        found, number = f"{short} {number}", number + 1
    taken.add(found.lower())
    return found


def _width(cells: Sequence[Cell]) -> float:
    widths = [
        19 if isinstance(cell, datetime) else sum(2 if char > "\xff" else 1 for char in str(cell)) for cell in cells
    ]
    return min(48, max(8, max(widths, default=8) + 2))
