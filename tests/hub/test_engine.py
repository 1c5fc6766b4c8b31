"""One round of the engine, with moments given by hand: silence, answers, clock jumps, and a database that fails."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import OperationalError
from support.hubs import make_site

from hub import clock
from hub.store import alerts, users
from hub.store.engine import begin_write
from hub.store.ids import new_id
from hub.store.intake import asked_again
from hub.store.schema import alert, box, change, command, session, timeline, user
from tests.hub.rounds import CONTACTS, Round


@pytest.fixture
def turn(tmp_path: Path) -> Iterator[Round]:
    made = Round(make_site(tmp_path / "site", extra=CONTACTS))
    yield made
    made.database.dispose()


def test_the_ladder_is_climbed_on_time(turn: Round) -> None:
    call = turn.call()
    turn.cycle()
    assert turn.alerted(call) == [("chief", 0)]
    turn.passes(29.9)
    assert turn.cycle() <= 0.11
    assert turn.alerted(call) == [("chief", 0)]
    turn.passes(0.11)
    turn.cycle()
    assert turn.alerted(call) == [("chief", 0), ("chief", 1), ("head", 0)]
    assert {row.kind for row in turn.rows(change, change.c.incident == call)} == {"alert"}
    assert [row.data["late_ms"] for row in turn.rows(timeline) if "late_ms" in row.data] == []


@pytest.mark.parametrize("jump_s", [3600, -3600, 86400, -86400])
def test_h11_setting_the_wall_clock_neither_delays_nor_hurries_the_ladder(turn: Round, jump_s: int) -> None:
    call = turn.call()
    turn.cycle()
    turn.at += timedelta(seconds=jump_s)
    turn.passes(15)
    turn.cycle()
    assert turn.alerted(call) == [("chief", 0)]
    turn.passes(15.01)
    turn.cycle()
    assert turn.alerted(call) == [("chief", 0), ("chief", 1), ("head", 0)]


@pytest.mark.parametrize("behind_s", [0, 590, 2400])
def test_h11_a_clock_that_is_behind_after_a_power_cut_keeps_nobody_waiting_and_may_be_set_right(
    turn: Round, behind_s: int
) -> None:
    """Twenty rounds were climbed; the machine comes back in the past and is set right ten minutes later."""
    call = turn.call()
    for _ in range(21):
        turn.cycle()
        turn.passes(30.001)
    before = turn.alerted(call)
    assert before[-1] == ("head", 20)
    turn.at -= timedelta(seconds=behind_s)
    turn.starts()
    turn.cycle()
    turn.passes(30.01)
    turn.cycle()
    assert len(turn.alerted(call)) > len(before), "at the latest a round later people hear again"
    for _ in range(20):
        turn.passes(30.001)
        turn.cycle()
    turn.at += timedelta(seconds=behind_s)
    other = turn.call()
    for _ in range(20):
        turn.cycle()
        turn.passes(30.001)
    told = turn.alerted(call)
    assert len(told) == len(set(told)), "nobody hears of a round twice"
    rounds = [round_ for contact, round_ in told if contact == "chief"]
    assert rounds == [*range(rounds[0], rounds[-1] + 1)]
    assert turn.alerted(other)[:2] == [("chief", 0), ("chief", 1)]


def test_a_fault_in_one_part_of_a_round_holds_up_no_other(turn: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> None:
        raise KeyError("a fault of ours")

    for name in ("_escalate", "_look_at_limits", "_show_doubles"):
        monkeypatch.setattr(turn.engine, name, bug)
    with pytest.raises(KeyError):
        turn.cycle()
    assert turn.wire.presence != [], "the last part of the round had its turn"


def test_who_is_asked_again_hears_at_once_and_from_the_height_that_the_ladder_had(turn: Round) -> None:
    call = turn.call()
    turn.cycle()
    for _ in range(2):
        turn.passes(31)
        turn.cycle()
    turn.answer(call, responding_at=turn.at, seen_at=turn.at, state="attended")
    turn.cycle()
    turn.passes(2)
    before = len(turn.rows(alert))
    with begin_write(turn.database) as connection:
        asked_again(connection, [call])
    turn.answer(call, responding_at=None, seen_at=None, state="raised")
    turn.cycle()
    assert {row.contact for row in turn.rows(alert)[before:]} == {"chief", "head"}
    assert [row.data["late_ms"] for row in turn.rows(timeline) if "late_ms" in row.data] == []


@pytest.mark.parametrize("set_back", [timedelta(0), timedelta(minutes=10)])
def test_an_answer_takes_back_what_waits_however_the_clock_was_set(turn: Round, set_back: timedelta) -> None:
    call = turn.call(level="emergency")
    turn.cycle()
    turn.at -= set_back
    turn.answer(call, responding_at=turn.at, seen_at=turn.at, state="attended")
    turn.cycle()
    assert {row.state for row in turn.rows(alert)} == {"cancelled"}


def test_an_answer_makes_it_quiet_and_takes_back_what_waits(turn: Round) -> None:
    call = turn.call()
    turn.cycle()
    turn.passes(1)
    turn.answer(call, seen_at=turn.at, state="seen")
    turn.cycle()
    assert [row.state for row in turn.rows(alert)] == ["cancelled"]
    turn.passes(600)
    turn.cycle()
    assert turn.alerted(call) == [("chief", 0)]


def test_what_is_being_sent_is_not_taken_back(turn: Round) -> None:
    call = turn.call()
    turn.cycle()
    with begin_write(turn.database) as connection:
        assert alerts.lease(connection, "webhook", turn.at, ()) is not None
    turn.answer(call, seen_at=turn.at + timedelta(seconds=1), state="seen")
    turn.cycle()
    assert [row.state for row in turn.rows(alert)] == ["leased"]


def test_the_alerts_of_a_raise_stand_although_the_call_was_seen_before(turn: Round) -> None:
    call = turn.call(seen_at=turn.at, state="seen")
    turn.passes(5)
    turn.answer(call, level="emergency", raised_at=turn.at)
    turn.cycle()
    turn.cycle()
    assert {row.state for row in turn.rows(alert, alert.c.incident == call)} == {"due"}
    assert turn.alerted(call) == [("chief", 0), ("head", 0)]


def test_a_closed_call_is_quiet(turn: Round) -> None:
    call = turn.call()
    turn.cycle()
    turn.answer(call, state="closed")
    turn.cycle()
    assert [row.state for row in turn.rows(alert)] == ["cancelled"]


def test_h10_after_an_absence_each_hears_once_marked_late(turn: Round) -> None:
    call = turn.call(raised_at=turn.at - timedelta(seconds=45))
    turn.cycle()
    assert turn.alerted(call) == [("chief", 1), ("head", 0)]
    (entry,) = turn.rows(timeline)
    assert entry.data["late_ms"] == pytest.approx(45_000, abs=50)
    turn.cycle()
    assert len(turn.alerted(call)) == 2


def test_h05_what_could_not_be_written_is_asked_for_again(turn: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    call = turn.call()
    with monkeypatch.context() as broken:

        def refuse(*_: object) -> None:
            raise OperationalError("INSERT", {}, Exception("database is locked"))

        broken.setattr(alerts, "add", refuse)
        with pytest.raises(OperationalError):
            turn.cycle()
    turn.cycle()
    assert turn.alerted(call) == [("chief", 0)]


def test_a_storm_of_old_calls_is_not_looked_at_each_time(turn: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(50):
        turn.call()
    turn.cycle()
    looked: list[int] = []
    keys = alerts.keys

    def look(connection: Any, incidents: Any, *rest: Any) -> Any:
        looked.append(len(incidents))
        return keys(connection, incidents, *rest)

    monkeypatch.setattr(alerts, "keys", look)
    for _ in range(5):
        turn.passes(1)
        turn.cycle()
    assert looked == [0] * 5


# --- boxes, commands, presence ---------------------------------------------------------------------------------------


def test_w05_a_box_that_falls_silent_is_shown_as_lost_within_its_bound(turn: Round) -> None:
    with begin_write(turn.database) as connection:
        connection.execute(update(box).values(presence="online"))
    turn.passes(14)
    turn.cycle()
    assert turn.rows(box)[0].presence == "online"
    turn.writer.heard["counter-01"] = turn.mono_s
    turn.passes(14)
    turn.cycle()
    assert turn.rows(box)[0].presence == "online"
    turn.passes(2)
    turn.cycle()
    assert turn.rows(box)[0].presence == "offline"
    assert [row.box for row in turn.rows(change) if row.kind == "box"] == ["counter-01"]


def test_commands_go_out_once_in_order(turn: Round) -> None:
    call = turn.call()
    with begin_write(turn.database) as connection:
        for place, kind in enumerate(("seen", "responder.coming")):
            created = turn.at + timedelta(seconds=place)
            connection.execute(
                insert(command).values(
                    id=new_id(), box="counter-01", type=kind, incident=call, name="鈴木", created_at=created
                )
            )
    turn.cycle()
    turn.cycle()
    assert [sent.type.value for _, sent in turn.wire.commands] == ["seen", "responder.coming"]
    assert {topic for topic, _ in turn.wire.commands} == {"madomori/v1/kita/box/counter-01/command"}
    turn.wire.connected = False


def test_without_a_link_commands_wait(turn: Round) -> None:
    turn.wire.connected = False
    with begin_write(turn.database) as connection:
        connection.execute(insert(command).values(id=new_id(), box="counter-01", type="selftest", created_at=turn.at))
    turn.cycle()
    assert turn.rows(command)[0].sent_at is None
    turn.wire.connected = True
    turn.cycle()
    assert turn.rows(command)[0].sent_at is not None


def test_presence_beats_and_turns_at_once_when_nobody_listens(turn: Round) -> None:
    turn.cycle()
    turn.passes(4.9)
    turn.cycle()
    assert turn.wire.presence == [(1, 0, True)]
    turn.passes(0.2)
    turn.cycle()
    assert turn.wire.presence[-1] == (2, 0, True)
    turn.writer.listening = False
    turn.cycle()
    assert turn.wire.presence[-1] == (3, 0, False)
    turn.writer.listening = True
    turn.wire.connected = False
    turn.cycle()
    turn.wire.connected = True
    turn.cycle()
    assert turn.wire.presence[-1] == (4, 0, True)


@pytest.mark.parametrize(
    ("role", "seconds", "disabled", "counts"),
    [
        ("supervisor", 0, False, 1),
        ("guard", 29, False, 1),
        ("guard", 31, False, 0),
        ("auditor", 0, False, 0),
        ("section_head", 0, True, 0),
    ],
)
def test_who_counts_as_a_responder(turn: Round, role: str, seconds: int, disabled: bool, counts: int) -> None:
    with begin_write(turn.database) as connection:
        id = users.add(connection, login="x", name="x", role=role, password="correct horse", now=turn.at)
        if disabled:
            connection.execute(update(user).values(disabled_at=turn.at))
        live_at = turn.at - timedelta(seconds=seconds)
        connection.execute(
            insert(session).values(id="s", user=id, csrf="c", created_at=live_at, seen_at=live_at, live_at=live_at)
        )
    turn.cycle()
    assert turn.wire.presence == [(1, counts, True)]


def test_a_set_clock_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = clock.JumpWatch()
    assert watch.jump_s() == 0
    now = time.time
    monkeypatch.setattr("hub.clock.time.time", lambda: now() + 3600)
    assert watch.jump_s() == pytest.approx(3600, abs=1)
    assert watch.jump_s() == 0
