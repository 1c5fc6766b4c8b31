"""Drill mode at the box: it ends by itself, and it never swallows a call in earnest (decision 0016)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.desk import Desk

from contract.messages import AlarmEnded, AlarmRaised, AlarmTurned, ClockState, CommandType, Level
from device.core.alarm import AlarmIs
from device.core.drill import DRILL_MS, DrillMode
from device.core.effects import KeepRecording, PublishAlarm, StopRecording
from device.core.events import ButtonName, CommandArrived, FaultSeen, LinkChanged
from device.core.lamp import LampState
from device.core.standing import Standing

MINUTE_MS = 60_000


@pytest.fixture
def drilled(desk: Desk) -> Desk:
    """A box in a drill of fifteen minutes, with somebody listening."""
    desk.feed(LinkChanged(True, 1))
    desk.feed(begin(desk))
    return desk


def begin(desk: Desk, minutes: int | None = 15, late_s: float = 0) -> CommandArrived:
    return CommandArrived(CommandType.DRILL, None, "", desk.now().wall - timedelta(seconds=late_s), minutes)


def raised(desk: Desk) -> list[AlarmRaised]:
    return [event.body for event in desk.events() if isinstance(event.body, AlarmRaised)]


def published(desk: Desk) -> list[tuple[str, bool, bool]]:
    alarms = [effect.alarm for effect in desk.effects if isinstance(effect, PublishAlarm)]
    return [(alarm.state, alarm.drill, alarm.seen) for alarm in alarms]


def test_a_drill_marks_assist_presses_shows_itself_and_ends_by_itself(drilled: Desk) -> None:
    assert (drilled.lamp().state, drilled.lamp().drill) == (LampState.DRILL, True)
    drilled.tap()
    incident = drilled.box.standing.incident
    assert raised(drilled)[-1].drill is True
    assert drilled.lamp().drill is True
    drilled.wait(15 * MINUTE_MS)
    assert drilled.box.standing is None
    assert AlarmEnded(incident=incident, by="hub") in [event.body for event in drilled.events()]
    assert StopRecording(incident) in drilled.effects
    assert published(drilled)[-1] == ("none", False, False)
    assert (drilled.lamp().state, drilled.lamp().drill) == (LampState.READY, False)
    drilled.tap()
    assert [body.drill for body in raised(drilled)] == [True, False]


def test_a_drill_whose_length_nobody_named_is_short(desk: Desk) -> None:
    desk.feed(LinkChanged(True, 1))
    desk.feed(CommandArrived(CommandType.DRILL, None, ""))
    assert desk.box.drill_left_s(desk.now()) == DRILL_MS // 1000
    desk.wait(DRILL_MS)
    assert desk.box.drill_left_s(desk.now()) is None
    assert desk.lamp().state is LampState.READY


@pytest.mark.parametrize("standing", [False, True], ids=["quiet", "drill alarm stands"])
def test_an_emergency_during_a_drill_is_real_and_ends_the_drill(drilled: Desk, standing: bool) -> None:
    if standing:
        drilled.tap()
    practice = [body.incident for body in raised(drilled)]
    drilled.tap(ButtonName.SECOND)
    real = raised(drilled)[-1]
    assert (real.drill, real.level) == (False, Level.EMERGENCY)
    assert real.incident not in practice
    assert drilled.box.standing.incident == real.incident
    assert [effect.incident for effect in drilled.effects if isinstance(effect, StopRecording)] == practice
    assert [effect.incident for effect in drilled.effects if isinstance(effect, KeepRecording)][-1] == real.incident
    assert published(drilled)[-1] == ("emergency", False, False)
    assert drilled.box.drill_left_s(drilled.now()) is None


def test_holding_on_after_a_drill_press_is_a_real_emergency(drilled: Desk) -> None:
    drilled.edge(True)
    drilled.wait(2_500)
    drilled.edge(False)
    assert [(body.drill, body.level) for body in raised(drilled)] == [(True, Level.ASSIST), (False, Level.EMERGENCY)]


def test_a_drill_that_people_call_real_stands_on_as_an_unanswered_emergency(drilled: Desk) -> None:
    drilled.tap()
    incident = drilled.box.standing.incident
    drilled.feed(CommandArrived(CommandType.RESPONDER_COMING, incident, "佐藤"))
    drilled.feed(CommandArrived(CommandType.TIME_LIMIT_REACHED, incident, ""))
    drilled.feed(CommandArrived(CommandType.DRILL_REAL, incident, ""))
    assert published(drilled)[-1] == ("emergency", False, False)
    assert drilled.events()[-1].body == AlarmTurned(incident=incident, level=Level.EMERGENCY, drill=False)
    assert (drilled.lamp().state, drilled.lamp().drill) == (LampState.HUB_HAS, False)
    drilled.wait(60 * MINUTE_MS)
    assert drilled.box.standing.incident == incident, "no clock ends a call in earnest"


def test_a_real_call_is_not_turned_and_not_ended_by_the_end_of_a_drill(desk: Desk) -> None:
    desk.tap()
    incident = desk.box.standing.incident
    before = len(desk.events())
    for command in (CommandType.DRILL, CommandType.DRILL_REAL, CommandType.DRILL_END):
        desk.feed(CommandArrived(command, incident, ""))
    desk.wait(60 * MINUTE_MS)
    assert desk.box.standing.incident == incident
    assert desk.events()[before:] == []


def test_the_hub_can_end_a_drill_before_its_time_and_the_call_with_it(drilled: Desk) -> None:
    drilled.tap()
    drilled.feed(CommandArrived(CommandType.DRILL_END, None, ""))
    assert drilled.box.standing is None
    assert drilled.lamp().state is LampState.READY
    drilled.tap()
    assert raised(drilled)[-1].drill is False


def test_a_press_is_real_where_the_lamp_does_not_say_drill(drilled: Desk) -> None:
    drilled.feed(LinkChanged(False, 0))
    assert drilled.lamp().state is LampState.HUB_LOST
    drilled.tap()
    assert raised(drilled)[-1].drill is False


def test_a_fault_does_not_hide_that_the_next_press_is_a_drill(drilled: Desk) -> None:
    drilled.feed(FaultSeen("press_overdue", ""))
    assert drilled.lamp().state is LampState.DRILL
    assert drilled.lamp().faults == ("press_overdue",)


def test_a_box_that_starts_anew_is_in_no_drill_and_lets_the_old_one_go(drilled: Desk, make_desk: type[Desk]) -> None:
    again = make_desk(
        resumed=Standing("01938f2e-0000-7000-8000-00000000abcd", AlarmIs.ASSIST, drilled.now().wall, True)
    )
    assert again.box.standing is None
    assert again.types() == ["alarm.ended"]
    again.feed(LinkChanged(True, 1))
    again.tap()
    assert raised(again)[-1].drill is False


def test_a_command_that_was_long_on_its_way_begins_no_drill(desk: Desk) -> None:
    desk.feed(LinkChanged(True, 1))
    desk.feed(begin(desk, late_s=61))
    assert desk.lamp().state is LampState.READY
    unsure = replace(desk.now(), clock=ClockState.UNSYNCED)
    mode = DrillMode()
    mode.begin(unsure, begin(desk, late_s=3600))
    assert mode.left_ms(unsure) == 15 * MINUTE_MS, "a clock that may be wrong proves nothing"


@given(
    st.lists(st.sampled_from(["drill", "short", "long", "second", "end", "real", "wait", "lost", "back"]), max_size=20)
)
def test_no_emergency_is_ever_a_drill_and_no_drill_outlives_its_mode(deeds: list[str]) -> None:
    desk = Desk()
    for deed in deeds:
        incident = desk.box.standing.incident if desk.box.standing else None
        match deed:
            case "drill":
                desk.feed(begin(desk, 10))
            case "short":
                desk.tap()
            case "long":
                desk.edge(True)
                desk.wait(2_500)
                desk.edge(False)
                desk.wait(200)
            case "second":
                desk.tap(ButtonName.SECOND)
            case "end":
                desk.feed(CommandArrived(CommandType.DRILL_END, None, ""))
            case "real":
                desk.feed(CommandArrived(CommandType.DRILL_REAL, incident, ""))
            case "wait":
                desk.wait(6 * MINUTE_MS)
            case "lost" | "back":
                desk.feed(LinkChanged(deed == "back", 1))
        stands = desk.box.standing
        if deed in ("long", "second"):
            assert stands is not None
            assert (stands.alarm, stands.drill) == (AlarmIs.EMERGENCY, False)
        if stands is not None and stands.drill:
            assert desk.box.drill_left_s(desk.now()) is not None
            assert desk.lamp().drill
    assert not [body for body in raised(desk) if body.drill and body.level is Level.EMERGENCY]
    desk.wait(11 * MINUTE_MS)
    assert desk.box.standing is None or not desk.box.standing.drill
