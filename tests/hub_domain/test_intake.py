"""What a batch of events means, without a database: rows, receipts, what is set aside and what is noted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.evidence import CHAIN_START, head_of
from contract.messages import BareAlarm, BareEvent, ClockState, Event
from hub.domain.chain import KnownClose, KnownSegment
from hub.domain.incident import ALARMING, NOBODY, State
from hub.domain.intake import UNMET, Intake, KnownBox, KnownEvent, LiveIncident, Refused, incident_year
from tests.hub_domain.box_says import (
    BOOT,
    CALL,
    FORGED,
    KEY,
    NOW,
    OTHER_CALL,
    OTHER_KEY,
    SHA,
    event,
    hears,
    intake,
    new_id,
    pressed,
    record,
    sealed,
    seconds,
)


def repeated(level: str = "assist", **more: Any) -> Event:
    return event("alarm.repeated", **({"incident": CALL, "level": level, "gesture": "short"} | more))


def told(batch: Intake) -> list[tuple[str, dict[str, Any]]]:
    """The timeline's kinds, with what stands beside them but for the event's id."""
    return [(one["kind"], {k: v for k, v in one["data"].items() if k != "event"}) for one in batch.timeline]


def live(level: str = "assist", box: str = "counter-01") -> dict[str, LiveIncident]:
    return {CALL: LiveIncident(box, level, 1, "2026-000123")}


def refusal(batch: Intake, one: Any) -> str:
    with pytest.raises(Refused) as error:
        batch.take(one, "payload")
    assert [*batch.events, *batch.receipts, *batch.timeline, *batch.changes, *batch.notes] == []
    return str(error.value)


def test_a_press_becomes_an_incident_an_entry_alerts_and_a_receipt() -> None:
    one = pressed(drill=True)
    batch = hears(intake(seconds(1)), one)
    assert batch.incidents[CALL].row == {
        "id": CALL, "box": "counter-01", "counter": "2階 3番", "level": "assist", "state": "raised", "drill": True,
        "presses": 1, "pressed_at": NOW, "clock": "synced", "received_at": seconds(1), "raised_at": seconds(1),
        "profile_id": "shinagawa", "profile_digest": "sha256:rules", "changed_at": seconds(1),
        "reach": "first", "drill_ends_at": seconds(1) + timedelta(minutes=15), **NOBODY,
    }  # fmt: skip
    assert batch.incidents[CALL].number is None, "the store counts"
    assert batch.events == [
        {
            "id": one.id, "box": "counter-01", "boot": BOOT, "seq": one.seq, "type": "alarm.raised", "incident": CALL,
            "at": NOW, "received_at": seconds(1), "payload": "payload",
        }
    ]  # fmt: skip
    assert batch.timeline[0] == {
        "incident": CALL, "at": NOW, "recorded_at": seconds(1), "kind": "alarm.raised", "source": "box", "text": "",
        "data": {"gesture": "short", "level": "assist", "drill": True, "event": one.id},
        "profile_digest": "sha256:rules",
    }  # fmt: skip
    assert [(row["contact"], row["incident"]) for row in batch.alerts] == [("chief", CALL)]
    assert batch.timeline[1]["kind"] == "alerted"
    (receipt,) = batch.receipts
    assert (receipt.box, receipt.event, receipt.incident, receipt.witness) == ("counter-01", one.id, CALL, None)
    assert list(batch.changes) == [("incident", CALL, "counter-01")]
    assert (batch.duplicates, batch.notes, batch.boxes, batch.recordings) == (0, [], {}, {})


def test_an_alert_that_reaches_nobody_is_no_entry() -> None:
    batch = intake(boxes={"counter-01": KnownBox("窓口", None, ())})
    batch._rules = type(batch._rules)(batch._rules.alert, [], "x", "x")
    assert [kind for kind, _ in told(hears(batch, pressed()))] == ["alarm.raised"]


def test_a_box_that_is_not_enrolled_and_an_event_of_another_box_are_set_aside() -> None:
    assert refusal(intake(), pressed(box="counter-99")) == "unknown or revoked box"
    one = pressed()
    taken = intake(events={one.id: KnownEvent("counter-02", "alarm.raised", CALL)})
    assert refusal(taken, one) == "the event id belongs to another box"
    assert refusal(intake(incidents=live(box="counter-02")), repeated()) == "the incident belongs to another box"


def test_an_event_that_comes_again_changes_nothing_and_is_receipted_again() -> None:
    one = pressed()
    batch = hears(intake(), one, one)
    assert (len(batch.events), len(batch.receipts), batch.duplicates) == (1, 2, 1)
    assert [(one.event, one.incident) for one in batch.receipts] == [(one.id, CALL)] * 2
    stored = hears(intake(events={one.id: KnownEvent("counter-01", "alarm.raised", OTHER_CALL)}), one)
    assert (stored.events, stored.timeline, stored.duplicates) == ([], [], 1)
    assert stored.receipts[0].incident == OTHER_CALL


def test_an_event_on_anothers_place_is_noted_and_still_counts() -> None:
    one = pressed(seq=7)
    batch = hears(intake(places={("counter-01", BOOT, 7): "another"}), one)
    assert CALL in batch.incidents
    assert batch.notes == [(one.id, "this place in the box's sequence was taken by another event")]
    assert ("box", None, "counter-01") in batch.changes
    twice = hears(intake(), event("selftest.finished", ok=True, seq=7), event("selftest.finished", ok=True, seq=7))
    assert len(twice.notes) == 1


def test_a_second_press_is_the_same_call_pressed_again() -> None:
    batch = hears(intake(seconds(1), incidents=live()), pressed())
    assert batch.incidents[CALL].row == {"presses": 2, "changed_at": seconds(1)}
    assert told(batch) == [("alarm.raised", {"gesture": "short", "level": "assist", "again": True})]
    assert batch.alerts == []
    assert ("incident", CALL, "counter-01") in batch.changes


def test_a_raise_to_emergency_calls_anew_once_and_never_goes_back() -> None:
    batch = hears(
        intake(seconds(1), incidents=live()), repeated("emergency"), repeated("assist"), repeated("emergency")
    )
    assert batch.incidents[CALL].row == {
        "presses": 4, "changed_at": seconds(1), "level": "emergency", "raised_at": seconds(1), "state": "raised",
        **NOBODY,
    }  # fmt: skip
    assert {row["contact"] for row in batch.alerts} == {"chief", "head"}
    assert all(":emergency:" in row["key"] for row in batch.alerts)
    assert [kind for kind, _ in told(batch)] == ["alarm.repeated"] * 3 + ["alerted"]
    assert hears(intake(incidents=live("emergency")), repeated("emergency")).alerts == []


ANEW = {"state": "raised", **NOBODY}
OPEN_AGAIN = {"contact_ended_at": None, "closed_at": None, "outcome": None}


def pressed_again(state: State, level: str, to: str, over_at: datetime | None, **event: Any) -> Intake:
    known = {CALL: LiveIncident("counter-01", level, 1, "2026-000123", state=state.value, over_at=over_at)}
    return hears(intake(seconds(60), incidents=known), repeated(to, **event))


def test_new_calls_of_one_batch_fill_the_same_columns_so_that_they_are_written_together() -> None:
    batch = hears(intake(), pressed(), pressed(incident=OTHER_CALL), repeated("emergency"))
    first, second = batch.incidents[CALL].row, batch.incidents[OTHER_CALL].row
    assert first.keys() == second.keys()
    assert (first["level"], second["level"]) == ("emergency", "assist")


@pytest.mark.parametrize("state", list(ALARMING))
def test_who_saw_the_call_for_assistance_has_not_seen_the_emergency(state: State) -> None:
    batch = pressed_again(state, "assist", "emergency", None)
    row = batch.incidents[CALL].row
    assert row.items() >= ANEW.items()
    assert not row.keys() & OPEN_AGAIN.keys()
    assert batch.anew == [CALL]
    for level in ("assist", "emergency"):  # pressed again: who answered has answered
        assert not pressed_again(state, level, level, None).incidents[CALL].row.keys() & ANEW.keys()


PRESSED_AT, HEARD_AT = seconds(200), seconds(220)


@pytest.mark.parametrize("level", ["assist", "emergency"])
@pytest.mark.parametrize(("answered_at", "clock", "anew"), [
    (PRESSED_AT - UNMET - timedelta(seconds=1), "synced", True),
    (PRESSED_AT - UNMET + timedelta(seconds=1), "synced", False),
    (PRESSED_AT + timedelta(seconds=1), "synced", False),
    (HEARD_AT - UNMET - timedelta(seconds=1), "unsynced", True),
    (HEARD_AT - UNMET + timedelta(seconds=1), "unsynced", False),
    (None, "synced", False),
])  # fmt: skip
def test_who_presses_long_after_the_answer_has_nobody_there(
    level: str, answered_at: datetime | None, clock: str, anew: bool
) -> None:
    live = LiveIncident("counter-01", level, 1, "2026-000123", state="attended", answered_at=answered_at)
    batch = hears(intake(HEARD_AT, incidents={CALL: live}), repeated(level, at=PRESSED_AT, clock=ClockState(clock)))
    assert (batch.anew, batch.unmet) == ([], [CALL] if anew else [])
    assert batch.alerts == [], "the engine's ladder stands high already: it reaches everybody at once"
    row = batch.incidents[CALL].row
    assert (row.items() >= ANEW.items()) is anew
    assert "raised_at" not in row
    assert batch.unaware == ([CALL] if level == "emergency" and not anew else [])


def test_a_drill_that_is_over_is_not_opened_again() -> None:
    known = {CALL: LiveIncident("counter-01", "assist", 1, "2026-000123", "first", {}, "closed", seconds(-60))}
    batch = hears(intake(seconds(60), incidents=known), repeated("assist"))
    assert (batch.anew, batch.alerts) == ([], [])
    assert "state" not in batch.incidents[CALL].row


@pytest.mark.parametrize("state", [state for state in State if state not in ALARMING])
@pytest.mark.parametrize(("level", "to"), [("assist", "assist"), ("assist", "emergency"), ("emergency", "emergency")])
def test_who_presses_under_a_call_that_the_hub_has_ended_calls_again(state: State, level: str, to: str) -> None:
    batch = pressed_again(state, level, to, seconds(-1))
    row = batch.incidents[CALL].row
    assert row.items() >= (ANEW | OPEN_AGAIN | {"level": to, "raised_at": seconds(60)}).items()
    assert {one["key"].split(":")[1] for one in batch.alerts} == {to}
    assert batch.anew == [CALL]
    assert told(batch)[0][1]["reopened"] is True


@pytest.mark.parametrize("state", [state for state in State if state not in ALARMING])
def test_a_press_from_before_the_end_that_comes_late_opens_nothing(state: State) -> None:
    for to in ("assist", "emergency"):
        batch = pressed_again(state, "assist", to, seconds(30))
        assert not batch.incidents[CALL].row.keys() & (ANEW.keys() | OPEN_AGAIN.keys())
        assert batch.anew == []
    unsure = pressed_again(state, "assist", "assist", seconds(30), clock="unsynced")
    assert unsure.anew == [CALL], "a clock that is wrong cannot tell: in doubt somebody needs help"


def test_press_and_raise_in_one_batch_call_once_at_the_level_it_has_at_the_end() -> None:
    batch = hears(intake(), pressed(), repeated("emergency"))
    assert {row["key"].split(":")[1] for row in batch.alerts} == {"emergency"}
    assert batch.incidents[CALL].row["level"] == "emergency"
    assert batch.incidents[CALL].row["presses"] == 2


def test_what_came_before_its_alarm_is_told_with_the_alarm_and_only_from_the_same_box() -> None:
    early = event("notice.played", incident=CALL, notice="recording", ok=True, duration_ms=4000, at=seconds(-1))
    foreign = event("notice.played", box="counter-02", incident=CALL, notice="x", ok=True, duration_ms=1)
    segment = sealed(record())  # its own row tells of it
    batch = hears(intake(earlier={CALL: [(early, seconds(-1)), (foreign, NOW), (segment, NOW)]}), pressed())
    assert told(batch)[1] == ("notice.played", {"notice": "recording", "ok": True, "duration_ms": 4000})
    assert [kind for kind, _ in told(batch)] == ["alarm.raised", "notice.played", "alerted"]
    waiting = hears(intake(), early)
    assert (waiting.timeline, len(waiting.receipts), len(waiting.events)) == ([], 1, 1)


@pytest.mark.parametrize(
    ("at", "skew_ms"),
    [(NOW, None), (seconds(-2), None), (seconds(2), None), (seconds(-2.5), 2500), (seconds(3), -3000)],
)
def test_a_box_whose_clock_is_off_by_more_than_two_seconds_is_noted_with_by_how_much(
    at: datetime, skew_ms: int | None
) -> None:
    (_, data), *_ = told(hears(intake(), pressed(at=at)))
    assert data.get("skew_ms") == skew_ms


def test_a_clock_that_is_not_set_is_said_beside_the_entry() -> None:
    batch = hears(intake(), pressed(clock=ClockState.UNSYNCED))
    assert told(batch)[0][1]["clock"] == "unsynced"
    assert batch.incidents[CALL].row["clock"] == "unsynced"
    assert "clock" not in told(hears(intake(), pressed()))[0][1]


YEARS_20 = timedelta(days=20 * 365)


@pytest.mark.parametrize(
    ("at", "believed"),
    [(NOW - YEARS_20, True), (NOW - YEARS_20 - timedelta(seconds=1), False), (datetime(9999, 1, 1, tzinfo=UTC), False)],
)
def test_a_time_that_cannot_be_true_is_the_hubs_and_marked_unsynced(at: datetime, believed: bool) -> None:
    row = hears(intake(), pressed(at=at)).incidents[CALL].row
    assert (row["pressed_at"], row["clock"]) == ((at, "synced") if believed else (NOW, "unsynced"))


def bare(call: str = CALL, at: datetime | None = None) -> BareAlarm:
    return BareAlarm(id=new_id(), incident=call, site="kita", box="counter-01", level="emergency", at=at)


@pytest.mark.parametrize("at", [None, datetime(1970, 1, 1, tzinfo=UTC)])
def test_a_call_of_a_version_that_nobody_knows_yet_is_a_call(at: datetime | None) -> None:
    one = bare(at=at)
    batch = hears(intake(), one)
    row = batch.incidents[CALL].row
    assert (row["level"], row["pressed_at"], row["clock"], row["drill"]) == ("emergency", NOW, "unsynced", False)
    assert told(batch)[0] == ("alarm.raised", {"bare": True, "level": "emergency", "drill": False})
    stored = batch.events[0]
    assert (stored["type"], stored["boot"], stored["seq"], stored["at"]) == ("alarm.bare", one.id, 0, NOW)
    assert batch.alerts


def test_what_a_newer_box_says_beside_its_calls_is_kept_receipted_and_noted() -> None:
    newer = BareEvent(id=new_id(), type="lid.opened", site="kita", box="counter-01", at=None)
    batch = hears(intake(), newer, event("lid.opened"))
    assert (len(batch.events), len(batch.receipts), batch.timeline) == (2, 2, [])
    assert ["unknown major version" in batch.notes[0][1], "'lid.opened'" in batch.notes[1][1]] == [True, True]


def test_an_alarm_without_an_incident_is_set_aside() -> None:
    broken = pressed().model_copy(update={"body": pressed().body.model_copy(update={"incident": None})})
    with pytest.raises(Refused, match="without an incident"):
        intake().take(broken, "payload")


# --- the box itself --------------------------------------------------------------------------------------------------


def test_a_fault_is_kept_once_and_cleared_and_stands_in_every_call_that_alarms() -> None:
    batch = intake(alarming={"counter-02": [OTHER_CALL]})
    hears(
        batch, pressed(box="counter-02"), event("fault.raised", box="counter-02", fault="camera_lost", detail="gone"),
        event("fault.raised", box="counter-02", fault="camera_lost"),
        event("fault.cleared", box="counter-02", fault="microphone_lost"),
    )  # fmt: skip
    assert batch.boxes == {"counter-02": {"faults": ["camera_lost"]}}
    entries = [(one["incident"], one["kind"]) for one in batch.timeline if one["kind"].startswith("fault")]
    assert entries == [
        (call, kind) for kind in ("fault.raised", "fault.raised", "fault.cleared") for call in (OTHER_CALL, CALL)
    ]
    assert told(batch)[1] == ("fault.raised", {"fault": "camera_lost", "detail": "gone"})
    assert {("box", None, "counter-02"), ("incident", OTHER_CALL, "counter-02")} <= set(batch.changes)


def test_a_fault_says_nothing_of_another_boxs_call_or_of_one_that_was_known_and_is_over() -> None:
    batch = hears(intake(incidents=live()), pressed(OTHER_CALL, box="counter-02"), event("fault.raised", fault="disk"))
    assert [one["kind"] for one in batch.timeline] == ["alarm.raised", "alerted"]
    assert batch.boxes["counter-01"]["faults"] == ["disk"]


def test_a_box_that_starts_says_its_program_and_is_bound_to_its_first_key() -> None:
    started = event("box.started", box="counter-02", software="0.2", evidence_key=OTHER_KEY)
    batch = hears(intake(), started)
    assert batch.boxes["counter-02"] == {"boot": BOOT, "software": "0.2", "evidence_key": OTHER_KEY}
    assert ("box", None, "counter-02") in batch.changes
    again = hears(batch, event("box.started", box="counter-02", software="0.2", evidence_key=KEY))
    assert again.boxes["counter-02"]["evidence_key"] == OTHER_KEY
    assert "another evidence key" in again.notes[0][1]
    assert hears(intake(), event("box.started", software="0.2")).boxes["counter-01"] == {
        "boot": BOOT,
        "software": "0.2",
    }
    same = hears(intake(), event("box.started", software="0.2", evidence_key=KEY))
    assert (same.notes, "evidence_key" in same.boxes["counter-01"]) == ([], False)


def test_a_self_test_belongs_to_its_box() -> None:
    batch = hears(intake(), event("selftest.finished", ok=True))
    assert list(batch.changes) == [("box", None, "counter-01")]
    ended = hears(intake(incidents=live()), event("alarm.ended", incident=CALL, by="key"))
    assert list(ended.changes) == [("incident", CALL, "counter-01")]
    assert told(ended) == [("alarm.ended", {"by": "key"})]


# --- evidence --------------------------------------------------------------------------------------------------------


def test_a_segment_is_witnessed_and_is_no_entry_of_the_timeline() -> None:
    batch = hears(intake(incidents=live()), sealed(record()))
    (receipt,) = batch.receipts
    assert receipt.witness is not None
    assert (receipt.witness.head, receipt.witness.new) == (head_of(record()), 0)
    assert (list(batch.segments), len(batch.leaves), batch.timeline) == ([(CALL, 0)], 1, [])
    assert list(batch.changes) == [("incident", CALL, "counter-01")]


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (sealed(record(), FORGED), "signature does not hold"),
        (sealed(record(device_key=OTHER_KEY)), "another evidence key"),
        (sealed(record(prev=SHA)), "does not follow"),
    ],
)
def test_a_doubtful_segment_is_stored_receipted_without_a_witness_and_noted(one: Event, reason: str) -> None:
    batch = hears(intake(), one)
    assert (len(batch.events), batch.receipts[0].witness, batch.leaves) == (1, None, [])
    assert reason in batch.notes[0][1]


def test_a_box_without_a_key_is_bound_to_the_one_that_signs_its_first_segment() -> None:
    batch = hears(intake(), sealed(record(box="counter-02", device_key=OTHER_KEY), box="counter-02"))
    assert batch.boxes["counter-02"] == {"evidence_key": OTHER_KEY}
    assert batch.receipts[0].witness is not None


def test_a_recording_begins_and_ends_once_and_is_told_in_its_call() -> None:
    begun = event("recording.started", incident=CALL, pre_roll_ms=8000, video=True, audio=False)
    ended = event("recording.closed", incident=CALL, count=3, head=SHA)
    batch = hears(intake(incidents=live()), begun, ended)
    assert batch.recordings[CALL] == {
        "incident": CALL, "box": "counter-01", "pre_roll_ms": 8000, "video": True, "audio": False, "count": 3,
        "head": SHA, "leaf": 0, "closed_at": NOW,
    }  # fmt: skip
    assert told(batch) == [
        ("recording.started", {"pre_roll_ms": 8000, "video": True, "audio": False}),
        ("recording.closed", {"count": 3, "head": SHA}),
    ]
    assert batch.receipts[1].witness is not None
    another = event("recording.closed", incident=CALL, count=2, head=SHA)
    doubted = hears(intake(incidents=live(), closes={CALL: KnownClose(3, SHA, 9)}), another)
    assert (doubted.recordings, doubted.receipts[0].witness) == ({}, None)
    assert "closed before" in doubted.notes[0][1]


def test_a_copy_of_a_segment_that_was_stored_gets_its_witness_again() -> None:
    one = sealed(record())
    stored = {one.id: KnownEvent("counter-01", "segment.sealed", CALL)}
    segments = {(CALL, 0): KnownSegment(record(), head_of(record()), 4)}
    batch = hears(intake(events=stored, segments=segments), one)
    assert batch.receipts[0].witness is not None
    assert batch.receipts[0].witness.leaf == 4
    assert CHAIN_START not in [leaf["digest"] for leaf in batch.leaves]


def test_incidents_are_numbered_by_the_year_in_japan() -> None:
    assert incident_year(datetime(2026, 12, 31, 14, 59, tzinfo=UTC)) == 2026
    assert incident_year(datetime(2026, 12, 31, 15, 0, tzinfo=UTC)) == 2027
