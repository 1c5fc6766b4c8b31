"""Tables for spreadsheets: they open right in Japanese Excel, and nothing in them is carried out."""

import csv
from datetime import UTC, datetime
from io import BytesIO, StringIO
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.reports.sheets import FORMULA, Sheet, as_csv, as_xlsx, harmless

TOKYO = ZoneInfo("Asia/Tokyo")
AT = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)


def read_csv(body: bytes) -> list[list[str]]:
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(StringIO(body.decode("utf-8-sig"), newline="")))


def book(body: bytes) -> Any:
    return openpyxl.load_workbook(BytesIO(body))


ATTACKS = [
    "=cmd|'/c calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x", " =1",
    "　=1", "=HYPERLINK(\"http://evil.example\")", "\x00=1",
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_u11_text_that_a_spreadsheet_would_carry_out_is_harmless(attack: str) -> None:
    [_, [cell]] = read_csv(as_csv([Sheet("x", ("言葉",), [[attack]])], TOKYO))
    assert cell.startswith("'")
    made = book(as_xlsx([Sheet("x", ("言葉",), [[attack]])], TOKYO, AT)).active["A2"]
    assert made.data_type == "s"
    assert made.hyperlink is None


@given(st.text(st.characters(codec="utf-8", exclude_characters="\ufffe\uffff"), max_size=30))
def test_u11_no_cell_of_text_begins_like_a_formula(text: str) -> None:
    assert not harmless(text).startswith(FORMULA)
    printable = "".join(char for char in text if (char >= " " and char != "\x7f") or char in "\t\n\r")
    assert harmless(text) in (printable, f"'{printable}")  # nothing that can be seen is lost


def test_csv_has_a_byte_order_mark_tokyo_times_and_plain_numbers() -> None:
    rows = read_csv(as_csv([Sheet("x", ("番号", "時刻", "件数", "なし"), [["2026-000001", AT, -3, None]])], TOKYO))
    assert rows == [["番号", "時刻", "件数", "なし"], ["2026-000001", "2026-11-20 11:41:36", "-3", ""]]


def test_several_tables_follow_each_other_under_their_names() -> None:
    rows = read_csv(as_csv([Sheet("一", ("a",), [[1]]), Sheet("=二", ("b",), [[2]])], TOKYO))
    assert rows == [["一"], ["a"], ["1"], [], ["'=二"], ["b"], ["2"]]


def test_xlsx_has_real_dates_and_numbers() -> None:
    page = book(as_xlsx([Sheet("x", ("時刻", "件数", "割合", "はい"), [[AT, 3, 0.5, True]])], TOKYO, AT)).active
    assert page["A2"].value == datetime(2026, 11, 20, 11, 41, 36)  # noqa: DTZ001 - a spreadsheet has no zones
    assert page["A2"].is_date
    assert (page["B2"].value, page["C2"].value, page["D2"].value) == (3, 0.5, True)
    assert page.freeze_panes == "A2"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=40), min_size=1, max_size=5))
def test_whatever_a_table_is_called_the_workbook_opens(names: list[str]) -> None:
    made = book(as_xlsx([Sheet(name, ("a",), [["x"]]) for name in names], TOKYO, AT))
    assert len(made.sheetnames) == len(names)
    assert len({name.lower() for name in made.sheetnames}) == len(names)
