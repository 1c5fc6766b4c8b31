"""What became of the limits of a contact, as the council's figures count it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contract import profile as policy
from hub.domain.clock_outcomes import AFTER, outcomes
from hub.domain.course import Course, Happened

NOW = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)
SHINAGAWA = policy.load((Path(policy.__file__).parent / "profiles" / "shinagawa.toml").read_text("utf-8"), "shinagawa")


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def mark(when: float, name: str, **data: Any) -> Happened:
    return Happened("marked", at(when), {"mark": name, **data})


def due(minutes: float, clock: str = "stalemate") -> Happened:
    return Happened("clock.due", at(minutes), {"clock": clock, "minutes": 15})


def decided(minutes: float, outcome: str) -> Happened:
    return Happened("decided", at(minutes), {"about": "stop", "outcome": outcome})


def limit(minutes: float, length: int) -> Happened:
    return Happened("decided", at(minutes), {"about": "limit", "clock": "stalemate", "minutes": length})


def told(*entries: Happened, ended: float | None = 30, **course: Any) -> set[str]:
    """What is counted of the stalemate clock, which begins at minute 1 unless the entries say otherwise."""
    marks = (mark(1, "stalemate"), *entries)
    found = outcomes(SHINAGAWA, Course(ended_at=None if ended is None else at(ended), entries=marks, **course))
    return {one.removeprefix("stalemate:") for one in found}


def test_a_limit_is_over_in_time_when_the_contact_or_the_stalemate_ends_before_it() -> None:
    assert told(ended=15) == {"before"}
    assert told(mark(9, "progress")) == {"before"}
    assert told(mark(9, "progress"), mark(12, "stalemate"), due(27)) == {"due", "undecided"}


def test_after_a_limit_it_is_told_what_people_decided_or_that_nobody_did() -> None:
    assert told(due(16), decided(18, "stop")) == {"due", "stop"}
    assert told(due(16), decided(18, "stop"), decided(20, "go_on")) == {"due", "go_on"}
    assert told(decided(14, "stop"), due(16)) == {"due", "stop"}, "who has decided to stop is asked nothing more"
    assert told(decided(5, "go_on"), due(16)) == {"due", "undecided"}, "that was decided before the limit asked"
    assert told(due(16), ended=None) == {"due", "waiting"}


def test_a_limit_of_its_own_counts_whenever_it_was_set_and_as_the_answer_when_it_came_after() -> None:
    assert told(limit(5, 40)) == {"before", "adjusted"}
    assert told(due(16), limit(17, 40)) == {"due", "anew", "adjusted"}


def test_a_contact_that_was_written_down_afterwards_reached_its_limit_all_the_same() -> None:
    assert told() == {"due", "undecided"}
    assert told(decided(20, "stop")) == {"due", "stop"}
    assert told(due(16.5), decided(16.2, "go_on")) == {"due", "go_on"}, "the prompt was late"


def test_a_contact_that_goes_on_below_its_limit_counts_later() -> None:
    assert told(ended=None) == set()


def test_an_interval_between_orders_is_no_limit() -> None:
    order = Happened("step.taken", at(2), {"step": "leave"})
    assert told(order, due(12, "leave_interval"), ended=15) == {"before"}


_entries = st.lists(
    st.one_of(
        st.builds(due, st.integers(0, 60), st.sampled_from(["stalemate", "contact_cap", "slot", "gone"])),
        st.builds(decided, st.integers(0, 60), st.sampled_from(["stop", "go_on"])),
        st.builds(limit, st.integers(0, 60), st.integers(1, 90)),
        st.builds(mark, st.integers(0, 60), st.sampled_from(["progress", "stalemate", "demand_refused"])),
        st.builds(lambda minutes: mark(minutes, "slot_announced", minutes=30), st.integers(0, 60)),
    ),
    max_size=8,
)


@given(_entries, st.none() | st.integers(0, 90))
def test_what_follows_a_limit_adds_up_to_how_often_it_was_reached(entries: list[Happened], ended: int | None) -> None:
    course = Course(at(0), None if ended is None else at(ended), tuple(sorted(entries, key=lambda one: one.at)))
    found = outcomes(SHINAGAWA, course)
    for name in {one.partition(":")[0] for one in found}:
        after = [one for one in found if one.partition(":")[0] == name and one.partition(":")[2] in AFTER]
        assert len(after) == (f"{name}:due" in found)
        assert not {f"{name}:due", f"{name}:before"} <= found
