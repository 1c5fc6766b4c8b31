"""Figures through the front door: who sees them, what the council does not, and the files for spreadsheets."""

import csv
import json
import re
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any

import openpyxl
import pytest
from sqlalchemy import delete, update

from hub.store import statistics as store
from hub.store.engine import begin_write
from hub.store.schema import access, change, incident, timeline
from tests.hub_web.conftest import Hub

API = "/api/v1/statistics"
MAY = {"section_head", "general_affairs", "auditor", "administrator"}


def case(hub: Hub, box: str, *acts: str, outcome: str | None = "harassment", minutes: int = 20, **columns: Any) -> str:
    at = columns.pop("pressed_at", hub.time())
    made = hub.press(
        box,
        pressed_at=at,
        state="closed",
        outcome=outcome,
        seen_at=at + timedelta(seconds=8),
        responder=columns.pop("responder", "p1"),
        responder_name=columns.pop("name", "髙橋"),
        contact_started_at=at,
        contact_ended_at=at + timedelta(minutes=minutes),
        **columns,
    )
    hub.told(made, "judged", source="person", at=at, data={"finding": "harassment", "acts": list(acts), "persons": []})
    return made


@pytest.fixture
def year(hub: Hub) -> Hub:
    """Nine cases at three counters, one of them a year ago; a drill and a false press."""
    desks = [hub.box(f"counter-0{n}", counter=name) for n, name in ((1, "市民課 1番"), (2, "税務課 2番"), (3, "=cmd"))]
    for _ in range(5):
        case(hub, desks[0], "abuse", "hold")
        hub.time.moves(hours=1)
    case(hub, desks[1], "sexual", level="emergency", responding_at=hub.time() + timedelta(seconds=9))
    case(hub, desks[1], outcome="near_miss")
    case(hub, desks[2], "abuse", name="=cmd|'/c calc'!A1")
    case(hub, desks[0], "threat", pressed_at=hub.time() - timedelta(days=365))
    case(hub, desks[0], drill=True)
    case(hub, desks[0], outcome="false_press")
    return hub


def asked(hub: Hub, query: str = "") -> Any:
    answer = hub.client().get(f"{API}{query}", headers=hub.machine("general_affairs"))
    assert answer.status_code == 200, answer.text
    return answer.json


def table(found: Any, name: str) -> dict[str, str]:
    [one] = [table for table in found["tables"] if table["name"] == name]
    return {figure["name"]: figure["text"] for figure in one["figures"]}


def totals(found: Any) -> dict[str, str]:
    return {figure["name"]: figure["text"] for figure in found["totals"]}


def test_figures_by_level_outcome_act_and_counter_beside_the_year_before(year: Hub) -> None:
    found = asked(year)
    assert (found["year"], found["part"]) == (2026, "year")
    assert totals(found)["cases"] == "8"
    assert totals(found)["near_misses"] == "1"
    assert totals(found)["drills"] == "1"
    assert totals(found)["false_presses"] == "1"
    assert totals(found)["held"] == "160"
    assert totals(found)["within_10"] == "100%"
    assert table(found, "act") == {"abuse": "6", "hold": "5", "sexual": "1", "threat": "0"}
    assert table(found, "counter")["市民課 1番"] == "5"
    before = {figure["name"]: figure["text_before"] for figure in found["totals"]}
    assert before["cases"] == "1"
    assert asked(year, "?part=q1")["tables"][0]["figures"][0]["count"] == 0
    assert totals(asked(year, "?part=m11"))["cases"] == "8"
    assert totals(asked(year, "?year=2025&part=q3"))["cases"] == "1"


def test_set_14_the_councils_version_tells_no_small_count_no_load_and_no_name(year: Hub) -> None:
    found = asked(year, "?council=true")
    assert table(found, "act") == {"abuse": "6", "hold": "5", "sexual": "1-2", "threat": "0"}
    assert "load" not in {one["name"] for one in found["tables"]}
    for figures in [found["totals"], *(one["figures"] for one in found["tables"])]:
        for figure in figures:
            for text, count in ((figure["text"], figure["count"]), (figure["text_before"], figure["count_before"])):
                assert text not in ("1", "2")
                assert count not in (1, 2) or text.endswith("%")
    browser = year.signed_in("general_affairs")
    for path in ("/statistics?council=true", "/statistics.csv?council=true", f"{API}?council=true"):
        body = browser.get(path).text.split("<main", 1)[-1]
        assert "髙橋" not in body
        assert "2026-0000" not in body
    assert not re.search(r'class="num">[12]<', browser.get("/statistics?council=true").text)
    assert not re.search(r'chart__value"[^>]*>[12]<', browser.get("/statistics?council=true").text)


def test_set_14_no_personal_data_is_in_the_figures_even_for_those_inside(year: Hub) -> None:
    told = json.dumps(asked(year), ensure_ascii=False)
    assert "髙橋" not in told
    assert '"p1"' not in told


def test_set_17_the_load_is_told_as_counts_of_people(year: Hub) -> None:
    assert table(asked(year), "load") == {"1": "0", "2-4": "0", "5-9": "1", "10+": "0"}


def test_only_those_who_answer_for_all_see_the_figures(hub: Hub) -> None:
    for role in ("staff", "supervisor", "guard", "building_manager", "evidence_custodian", *sorted(MAY)):
        for path in (API, f"{API}.csv", f"{API}.xlsx", "/api/v1/incidents.csv", "/statistics", "/incidents.xlsx"):
            answer = hub.client().get(path, headers=hub.machine(role))
            assert (answer.status_code == 200) == (role in MAY), (role, path)
    assert "/statistics" not in hub.signed_in("staff").get("/").text
    assert 'href="/statistics"' in hub.signed_in("auditor").get("/").text


def test_the_page_has_a_table_beside_every_picture(year: Hub) -> None:
    page = year.signed_in("section_head").get("/statistics").text
    figures = re.findall(r'<section class="panel figure".*?</section>', page, re.DOTALL)
    assert len(figures) >= 8
    for figure in figures:
        assert figure.count('<svg class="chart"') == 1
        assert figure.count("<table") == 1
        assert 'role="img" aria-label="' in figure


def test_a_change_shows_in_the_figures_at_once(year: Hub) -> None:
    assert totals(asked(year))["near_misses"] == "1"
    with begin_write(year.engine) as connection:
        [first] = connection.execute(incident.select().where(incident.c.outcome == "near_miss")).all()
        connection.execute(update(incident).where(incident.c.id == first.id).values(outcome="harassment"))
        connection.execute(change.insert().values(kind="incident", incident=first.id, at=year.time()))
    assert totals(asked(year))["near_misses"] == "0"
    case(year, "counter-01", pressed_at=year.time() - timedelta(days=200))
    assert totals(asked(year))["cases"] == "9"
    with begin_write(year.engine) as connection:
        connection.execute(delete(timeline).where(timeline.c.incident == first.id))
        connection.execute(delete(incident).where(incident.c.id == first.id))
        connection.execute(change.insert().values(kind="incident", incident=first.id, at=year.time()))
    assert totals(asked(year))["cases"] == "8"


def test_days_that_nothing_touched_are_not_read_again(year: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    genuine = store.cases

    def noted(connection: Any, start: Any, end: Any, rules: Any) -> Any:
        read.append(end - start)
        return genuine(connection, start, end, rules)

    monkeypatch.setattr(store, "cases", noted)
    asked(year)
    assert len(read) == 24
    asked(year)
    assert len(read) == 24
    case(year, "counter-01", "abuse")
    asked(year)
    assert read[24:] == [timedelta(days=3)]  # its day, the one after, and the one before for recontacts


def rows(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(StringIO(answer.data.decode("utf-8-sig"), newline="")))


def test_what_was_read_ahead_is_told_without_reading_it_again(year: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = asked(year)
    year.site.months._clear()
    year.site.months.read_ahead(year.engine, year.time(), lambda: True)
    monkeypatch.setattr(store, "cases", None)
    assert asked(year) == expected


def test_u11_the_list_of_incidents_opens_right_and_carries_nothing_out(year: Hub) -> None:
    head = year.machine("general_affairs", "鈴木")
    found = rows(year.client().get("/api/v1/incidents.csv", headers=head))
    assert found[0][:3] == ["番号", "押した時刻", "窓口"]
    assert len(found) == 1 + 10
    assert not [cell for row in found for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    [attacked] = [row for row in found if row[2] == "'=cmd"]
    assert "'=cmd|'/c calc'!A1" in attacked
    page = openpyxl.load_workbook(BytesIO(year.client().get("/api/v1/incidents.xlsx", headers=head).data)).active
    assert page["B2"].is_date
    assert {cell.data_type for row in page for cell in row} <= {"s", "n", "d"}
    assert [row.actor_name for row in year.rows(access, act="incidents.exported")] == ["鈴木", "鈴木"]


def test_shi_37_the_export_names_near_misses_as_a_category_of_their_own(year: Hub) -> None:
    found = rows(year.client().get("/api/v1/incidents.csv", headers=year.machine("section_head")))
    outcomes = [row[found[0].index("結果")] for row in found[1:]]
    assert outcomes.count("当たらないが困難な事案") == 1


def test_figures_come_as_numbers_in_a_workbook(year: Hub) -> None:
    answer = year.client().get(f"{API}.xlsx?council=true", headers=year.machine("auditor"))
    book = openpyxl.load_workbook(BytesIO(answer.data))
    cells = {row[0].value: row[1].value for row in book["行為の種類"]}
    assert cells["暴言・侮辱"] == 6
    assert cells["性的な言動・つきまとい"] == "1-2"
    assert 'attachment; filename="statistics-2026-year-council.xlsx"' in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("query", ["?year=1999", "?year=x", "?part=m13", "?council=perhaps", "?x=1"])
def test_a_period_that_does_not_exist_is_refused_in_words(hub: Hub, query: str) -> None:
    answer = hub.client().get(f"{API}{query}", headers=hub.machine("auditor"))
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
