"""Drills held from the hub: begun and ended by people, ended by the clock, turned into a call in earnest by one tap."""

import re
from datetime import timedelta
from typing import Any

import pytest

from contract.messages import CommandType
from hub.domain.drill import Ended
from hub.domain.permissions import Action, Role, allows
from hub.store import drills
from hub.store.alerts import _acts
from hub.store.engine import begin_write
from hub.store.schema import alert, box, command, drill, incident, timeline
from tests.hub_web.conftest import Hub

API = "/api/v1"


def begin(hub: Hub, name: str = "counter-01", headers: dict[str, str] | None = None, **body: Any) -> Any:
    return hub.client().post(f"{API}/boxes/{name}/drill", json=body, headers=headers or hub.machine())


def clock_ends(hub: Hub) -> None:
    """The worker's look at what is over."""
    with begin_write(hub.engine) as connection:
        if drills.something_over(connection, hub.time()):
            drills.end_what_is_over(connection, hub.time(), hub.profile_digest)


def drilled(hub: Hub, **columns: Any) -> str:
    """A press in a drill, as the ingest writes it."""
    drill: dict[str, Any] = {"drill": True, "reach": "first", "drill_ends_at": hub.time() + timedelta(minutes=15)}
    return hub.press(hub.box(), **(drill | columns))


def kinds(hub: Hub, call: str) -> list[tuple[str, str]]:
    return [(row.kind, row.source) for row in hub.rows(timeline, incident=call)]


def test_a_drill_is_begun_told_to_the_box_and_shown_with_the_time_that_is_left(hub: Hub) -> None:
    hub.box()
    answer = begin(hub, minutes=30, reach="everybody", headers=hub.machine(name="佐藤"))
    assert answer.status_code == 200
    (one,) = answer.json["drills"]
    assert (one["box"], one["counter"], one["minutes"], one["reach"]) == ("counter-01", "市民課 1番", 30, "everybody")
    assert (one["started_by"]["name"], one["ends_at"]) == ("佐藤", "2026-11-20T03:11:36.544Z")
    (told,) = hub.rows(command)
    assert (told.type, told.box, told.minutes, told.incident) == ("drill", "counter-01", 30, None)
    hub.time.moves(minutes=17, seconds=30)
    browser = hub.signed_in("staff")
    assert "あと 13 分" in browser.get("/drills").text
    assert "あと 13 分" in browser.get("/").text
    assert "この箱は訓練中です" in browser.get("/companion/counter-01").text
    assert browser.get(f"{API}/boxes").json["boxes"][0]["drill"]["id"] == one["id"]


@pytest.mark.parametrize(
    ("columns", "name", "status"),
    [
        ({"presence": "offline"}, "counter-01", 422),
        ({}, "counter-99", 404),
        ({}, "practice-shinagawa-0123456789ab", 404),
    ],
    ids=["away", "unknown", "practice box"],
)
def test_only_a_box_that_is_there_can_be_in_a_drill(hub: Hub, columns: Any, name: str, status: int) -> None:
    hub.box(**columns)
    answer = begin(hub, name)
    assert answer.status_code == status
    assert hub.rows(command) == []


@pytest.mark.parametrize("body", [{"minutes": 0}, {"minutes": 61}, {"minutes": "x"}, {"reach": "town"}, {"for": 5}])
def test_a_drill_has_limits_and_unknown_fields_are_refused(hub: Hub, body: Any) -> None:
    hub.box()
    assert begin(hub, **body).status_code == 422
    assert hub.rows(drill) == []


def test_no_drill_begins_where_somebody_calls_in_earnest(hub: Hub) -> None:
    hub.press(hub.box())
    answer = begin(hub)
    assert answer.status_code == 422
    assert "本物の呼び出し" in answer.json["errors"][0]["ja"]


def test_a_repeated_request_begins_one_drill(hub: Hub) -> None:
    hub.box()
    headers = hub.machine() | {"Idempotency-Key": "once"}
    first, again = begin(hub, headers=headers), begin(hub, headers=headers)
    assert first.json["drills"] == again.json["drills"]
    assert len(hub.rows(command)) == 1


def test_those_in_charge_hold_drills_and_everybody_sees_them_on_the_page(hub: Hub) -> None:
    assert {role for role in Role if allows(Action.DRILL, role)} == {"supervisor", "section_head", "administrator"}
    hub.box()
    assert begin(hub, headers=hub.machine("staff")).status_code == 403
    head = hub.signed_in("section_head", "高橋")
    assert head.post("/drills/begin", data={"box": "counter-01", "minutes": "10", "reach": "nobody"}).status_code == 303
    assert "始めた人 高橋" in hub.signed_in("guard").get("/drills").text
    assert 'action="/drills/end"' not in hub.signed_in("guard").get("/drills").text
    assert head.post("/drills/end", data={"box": "counter-01"}).status_code == 303
    (one,) = hub.rows(drill)
    assert (one.ended_why, one.ended_name, one.minutes) == ("person", "高橋", 10)
    assert [row.type for row in hub.rows(command)] == ["drill", "drill.end"]
    assert hub.rows(box)[0].drill is None


def test_a_drill_ends_by_itself_with_everything_in_it_and_leaves_nothing_to_do(hub: Hub) -> None:
    hub.box()
    begin(hub)
    call = drilled(hub, state="seen", seen_by="x", seen_name="田中", seen_at=hub.time())
    hub.time.moves(minutes=14, seconds=59)
    clock_ends(hub)
    assert hub.row(call).state == "seen"
    hub.time.moves(seconds=1)
    clock_ends(hub)
    clock_ends(hub)
    row = hub.row(call)
    assert (row.state, row.outcome, row.closed_at) == ("closed", "drill", hub.time())
    assert kinds(hub, call)[-1] == ("drill.ended", "hub")
    assert [one.type for one in hub.rows(command) if one.incident == call] == ["recording.stop"]
    (one,) = hub.rows(drill)
    assert (one.ended_why, one.ended_by) == ("time", None)
    page = hub.signed_in().get(f"/incidents/{call}").text
    assert "訓練が終わりました" in page
    assert row.number not in hub.signed_in("section_head").get("/tasks").text


def test_shi_06_the_clock_that_ends_a_drill_ends_no_contact_with_a_visitor(hub: Hub) -> None:
    call = hub.press(hub.box())
    practice = drilled(hub)
    hub.time.moves(hours=5)
    clock_ends(hub)
    assert (hub.row(call).state, hub.row(practice).state) == ("raised", "closed")


def test_a_call_in_earnest_ends_the_drill_of_its_box(hub: Hub) -> None:
    hub.box()
    begin(hub, minutes=60)
    practice = drilled(hub, drill_ends_at=hub.time() + timedelta(minutes=60))
    hub.time.moves(minutes=1)
    call = hub.press("counter-01", level="emergency")
    clock_ends(hub)
    assert hub.rows(drill)[0].ended_why == Ended.REAL.value
    assert (hub.row(practice).state, hub.row(call).state) == ("closed", "raised")


@pytest.mark.parametrize("said", [[True, False], [None] * 61], ids=["box started anew", "box never answered"])
def test_a_drill_that_the_box_is_not_in_is_over(hub: Hub, said: list[bool | None]) -> None:
    hub.box()
    drill_id = begin(hub).json["drills"][0]["id"]
    for in_drill in said:
        hub.time.moves(seconds=1)
        if in_drill is not None:
            with begin_write(hub.engine) as connection:
                assert drills.heard(connection, drill_id, in_drill, hub.time())
        clock_ends(hub)
    assert hub.rows(drill)[0].ended_why == Ended.RESTART.value


def test_what_the_box_says_of_its_drill_is_shown(hub: Hub) -> None:
    hub.box()
    drill_id = begin(hub).json["drills"][0]["id"]
    browser = hub.signed_in()
    assert "箱に伝えています" in browser.get("/drills").text
    with begin_write(hub.engine) as connection:
        assert drills.heard(connection, drill_id, True, hub.time())
        assert not drills.heard(connection, drill_id, True, hub.time())
    assert "箱は訓練に入っています" in browser.get("/drills").text


# --- in earnest after all --------------------------------------------------------------------------------------------


def test_one_tap_of_anybody_turns_a_drill_into_an_emergency_that_nobody_has_answered(hub: Hub) -> None:
    call = drilled(hub, state="attended", seen_by="x", seen_name="田中", responder="x", responder_name="田中",
                   seen_at=hub.time(), responding_at=hub.time())  # fmt: skip
    begin(hub)
    hub.time.moves(minutes=2)
    browser = hub.signed_in("guard", "中村")
    assert f'action="/incidents/{call}/real"' in browser.get(f"/incidents/{call}").text
    assert browser.post(f"/incidents/{call}/real", data={"next": "/"}).status_code == 303
    row = hub.row(call)
    assert (row.drill, row.level, row.state, row.raised_at) == (False, "emergency", "raised", hub.time())
    assert (row.seen_by, row.responder, row.reach, row.drill_ends_at) == (None, None, None, None)
    entry = hub.rows(timeline, incident=call)[-1]
    assert (entry.kind, entry.actor_name, entry.profile_digest) == ("drill.real", "中村", hub.profile_digest)
    assert hub.rows(command)[-1].type == CommandType.DRILL_REAL.value
    assert hub.rows(drill)[0].ended_why == "real"
    page = browser.get("/").text
    assert "未確認 1 件" in page
    hub.time.moves(hours=2)
    clock_ends(hub)
    assert hub.row(call).state == "raised"


def test_what_was_said_to_a_drill_counts_no_more_once_it_is_real(hub: Hub) -> None:
    call, headers = drilled(hub, contact_started_at=hub.time()), hub.machine("section_head")

    def says(deed: str, **body: Any) -> Any:
        hub.time.moves(seconds=1)
        answer = hub.client().post(f"{API}/incidents/{call}/{deed}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json

    says("mark", mark="stalemate")
    played = says("steps", step="warn")
    assert ([one["name"] for one in played["clocks"]], played["steps"][0]["count"]) == (["stalemate", "contact_cap"], 1)
    real = says("real")
    (talk,) = real["clocks"]  # of the talk in earnest
    assert (talk["name"], talk["estimated"], talk["started_at"]) == ("contact_cap", True, real["timeline"][-1]["at"])
    assert (real["steps"][0]["count"], real["contact_started_at"]) == (0, None)
    assert [one["kind"] for one in real["timeline"][1:]] == [
        "marked",
        "step.taken",
        "drill.real",
    ]  # it still stands there
    back_dated = says("mark", mark="stalemate", at=(hub.time() - timedelta(seconds=3)).isoformat())
    assert [one["name"] for one in back_dated["clocks"]] == ["stalemate", "contact_cap"]
    assert says("steps", step="warn")["timeline"][-1]["data"]["count"] == 1


def test_whom_a_drill_told_is_told_again_once_it_is_real_and_guards_read_no_act_that_was_played(hub: Hub) -> None:
    call, headers = drilled(hub, reach="everybody"), hub.machine("section_head")

    def says(deed: str, **body: Any) -> None:
        hub.time.moves(seconds=1)
        answer = hub.client().post(f"{API}/incidents/{call}/{deed}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text

    def told() -> list[str]:
        return [one.data["why"] for one in hub.rows(timeline, incident=call) if one.kind == "notified"]

    for _ in range(2):
        says("mark", mark="act", act="violence")
        says("mark", mark="urgent")
    assert told() == ["guards", "urgent"]  # nobody is there to be told, which is noted once
    with begin_write(hub.engine) as connection:
        assert _acts(connection, [call]) == {call: ("violence",)}
    says("real", text="本物です")
    with begin_write(hub.engine) as connection:
        assert _acts(connection, [call]) == {call: ()}
    says("mark", mark="act", act="threat")
    says("mark", mark="act", act="sexual")
    says("mark", mark="act", act="violence")
    says("mark", mark="urgent")
    assert told() == ["guards", "urgent", "guards", "urgent"]
    with begin_write(hub.engine) as connection:
        assert _acts(connection, [call]) == {call: ("threat", "violence")}


def test_it_can_be_said_every_role_but_the_auditor_and_twice_is_once(hub: Hub) -> None:
    assert {role for role in Role if not allows(Action.DRILL_REAL, role)} == {"auditor"}
    call, headers = drilled(hub), hub.machine("staff")
    for seen in (True, False):
        answer = hub.client().post(f"{API}/incidents/{call}/real", json={"text": "刃物が見えた"}, headers=headers)
        assert answer.status_code == 200
        assert answer.json["timeline"][-1]["data"] == {"first": seen}
        assert answer.json["timeline"][-1]["text"] == "刃物が見えた"
    assert [row.type for row in hub.rows(command)].count("drill.real") == 1


def test_a_drill_that_just_ended_can_still_be_called_real_and_an_old_one_or_a_real_call_cannot(hub: Hub) -> None:
    fresh = drilled(hub, state="closed", outcome="drill", closed_at=hub.time() - timedelta(minutes=59))
    old = drilled(hub, state="closed", outcome="drill", closed_at=hub.time() - timedelta(minutes=61))
    real = hub.press("counter-01")
    headers = hub.machine()
    answers = {
        call: hub.client().post(f"{API}/incidents/{call}/real", json={}, headers=headers).status_code
        for call in (fresh, old, real)
    }
    assert answers == {fresh: 200, old: 422, real: 422}
    assert (hub.row(fresh).state, hub.row(fresh).outcome, hub.row(fresh).closed_at) == ("raised", None, None)


# --- shown apart -----------------------------------------------------------------------------------------------------


def test_every_page_that_shows_a_drill_says_so_by_word_sign_and_watermark(hub: Hub) -> None:
    call, real = drilled(hub), hub.press(hub.box("counter-02", counter="税務課"))
    browser = hub.signed_in()
    for path in (f"/incidents/{call}", "/companion/counter-01", f"/incidents/{call}/recording?reason=x"):
        page = browser.get(path).text
        assert re.search(r'class="drill"', page), path
        assert "訓練です。本物の呼び出しではありません。" in page, path
        assert "icons.svg#drill" in page, path
    assert 'class="drill"' not in browser.get(f"/incidents/{real}").text
    assert "tag--drill" in browser.get("/incidents").text
    dashboard = browser.get("/").text
    assert dashboard.index(f'data-key="{real}"') < dashboard.index(f'data-key="{call}"'), "in earnest first"
    assert "未確認 1 件" in dashboard, "a drill is not counted among the calls"
    assert "call--drill" in dashboard
    assert "card--drill" in dashboard


def test_a_drill_is_in_no_figure_and_leaves_no_task(hub: Hub) -> None:
    drilled(hub, state="closed", outcome="drill", contact_ended_at=hub.time(), closed_at=hub.time())
    headers = hub.machine("section_head")
    figures = hub.client().get(f"{API}/statistics", headers=headers).json
    assert "'cases': '0'" in str(figures) or '"cases"' not in str(figures)
    assert "するべきこと" in hub.signed_in("section_head").get("/tasks").text
    assert 'class="task"' not in hub.signed_in("section_head").get("/tasks").text


def test_the_pages_are_calm_about_a_drill_that_reaches_nobody(hub: Hub) -> None:
    call = drilled(hub, reach="nobody")
    page = hub.signed_in().get("/").text
    assert call in page
    assert 'data-unseen=""' in page
    assert hub.rows(alert) == []
    assert hub.rows(incident)[0].reach == "nobody"
