"""What people do through the API: once, in one transaction, and everybody is told."""

import re
from typing import Any

import pytest

from hub.store.schema import access, change, command, idempotency, timeline
from tests.hub_web.conftest import Hub


def post(hub: Hub, headers: dict[str, str], incident: str, deed: str, body: Any = None, **more: str) -> Any:
    return hub.client().post(f"/api/v1/incidents/{incident}/{deed}", json=body, headers={**headers, **more})


def test_the_first_acknowledgement_wins_and_the_second_is_told_who(hub: Hub) -> None:
    incident, first, second = hub.press(), hub.machine(name="佐藤"), hub.machine(name="田中")
    answer = post(hub, first, incident, "acknowledge")
    assert answer.status_code == 200
    assert answer.json["state"] == "seen"
    assert answer.json["seen_by"]["name"] == "佐藤"
    late = post(hub, second, incident, "acknowledge")
    assert late.status_code == 200
    assert late.json["seen_by"]["name"] == "佐藤"
    entries = [entry for entry in late.json["timeline"] if entry["kind"] == "acknowledged"]
    assert [(entry["actor_name"], entry["data"]["first"]) for entry in entries] == [("佐藤", True), ("田中", False)]
    assert [(row.type, row.name) for row in hub.rows(command)] == [("seen", "佐藤")]


def test_the_box_is_told_who_is_coming(hub: Hub) -> None:
    incident = hub.press()
    answer = post(hub, hub.machine(name="佐藤"), incident, "respond")
    assert answer.json["state"] == "attended"
    assert answer.json["responder"]["name"] == answer.json["seen_by"]["name"] == "佐藤"
    assert [(row.type, row.name, row.incident) for row in hub.rows(command)] == [("responder.coming", "佐藤", incident)]


def test_a_contact_can_be_back_dated_and_its_end_stops_the_recording(hub: Hub) -> None:
    incident, headers = hub.press(), hub.machine()
    started = post(hub, headers, incident, "contact", {"action": "started", "at": "2026-11-20T02:20:00Z"})
    assert started.json["contact_started_at"] == "2026-11-20T02:20:00.000Z"
    assert started.json["pressed_at"] == "2026-11-20T02:41:36.544Z"
    clock = started.json["clocks"][0]
    assert (clock["name"], clock["minutes"], clock["due_at"]) == ("contact_cap", 60, "2026-11-20T03:20:00.000Z")
    ended = post(hub, headers, incident, "contact", {"action": "ended"})
    assert ended.json["state"] == "contact_ended"
    assert ended.json["clocks"][0]["state"] == "ended"
    assert [row.type for row in hub.rows(command)] == ["recording.stop"]


def test_steps_are_counted_and_must_be_of_the_ladder(hub: Hub) -> None:
    incident, headers = hub.press(), hub.machine()
    for count in (1, 2):
        answer = post(hub, headers, incident, "steps", {"step": "warn", "words": "おやめください"})
        step = next(step for step in answer.json["steps"] if step["step"] == "warn")
        assert step["count"] == count
        assert answer.json["timeline"][-1]["data"] == {"step": "warn", "count": count}
    wrong = post(hub, headers, incident, "steps", {"step": "legal"})
    assert wrong.status_code == 422
    assert wrong.json["errors"][0]["field"] == "step"


def test_a_judgement_needs_as_many_persons_as_the_profile_says(hub: Hub) -> None:
    incident, headers = hub.press(), hub.machine("section_head")
    looked_at: dict[str, Any] = {
        "content": "理由がない",
        "manner": "大声",
        "time": "40 分",
        "environment": "窓口が止まった",
    }
    persons = ["所属長 佐藤", "係長級 田中"]
    finding: dict[str, Any] = {
        "finding": "harassment",
        "acts": ["abuse"],
        "persons": persons,
        "text": "大声",
        **looked_at,
    }
    finding |= {"average_employee": True, "dropped": False}
    post(hub, headers, incident, "contact", {"action": "ended"})
    alone = post(hub, headers, incident, "judgement", {**finding, "persons": persons[:1] * 2})
    assert (alone.status_code, alone.json["errors"][0]["field"]) == (422, "persons")
    assert post(hub, headers, incident, "judgement", finding).json["state"] == "judged"
    said = {"outcome": "harassment", "prevention": "二人で出る", "shared_with": ["総務課"]}
    closed = post(hub, headers, incident, "close", said)
    assert (closed.json["state"], closed.json["outcome"]) == ("closed", "harassment")


def test_shi_04_an_act_is_judged_and_named_while_the_visitor_is_there(hub: Hub) -> None:
    incident, headers = hub.press(), hub.machine("section_head")
    persons = ["所属長 佐藤", "係長級 田中"]
    finding = {"finding": "not_harassment", "persons": persons, "text": "強い言葉だが、求めには理由がある"}
    groundless = post(hub, headers, incident, "judgement", {**finding, "text": " "})
    assert [error["field"] for error in groundless.json["errors"]] == ["text"], "somebody complained: they hear why not"
    early = post(hub, headers, incident, "judgement", finding)
    assert (early.status_code, early.json["state"]) == (200, "raised")
    assert not [row for row in hub.rows(command) if row.type == "recording.stop"], "it ends nothing"
    assert post(hub, headers, incident, "contact", {"action": "ended"}).json["state"] == "judged"


def test_shi_01_what_nobody_judged_is_not_closed_as_harassment(hub: Hub) -> None:
    incident, headers = hub.press(), hub.machine("section_head")
    post(hub, headers, incident, "contact", {"action": "ended"})
    said = {"outcome": "harassment", "prevention": "二人で出る", "shared_with": ["総務課"]}
    refused = post(hub, headers, incident, "close", said)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "outcome")
    assert post(hub, headers, incident, "close", said | {"outcome": "near_miss"}).json["state"] == "closed"


def test_a_false_press_is_one_click(hub: Hub) -> None:
    incident = hub.press()
    answer = post(hub, hub.machine("staff"), incident, "mark", {"mark": "false_press"})
    assert (answer.json["state"], answer.json["outcome"]) == ("closed", "false_press")
    assert [row.type for row in hub.rows(command)] == ["recording.stop"]


def test_only_those_who_may_call_a_press_false(hub: Hub) -> None:
    incident = hub.press()
    assert post(hub, hub.machine("guard"), incident, "mark", {"mark": "false_press"}).status_code == 403
    assert post(hub, hub.machine("guard"), incident, "mark", {"mark": "visitor_left"}).status_code == 200
    assert hub.row(incident).state == "raised"


def test_a_repeated_key_answers_and_does_nothing_more(hub: Hub) -> None:
    incident, headers = hub.press(), hub.machine()
    key = {"Idempotency-Key": "a-1"}
    for _ in range(3):
        answer = post(hub, headers, incident, "notes", {"text": "椅子を蹴った"}, **key)
        assert answer.status_code == 200
    assert len(hub.rows(timeline, kind="noted")) == 1
    other = post(hub, headers, incident, "notes", {"text": "別の話"}, **key)
    assert (other.status_code, other.json["type"]) == (422, "urn:madomori:problem:key-reused")
    somebody_else = post(hub, hub.machine(), incident, "notes", {"text": "別の話"}, **key)
    assert somebody_else.status_code == 200


def test_a_key_is_forgotten_after_a_week(hub: Hub) -> None:
    incident, headers = hub.press(), hub.machine()
    post(hub, headers, incident, "notes", {"text": "x"}, **{"Idempotency-Key": "old"})
    hub.time.moves(days=6)
    post(hub, headers, incident, "notes", {"text": "x"}, **{"Idempotency-Key": "newer"})
    assert {row.key for row in hub.rows(idempotency)} == {"old", "newer"}
    hub.time.moves(days=2)
    post(hub, headers, incident, "notes", {"text": "x"}, **{"Idempotency-Key": "newest"})
    assert {row.key for row in hub.rows(idempotency)} == {"newer", "newest"}


def test_a_refused_deed_leaves_its_key_unused(hub: Hub) -> None:
    incident, headers, key = hub.press(), hub.machine(), {"Idempotency-Key": "k"}
    close = {"outcome": "near_miss", "prevention": "窓口に二人で出る", "not_shared": "係の中で話した"}
    assert post(hub, headers, incident, "close", close, **key).status_code == 409
    post(hub, headers, incident, "contact", {"action": "ended"})
    assert post(hub, headers, incident, "close", close, **key).status_code == 200


def test_every_deed_is_one_change_and_wakes_both_processes(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    pokes: list[str] = []
    monkeypatch.setattr("hub.poke.poke", lambda directory, name: pokes.append(name))
    incident, headers = hub.press(), hub.machine()
    before = len(hub.rows(change))
    post(hub, headers, incident, "acknowledge")
    assert len(hub.rows(change)) == before + 1
    assert pokes == ["web", "worker"]


BAD = [
    ("notes", {"text": ""}),
    ("notes", {"text": "   "}),
    ("notes", {"text": "a\0b"}),
    ("notes", {"text": "\x1b[31m"}),
    ("notes", {"text": "x" * 4001}),
    ("notes", {"text": 5}),
    ("notes", {"text": "a", "extra": 1}),
    ("contact", {"action": "paused"}),
    ("contact", {"action": "started", "at": "2026-11-20T02:20:00"}),
    ("contact", {"action": "started", "at": 1700000000}),
    ("contact", {"action": "started", "at": "0001-01-01T00:00:00+14:00"}),
    ("contact", {"action": "started", "at": "2026-11-20T05:00:00Z"}),
    ("contact", {"action": "started", "at": "2026-11-18T05:00:00Z"}),
    ("mark", {"mark": "nonsense"}),
    ("judgement", {"finding": "guilty", "persons": ["a", "b"]}),
    ("close", {"outcome": "won"}),
    ("acknowledge", {"who": "me"}),
]


@pytest.mark.parametrize(("deed", "body"), BAD)
def test_what_does_not_fit_is_refused_with_the_field_and_changes_nothing(hub: Hub, deed: str, body: Any) -> None:
    incident = hub.press()
    answer = post(hub, hub.machine("section_head"), incident, deed, body)
    assert answer.status_code == 422, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.json["errors"][0]["ja"]
    assert re.search(r"[a-z]", answer.json["errors"][0]["en"])
    assert len(hub.rows(timeline, incident=incident)) == 1


def test_lone_surrogates_do_not_reach_the_database(hub: Hub) -> None:
    incident = hub.press()
    answer = hub.client().post(
        f"/api/v1/incidents/{incident}/notes",
        data=b'{"text": "\\ud800"}',
        headers=hub.machine(),
        content_type="application/json",
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("raw", [b"{", b"[]", b"nul", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000, b'"x"'])
def test_what_is_no_json_object_is_refused(hub: Hub, raw: bytes) -> None:
    incident = hub.press()
    answer = hub.client().post(
        f"/api/v1/incidents/{incident}/notes", data=raw, headers=hub.machine(), content_type="application/json"
    )
    assert (answer.status_code, answer.json["type"]) == (400, "urn:madomori:problem:not-json")


def test_an_unknown_incident_is_not_found(hub: Hub) -> None:
    nothing = "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a02"
    assert post(hub, hub.machine(), nothing, "acknowledge").status_code == 404
    assert post(hub, hub.machine(), "../../etc", "acknowledge").status_code in (404, 405)
    assert hub.rows(access) == []


def test_an_upper_case_id_is_the_same_incident(hub: Hub) -> None:
    incident = hub.press()
    assert post(hub, hub.machine(), incident.upper(), "acknowledge").json["id"] == incident


def test_shi_40_pressure_by_a_group_is_judged_elsewhere_and_what_was_judged_before_stays_readable(hub: Hub) -> None:
    incident, headers = hub.press(), hub.machine("section_head")
    old = {"finding": "harassment", "acts": ["organised"], "persons": ["所属長 佐藤", "係長級 田中"]}
    post(hub, headers, incident, "mark", {"mark": "act", "act": "organised"})
    post(hub, headers, incident, "contact", {"action": "ended"})
    hub.told(incident, "judged", source="person", data=old)
    words = {"content": "要求", "manner": "大声", "time": "40 分", "environment": "止まった"}
    again = post(hub, headers, incident, "judgement", {**old, **words, "average_employee": True, "dropped": False})
    (error,) = again.json["errors"]
    assert (error["field"], "引き継いで" in error["ja"], "not judged here" in error["en"]) == ("acts", True, True)
    page = hub.signed_in("section_head").get(f"/incidents/{incident}").text
    assert not re.search(r'name="acts" value="organised" checked', page)
    assert "別の手続きに引き継いでください" in page
    end = {"outcome": "harassment", "prevention": "担当に引き継ぐ", "shared_with": ["総務課"]}
    closed = post(hub, headers, incident, "close", end).json
    assert closed["state"] == "closed"
    assert [one["data"] for one in closed["timeline"] if one["kind"] == "judged"] == [old]
