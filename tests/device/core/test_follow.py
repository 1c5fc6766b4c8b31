"""A beacon: other counters' calls, in the order in which people are needed, with or without hub and broker."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.desk import START, Desk

from contract.messages import AlarmState, CommandType
from device.core.buzz import SILENCE
from device.core.effects import Buzz, PublishAlarm, RunSelftest, ShowLamp
from device.core.events import AlarmFollowed, ButtonName, CommandArrived, FaultGone, FaultSeen, LinkChanged, SelftestDue
from device.core.follow import Following
from device.core.lamp import LampState, LampView


def alarm(state: Any = "assist", counter: str = "1階 国保 1番", minute: int = 0, **more: Any) -> AlarmState:
    since = None if state == "none" else START + timedelta(minutes=minute)
    return AlarmState(state=state, counter=counter, since=since, at=START + timedelta(hours=1), **more)


@pytest.fixture
def beacon() -> Desk:
    made = Desk(following=Following(quiet=False))
    made.feed(LinkChanged(True, 1, connected=True))
    return made


def buzzes(desk: Desk) -> list[Any]:
    return [effect.buzzing for effect in desk.effects if isinstance(effect, Buzz)]


def test_a_call_lights_it_with_the_counters_name_and_it_buzzes_until_somebody_has_seen_it(beacon: Desk) -> None:
    assert beacon.lamp() == LampView(LampState.WATCHING)
    beacon.feed(AlarmFollowed("counter-01", alarm()))
    assert beacon.lamp() == LampView(LampState.CALL_ASSIST, "1階 国保 1番")
    assert buzzes(beacon)[-1].repeat
    beacon.feed(AlarmFollowed("counter-01", alarm("emergency")))
    assert beacon.lamp().state is LampState.CALL_EMERGENCY
    assert buzzes(beacon)[-1].repeat
    beacon.feed(AlarmFollowed("counter-01", alarm("emergency", seen=True)))
    assert beacon.lamp().state is LampState.CALL_SEEN
    assert buzzes(beacon)[-1] == SILENCE
    beacon.feed(AlarmFollowed("counter-01", alarm("none")))
    assert beacon.lamp() == LampView(LampState.WATCHING)


def test_another_call_while_one_is_seen_begins_to_buzz_again(beacon: Desk) -> None:
    beacon.feed(AlarmFollowed("counter-01", alarm("emergency", seen=True)))
    beacon.feed(AlarmFollowed("counter-02", alarm(counter="2階 税務", minute=5)))
    assert beacon.lamp() == LampView(LampState.CALL_ASSIST, "2階 税務", others=1)
    assert buzzes(beacon)[-1].repeat


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"counter": "A", "minute": 5}, {"counter": "B", "minute": 6}),
        ({"state": "emergency", "counter": "A", "minute": 9}, {"counter": "B", "minute": 1}),
        ({"counter": "A", "minute": 9}, {"state": "emergency", "counter": "B", "minute": 1, "seen": True}),
        ({"counter": "A", "minute": 9, "seen": True}, {"state": "emergency", "counter": "B", "drill": True}),
    ],
    ids=["oldest first", "emergency before assist", "unseen before seen", "real before drill"],
)
def test_the_call_that_most_needs_somebody_is_shown(beacon: Desk, first: Any, second: Any) -> None:
    for turn in ((first, second), (second, first)):
        for place, call in enumerate(turn):
            beacon.feed(AlarmFollowed(f"counter-0{place}", alarm(**call)))
        assert beacon.lamp().name == "A"
        for place in range(2):
            beacon.feed(AlarmFollowed(f"counter-0{place}", None))


def test_several_calls_are_counted_but_drills_do_not_count_among_real_ones(beacon: Desk) -> None:
    for number in range(3):
        beacon.feed(AlarmFollowed(f"counter-{number}", alarm(minute=number)))
    beacon.feed(AlarmFollowed("counter-9", alarm(drill=True)))
    assert beacon.lamp().others == 2


def test_a_drill_looks_different_and_is_heard_once(beacon: Desk) -> None:
    beacon.feed(AlarmFollowed("counter-01", alarm(drill=True)))
    assert beacon.lamp().state is LampState.CALL_DRILL
    assert buzzes(beacon)[-1].steps
    assert not buzzes(beacon)[-1].repeat


def test_a_dead_hub_changes_nothing_about_a_call_and_is_shown_when_none_stands(beacon: Desk) -> None:
    beacon.feed(LinkChanged(False, 0, connected=True))
    assert beacon.lamp().state is LampState.HUB_SILENT
    beacon.feed(AlarmFollowed("counter-01", alarm()))
    assert beacon.lamp() == LampView(LampState.CALL_ASSIST, "1階 国保 1番")


def test_a_lost_link_keeps_the_last_known_call_and_says_that_it_is_the_last_known(beacon: Desk) -> None:
    beacon.feed(AlarmFollowed("counter-01", alarm("emergency")))
    buzzing = buzzes(beacon)[-1]
    beacon.feed(LinkChanged(False, 0, connected=False))
    assert beacon.lamp() == LampView(LampState.CALL_EMERGENCY, "1階 国保 1番", stale=True)
    assert buzzes(beacon)[-1] == buzzing  # goes on
    beacon.feed(AlarmFollowed("counter-01", alarm("none")))
    assert beacon.lamp().state is LampState.LINK_LOST
    beacon.feed(LinkChanged(True, 1, connected=True))
    assert beacon.lamp().state is LampState.WATCHING


def test_before_the_link_is_there_for_the_first_time_it_does_not_say_that_all_is_quiet() -> None:
    assert Desk(following=Following(quiet=False)).lamp().state is LampState.LINK_LOST


def test_its_own_faults_are_shown_while_nobody_calls_and_never_hide_a_call(beacon: Desk) -> None:
    beacon.feed(FaultSeen("buzzer", ""))
    assert beacon.lamp().state is LampState.FAULT
    beacon.feed(AlarmFollowed("counter-01", alarm()))
    assert beacon.lamp() == LampView(LampState.CALL_ASSIST, "1階 国保 1番", faults=("buzzer",))
    beacon.feed(FaultGone("buzzer"))
    assert beacon.lamp().faults == ()


def test_where_emergencies_are_silent_a_wall_lamp_is_not_heard_and_a_beacon_is() -> None:
    for quiet in (True, False):
        desk = Desk(following=Following(quiet=quiet))
        desk.feed(AlarmFollowed("counter-01", alarm("emergency")))
        assert buzzes(desk)[-1].quiet is quiet
        desk.feed(AlarmFollowed("counter-01", alarm("assist")))
        assert not buzzes(desk)[-1].quiet


def test_a_beacon_raises_no_alarm_of_its_own_and_looks_after_itself(beacon: Desk) -> None:
    beacon.tap(ButtonName.SECOND)
    beacon.feed(CommandArrived(CommandType.DRILL, None, ""))
    assert beacon.types() == []
    beacon.feed(SelftestDue())
    assert RunSelftest() in beacon.effects
    published = [effect.alarm.state for effect in beacon.effects if isinstance(effect, PublishAlarm)]
    assert published == ["none"]
    assert beacon.lamp().state is LampState.WATCHING


CALLS = st.builds(
    alarm,
    state=st.sampled_from(["none", "assist", "emergency"]),
    minute=st.integers(0, 9),
    seen=st.booleans(),
    drill=st.booleans(),
)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | CALLS), max_size=30), st.booleans())
def test_an_unseen_real_call_is_always_shown_whatever_else_is_heard(heard: list[Any], connected: bool) -> None:
    desk = Desk(following=Following(quiet=False))
    desk.feed(LinkChanged(connected, 1, connected=connected))
    standing: dict[str, AlarmState] = {}
    for box, said in heard:
        desk.feed(AlarmFollowed(box, said))
        standing.pop(box, None)
        if said is not None and said.state != "none":
            standing[box] = said
    unseen = [call.state for call in standing.values() if not call.seen and not call.drill]
    wanted = {LampState.CALL_EMERGENCY} if "emergency" in unseen else {LampState.CALL_ASSIST} if unseen else set()
    shown = desk.lamp().state
    assert (shown in wanted) if wanted else shown not in (LampState.CALL_ASSIST, LampState.CALL_EMERGENCY)
    last = [effect for effect in desk.effects if isinstance(effect, Buzz | ShowLamp)]
    assert bool(wanted) is (buzzes(desk)[-1].repeat if buzzes(desk) else False), last
