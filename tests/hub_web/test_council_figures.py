"""What the council's figures tell, through the front door: answers, units, limits, staff time, referrals, hours."""

import csv
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from contract.problems import Refused
from hub.domain.council import due_at, quarter_over
from hub.store.schema import access
from tests.hub_domain.life import PROFILES
from tests.hub_web.conftest import Hub

API = "/api/v1"
UNIT = """
[unit]
id = "{id}"
label_ja = "{ja}"
label_en = "{en}"
boxes = [{boxes}]
"""
CIRCUMSTANCES = ["age", "disability", "situation", "first_or_continuing"]


def asked(hub: Hub, query: str = "", tongue: str = "ja") -> Any:
    headers = hub.machine("general_affairs") | {"Accept-Language": tongue}
    answer = hub.client().get(f"{API}/statistics{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json


def totals(found: Any) -> dict[str, str]:
    return {figure["name"]: figure["text"] for figure in found["totals"]}


def table(found: Any, name: str, field: str = "name") -> dict[str, str]:
    figures = [figure for one in found["tables"] if one["name"] == name for figure in one["figures"]]
    return {figure[field]: figure["text"] for figure in figures}


def does(hub: Hub, incident: str, deed: str, role: str = "section_head", **body: Any) -> Any:
    answer = hub.client().post(f"{API}/incidents/{incident}/{deed}", json=body, headers=hub.machine(role))
    assert answer.status_code == 200, answer.text
    return answer.json


def at(local: str) -> datetime:
    return datetime.fromisoformat(f"{local}+09:00").astimezone(UTC)


def contact(hub: Hub, box: str, begun_at: datetime, minutes: int = 10, **columns: Any) -> str:
    return hub.press(
        box, pressed_at=begun_at, contact_started_at=begun_at, contact_ended_at=begun_at + timedelta(minutes=minutes),
        state="contact_ended", **columns,
    )  # fmt: skip


@pytest.fixture
def with_units(tmp_path: Path, make_hub: Callable[..., Hub]) -> Hub:
    """Two units and a counter that belongs to none."""
    (tmp_path / "units").mkdir()
    for id, ja, en, boxes in (
        ("kokuho", "国保年金課", "Health insurance", '"counter-01", "counter-02"'),
        ("zeimu", "税務課", "Taxes", '"counter-03"'),
    ):
        (tmp_path / "units" / f"{id}.toml").write_text(UNIT.format(id=id, ja=ja, en=en, boxes=boxes), "utf-8")
    hub = make_hub(profile="sapporo")
    for place in range(1, 5):
        hub.box(f"counter-0{place}", counter=f"窓口{place}")
    return hub


def calls(hub: Hub) -> None:
    """Calls of both levels, with every way in which one is no call of the share."""
    now = hub.time() - timedelta(days=1)

    def answered(level: str, seen_s: float | None, going_s: float | None = None, **columns: Any) -> None:
        seen = None if seen_s is None else now + timedelta(seconds=seen_s)
        going = None if going_s is None else now + timedelta(seconds=going_s)
        closed = {"outcome": "harassment", "state": "closed"} | columns
        hub.press(level=level, pressed_at=now, seen_at=seen, responding_at=going, **closed)

    answered("assist", 9)
    answered("assist", 39)
    answered("assist", None)
    answered("assist", 3, outcome="false_press")
    answered("assist", None, outcome="false_press")
    answered("assist", 1, drill=True)
    answered("assist", 1, outcome="drill")
    answered("emergency", 2, 30)
    answered("emergency", 2)
    # an assist call that was seen at once and raised to an emergency a minute later
    answered("emergency", 2, 65, received_at=now, raised_at=now + timedelta(seconds=60))


def test_shi_33_the_councils_shares_are_those_of_the_page_of_alerts(hub: Hub) -> None:
    calls(hub)
    told = totals(asked(hub))
    answer = hub.client().get(f"{API}/figures/response", headers=hub.machine("auditor")).json
    page = {one["level"]: one for one in answer["levels"] if not one["drill"]}
    assert (page["assist"]["calls"], page["emergency"]["calls"]) == (4, 3)
    for level, figures in page.items():
        for seconds in (10, 40):
            assert told[f"within_{seconds}_{level}"] == f"{figures[f'percent_{seconds}_s']}%", (level, seconds)
    assert [told[f"within_{one}"] for one in ("10_assist", "40_assist")] == ["50%", "75%"]
    assert [told[f"within_{one}"] for one in ("10_emergency", "40_emergency")] == ["33%", "66%"]
    assert [told["within_10"], told["within_40"], told["drills"]] == ["42%", "71%", "2"]


def test_shi_33_a_call_counts_as_unanswered_once_it_can_no_longer_be_in_time(hub: Hub) -> None:
    hub.press()
    assert totals(asked(hub))["within_40_assist"] == "-"
    hub.time.moves(seconds=41)
    assert totals(asked(hub))["within_40_assist"] == "0%", "nothing but time has passed"


def test_set_14_cases_are_counted_by_unit_and_the_list_names_it(with_units: Hub) -> None:
    hub = with_units
    for place, count in ((1, 3), (2, 1), (3, 4), (4, 5)):
        for _ in range(count):
            hub.press(f"counter-0{place}", state="closed", outcome="harassment")
    assert table(asked(hub), "unit") == {"kokuho": "4", "zeimu": "4", "(none)": "5"}
    labels = {"国保年金課": "4", "税務課": "4", "課に入っていない窓口": "5"}
    assert table(asked(hub), "unit", "label") == labels
    assert set(table(asked(hub, tongue="en"), "unit", "label")) == {"Health insurance", "Taxes", "counters of no unit"}
    written = hub.client().get(f"{API}/statistics.csv", headers=hub.machine("auditor")).data.decode("utf-8-sig")
    assert {f"{name},{count}," in written for name, count in labels.items()} == {True}
    listed = hub.client().get(f"{API}/incidents.csv", headers=hub.machine("auditor")).data.decode("utf-8-sig")
    head, *rows = csv.reader(StringIO(listed, newline=""))
    assert {(row[2], row[head.index("課")]) for row in rows} == {
        ("窓口1", "国保年金課"), ("窓口2", "国保年金課"), ("窓口3", "税務課"), ("窓口4", "課に入っていない窓口"),
    }  # fmt: skip


def test_set_14_the_council_is_told_units_and_not_the_counters_that_add_up_to_them(with_units: Hub) -> None:
    for box, count in (("counter-01", 3), ("counter-02", 1)):
        for _ in range(count):
            with_units.press(box, state="closed", outcome="harassment")
    names = {one["name"] for one in asked(with_units, "?council=true")["tables"]}
    assert "unit" in names
    assert "counter" not in names


def test_without_units_there_is_no_table_of_them(hub: Hub) -> None:
    hub.press(state="closed", outcome="harassment")
    names = [one["name"] for one in asked(hub)["tables"]]
    assert "unit" not in names
    assert "counter" in names


def stuck(hub: Hub, minutes: float, *outcomes: str) -> str:
    """A contact that comes to a stalemate at once and ends after so many minutes; decisions follow on each other."""
    incident = hub.press(hub.box())
    does(hub, incident, "contact", action="started")
    does(hub, incident, "mark", mark="stalemate")
    begun = hub.time()
    if minutes > 15:
        hub.time.moves(minutes=15)
        hub.told(incident, "clock.due", source="hub", data={"clock": "stalemate", "minutes": 15})
    for outcome in outcomes:
        hub.time.moves(minutes=1)
        does(
            hub, incident, "decisions", about="stop", outcome=outcome, circumstances=CIRCUMSTANCES,
            persons=["所属長 鈴木", "係長級 佐藤"],
        )  # fmt: skip
    hub.time.at = begun + timedelta(minutes=minutes)
    does(hub, incident, "contact", action="ended")
    return incident


def test_set_14_the_council_sees_how_often_a_limit_was_reached_and_what_people_decided(hub: Hub) -> None:
    stuck(hub, 5)
    stuck(hub, 20, "stop")
    stuck(hub, 20, "go_on", "stop")
    stuck(hub, 20, "go_on")
    stuck(hub, 20)
    adjusted = stuck(hub, 20)
    hub.told(adjusted, "decided", source="person", data={"about": "limit", "clock": "stalemate", "minutes": 14})
    counts = {name: count for name, count in table(asked(hub), "clock").items() if name.startswith("stalemate")}
    assert counts == {
        "stalemate:before": "1", "stalemate:due": "5", "stalemate:stop": "2", "stalemate:go_on": "1",
        "stalemate:anew": "1", "stalemate:undecided": "1", "stalemate:adjusted": "1",
    }  # fmt: skip
    ja, en = (table(asked(hub, tongue=tongue), "clock", "label") for tongue in ("ja", "en"))
    assert "話の行き詰まり：目安に達し、対応をやめると決めた" in ja
    assert any(label.endswith(": over before the limit") for label in en)
    assert not re.search("[a-z]", "".join(ja)), "no word of the program is left"
    assert not re.search("[ぁ-んァ-ヶ一-龠]", "".join(en))


def test_staff_time_is_contact_time_times_the_staff_that_was_counted(hub: Hub) -> None:
    incident = hub.press(hub.box())
    does(hub, incident, "contact", action="started")
    hub.time.moves(minutes=5)
    does(hub, incident, "mark", mark="head_count", visitors=2, staff=3)
    hub.time.moves(minutes=10)
    does(hub, incident, "mark", mark="head_count", visitors=1, staff=2)
    hub.time.moves(minutes=5)
    does(hub, incident, "contact", action="ended")
    told = totals(asked(hub))
    assert (told["held"], told["staff"]) == ("20", str(5 * 1 + 10 * 3 + 5 * 2))
    listed = hub.client().get(f"{API}/incidents.csv", headers=hub.machine("auditor")).data.decode("utf-8-sig")
    head, row = csv.reader(StringIO(listed, newline=""))
    assert row[head.index("職員の時間（分）")] == "45.0"


def test_sap_05_referrals_are_counted_by_the_office_they_went_to_and_no_name_is_repeated(with_units: Hub) -> None:
    for unit in ("行政監察担当課", "行政監察担当課", "税務課", "佐藤 花子", None):
        incident = with_units.press("counter-01")
        does(with_units, incident, "mark", mark="referred", **({"unit": unit} if unit else {}))
    found = asked(with_units)
    assert totals(found)["referrals"] == "5"
    assert table(found, "referral") == {"行政監察担当課": "2", "税務課": "1", "(other)": "1", "(unnamed)": "1"}
    assert "佐藤" not in with_units.sees("auditor", "/statistics").text
    council = table(asked(with_units, "?council=true"), "referral")
    assert not {"1", "2"} & set(council.values())


def test_set_14_after_each_quarter_general_affairs_is_asked_to_share_its_figures_until_it_is_written_down(
    make_hub: Callable[..., Hub],
) -> None:
    hub = make_hub(profile="setagaya")
    hub.box()
    hub.press()
    asks = "協議会への共有"
    assert asks not in hub.signed_in("general_affairs").get("/tasks").text  # nothing happened in the quarter before
    hub.time.moves(days=60)
    assert asks not in hub.signed_in("section_head").get("/tasks").text
    browser = hub.signed_in("general_affairs")
    page = browser.get("/tasks").text
    assert "2026 年度 第 3 四半期（10〜12月）" in page
    assert "協議会・公表用" in browser.get("/statistics?year=2026&part=q3&council=true").text
    assert "協議会に四半期の統計を共有する" in browser.get("/tasks.ics").text.replace("\r\n ", "")
    form = {"csrf_token": browser.csrf, "year": "2026", "part": "q3"}
    for _ in range(2):
        assert browser.client.post("/tasks/council", data=form).status_code == 303
    [row] = hub.rows(access, act="statistics.shared")
    assert (row.data["year"], row.data["part"], row.actor_name) == (2026, "q3", "佐藤")
    assert asks not in browser.get("/tasks").text
    api, said = f"{API}/statistics/shared", {"year": 2026, "part": "q4"}
    early = hub.client().post(api, json=said, headers=hub.machine("general_affairs"))
    assert (early.status_code, early.json["errors"][0]["field"]) == (422, "part")
    assert hub.client().post(api, json=said, headers=hub.machine("section_head")).status_code == 403
    again = hub.client().post(api, json={**said, "part": "q3"}, headers=hub.machine("general_affairs"))
    assert (again.status_code, again.json["council"]) == (200, True)


@pytest.mark.parametrize(("now", "quarter", "due"), [
    ("2026-12-31T14:59:59+00:00", (2026, 2), "2026-10-01"), ("2026-12-31T15:00:00+00:00", (2026, 3), "2027-01-01"),
    ("2027-04-01T00:00:00+00:00", (2026, 4), "2027-04-01"), ("2027-07-01T00:00:00+00:00", (2027, 1), "2027-07-01"),
])  # fmt: skip
def test_set_14_the_quarter_that_is_over_by_the_offices_calendar_and_only_where_a_council_hears_regularly(
    now: str, quarter: tuple[int, int], due: str
) -> None:
    found = quarter_over(PROFILES["setagaya"], datetime.fromisoformat(now))
    assert found is not None
    assert (found.year, found.number) == quarter
    assert due_at(found).isoformat() == f"{due}T00:00:00+00:00"  # nine in the morning
    assert quarter_over(PROFILES["shinagawa"], datetime.fromisoformat(now)) is None


def test_sap_05_consultations_are_counted_however_they_were_written_once_for_each_office(
    make_hub: Callable[..., Hub],
) -> None:
    hub = make_hub(profile="sapporo")
    hub.box()
    reported, both, consulted = (hub.press() for _ in range(3))
    report: dict[str, Any] = {"circumstances": "窓口で", "course": "大声", "outcome": "帰った"}
    for incident in (reported, both):
        does(hub, incident, "contact", action="ended")
        does(hub, incident, "report", to=["行政監察担当課"], **report)
    does(hub, both, "mark", mark="referred", unit="行政監察担当課")
    does(hub, consulted, "promises", what="consult", unit="行政監察担当課", on="2026-11-30")
    assert totals(asked(hub))["referrals"] == "2"
    does(hub, consulted, "tasks", task="consult:1")
    found = asked(hub)
    assert totals(found)["referrals"] == "3"
    assert table(found, "referral") == {"行政監察担当課": "3"}
    page = hub.signed_in("section_head").get(f"/incidents/{reported}").text
    assert "行政監察担当課 に知らせた" not in page
    assert "に知らせた</small>" in page


OFFICE = """
[office]
opens = "09:00"
closes = "17:00"
closed_days = ["sun"]
holidays = ["2026-11-23"]
[office.days]
thu = "09:00-19:00"
"""


def signs(hub: Hub, incident: str) -> tuple[bool, str | None]:
    """What a list of the API says of it; the list for people and the incident's own page say the same."""
    one = hub.client().get(f"{API}/incidents/{incident}", headers=hub.machine("auditor")).json
    listed = hub.client().get(f"{API}/incidents?state=open,closed", headers=hub.machine("auditor")).json["incidents"]
    assert [(row["outside_hours"], row["recontact"]) for row in listed if row["id"] == incident] == [
        (one["outside_hours"], one["recontact"])
    ]
    line = hub.sees("staff", "/incidents").text.split(f'href="/incidents/{incident}"')[1].split("</tr>")[0]
    head = hub.sees("staff", f"/incidents/{incident}").text.split("head__facts")[1].split("</header>")[0]
    for text in (line, head):
        assert ("開庁時間外" in text) is one["outside_hours"]
        assert ("短い間の再連絡" in text) is (one["recontact"] == "case")
        assert ("同じ窓口" in text) is (one["recontact"] == "counter")
    return one["outside_hours"], one["recontact"]


def test_set_24_contacts_outside_the_citys_office_hours_are_marked_wherever_they_are_seen(
    make_hub: Callable[..., Hub],
) -> None:
    hub = make_hub(more=OFFICE)
    for place, (local, outside) in enumerate(
        [
            ("2026-11-18T08:59", True), ("2026-11-18T09:00", False), ("2026-11-18T17:00", True),  # a Wednesday
            ("2026-11-19T18:59", False), ("2026-11-14T12:00", False), ("2026-11-15T12:00", True),
            ("2026-11-23T12:00", True),  # on the list
        ],
        start=1,
    ):  # fmt: skip
        made = contact(hub, hub.box(f"counter-0{place}", counter=f"窓{place}"), at(local))
        assert signs(hub, made) == (outside, None), local
    assert totals(asked(hub))["outside_hours"] == "4"
    page = hub.sees("auditor", "/statistics").text
    assert "木曜 9:00–19:00" in page
    listed = hub.client().get(f"{API}/incidents.csv", headers=hub.machine("auditor")).data.decode("utf-8-sig")
    assert listed.count("開庁時間外") == 4


def test_set_24_a_new_contact_of_the_same_case_soon_after_the_last_is_marked_wherever_it_is_seen(hub: Hub) -> None:
    start = hub.time() - timedelta(days=2)
    one, two = hub.box("counter-01", counter="窓1"), hub.box("counter-02", counter="窓2")
    first = contact(hub, one, start)
    called = contact(hub, two, start + timedelta(minutes=13))
    other = contact(hub, one, start + timedelta(minutes=20))
    late = contact(hub, two, start + timedelta(minutes=60))
    assert [signs(hub, made) for made in (first, called, other, late)] == [
        (False, None), (False, None), (False, "counter"), (False, None),
    ]  # fmt: skip
    for made in (first, called, late):
        does(hub, made, "case", case="R8-0012")
    does(hub, other, "case", case="R8-0099")
    assert [signs(hub, made) for made in (first, called, other, late)] == [
        (False, None), (False, "case"), (False, None), (False, None),
    ]  # fmt: skip
    told = totals(asked(hub))
    assert (told["recontacts"], told["recontacts_of_case"]) == ("1", "1")


def test_the_office_hours_of_a_city_are_refused_with_every_problem_at_once(make_hub: Callable[..., Hub]) -> None:
    wrong = (
        '[office]\nopens = "9:00"\ncloses = 17\nclosed_days = ["holy"]\nholidays = ["2026-13-01", 5]\nlunch = true\n'
        '[office.days]\nthu = "19-20"\nfri = "19:00-08:30"\n'
    )
    with pytest.raises(Refused) as refused:
        make_hub(more=wrong)
    said = {problem.field: problem.ja for problem in refused.value.problems}
    assert set(said) == {
        "office.opens", "office.closes", "office.closed_days.0", "office.holidays.0", "office.holidays.1",
        "office.lunch", "office.days.thu", "office.days.fri",
    }  # fmt: skip
    assert "2026-12-29" in said["office.holidays.0"]
    with pytest.raises(Refused, match=r"opens を closes より前.*thu が closed_days と days の両方"):
        make_hub(more='[office]\nopens = "18:00"\nclosed_days = ["thu"]\n[office.days]\nthu = "09:00-19:00"\n')


def test_the_citys_closed_days_count_for_whom_to_alert_as_well(make_hub: Callable[..., Hub]) -> None:
    assert at("2026-12-29T10:00").date() in make_hub(more="[office]\nholidays = [2026-12-29]\n").site.roster.holidays
