"""Drills at the hub: whom one reaches, when it ends, and that a real call is a new one for everybody."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hubs import make_site

from contract.messages import AlarmRaised, ClockState, CommandType, Event, Gesture, Level, ProfileRef
from hub.domain.deed import DeedRefused, Facts, Person, decide
from hub.domain.drill import ALONE, HEARD_WITHIN, Ended, Held, Reach, columns, ending
from hub.domain.escalation import Call, due, first, unheard
from hub.domain.incident import State
from hub.domain.intake import Intake, Known, KnownBox, Rules
from hub.domain.saying import TurnReal
from hub.scenario_files import rules
from hub.store import commands, drills
from hub.store.engine import begin_write
from hub.store.schema import alert, drill, incident
from tests.hub.rounds import CONTACTS, Round
from tests.hub.test_escalation import DEFAULT, PEOPLE

AT = datetime(2026, 11, 20, 2, 41, tzinfo=UTC)
SATO = Person("sato", "佐藤", "supervisor")
FIRST, EVERYBODY, NOBODY = (one.value for one in Reach)


def roles(elapsed_s: float, reach: str | None, level: str = "assist") -> set[str]:
    call = Call("i", level, State.RAISED, elapsed_s, reach=reach)
    return {one.contact.role for one in due(DEFAULT, call, set(), PEOPLE)}


@pytest.mark.parametrize("level", ["assist", "emergency"])
def test_a_drill_reaches_those_it_is_meant_for_and_nobody_else(level: str) -> None:
    assert roles(3600, FIRST, level) == {"supervisor"}
    assert roles(3600, NOBODY, level) == set()
    assert roles(3600, EVERYBODY, level) == roles(3600, None, level) == {one.role for one in PEOPLE}
    assert {one.contact.role for one in first(DEFAULT, "i", level, PEOPLE, FIRST)} == {"supervisor"}
    assert first(DEFAULT, "i", level, PEOPLE, NOBODY) == []
    assert not unheard(DEFAULT, Call("i", level, State.RAISED, 1e6, reach=NOBODY))


@given(st.floats(0, 7200), st.sampled_from(["assist", "emergency"]), st.sampled_from([FIRST, EVERYBODY]))
def test_whoever_heard_of_the_drill_hears_again_when_it_is_real(elapsed_s: float, level: str, reach: str) -> None:
    known = {one.key for one in first(DEFAULT, "i", level, PEOPLE, reach)}
    known |= {one.key for one in due(DEFAULT, Call("i", level, State.RAISED, elapsed_s, reach=reach), known, PEOPLE)}
    real = due(DEFAULT, Call("i", "emergency", State.RAISED, 0.0), known, PEOPLE)
    assert {one.contact.id for one in real} == {one.id for one in PEOPLE}
    assert all(len(one.key) <= 120 for one in real)


@given(st.integers(0, 7200), st.integers(1, 3600), st.booleans(), st.none() | st.integers(-100, 7200))
def test_a_drill_always_ends_and_at_the_latest_when_it_was_told_to(
    now_s: int, length_s: int, confirmed: bool, real_s: int | None
) -> None:
    real_at = AT + timedelta(seconds=real_s) if real_s is not None else None
    why = ending(AT, AT + timedelta(seconds=length_s), confirmed, real_at, AT + timedelta(seconds=now_s))
    if real_s is not None and real_s >= 0:
        assert why is Ended.REAL
    elif now_s >= length_s:
        assert why is Ended.TIME
    elif not confirmed and now_s > HEARD_WITHIN.total_seconds():
        assert why is Ended.RESTART
    else:
        assert why is None


def taken(drilling: bool, held: Held | None = None, box: str = "counter-01") -> Any:
    event = _event(drilling, box)
    intake = Intake(
        Known(boxes={box: KnownBox("窓口", None, (), held)}), Rules(DEFAULT, PEOPLE, "x", "y"), AT, lambda: "id",
        lambda *_: False,
    )  # fmt: skip
    intake.take(event, "{}")
    intake.finish()
    return intake


def _event(drilling: bool, box: str) -> Any:
    return Event(
        id="01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a01", type="alarm.raised", site="kita", box=box,
        boot="01938f00-0000-7000-8000-000000000001", seq=1, at=AT, mono_ms=1, clock=ClockState.SYNCED,
        profile=ProfileRef(id="x", digest="y"),
        body=AlarmRaised(
            incident="01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a02", level=Level.ASSIST, gesture=Gesture.SHORT, drill=drilling
        ),
    )  # fmt: skip


def test_a_press_in_a_drill_ends_with_it_and_one_without_after_a_while() -> None:
    held = Held("d", EVERYBODY, AT + timedelta(minutes=4))
    (row,) = [live.row for live in taken(True, held).incidents.values()]
    assert (row["reach"], row["drill_ends_at"]) == (EVERYBODY, AT + timedelta(minutes=4))
    (row,) = [live.row for live in taken(True).incidents.values()]
    assert (row["reach"], row["drill_ends_at"]) == (FIRST, AT + ALONE)
    stale = Held("d", EVERYBODY, AT)
    assert columns(True, stale, False, AT)["reach"] == FIRST
    real = taken(False, held)
    (row,) = [live.row for live in real.incidents.values()]
    assert (row["reach"], row["drill_ends_at"]) == (None, None)
    assert {one["contact"] for one in real.alerts} == {"supervisor-1", "supervisor-2"}


@given(st.sampled_from(list(State)), st.booleans(), st.none() | st.integers(0, 7200))
def test_turning_real_always_begins_anew_or_is_refused_in_words(
    state: State, drilling: bool, ago_s: int | None
) -> None:
    closed_at = AT - timedelta(seconds=ago_s) if ago_s is not None else None
    facts = Facts(state, drilling, AT - timedelta(hours=3), seen_by="x", closed_at=closed_at)
    profile = rules("shinagawa").profile
    if not drilling or (ago_s is not None and ago_s > 3600):
        with pytest.raises(DeedRefused, match="助けを呼んで"):
            decide(facts, TurnReal(), SATO, AT, profile)
        return
    decision = decide(facts, TurnReal(), SATO, AT, profile)
    assert decision.state is State.RAISED
    assert decision.updates["drill"] is False
    assert decision.updates["seen_by"] is None
    assert decision.commands == ((CommandType.DRILL_REAL, ""),)


@pytest.fixture
def turn(tmp_path: Path) -> Iterator[Round]:
    made = Round(make_site(tmp_path / "site", extra=CONTACTS))
    yield made
    made.database.dispose()


def test_the_engine_ends_drills_and_tells_the_box_how_long_one_lasts(turn: Round) -> None:
    with begin_write(turn.database) as connection:
        drills.begin(connection, "counter-01", 10, Reach.FIRST, turn.at + timedelta(minutes=10), SATO, turn.at)
    call = turn.call(drill=True, reach=FIRST, drill_ends_at=turn.at + timedelta(minutes=10))
    turn.cycle()
    assert [(told.type, told.minutes) for _, told in turn.wire.commands] == [(CommandType.DRILL, 10)]
    with begin_write(turn.database) as connection:
        (one,) = connection.execute(drill.select()).all()
        assert drills.heard(connection, one.id, True, turn.at)
    turn.passes(601)
    turn.cycle()
    turn.cycle()
    assert {told.type for _, told in turn.wire.commands} == {
        CommandType.DRILL, CommandType.NOBODY_AVAILABLE, CommandType.DRILL_END, CommandType.RECORDING_STOP,
    }  # fmt: skip
    (row,) = turn.rows(incident, incident.c.id == call)
    assert (row.state, row.outcome) == ("closed", "drill")
    assert {one.contact for one in turn.rows(alert, alert.c.incident == call)} == {"chief"}, "not climbed further"


def test_a_drill_that_the_broker_did_not_take_in_time_is_not_sent_any_more(turn: Round) -> None:
    with begin_write(turn.database) as connection:
        commands.put(connection, "counter-01", CommandType.DRILL, turn.at, minutes=15)
        commands.put(connection, "counter-01", CommandType.SELFTEST, turn.at)
    turn.passes(commands.DRILL_LATE.total_seconds() + 1)
    turn.cycle()
    assert [told.type for _, told in turn.wire.commands] == [CommandType.SELFTEST]


def test_a_drill_turned_real_calls_the_whole_ladder_from_0_s(turn: Round) -> None:
    call = turn.call(drill=True, reach=FIRST, drill_ends_at=turn.at + timedelta(minutes=10))
    turn.passes(120)
    turn.cycle()
    assert {contact for contact, _ in turn.alerted(call)} == {"chief"}
    turn.answer(call, drill=False, reach=None, drill_ends_at=None, level="emergency", raised_at=turn.at)
    turn.cycle()
    keys = {one.key for one in turn.rows(alert, alert.c.incident == call) if ":emergency:" in one.key}
    assert {key.rsplit(":", 1)[-1] for key in keys} == {"chief", "head"}
