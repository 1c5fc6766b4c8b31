"""What the core promises, told through its front door."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from support.desk import RULES, START, Desk

from contract.messages import CommandType, Gesture, Level, RecordingState
from device.core import events
from device.core.alarm import TABLE, AlarmAct, AlarmInput, AlarmIs
from device.core.buzz import STEPS
from device.core.effects import (
    AllowSound,
    Buzz,
    Cue,
    KeepRecording,
    Persist,
    PlayCue,
    PlayNotice,
    PublishAlarm,
    RunSelftest,
    Send,
    ShowLamp,
    StopRecording,
    WakeAt,
)
from device.core.events import (
    ButtonName,
    CommandArrived,
    EdgeSeen,
    LinkChanged,
    Persisted,
    PersistFailed,
    ReceiptArrived,
)
from device.core.head_start import HEAD_START_MS, ON_ITS_WAY_MS
from device.core.lamp import PATTERNS, LampState
from device.core.recording import RecordingRules


def test_a_press_changes_the_lamp_first_then_is_persisted_then_sent_then_announced_then_kept(desk: Desk) -> None:
    kinds = [type(effect) for effect in desk.edge(True)]
    assert kinds[:4] == [ShowLamp, Buzz, Persist, PublishAlarm]
    assert desk.lamp().state is LampState.PRESSED
    assert [type(effect) for effect in desk.persist_all()] == [Send, ShowLamp, Buzz, WakeAt]
    before = len(desk.effects)
    desk.wait(ON_ITS_WAY_MS)
    effects = desk.effects[before:]
    assert [type(effect) for effect in effects][:2] == [PlayNotice, KeepRecording]
    keep = next(effect for effect in effects if isinstance(effect, KeepRecording))
    assert keep.sound is False


def test_yur_03_a_short_press_is_all_that_recording_on_need_asks_for_and_people_end_it(desk: Desk) -> None:
    desk.tap()
    desk.persist_all()
    desk.wait(10 * ON_ITS_WAY_MS)
    (raised,) = [event for event in desk.events() if event.type == "alarm.raised"]
    assert set(raised.body.model_dump(exclude_none=True)) == {"incident", "level", "gesture", "drill"}  # no type
    media = [effect for effect in desk.effects if isinstance(effect, KeepRecording | StopRecording)]
    assert media == [KeepRecording(raised.incident, False)]
    desk.wait(4 * 3_600_000)
    desk.feed(CommandArrived(CommandType.RECORDING_STOP, raised.incident, ""))
    media = [effect for effect in desk.effects if isinstance(effect, KeepRecording | StopRecording)]
    assert media == [KeepRecording(raised.incident, False), StopRecording(raised.incident)]


def refuse(desk: Desk) -> None:
    desk.feed(PersistFailed(tuple(event.id for event in desk.events()), "database or disk is full"))


@pytest.mark.parametrize(
    "then", [Desk.persist_all, refuse, lambda desk: desk.wait(HEAD_START_MS)], ids=["kept", "refused", "slow disk"]
)
def test_the_recording_begins_once_whatever_becomes_of_the_call(desk: Desk, then: Callable[[Desk], object]) -> None:
    desk.edge(True)
    assert not any(isinstance(effect, PlayNotice | KeepRecording) for effect in desk.effects)
    then(desk)
    desk.wait(10 * HEAD_START_MS)
    desk.persist_all()
    assert [type(effect) for effect in desk.effects if isinstance(effect, PlayNotice | KeepRecording)] == [
        PlayNotice,
        KeepRecording,
    ]


def test_a_call_that_ends_within_the_head_start_still_has_its_recording_begun_and_closed_in_order(desk: Desk) -> None:
    desk.edge(True)
    incident = desk.box.standing.incident
    desk.feed(CommandArrived(CommandType.RECORDING_STOP, incident, ""))
    media = [effect for effect in desk.effects if isinstance(effect, KeepRecording | StopRecording)]
    assert media == [KeepRecording(incident, False), StopRecording(incident)]


def test_nothing_is_sent_before_it_is_durable(desk: Desk) -> None:
    desk.tap()
    assert desk.sent() == set()
    desk.persist_all()
    assert desk.sent() == {event.id for event in desk.events()}
    assert all(effect.kept for effect in desk.effects if isinstance(effect, Send))


def test_what_the_spool_refuses_goes_out_from_memory_and_the_fault_is_shown(desk: Desk) -> None:
    desk.feed(LinkChanged(True, 1))
    raised = next(effect.event for effect in desk.edge(True) if isinstance(effect, Persist))
    effects = desk.feed(PersistFailed((raised.id,), "database or disk is full"))
    assert Send((raised,), kept=False) in effects
    assert "spool" in desk.lamp().faults
    assert desk.lamp().state is LampState.PRESSED  # never claims what is not so
    desk.feed(ReceiptArrived((raised.id,), raised.incident, "2026-000001"))
    assert desk.lamp().state is LampState.HUB_HAS
    desk.feed(Persisted((raised.id,)))
    assert "spool" not in desk.lamp().faults


def test_the_lamp_climbs_from_received_to_a_named_person(desk: Desk) -> None:
    desk.feed(LinkChanged(True, 2))
    assert desk.lamp().state is LampState.READY
    desk.tap()
    incident = desk.box.standing.incident
    desk.persist_all()
    assert desk.lamp().state is LampState.RECEIVED
    desk.feed(events.RecordingBegan(incident, 9_800, True, False))
    assert desk.lamp().state is LampState.VERIFIED
    desk.feed(ReceiptArrived((desk.events()[1].id,), incident, "2026-000007"))
    assert (desk.lamp().state, desk.lamp().number) == (LampState.HUB_HAS, "2026-000007")
    desk.feed(CommandArrived(CommandType.SEEN, incident, ""))
    assert desk.lamp().state is LampState.SEEN
    desk.feed(CommandArrived(CommandType.RESPONDER_COMING, incident, "佐藤"))
    assert (desk.lamp().state, desk.lamp().name) == (LampState.COMING, "佐藤")
    desk.feed(CommandArrived(CommandType.RECORDING_STOP, incident, ""))
    assert desk.lamp().state is LampState.READY
    assert StopRecording(incident) in desk.effects
    assert desk.types()[-1] == "alarm.ended"


def test_the_public_alarm_names_the_incident_only_when_the_hub_holds_it(desk: Desk) -> None:
    desk.tap()
    desk.persist_all()
    alarms = [effect.alarm for effect in desk.effects if isinstance(effect, PublishAlarm)]
    assert [alarm.incident for alarm in alarms] == [None, None]
    raised = desk.events()[1]
    desk.feed(ReceiptArrived((raised.id,), raised.incident, "2026-000001"))
    alarms = [effect.alarm for effect in desk.effects if isinstance(effect, PublishAlarm)]
    assert [alarm.incident for alarm in alarms] == [None, None, raised.incident]
    assert alarms[-1].state == "assist"


def test_nobody_answering_is_said_until_somebody_has_seen_it(desk: Desk) -> None:
    desk.tap()
    incident = desk.box.standing.incident if desk.box.standing else None
    desk.feed(CommandArrived(CommandType.NOBODY_AVAILABLE, incident, ""))
    assert desk.lamp().state is LampState.NOBODY_COMES
    desk.feed(CommandArrived(CommandType.SEEN, incident, ""))
    assert desk.lamp().state is LampState.SEEN


@pytest.mark.parametrize("answer", [CommandType.SEEN, CommandType.RESPONDER_COMING])
def test_whoever_cannot_come_after_all_is_shown_no_more_and_every_lamp_calls_again(
    desk: Desk, answer: CommandType
) -> None:
    desk.tap()
    incident = desk.box.standing.incident
    desk.feed(CommandArrived(answer, incident, "佐藤"))
    desk.feed(CommandArrived(CommandType.TIME_LIMIT_REACHED, incident, ""))
    desk.feed(CommandArrived(CommandType.NOBODY_AVAILABLE, incident, ""))
    assert (desk.lamp().state, desk.lamp().name) == (LampState.NOBODY_COMES, "")
    states = [effect.alarm.seen for effect in desk.effects if isinstance(effect, PublishAlarm)]
    assert states[-2:] == [True, False]
    desk.feed(CommandArrived(CommandType.RESPONDER_COMING, incident, "鈴木"))
    assert (desk.lamp().state, desk.lamp().name) == (LampState.COMING, "鈴木")


def test_whoever_saw_the_call_for_assistance_has_not_seen_the_emergency_and_every_lamp_calls_again(desk: Desk) -> None:
    desk.tap()
    raised = desk.events()[1]
    desk.feed(ReceiptArrived((raised.id,), raised.incident, "2026-000001"))
    desk.feed(CommandArrived(CommandType.RESPONDER_COMING, raised.incident, "佐藤"))
    desk.feed(CommandArrived(CommandType.TIME_LIMIT_REACHED, raised.incident, ""))
    desk.tap()
    assert desk.box.standing is not None
    assert desk.box.standing.coming == "佐藤"  # pressed again at the same level: help is on its way
    desk.edge(True)
    desk.wait(2_500)
    assert desk.lamp().state is LampState.HUB_HAS
    alarm = [effect.alarm for effect in desk.effects if isinstance(effect, PublishAlarm)][-1]
    assert (alarm.state, alarm.seen, alarm.incident) == ("emergency", False, raised.incident)
    desk.feed(CommandArrived(CommandType.RESPONDER_COMING, raised.incident, "高橋"))
    assert (desk.lamp().state, desk.lamp().name) == (LampState.COMING, "高橋")


@pytest.mark.parametrize("presses", [2, 100])
def test_d18_pressing_again_belongs_to_the_same_incident_and_stops_nothing(desk: Desk, presses: int) -> None:
    for _ in range(presses):
        desk.tap()
    assert desk.types() == ["alarm.raised"] + ["alarm.repeated"] * (presses - 1)
    assert len({event.incident for event in desk.events() if event.incident}) == 1
    assert not [effect for effect in desk.effects if isinstance(effect, StopRecording)]
    assert len([effect for effect in desk.effects if isinstance(effect, PlayNotice)]) == 1


def test_holding_on_raises_the_same_incident_to_an_emergency(desk: Desk) -> None:
    desk.edge(True)
    desk.wait(2_500)
    raised, repeated = desk.events()[1:]
    assert (raised.body.level, raised.body.gesture) == (Level.ASSIST, Gesture.SHORT)
    assert (repeated.type, repeated.body.level, repeated.body.gesture) == (
        "alarm.repeated",
        Level.EMERGENCY,
        Gesture.LONG,
    )
    states = [effect.alarm.state for effect in desk.effects if isinstance(effect, PublishAlarm)]
    assert states == ["none", "assist", "emergency"]


def test_a_press_that_waited_in_the_queue_keeps_its_true_time(desk: Desk) -> None:
    desk.ms += 700
    desk.feed(EdgeSeen(ButtonName.MAIN, True, desk.ms - 700))
    raised = desk.events()[-1]
    assert raised.mono_ms == desk.ms - 700
    assert raised.at == START + timedelta(milliseconds=desk.ms - 700)


def test_nobody_listening_is_shown_before_and_after_a_press(desk: Desk) -> None:
    assert desk.lamp().state is LampState.HUB_LOST
    desk.tap()
    desk.persist_all()
    assert desk.lamp().state is LampState.CALL_LOST
    desk.feed(LinkChanged(True, 0))
    assert desk.lamp().state is LampState.RECEIVED


def test_nobody_who_could_respond_is_shown_before_a_press(desk: Desk) -> None:
    desk.feed(LinkChanged(True, 0))
    assert desk.lamp().state is LampState.NOBODY


def test_a_command_for_another_incident_says_nothing_here(desk: Desk) -> None:
    desk.tap()
    before = desk.lamp()
    desk.feed(CommandArrived(CommandType.RESPONDER_COMING, "01938f2e-0000-7000-8000-999999999999", "佐藤"))
    desk.feed(CommandArrived(CommandType.RECORDING_STOP, "01938f2e-0000-7000-8000-999999999999", ""))
    assert desk.lamp() == before
    assert desk.box.standing is not None


def test_sound_is_allowed_from_the_moment_the_notice_is_audible(desk: Desk) -> None:
    desk.tap()
    incident = desk.box.standing.incident
    desk.feed(events.NoticeStarted(incident, 12_345))
    assert AllowSound(incident, 12_345) in desk.effects


def test_a_dead_speaker_is_logged_shown_and_does_not_stop_the_recording(desk: Desk) -> None:
    desk.feed(LinkChanged(True, 1))
    desk.tap()
    incident = desk.box.standing.incident
    desk.feed(events.NoticeEnded(incident, "notice_ja", ok=False, duration_ms=10))
    assert AllowSound(incident, desk.ms) in desk.effects
    assert desk.types()[-2:] == ["notice.played", "fault.raised"]
    assert "speaker" in desk.lamp().faults


def test_a_silent_emergency_plays_nothing_where_the_policy_says_so(make_desk: type[Desk]) -> None:
    rules = RecordingRules(keep=True, pre_roll_sound=False, notice=True, emergency_silent=True)
    loud, silent = make_desk(rules), make_desk(rules)
    loud.tap()
    silent.tap(ButtonName.SECOND)
    assert [effect for effect in loud.effects if isinstance(effect, PlayNotice)]
    assert not [effect for effect in silent.effects if isinstance(effect, PlayNotice)]
    assert [effect for effect in silent.effects if isinstance(effect, AllowSound)]


def test_recording_switched_off_by_the_policy_leaves_the_call_alone(make_desk: type[Desk]) -> None:
    desk = make_desk(RecordingRules(keep=False, pre_roll_sound=False, notice=True, emergency_silent=False))
    desk.tap()
    assert desk.types() == ["alarm.raised"]
    assert not [effect for effect in desk.effects if isinstance(effect, KeepRecording | PlayNotice)]


def test_the_same_incident_goes_on_after_a_restart(desk: Desk, make_desk: type[Desk]) -> None:
    desk.tap()
    standing = desk.box.standing
    again = make_desk(resumed=standing)
    assert again.box.standing.incident == standing.incident
    assert [effect.incident for effect in again.effects if isinstance(effect, KeepRecording)] == [standing.incident]
    again.tap()
    assert again.types() == ["alarm.repeated"]


def test_a_fault_is_told_once_and_cleared_once(desk: Desk) -> None:
    for _ in range(3):
        desk.feed(events.FaultSeen("camera", "unplugged"))
    desk.feed(events.FaultGone("camera"))
    desk.feed(events.FaultGone("camera"))
    assert desk.types() == ["fault.raised", "fault.cleared"]


def test_recording_state_is_shown_beside_the_alarm(desk: Desk) -> None:
    desk.feed(events.RecorderChanged(RecordingState.RECORDING))
    assert desk.lamp().recording


def test_the_alarm_table_answers_everything_and_no_gesture_ends_an_alarm() -> None:
    assert set(TABLE) == set(itertools.product(AlarmIs, AlarmInput))
    for (state, given), move in TABLE.items():
        if given is not AlarmInput.ENDED_BY_HUB:
            assert move.to is not AlarmIs.QUIET
            assert move.act is not AlarmAct.END
        if state is AlarmIs.EMERGENCY and given is not AlarmInput.ENDED_BY_HUB:
            assert move.to is AlarmIs.EMERGENCY
        assert (move.act is AlarmAct.IGNORE) == bool(move.because)


def test_every_lamp_state_has_a_rhythm_of_its_own_so_that_colour_is_never_needed() -> None:
    assert set(PATTERNS) == set(LampState)
    rhythms: dict[object, list[LampState]] = {}
    for state in LampState:
        rhythms.setdefault(PATTERNS[state].steps, []).append(state)
    shared = {steps: states for steps, states in rhythms.items() if len(states) > 1}
    assert not shared
    for pattern in PATTERNS.values():
        cycle_ms = sum(ms for _, ms in pattern.steps)
        flashes = sum(1 for on, _ in pattern.steps if on)
        assert len(pattern.steps) == 1 or flashes * 1000 / cycle_ms <= 3  # WCAG 2.3.1


def told(desk: Desk, kind: type) -> list[object]:
    return [effect for effect in desk.effects if isinstance(effect, kind)]


def calling(desk: Desk, button: ButtonName = ButtonName.MAIN) -> str:
    desk.tap(button)
    desk.persist_all()
    desk.feed(events.RecorderChanged(RecordingState.RECORDING))
    assert desk.box.standing is not None
    return desk.box.standing.incident


def test_recording_is_said_again_every_so_many_minutes_until_the_alarm_ends() -> None:
    desk = Desk(replace(RULES, reminder_ms=5 * 60_000))
    incident = calling(desk)
    desk.wait(5 * 60_000 - 1_000)
    assert told(desk, PlayCue) == []
    desk.wait(2_000)
    assert told(desk, PlayCue) == [PlayCue(incident, Cue.REMINDER)]
    desk.wait(10 * 60_000)
    assert len(told(desk, PlayCue)) == 3
    desk.feed(CommandArrived(CommandType.RECORDING_STOP, incident, ""))
    desk.wait(60 * 60_000)
    assert len(told(desk, PlayCue)) == 3


@pytest.mark.parametrize("silent", [False, True])
def test_nothing_is_said_and_no_buzzer_heard_in_a_silent_emergency(silent: bool) -> None:
    desk = Desk(replace(RULES, reminder_ms=60_000, time_limit_cue=True, emergency_silent=silent))
    incident = calling(desk, ButtonName.SECOND)
    desk.wait(61_000)
    desk.feed(CommandArrived(CommandType.TIME_LIMIT_REACHED, incident, ""))
    assert (told(desk, PlayCue) == []) is silent
    assert told(desk, Buzz)
    assert all(effect.buzzing.quiet is silent for effect in told(desk, Buzz))  # type: ignore[attr-defined]


def test_the_time_limit_is_said_once_and_only_where_the_policy_wants_it() -> None:
    for wanted in (True, False):
        desk = Desk(replace(RULES, time_limit_cue=wanted))
        incident = calling(desk)
        for _ in range(2):
            desk.feed(CommandArrived(CommandType.TIME_LIMIT_REACHED, incident, ""))
        assert told(desk, PlayCue) == [PlayCue(incident, Cue.TIME_LIMIT)] * wanted
        assert desk.lamp().state is LampState.TIME_LIMIT


@pytest.mark.parametrize("asked", [events.SelftestDue(), CommandArrived(CommandType.SELFTEST, None, "")])
def test_a_self_test_runs_when_no_alarm_stands_and_its_failure_is_a_fault_until_one_succeeds(
    desk: Desk, asked: events.Happening
) -> None:
    desk.feed(LinkChanged(True, 1))
    assert RunSelftest() in desk.feed(asked)
    desk.feed(events.SelftestEnded(False, "画面が真っ黒です / the picture is black"))
    assert desk.lamp().faults == ("selftest",)
    desk.feed(events.SelftestEnded(True, ""))
    assert desk.lamp().faults == ()
    assert desk.types().count("selftest.finished") == 2
    desk.tap()
    assert RunSelftest() not in desk.feed(asked)


def test_the_hand_feels_how_far_the_call_has_come(desk: Desk) -> None:
    desk.feed(LinkChanged(True, 1))
    incident = calling(desk)
    desk.feed(ReceiptArrived((desk.box.standing.raised_event,), incident, "2026-000001"))
    desk.feed(CommandArrived(CommandType.RESPONDER_COMING, incident, "佐藤"))
    felt = [effect.buzzing.steps for effect in told(desk, Buzz)]  # type: ignore[attr-defined]
    assert felt == [STEPS[LampState.PRESSED], STEPS[LampState.HUB_HAS], STEPS[LampState.COMING]]
