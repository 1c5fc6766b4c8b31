"""From a box's event to rows, receipt and command, through the real broker and the real worker."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update
from support.field_box import FieldBox
from support.hubs import LiveHub, until

from contract.messages import CommandType
from hub.store import changes, commands
from hub.store.engine import begin_read, begin_write
from hub.store.ids import new_id
from hub.store.schema import (
    alert,
    box,
    change,
    command,
    event,
    incident,
    quarantine,
    recording,
    timeline,
)

pytestmark = pytest.mark.end_to_end


def one(hub: LiveHub, id: str) -> Any:
    """The incident's row."""
    (row,) = hub.rows(incident, incident.c.id == id)
    return row


def kinds(hub: LiveHub, id: str) -> list[str]:
    return [row.kind for row in sorted(hub.rows(timeline, timeline.c.incident == id), key=lambda row: row.id)]


def set_aside(hub: LiveHub, name: str, word: str) -> list[Any]:
    """Quarantined messages of a box whose reason holds `word`."""
    return [row for row in hub.rows(quarantine, quarantine.c.box == name) if word in row.reason]


def still_hears(field: FieldBox) -> None:
    """The link lives on: a press goes through."""
    assert field.pressed()[1]


def test_a_press_becomes_an_incident_with_a_signed_receipt(hub: LiveHub) -> None:
    field = hub.box()
    id, receipt = field.pressed()
    row = one(hub, id)
    assert (row.box, row.level, row.state, row.presses, row.drill) == (field.name, "assist", "raised", 1, False)
    assert row.number.startswith(f"{datetime.now(UTC) + timedelta(hours=9):%Y}-")
    assert len(row.number.split("-")[1]) == 6
    assert receipt["incident"] == {"id": id, "number": row.number}
    assert set(receipt) == {"v", "events", "incident", "at", "key", "signature"}
    assert kinds(hub, id) == ["alarm.raised"]
    assert hub.rows(change, change.c.incident == id)


def test_the_golden_event_of_the_design_is_understood(hub: LiveHub) -> None:
    field = hub.box()
    golden = json.loads(
        '{"v":1,"id":"01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a01","type":"alarm.raised","site":"kita","box":"counter-01",'
        '"boot":"01938f00-0000-7000-8000-000000000001","seq":17,"at":"2026-11-20T02:41:36.544Z","mono_ms":123456,'
        '"clock":"synced","profile":{"id":"shinagawa","digest":"sha256:…"},'
        '"body":{"incident":"01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a02","level":"assist","gesture":"short","drill":false}}'
    )
    receipt = field.receipt(field.send(golden | {"box": field.name}))
    assert receipt["incident"]["id"] == golden["body"]["incident"]
    row = one(hub, golden["body"]["incident"])
    assert row.pressed_at == datetime(2026, 11, 20, 2, 41, 36, 544000, tzinfo=UTC)
    (entry,) = hub.rows(timeline, timeline.c.incident == row.id)
    assert abs(entry.data["skew_ms"]) > 2000


def test_numbers_have_no_gaps(hub: LiveHub) -> None:
    field = hub.box()
    sent = [field.press() for _ in range(60)]
    for _, id in sent:
        field.receipt(id)
    numbers = sorted(int(row.number.split("-")[1]) for row in hub.rows(incident))
    assert numbers == list(range(1, len(numbers) + 1))


def test_w03_the_same_event_ten_times_is_one_incident(hub: LiveHub) -> None:
    field = hub.box(resend=False)
    id, receipt = field.pressed()
    payload = hub.rows(event, event.c.id == receipt["events"][0])[0].payload
    before = len(field.receipts)
    for _ in range(9):
        field.publish("event", payload)
    # Each copy is receipted again; copies of one batch share a receipt. A later press shows that all have been seen.
    last = field.pressed()[0]
    assert len(field.receipts) > before + 1
    assert all(one["incident"]["id"] in (id, last) for one in field.receipts)
    assert one(hub, id).presses == 1
    assert kinds(hub, id) == ["alarm.raised"]
    assert not set_aside(hub, field.name, "")


def test_w04_what_came_before_the_alarm_is_attached_to_it(hub: LiveHub) -> None:
    field = hub.box()
    id = new_id()
    raised = field.event("alarm.raised", {"incident": id, "level": "assist", "gesture": "short", "drill": False})
    started = field.event("recording.started", {"incident": id, "pre_roll_ms": 9800, "video": True, "audio": False})
    again = field.event("alarm.repeated", {"incident": id, "level": "emergency", "gesture": "long"})
    ended = field.event("alarm.ended", {"incident": id, "by": "key"})
    for late in (ended, again, started):
        receipt = field.receipt(field.send(late))
        assert "incident" not in receipt  # it has no number yet
    assert hub.rows(incident, incident.c.id == id) == []
    field.receipt(field.send(raised))
    row = one(hub, id)
    assert (row.level, row.presses) == ("emergency", 2)
    assert kinds(hub, id)[0] == "alarm.raised"
    assert sorted(kinds(hub, id)[1:]) == ["alarm.ended", "alarm.repeated", "recording.started"]
    assert hub.rows(recording, recording.c.incident == id)[0].pre_roll_ms == 9800
    assert field.receipt(field.send(started)) is not None  # the copy: nothing new
    assert len(kinds(hub, id)) == 4


def test_a_second_press_belongs_to_the_incident_and_can_raise_it(hub: LiveHub) -> None:
    field = hub.box()
    id, _ = field.pressed()
    first = one(hub, id)
    body = {"incident": id, "level": "emergency", "gesture": "long"}
    assert field.receipt(field.send(field.event("alarm.repeated", body)))["incident"]["number"] == first.number
    row = one(hub, id)
    assert (row.presses, row.level) == (2, "emergency")
    assert row.raised_at > first.raised_at
    body["level"] = "assist"
    field.receipt(field.send(field.event("alarm.repeated", body)))
    assert (one(hub, id).presses, one(hub, id).level) == (3, "emergency")


def test_a_press_after_people_ended_the_call_opens_it_again_and_its_ladder_begins_anew(hub: LiveHub) -> None:
    field = hub.box()
    id, _ = field.pressed()
    now = datetime.now(UTC)
    over = {"state": "closed", "contact_ended_at": now, "closed_at": now, "outcome": "false_press", "seen_by": "x"}
    old = {
        "id": new_id(), "incident": id, "key": f"{id}:assist:0:0:chief", "stage_s": 0, "round": 0, "contact": "chief",
        "role": "supervisor", "channel": "webhook", "target": "", "state": "sent", "tries": 1, "created_at": now,
        "next_at": now,
    }  # fmt: skip
    with begin_write(hub.database) as connection:
        connection.execute(update(incident).where(incident.c.id == id).values(**over))
        connection.execute(insert(alert).values(**old))
    again = field.event("alarm.repeated", {"incident": id, "level": "assist", "gesture": "short"})
    field.receipt(field.send(again))
    row = one(hub, id)
    assert (row.state, row.contact_ended_at, row.closed_at, row.outcome, row.seen_by) == ("raised", *[None] * 4)
    assert [entry.key for entry in hub.rows(alert, alert.c.id == old["id"])] == [old["id"]]


def test_a_press_long_after_the_answer_asks_everybody_anew_and_the_box_says_so(hub: LiveHub) -> None:
    field = hub.box()
    id, _ = field.pressed()
    answered = datetime.now(UTC) - timedelta(minutes=5)
    with begin_write(hub.database) as connection:
        known = {"state": "attended", "responder": "x", "responder_name": "佐藤", "responding_at": answered}
        connection.execute(update(incident).where(incident.c.id == id).values(**known))
        commands.put(connection, field.name, CommandType.RESPONDER_COMING, answered, incident=id, name="佐藤")
    field.receipt(field.send(field.event("alarm.repeated", {"incident": id, "level": "assist", "gesture": "short"})))
    row = one(hub, id)
    assert (row.state, row.responder, row.responder_name, row.responding_at) == ("raised", None, None, None)
    assert [told.type for told in hub.rows(command, command.c.incident == id)] == ["nobody.available"]


def test_events_of_a_recording_stand_in_the_timeline(hub: LiveHub) -> None:
    field = hub.box()
    id, _ = field.pressed()
    for kind, body in (
        ("notice.played", {"incident": id, "notice": "録音を始めます", "ok": True, "duration_ms": 3100}),
        ("recording.started", {"incident": id, "pre_roll_ms": 0, "video": True, "audio": True}),
        ("alarm.ended", {"incident": id, "by": "hub"}),
    ):
        field.receipt(field.send(field.event(kind, body)))
    assert kinds(hub, id) == ["alarm.raised", "notice.played", "recording.started", "alarm.ended"]


def test_faults_are_shown_on_the_box_and_in_the_running_incident(hub: LiveHub) -> None:
    field = hub.box()
    id, _ = field.pressed()
    field.receipt(field.send(field.event("fault.raised", {"fault": "camera", "detail": "映像がありません"})))
    assert hub.rows(box, box.c.name == field.name)[0].faults == ["camera"]
    field.receipt(field.send(field.event("fault.cleared", {"fault": "camera"})))
    assert hub.rows(box, box.c.name == field.name)[0].faults == []
    assert kinds(hub, id) == ["alarm.raised", "fault.raised", "fault.cleared"]


def test_the_first_evidence_key_is_bound_and_another_one_is_noted(hub: LiveHub) -> None:
    field = hub.box()
    keys = ["A" * 43 + "=", "B" * 43 + "="]
    for key in keys:
        body = {"software": "0.1.0", "evidence_key": key}
        assert field.receipt(field.send(field.event("box.started", body)))
    assert hub.rows(box, box.c.name == field.name)[0].evidence_key == keys[0]
    assert set_aside(hub, field.name, "evidence key")
    still_hears(field)


# --- what is set aside -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"garbage",
        b"\xff\xfe\x00",
        b"[1, 2]",
        b'{"v": 1}',
        b'{"v": 1, "v": 1}',
        b"[" * 60000,
        b'{"v": NaN}',
        b'{"v": 1, "type": "\\ud800"}',
        b'{"a": "\x00"}',
    ],
    ids=str,
)
def test_w09_w11_malformed_is_set_aside_and_the_link_lives_on(hub: LiveHub, payload: bytes) -> None:
    field = hub.box(resend=False)
    still_hears(field)  # the clean case
    field.publish("event", payload)
    row = until(lambda: set_aside(hub, field.name, ""), what="quarantine")[0]
    assert row.payload == payload[:4096]
    assert row.size_bytes == len(payload)
    assert hub.rows(change, change.c.box == field.name, change.c.kind == "box")
    still_hears(field)
    assert field.client.is_connected()


@pytest.mark.parametrize(
    "changes", [{"site": "minami"}, {"box": "counter-99"}, {"type": "alarm.invented"}, {"seq": -1}]
)
def test_an_event_that_contradicts_its_topic_is_set_aside(hub: LiveHub, changes: dict[str, Any]) -> None:
    field = hub.box(resend=False)
    id = new_id()
    raised = {"incident": id, "level": "assist", "gesture": "short", "drill": False}
    field.publish("event", json.dumps(field.event("alarm.raised", raised, **changes)))
    until(lambda: set_aside(hub, field.name, ""), what="quarantine")
    assert hub.rows(incident, incident.c.id == id) == []
    still_hears(field)


def test_w17_a_retained_event_is_no_press_and_does_not_stay_in_the_broker(hub: LiveHub) -> None:
    field = hub.box(resend=False)
    still_hears(field)
    id = new_id()
    raised = {"incident": id, "level": "assist", "gesture": "short", "drill": False}
    field.publish("event", json.dumps(field.event("alarm.raised", raised)), retain=True)
    until(lambda: set_aside(hub, field.name, "retained"), what="quarantine")
    assert hub.rows(incident, incident.c.id == id) == []
    still_hears(field)
    assert len(set_aside(hub, field.name, "")) == 1


def test_w19_a_captured_press_makes_no_second_incident_and_a_place_taken_twice_is_flagged(hub: LiveHub) -> None:
    field = hub.box(resend=False)
    id, receipt = field.pressed()
    old = json.loads(hub.rows(event, event.c.id == receipt["events"][0])[0].payload)
    field.publish("event", json.dumps(old))
    still_hears(field)
    assert one(hub, id).presses == 1
    assert not set_aside(hub, field.name, "")
    # Under another id it is flagged. It is not refused: it might be a press of a box that miscounts.
    field.publish("event", json.dumps(old | {"id": new_id()}))
    until(lambda: set_aside(hub, field.name, "sequence"), what="flag")
    assert len(hub.rows(incident, incident.c.box == field.name)) == 2
    # A lower number that never came is no replay: their order may differ.
    field.seq += 5
    field.pressed()
    field.seq -= 3
    still_hears(field)
    assert len(set_aside(hub, field.name, "")) == 1


def test_an_incident_belongs_to_its_box(hub: LiveHub) -> None:
    mine, other = hub.box(), hub.box(resend=False)
    id, _ = mine.pressed()
    other.publish("event", json.dumps(other.event("alarm.ended", {"incident": id, "by": "key"})))
    until(lambda: set_aside(hub, other.name, "another box"), what="quarantine")
    assert kinds(hub, id) == ["alarm.raised"]


def test_a_revoked_box_is_not_listened_to(hub: LiveHub) -> None:
    field = hub.box(resend=False)
    still_hears(field)
    with begin_write(hub.database) as connection:
        connection.execute(update(box).where(box.c.name == field.name).values(revoked_at=datetime.now(UTC)))
    id, _ = field.press()
    until(lambda: set_aside(hub, field.name, "revoked"), what="quarantine")
    assert hub.rows(incident, incident.c.id == id) == []


def test_w23_a_call_of_a_later_version_is_taken_as_a_bare_alarm(hub: LiveHub) -> None:
    field = hub.box(resend=False)
    id, event_id = new_id(), new_id()
    later = {"v": 7, "id": event_id, "type": "alarm.raised", "site": field.site, "box": field.name}
    field.publish("event", json.dumps(later | {"body": {"incident": id, "level": "emergency", "mood": "dark"}}))
    assert field.receipt(event_id)["incident"]["id"] == id
    assert (one(hub, id).level, one(hub, id).clock) == ("emergency", "unsynced")


@pytest.mark.parametrize("kind", ["segment.sealed", "alarm.ended", "box.started", "fault.raised"])
def test_w23_what_a_newer_box_says_beside_its_calls_is_kept_and_receipted_without_effect(
    hub: LiveHub, kind: str
) -> None:
    field = hub.box(resend=False)
    id, _ = field.pressed()
    before = (one(hub, id), hub.rows(box, box.c.name == field.name)[0].faults, kinds(hub, id))
    event_id = new_id()
    later = {"v": 2, "id": event_id, "type": kind, "site": field.site, "box": field.name, "seq": "17b", "body": [id]}
    payload = json.dumps(later)
    for _ in range(2):
        field.receipts.clear()
        field.publish("event", payload)
        assert "incident" not in field.receipt(event_id)
    (row,) = hub.rows(event, event.c.id == event_id)
    assert (row.type, row.payload, row.incident) == (kind, payload, None)
    assert (one(hub, id), hub.rows(box, box.c.name == field.name)[0].faults, kinds(hub, id)) == before
    assert len(set_aside(hub, field.name, "unknown major version")) == 1, "and it is shown"


# --- presence and commands -------------------------------------------------------------------------------------------


def shown(hub: LiveHub, field: FieldBox) -> str:
    return str(hub.rows(box, box.c.name == field.name)[0].presence)


def test_presence_follows_birth_will_and_health(hub: LiveHub) -> None:
    field = hub.box()
    until(lambda: shown(hub, field) == "online", what="birth")
    # The will of an older session hides nothing.
    field.publish("presence", json.dumps({"v": 1, "state": "offline", "session": field.session - 1}), retain=True)
    still_hears(field)
    assert shown(hub, field) == "online"
    field.publish("health", json.dumps(field.health(recording="failed", faults=["camera"])), qos=0)
    until(lambda: hub.rows(box, box.c.name == field.name)[0].recording == "failed", what="health")
    row = hub.rows(box, box.c.name == field.name)[0]
    assert (row.faults, row.temperature_c, row.profile_id) == (["camera"], 45.5, "default")
    field.drop()
    until(lambda: shown(hub, field) == "offline", 30, what="will")


def test_health_without_news_changes_nothing_on_the_pages(hub: LiveHub) -> None:
    field = hub.box()
    field.publish("health", json.dumps(field.health()), qos=0)
    until(lambda: hub.rows(box, box.c.name == field.name)[0].recording == "armed", what="health")
    with begin_read(hub.database) as connection:
        before = changes.latest(connection)
    for spool in range(5):
        field.publish("health", json.dumps(field.health(spool_depth=spool)), qos=0)
    id, _ = field.pressed()
    with begin_read(hub.database) as connection:
        after = changes.after(connection, before, 100)
    assert [(row.kind, row.incident) for row in after if row.box == field.name] == [("incident", id)]


def test_the_boxes_hear_that_somebody_listens(hub: LiveHub) -> None:
    field = hub.box()
    first = until(field.hub_presence, what="hub/presence")
    assert first["state"] == "listening"
    later = until(lambda: (now := field.hub_presence()) and now["beat"] > first["beat"] and now, 15, "beat")
    assert later["session"] == first["session"]


def test_a_command_reaches_its_box_and_comes_again_after_a_new_birth(hub: LiveHub) -> None:
    field = hub.box()
    id, _ = field.pressed()
    with begin_write(hub.database) as connection:
        rows = [{"type": "seen", "name": "佐藤"}, {"type": "responder.coming", "name": "鈴木"}]
        for row in rows:
            connection.execute(
                insert(command).values(id=new_id(), box=field.name, incident=id, created_at=datetime.now(UTC), **row)
            )
    from hub.poke import poke

    poke(hub.directory, "worker")
    assert field.command("responder.coming")["name"] == "鈴木"
    assert field.command("seen")["incident"] == id
    until(lambda: all(row.sent_at for row in hub.rows(command, command.c.box == field.name)), what="sent_at")
    field.commands.clear()
    field.session += 1
    field.publish("presence", field._presence("online"), retain=True)
    assert field.command("responder.coming")["name"] == "鈴木"
    assert field.command("seen")


def test_the_worker_ends_cleanly_and_says_so(hub: LiveHub) -> None:
    field = hub.box()
    process = hub.processes["worker"]
    process.terminate()
    assert process.wait(5) == 0
    until(lambda: (field.hub_presence() or {}).get("state") == "offline", what="farewell")
    hub.start_worker()
    still_hears(field)
