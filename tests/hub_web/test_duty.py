"""The page /alerts and what the API says beside it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hub.domain.permissions import Role
from hub.store.schema import absence, change
from tests.hub_web.conftest import Hub

CONTACTS = """
[alerts.email]
smtp_host = "mail.example"
sender = "m@city.example"
security = "none"
[[contacts]]
id = "chief"
role = "supervisor"
name = "市民課 係長席"
channel = "email"
target = "chief@city.example"
hours = ["Mon-Fri 08:30-17:15"]
[[contacts]]
id = "senior"
role = "staff"
channel = "email"
target = "senior@city.example"
deputy_for = ["chief"]
[[contacts]]
id = "guard-room"
role = "guard"
channel = "webhook"
target = "http://guards.example/hook"
[[contacts]]
id = "wall"
role = "guard"
channel = "patlite"
target = "10.0.0.9:10000"
"""
API = "/api/v1"


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """It is 11:41 on a Friday in Tokyo."""
    return make_hub(more=CONTACTS)


def stage(duty: Any, level: str, after_s: int) -> Any:
    return next(one for one in duty[level] if one["after_s"] == after_s)


def names(duty: Any, level: str = "assist", after_s: int = 0) -> list[str]:
    return [one["contact"] for one in stage(duty, level, after_s)["called"]]


def asked(hub: Hub) -> Any:
    return hub.client().get(f"{API}/duty", headers=hub.machine("staff")).json


def test_everybody_sees_who_would_be_called_and_when(hub: Hub) -> None:
    duty = asked(hub)
    assert names(duty) == ["chief"]
    assert sorted(names(duty, "emergency")) == ["chief", "guard-room", "senior", "wall"]
    assert stage(duty, "assist", 60)["missing"] == ["building_manager"]
    assert [one["presence"] for one in duty["contacts"]] == ["here"] * 4
    assert duty["contacts"][0]["deputies"] == ["senior"]
    assert "chief@city.example" not in str(duty), "no addresses"
    page = hub.signed_in("guard").get("/alerts").text
    assert "市民課 係長席" in page
    assert "30 秒たっても応答がなければ" in page
    assert "庁舎管理者 の連絡先がありません" in page
    assert "月-金 08:30-17:15" in page
    assert "/alerts/away" not in page, "a guard notes no absence"


def test_a_supervisor_says_that_somebody_is_away_and_the_page_shows_the_deputy(hub: Hub) -> None:
    browser = hub.signed_in("supervisor", "佐藤")
    answer = browser.post("/alerts/away", data={"contact": "chief", "until": "2026-11-20T15:00", "from": ""})
    assert (answer.status_code, answer.location) == (303, "/alerts")
    page = browser.get("/alerts").text
    assert "市民課 係長席 の代わり" in page
    assert "11月20日(金) 15:00:00 まで不在（佐藤 が記入）" in page
    [row] = hub.rows(absence)
    assert (row.noted_name, row.noted_at) == ("佐藤", hub.time())
    assert hub.rows(change, kind="alert")
    assert names(asked(hub)) == ["senior"]
    assert browser.post("/alerts/back", data={"contact": "chief"}).status_code == 303
    assert names(asked(hub)) == ["chief"]
    [row] = hub.rows(absence)
    assert (row.ended_name, row.ended_at) == ("佐藤", hub.time()), "the record stays"


def test_an_absence_to_come_is_shown_and_begins_by_itself(hub: Hub) -> None:
    browser = hub.signed_in("section_head")
    browser.post("/alerts/away", data={"contact": "chief", "from": "2026-11-20T13:00", "until": "2026-11-20T15:00"})
    assert names(asked(hub)) == ["chief"]
    assert "不在の予定" in browser.get("/alerts").text
    hub.time.moves(hours=2)
    assert names(asked(hub)) == ["senior"]
    hub.time.moves(hours=2)
    assert names(asked(hub)) == ["chief"]


def test_where_nobody_is_on_duty_the_page_warns_and_everybody_is_called(hub: Hub) -> None:
    hub.time.moves(hours=8)  # 19:41: the chief has gone home
    assert names(asked(hub)) == ["senior"]
    browser = hub.signed_in("administrator")
    assert "全員に知らせます" not in browser.get("/alerts").text
    for contact in ("senior", "guard-room"):
        browser.post("/alerts/away", data={"contact": contact, "until": "2026-11-21T08:00"})
    duty = asked(hub)
    assert duty["unattended"] == ["supervisor", "staff", "guard"]
    assert names(duty) == ["chief"]
    assert sorted(names(duty, "emergency")) == ["chief", "guard-room", "senior", "wall"]
    page = browser.get("/alerts").text
    assert "係長級：いま勤務している人がいません" in page
    assert "時間外" in page


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"contact": "wall", "until": "2026-11-20T15:00:00+09:00"}, "contact"),
        ({"contact": "nobody", "until": "2026-11-20T15:00:00+09:00"}, "contact"),
        ({"contact": "chief", "until": "2026-11-20T09:00:00+09:00"}, "until"),
        ({"contact": "chief", "until": "2029-11-20T09:00:00+09:00"}, "until"),
        ({"contact": "chief", "until": "2026-11-20T15:00"}, "until"),
        ({"contact": "chief"}, "until"),
        ({"contact": "chief", "until": "2026-11-20T15:00:00Z", "colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_field(hub: Hub, body: dict[str, str], field: str) -> None:
    answer = hub.client().post(f"{API}/absences", json=body, headers=hub.machine("supervisor"))
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json["errors"]]
    assert hub.rows(absence) == []


@pytest.mark.parametrize("role", list(Role))
def test_only_those_in_charge_note_absences(hub: Hub, role: Role) -> None:
    body = {"contact": "chief", "until": "2026-11-20T15:00:00+09:00"}
    answer = hub.client().post(f"{API}/absences", json=body, headers=hub.machine(role.value))
    allowed = role in (Role.SUPERVISOR, Role.SECTION_HEAD, Role.ADMINISTRATOR)
    assert answer.status_code == (200 if allowed else 403)
    if allowed:
        assert names(answer.json) == ["senior"]
        end = hub.client().post(f"{API}/absences/end", json={"contact": "chief"}, headers=hub.machine(role.value))
        assert names(end.json) == ["chief"]


def test_shi_33_the_share_answered_within_10_s_and_40_s_is_shown_in_numbers_drills_apart(hub: Hub) -> None:
    at = hub.time() - timedelta(days=30)
    for seconds in (5, 9, 30, 100):
        hub.press(pressed_at=at, seen_at=at + timedelta(seconds=seconds), state="closed", outcome="harassment")
    hub.press(level="emergency", drill=True, pressed_at=at, responding_at=at + timedelta(seconds=12), state="closed")
    hub.press(pressed_at=at - timedelta(days=400), seen_at=at, state="closed")
    answer = hub.client().get(f"{API}/figures/response", headers=hub.machine("auditor"))
    figures = {(one["level"], one["drill"]): one for one in answer.json["levels"]}
    assist = figures["assist", False]
    assert (assist["calls"], assist["within_10_s"], assist["within_40_s"]) == (4, 2, 3)
    assert (assist["percent_10_s"], assist["percent_40_s"], assist["median_s"]) == (50, 75, 19.5)
    assert figures["emergency", False]["percent_10_s"] is None
    assert figures["emergency", True]["within_40_s"] == 1
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", hub.signed_in("staff").get("/alerts").text))
    assert "応援 4 件 50% 2 件 75% 3 件 19.5 秒" in page
    assert "緊急 訓練 1 件 0% 0 件 100% 1 件 12.0 秒" in page


def test_the_answers_have_the_shapes_that_are_published(hub: Hub) -> None:
    described = hub.client().get(f"{API}/openapi.json", headers=hub.machine()).json
    for path in ("/duty", "/figures/response"):
        schema = described["paths"][API + path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        answer = hub.client().get(API + path, headers=hub.machine())
        Draft202012Validator({**schema, "components": described["components"]}).validate(answer.json)


def test_a_site_without_contacts_says_so(make_hub: Callable[..., Hub]) -> None:
    assert "連絡先がまだありません" in make_hub().signed_in().get("/alerts").text


LOST = """
[[contacts]]
id = "shomu"
role = "general_affairs"
channel = "webhook"
target = "http://somu.example/hook"
[[contacts]]
id = "kansa"
role = "auditor"
name = "監査委員事務局"
channel = "webhook"
target = "http://kansa.example/hook"
[[contacts]]
id = "tonari"
role = "staff"
name = "となりの窓口"
channel = "webhook"
target = "http://tonari.example/hook"
near = ["counter-01", "counter-99"]
"""


def test_shi_20_the_page_says_which_contact_would_never_be_told_and_who_is_called_for_which_counter(
    make_hub: Callable[..., Hub],
) -> None:
    hub = make_hub(more=CONTACTS + LOST)
    hub.box(counter="市民課 1番")
    duty = asked(hub)
    assert [(one["contact"], one["field"]) for one in duty["warnings"]] == [("kansa", "role"), ("tonari", "near")]
    assert {one["id"]: one["hears"] for one in duty["contacts"]} == {
        "chief": "calls", "senior": "calls", "guard-room": "calls", "wall": "calls", "shomu": "notices",
        "kansa": "nothing", "tonari": "calls",
    }  # fmt: skip
    page = hub.signed_in("staff").get("/alerts").text
    assert page.count('data-key="warn-') == 2, "every problem at once"
    assert "監査委員事務局" in page.split("この連絡先には何も届きません")[0]
    assert "counter-99" in page.split("登録されていない箱です")[0]
    assert "近くの窓口だけ: 市民課 1番" in page
    assert "呼び出し以外の連絡だけ" in page


def test_the_page_speaks_english(hub: Hub) -> None:
    browser = hub.signed_in("supervisor", "Sato")
    browser.post("/preferences", data={"language": "en", "next": "/"})
    browser.post("/alerts/away", data={"contact": "chief", "until": "2026-11-20T15:00"})
    page = browser.get("/alerts").text.replace("市民課 係長席", "").split("<main")[1]
    assert re.findall(r"[\u3040-\u30fa\u4e00-\u9fff]+", page) == []
    assert "in place of" in page


def test_the_line_to_read_out_is_made_from_the_incident(hub: Hub) -> None:
    incident = hub.press(hub.box(counter="2階 住民票3番"), level="emergency")
    row = hub.row(incident)
    with hub.app.test_request_context("/"):
        from flask import render_template

        from hub.web import readings

        hub.app.preprocess_request()
        html = render_template("incident/_spoken.html", incident=readings.incident_shape(row, hub.site))
    assert "2階 住民票3番、緊急、11:41、まだ誰も向かっていません" in html
    assert "<script" not in html


def test_the_line_to_read_out_is_there_when_nobody_can_be_told(hub: Hub) -> None:
    incident = hub.press()
    page = hub.sees("supervisor", f"/incidents/{incident}").text
    assert 'id="spoken-line"' in page
    assert "まだ誰にも連絡していません" in page
