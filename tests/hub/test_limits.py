"""The policy's clocks in the worker: on time, once, across restarts and whatever is done to the wall clock."""

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import OperationalError
from support.hubs import make_site

from contract.messages import CommandType
from hub.limits import Limits
from hub.store.engine import begin_write
from hub.store.schema import change, command, incident, policy_clock, timeline
from tests.hub.rounds import Round

MINUTE = 60.0


class Site(Round):
    """A site on Shinagawa's rules. `boot` names the machine's boot."""

    boot = "boot-1"

    def restart(self) -> None:
        """The worker ends and begins anew: it knows what the database holds."""
        rules, database = self.profile, self.database
        self.engine._limits_due_s = 0.0
        self.engine._limits = Limits(lambda _box: rules.rules, lambda _box: rules.digest, database, self.boot)

    def mark(self, call: str, name: str, at: datetime | None = None, **data: Any) -> None:
        """What a person marks on a page, now or back-dated."""
        with begin_write(self.database) as connection:
            connection.execute(
                insert(timeline).values(
                    incident=call, at=at or self.at, recorded_at=self.at, kind="marked", source="person", text="",
                    data={"mark": name, **data},
                )
            )  # fmt: skip
            connection.execute(update(incident).where(incident.c.id == call).values(changed_at=self.at))

    def fired(self, call: str) -> list[tuple[str, str]]:
        rows = self.rows(timeline, timeline.c.incident == call, timeline.c.kind.in_(["clock.lead", "clock.due"]))
        return [(row.kind, row.data["clock"]) for row in sorted(rows, key=lambda row: row.id)]

    def until_fired(self, call: str, count: int, most_s: float = 3 * 3600) -> float:
        """Turn the engine as it asks to be turned until `count` prompts came; how long that took, in s.

        Minutes in which the limits say that nothing can be due pass at once: were that wrong, a prompt would be late.
        """
        begun_s = self.mono_s
        while True:
            wait_s = self.cycle()
            if len(self.fired(call)) >= count:
                return self.mono_s - begun_s
            assert self.mono_s - begun_s < most_s, f"only {self.fired(call)}"
            quiet_s, _ = self.engine._limits.cycle(self.at, self.mono_s)
            self.passes(max(wait_s, min(quiet_s, most_s) - 2.0))


@pytest.fixture
def make_turn(tmp_path: Path) -> Iterator[Callable[[str], Site]]:
    made: list[Site] = []

    def make(profile: str) -> Site:
        made.append(Site(make_site(tmp_path / f"site-{len(made)}", profile=profile)))
        made[-1].restart()
        return made[-1]

    yield make
    for one in made:
        one.database.dispose()


@pytest.fixture
def turn(make_turn: Callable[[str], Site]) -> Site:
    return make_turn("shinagawa")


def seen(turn: Site, **columns: Any) -> str:
    """A call that somebody attends, so that the ladder keeps quiet."""
    answered = {"state": "attended", "seen_at": turn.at, "responding_at": turn.at}
    return turn.call(**(answered | columns))


def test_shi_05_the_stalemate_prompts_at_ten_and_at_fifteen_minutes_each_once(turn: Site) -> None:
    call = seen(turn)
    turn.mark(call, "stalemate")
    assert turn.until_fired(call, 1) == pytest.approx(10 * MINUTE, abs=1.0)
    assert turn.fired(call) == [("clock.lead", "stalemate")]
    assert turn.until_fired(call, 2) == pytest.approx(5 * MINUTE, abs=1.0)
    for _ in range(100):
        turn.passes(turn.cycle())
    assert turn.fired(call) == [("clock.lead", "stalemate"), ("clock.due", "stalemate")]
    assert [row.type for row in turn.rows(command)] == [CommandType.TIME_LIMIT_REACHED.value]
    assert turn.rows(change, change.c.incident == call)
    assert all("late_ms" not in row.data for row in turn.rows(timeline))


def test_shi_10_one_explanation_is_prompted_once_a_contact_after_an_hour_even_across_a_restart(turn: Site) -> None:
    call = seen(turn, contact_started_at=turn.at)
    told = [("clock.lead", "contact_cap"), ("clock.due", "contact_cap")]
    assert turn.until_fired(call, 2) == pytest.approx(60 * MINUTE, abs=1.0)
    turn.restart()
    for _ in range(100):
        turn.passes(turn.cycle())
    turn.passes(3600)
    turn.cycle()
    assert turn.fired(call) == told
    assert [row.type for row in turn.rows(command)] == [CommandType.TIME_LIMIT_REACHED.value]
    another = seen(turn, contact_started_at=turn.at)  # the next contact has its own hour
    assert turn.until_fired(another, 2) == pytest.approx(60 * MINUTE, abs=1.0)
    assert (turn.fired(another), turn.fired(call)) == (told, told)


def test_shi_06_expired_clocks_change_no_state_and_take_no_step(turn: Site) -> None:
    call = seen(turn, contact_started_at=turn.at - timedelta(hours=3))
    before = turn.rows(incident)[0]
    for name, data in (("stalemate", {}), ("slot_announced", {"minutes": 30}), ("demand_refused", {})):
        turn.mark(call, name, turn.at - timedelta(hours=2), **data)
    turn.cycle()
    assert {clock for _, clock in turn.fired(call)} == {
        "contact_cap", "stalemate", "slot", "overrun", "special_demand"
    }  # fmt: skip
    after = turn.rows(incident)[0]
    assert (after.state, after.contact_ended_at, after.level) == (before.state, None, before.level)
    assert {row.kind for row in turn.rows(timeline)} == {"marked", "clock.due"}
    assert {row.type for row in turn.rows(command)} == {CommandType.TIME_LIMIT_REACHED.value}


def test_a_back_dated_start_prompts_at_once_and_says_how_late(turn: Site) -> None:
    call = seen(turn)
    turn.mark(call, "stalemate", turn.at - timedelta(minutes=20))
    turn.cycle()
    assert turn.fired(call) == [("clock.due", "stalemate")]
    entry = next(row for row in turn.rows(timeline) if row.kind == "clock.due")
    assert entry.data["late_ms"] == pytest.approx(5 * MINUTE * 1000, abs=100)


def test_shi_10_an_hour_after_a_press_people_are_asked_once_though_nobody_recorded_the_begin(turn: Site) -> None:
    call = seen(turn)
    assert turn.until_fired(call, 2) == pytest.approx(60 * MINUTE, abs=1.0)
    for _ in range(10):
        turn.passes(turn.cycle())
    assert turn.fired(call) == [("clock.lead", "contact_cap"), ("clock.due", "contact_cap")]


def test_a_contact_that_began_sooner_than_was_thought_is_not_prompted_twice_even_across_a_restart(turn: Site) -> None:
    call = seen(turn, contact_started_at=turn.at)
    told = [("clock.lead", "contact_cap"), ("clock.due", "contact_cap")]
    turn.until_fired(call, 2)
    turn.answer(call, contact_started_at=turn.at - timedelta(hours=2), changed_at=turn.at)
    turn.cycle()
    turn.restart()
    turn.cycle()
    assert turn.fired(call) == told
    turn.answer(call, contact_started_at=turn.at, changed_at=turn.at + timedelta(seconds=1))
    assert turn.until_fired(call, 4) == pytest.approx(60 * MINUTE, abs=1.0)  # later: what was said came too soon
    assert turn.fired(call) == told * 2


def test_an_ended_contact_is_prompted_no_more(turn: Site) -> None:
    call = seen(turn)
    turn.mark(call, "stalemate")
    turn.cycle()
    turn.answer(call, contact_ended_at=turn.at, state="contact_ended", changed_at=turn.at)
    turn.passes(3600)
    turn.cycle()
    assert turn.fired(call) == []


def test_shi_06_nobody_is_prompted_for_a_visitor_who_is_gone_and_anew_for_one_who_came_back(turn: Site) -> None:
    call = seen(turn)
    turn.mark(call, "stalemate")
    turn.passes(2 * MINUTE)
    turn.mark(call, "visitor_left")
    turn.cycle()
    turn.passes(90 * MINUTE)
    turn.cycle()
    assert (turn.fired(call), turn.rows(command)) == ([], [])
    turn.mark(call, "visitor_back")
    assert turn.until_fired(call, 2) == pytest.approx(15 * MINUTE, abs=1.0)
    assert turn.fired(call) == [("clock.lead", "stalemate"), ("clock.due", "stalemate")]


def test_shi_09_the_overrun_counts_from_the_end_of_the_slot(turn: Site) -> None:
    call = seen(turn)
    turn.mark(call, "slot_announced", minutes=30)
    begun_s = turn.mono_s
    came = []
    for count in (1, 2, 3):
        turn.until_fired(call, count)
        came.append((*turn.fired(call)[-1], turn.mono_s - begun_s))
    assert [one[:2] for one in came] == [("clock.lead", "slot"), ("clock.due", "slot"), ("clock.due", "overrun")]
    assert [one[2] for one in came] == pytest.approx([25 * MINUTE, 30 * MINUTE, 45 * MINUTE], abs=1.0)


def test_progress_takes_the_clock_back_and_a_new_stalemate_begins_anew(turn: Site) -> None:
    call = seen(turn)
    turn.mark(call, "stalemate")
    turn.cycle()
    turn.passes(9 * MINUTE)
    turn.mark(call, "progress")
    turn.passes(3 * MINUTE)
    turn.mark(call, "stalemate")
    assert turn.until_fired(call, 1) == pytest.approx(10 * MINUTE, abs=1.0)


def test_shi_42_another_number_in_the_toml_is_another_clock(make_turn: Callable[[str], Site]) -> None:
    turn = make_turn("default")
    call = seen(turn)
    turn.mark(call, "stalemate")
    assert turn.until_fired(call, 1) == pytest.approx(25 * MINUTE, abs=1.0)


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=365), timedelta(days=-365)])
def test_h11_d23_a_wall_clock_that_is_set_moves_no_limit_even_across_a_restart(turn: Site, jump: timedelta) -> None:
    call = seen(turn)
    turn.mark(call, "stalemate")
    turn.cycle()
    turn.passes(4 * MINUTE)
    turn.at += jump
    turn.restart()
    turn.cycle()
    assert turn.until_fired(call, 1) == pytest.approx(6 * MINUTE, abs=1.0)


def test_after_a_reboot_the_wall_clock_says_how_long_it_has_been(turn: Site) -> None:
    call = seen(turn)
    turn.mark(call, "stalemate")
    turn.cycle()
    turn.passes(4 * MINUTE)
    turn.boot, turn.mono_s = "boot-2", 30.0
    turn.restart()
    assert turn.until_fired(call, 1) == pytest.approx(6 * MINUTE, abs=1.0)
    assert {row.boot for row in turn.rows(policy_clock)} == {"boot-2"}


def test_a_thousand_restarts_and_jumps_leave_every_limit_within_a_second(turn: Site) -> None:
    chance = random.Random(20261128)
    for _ in range(20):
        call, begun_s, came = seen(turn), turn.mono_s, dict[str, float]()
        turn.mark(call, "stalemate")
        moments = sorted(begun_s + s for s in (16 * MINUTE, *(chance.uniform(0.1, 16 * MINUTE) for _ in range(49))))
        while moments:
            wait_s, fired = turn.engine._limits.cycle(turn.at, turn.mono_s)
            if fired:
                came |= {kind: turn.mono_s - begun_s for kind, _ in turn.fired(call) if kind not in came}
            turn.passes(max(0.01, min(wait_s, moments[0] - turn.mono_s)))  # as the engine waits
            if turn.mono_s >= moments[0]:
                moments.pop(0)
                turn.at += timedelta(seconds=chance.uniform(-1, 1) * 86400 * 400)
                turn.restart()
        assert came == pytest.approx({"clock.lead": 10 * MINUTE, "clock.due": 15 * MINUTE}, abs=1.0)
        assert turn.fired(call) == [("clock.lead", "stalemate"), ("clock.due", "stalemate")]
        turn.answer(call, contact_ended_at=turn.at, state="contact_ended", changed_at=turn.at)


def test_a_database_that_refuses_delays_a_prompt_and_loses_none(turn: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    call = seen(turn)
    turn.mark(call, "stalemate")
    turn.cycle()
    turn.passes(11 * MINUTE)
    with monkeypatch.context() as patch:

        def refuse(*_: Any) -> None:
            raise OperationalError("", {}, Exception("disk full"))

        patch.setattr("hub.limits.begin_write", refuse)
        with pytest.raises(OperationalError):
            turn.cycle()
    turn.passes(1)
    turn.cycle()
    assert turn.fired(call) == [("clock.lead", "stalemate")]


def test_a_thousand_open_incidents_are_looked_at_only_when_something_changed(turn: Site) -> None:
    calls = [seen(turn) for _ in range(200)]
    for call in calls[:50]:
        turn.mark(call, "stalemate")
    turn.cycle()
    assert len(turn.rows(policy_clock)) == 50 + 200  # each call has a talk, too
    turn.passes(10 * MINUTE + 0.1)
    turn.cycle()
    assert sum(len(turn.fired(call)) for call in calls) == 50
