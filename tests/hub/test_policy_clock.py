"""The clocks of the cities' policies: when they start, when they prompt, and that they never do anything else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import profile as policy
from hub.domain.course import Course, Happened
from hub.domain.incident import Entry
from hub.domain.policy_clock import ADJUSTABLE, NAMES, Clock, clocks, told_already

NOW = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)
FOLDER = Path(policy.__file__).parent / "profiles"
PROFILES = {path.stem: policy.load(path.read_text("utf-8"), path.name) for path in FOLDER.glob("*.toml")}
SHINAGAWA, NEUTRAL = PROFILES["shinagawa"], PROFILES["default"]


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def mark(when: float, name: str, **data: Any) -> Happened:
    return Happened(Entry.MARKED.value, at(when), {"mark": name, **data})


def step(minutes: float, name: str) -> Happened:
    return Happened(Entry.STEP_TAKEN.value, at(minutes), {"step": name})


def running(*entries: Happened, profile: Any = SHINAGAWA, **course: Any) -> dict[str, Clock]:
    return {clock.name: clock for clock in clocks(profile, Course(entries=entries, **course))}


def test_no_clock_runs_before_people_start_it() -> None:
    assert running() == {}


def test_shi_10_the_contact_clock_counts_from_the_contact_not_from_the_press() -> None:
    clock = running(contact_started_at=at(-50))["contact_cap"]
    assert clock.due_at == at(10)
    assert clock.source == "対応要領 2(2)"
    states = [clock.state(at(later)) for later in (0, 4, 5, 9, 10, 60)]
    assert states == ["running", "running", "lead", "lead", "due", "due"]


def test_shi_10_a_talk_whose_begin_nobody_recorded_is_limited_from_the_press() -> None:
    guessed = running(pressed_at=at(0))["contact_cap"]
    assert (guessed.due_at, guessed.estimated) == (at(60), True)
    said = running(pressed_at=at(0), contact_started_at=at(-10))["contact_cap"]
    assert (said.due_at, said.estimated) == (at(50), False)
    assert told_already(said, guessed.key)
    assert running(pressed_at=at(0), profile=PROFILES["yurihonjo"]) == {}


@pytest.mark.parametrize("other", [{"origin": "visit"}, {"origin": "post"}, {"speed": 30}])
def test_shi_10_a_visit_a_post_and_a_practice_are_no_talk_since_the_press(other: dict[str, Any]) -> None:
    assert running(pressed_at=at(0), **other) == {}
    assert "contact_cap" in running(pressed_at=at(0), contact_started_at=at(1), **other)


def test_shi_05_the_stalemate_clock_counts_from_the_first_mark_and_progress_takes_it_back() -> None:
    assert running(mark(1, "stalemate"), mark(3, "stalemate"))["stalemate"].started_at == at(1)
    assert "stalemate" not in running(mark(1, "stalemate"), mark(5, "progress"))
    again = running(mark(1, "stalemate"), mark(5, "progress"), mark(9, "stalemate"))["stalemate"]
    assert again.due_at == at(24)
    assert again.phases(9 * 60) == []
    assert again.phases(10 * 60) == ["lead"]
    assert again.phases(15 * 60) == ["lead", "due"]


def test_shi_09_the_slot_prompts_at_its_end_and_the_overrun_fifteen_minutes_later() -> None:
    found = running(mark(0, "slot_announced", minutes=40))
    assert (found["slot"].due_at, found["overrun"].due_at) == (at(40), at(55))
    assert found["overrun"].phases(0) == []
    told_again = running(mark(0, "slot_announced", minutes=40), mark(30, "slot_announced", minutes=30))
    assert told_again["slot"].due_at == at(60)


@pytest.mark.parametrize(
    ("city", "said", "name", "minutes"),
    [("sapporo", "offtopic", "offtopic", 60), ("yurihonjo", "repeat_long_hold", "contact_cap", 30)],
)
def test_sap_02_and_yur_01_who_marks_it_has_a_clock_although_nobody_said_when_the_contact_began(
    city: str, said: str, name: str, minutes: int
) -> None:
    rules, marked = PROFILES[city], mark(5, said)
    assert running(profile=rules, pressed_at=at(0)) == {}
    pressed = running(marked, profile=rules, pressed_at=at(0))[name]
    assert (pressed.due_at, pressed.estimated) == (at(minutes), True)
    begun = running(marked, profile=rules, pressed_at=at(0), contact_started_at=at(-10))[name]
    assert (begun.due_at, begun.estimated) == (at(minutes - 10), False)


def test_what_was_prompted_holds_when_the_contact_began_sooner_and_not_when_it_began_later() -> None:
    was, sooner, later = (running(contact_started_at=at(start))["contact_cap"] for start in (0, -1, 1))
    assert [told_already(clock, was.key) for clock in (was, sooner, later)] == [False, True, False]
    slots = [running(mark(start, "slot_announced", minutes=30))["slot"] for start in (0, -1)]
    assert not told_already(slots[1], slots[0].key)  # of its own, each time it is told
    assert not told_already(sooner, slots[0].key)


@pytest.mark.parametrize(("started", "due"), [(20, 35), (0, 15), (-10, 15), (None, 15)])
def test_set_05_a_slot_that_was_told_before_the_talk_counts_from_its_start(started: int | None, due: int) -> None:
    begun = None if started is None else at(started)
    told = mark(0, "slot_announced", minutes=15)
    slot = running(told, profile=PROFILES["setagaya"], contact_started_at=begun)["slot"]
    assert (slot.due_at, slot.minutes) == (at(due), 15)
    overrun = running(told, contact_started_at=begun)["overrun"]
    assert overrun.started_at == at(due)


def test_a_slot_whose_length_nobody_said_is_no_clock() -> None:
    assert running(mark(0, "slot_announced")) == {}


def test_shi_11_a_special_demand_has_fifteen_minutes_from_its_refusal_until_it_is_dropped() -> None:
    assert running(mark(0, "demand_refused"))["special_demand"].due_at == at(15)
    assert running(mark(0, "demand_refused"), mark(3, "demand_dropped")) == {}
    assert running(mark(0, "act", act="authority"), mark(4, "demand_refused"))["special_demand"].due_at == at(15)
    assert running(mark(0, "act", act="authority"), mark(3, "demand_dropped")) == {}
    assert running(mark(0, "act", act="abuse")) == {}
    assert running(mark(0, "demand_refused"), profile=NEUTRAL) == {}


def test_shi_17_the_next_order_waits_for_the_interval_and_the_final_warning_ends_that() -> None:
    found = running(step(0, "leave"), step(7, "leave"))["leave_interval"]
    assert (found.due_at, found.phases(4 * 60), found.phases(5 * 60)) == (at(12), [], ["due"])
    assert "leave_interval" not in running(step(0, "leave"), step(8, "final"))


def test_set_04_a_case_can_have_a_length_of_its_own() -> None:
    entry = Happened(Entry.DECIDED.value, at(2), {"about": "limit", "clock": "stalemate", "minutes": 45})
    clock = running(mark(0, "stalemate"), entry)["stalemate"]
    assert (clock.due_at, clock.adjusted) == (at(45), True)


def test_a_clock_ends_with_the_contact_and_never_ends_it() -> None:
    ended = running(contact_started_at=NOW, ended_at=at(70))["contact_cap"]
    assert ended.state(at(80)) == "ended"
    assert ended.phases(80 * 60) == []
    assert ended.next_s(0) is None


LEFT = mark(10, "visitor_left")
MARKED = (mark(2, "stalemate"), mark(2, "demand_refused"), mark(2, "slot_announced", minutes=30))


def test_shi_06_when_the_visitor_leaves_every_clock_of_the_contact_is_over() -> None:
    found = running(*MARKED, step(4, "leave"), LEFT, contact_started_at=at(0))
    assert set(found) == {"stalemate", "special_demand", "slot", "contact_cap", "leave_interval"}  # and no overrun
    assert {clock.ended_at for clock in found.values()} == {at(10)}
    assert running(LEFT, mark(12, "demand_refused"), mark(12, "slot_announced", minutes=30)) == {}  # nobody is there
    ended = running(*MARKED, LEFT, ended_at=at(8))
    assert {clock.ended_at for clock in ended.values()} == {at(8)}


def test_shi_05_shi_10_shi_11_of_who_comes_back_the_clocks_begin_anew_and_a_slot_is_told_anew() -> None:
    back = running(*MARKED, LEFT, mark(40, "visitor_back"), contact_started_at=at(0))
    assert {name: clock.started_at for name, clock in back.items() if clock.ended_at is None} == {
        "stalemate": at(40), "special_demand": at(40), "contact_cap": at(40),
    }  # fmt: skip
    assert (back["slot"].started_at, back["slot"].ended_at) == (at(2), at(10))
    was = running(*MARKED, contact_started_at=at(0))
    assert not any(told_already(back[name], was[name].key) for name in back)  # what was prompted is prompted anew
    again = running(*MARKED, LEFT, mark(40, "visitor_back"), mark(41, "progress"), mark(45, "visitor_left"))
    assert again["special_demand"].ended_at == at(45)
    assert "stalemate" not in again
    guessed = running(LEFT, mark(40, "visitor_back"), pressed_at=at(0))["contact_cap"]
    assert (guessed.started_at, guessed.estimated) == (at(40), False)


@pytest.mark.parametrize("end", [
    Happened(Entry.CONTACT_ENDED.value, at(10), {"first": True}),
    Happened(Entry.CLOSED.value, at(10), {"outcome": "near_miss"}),
    mark(10, "false_press"),
])  # fmt: skip
def test_what_a_press_opened_again_was_over_meanwhile_and_its_clocks_begin_anew(end: Happened) -> None:
    again = Happened("alarm.repeated", at(90), {"reopened": True})
    found = running(*MARKED, end, again, contact_started_at=at(0))
    assert {name: clock.started_at for name, clock in found.items() if clock.ended_at is None} == {
        "stalemate": at(90), "special_demand": at(90), "contact_cap": at(90),
    }  # fmt: skip
    assert found["slot"].ended_at == at(10)


def test_shi_05_who_is_said_to_be_stuck_again_is_there_again() -> None:
    found = running(mark(2, "stalemate"), LEFT, mark(11, "visitor_left"), mark(12, "stalemate"))["stalemate"]
    assert (found.started_at, found.ended_at) == (at(12), None)


def test_a_clock_that_the_document_does_not_name_does_not_run() -> None:
    assert running(contact_started_at=NOW, profile=NEUTRAL) == {}


moments = st.integers(-120, 240)
entries = st.lists(
    st.one_of(
        st.builds(
            lambda when, name, length: mark(when, name, minutes=length),
            moments,
            st.sampled_from(
                [
                    "visitor_left",
                    "visitor_back",
                    "stalemate",
                    "progress",
                    "slot_announced",
                    "offtopic",
                    "demand_refused",
                    "demand_dropped",
                    "repeat_long_hold",
                ]
            ),
            st.integers(1, 200),
        ),
        st.builds(step, moments, st.sampled_from(["warn", "leave", "final", "police"])),
        st.builds(
            lambda minutes, clock, length: Happened(
                Entry.DECIDED.value, at(minutes), {"about": "limit", "clock": clock, "minutes": length}
            ),
            moments,
            st.sampled_from(sorted(ADJUSTABLE)),
            st.integers(1, 200),
        ),
    ),
    max_size=12,
)


@given(entries, st.none() | moments, st.none() | moments, st.sampled_from(sorted(PROFILES)))
def test_whatever_happened_each_clock_runs_once_and_its_prompts_come_in_order(
    happened: list[Happened], started: int | None, ended: int | None, name: str
) -> None:
    course = Course(
        contact_started_at=None if started is None else at(started),
        ended_at=None if ended is None else at(ended),
        entries=tuple(sorted(happened, key=lambda one: one.at)),
    )
    found = clocks(PROFILES[name], course)
    assert len({clock.name for clock in found}) == len(found)
    assert {clock.name for clock in found} <= set(NAMES)
    assert [clock.due_at for clock in found] == sorted(clock.due_at for clock in found)
    for clock in found:
        assert 0 <= clock.lead_minutes < clock.minutes
        if clock.ended_at is not None:
            assert clock.phases(1e9) == []
            continue
        elapsed_s, told = 0.0, list[str]()
        while (wait_s := clock.next_s(elapsed_s)) is not None:
            assert wait_s > 0
            elapsed_s += wait_s
            told = list(clock.phases(elapsed_s))
        assert told == (["lead", "due"] if clock.lead_minutes else ["due"])
        assert clock.state_after(elapsed_s) == "due"


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_clock_of_every_city_says_where_it_comes_from(name: str) -> None:
    happened = (
        mark(0, "stalemate"),
        mark(0, "slot_announced", minutes=30),
        mark(0, "offtopic"),
        mark(0, "demand_refused"),
        mark(0, "repeat_long_hold"),
        step(0, "leave"),
    )
    for clock in clocks(PROFILES[name], Course(contact_started_at=NOW, entries=happened)):
        assert clock.source, clock.name
