"""The clocks to the second: where each begins, when it prompts, when it is over, and whose words its length are."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.domain.course import Course, Happened
from hub.domain.incident import Entry
from hub.domain.policy_clock import ADJUSTABLE, CUED, LEAD_MINUTES, NAMES, Clock, clocks, told_already
from tests.hub_domain.life import PROFILES

NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
MINUTE = 60.0


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def marked(when: float, name: str, **data: Any) -> Happened:
    return Happened(Entry.MARKED.value, at(when), {"mark": name, **data})


def stepped(minutes: float, name: str) -> Happened:
    return Happened(Entry.STEP_TAKEN.value, at(minutes), {"step": name})


def limited(minutes: float, clock: str, length: int) -> Happened:
    return Happened(Entry.DECIDED.value, at(minutes), {"about": "limit", "clock": clock, "minutes": length})


def running(city: str, *entries: Happened, **course: Any) -> dict[str, Clock]:
    return {clock.name: clock for clock in clocks(PROFILES[city], Course(entries=entries, **course))}


def test_in_a_practice_that_runs_faster_limits_come_so_much_sooner() -> None:
    fast = Clock("stalemate", NOON, 15, 5, None, "x", speed=4)
    assert (fast.due_s, fast.lead_s, fast.due_at) == (225.0, 150.0, at(3.75))
    odd = Clock("stalemate", NOON, 10, 5, None, "x", speed=7)
    assert odd.due_s == pytest.approx(600 / 7)
    assert odd.lead_s == pytest.approx(300 / 7)


@pytest.mark.parametrize(("name", "holds"), [("contact_cap", True), ("offtopic", True), ("slot", False), ("x", False)])
def test_what_was_told_holds_for_the_same_clock_of_a_contact_that_began_sooner(name: str, holds: bool) -> None:
    sooner, later = (Clock(name, at(start), 30, 5, None, "x") for start in (0, 1))
    assert told_already(sooner, later.key) is holds
    assert not told_already(later, sooner.key)
    assert not told_already(sooner, sooner.key)
    for other in ("a", "zz"):
        assert not told_already(sooner, Clock(other, at(1), 30, 5, None, "x").key)


def test_a_clock_is_estimated_only_where_nobody_said_when_the_contact_began() -> None:
    known = running("shinagawa", marked(0, "stalemate"), contact_started_at=NOON).values()
    assert [one.estimated for one in known] == [False, False]
    guessed = running("sapporo", marked(1, "stalemate"), marked(1, "offtopic"), pressed_at=NOON)
    assert {name: one.estimated for name, one in guessed.items()} == {"stalemate": False, "offtopic": True}
    for neither in ("a", "zz"):  # a kind of limit that is neither of the two begins nothing
        profile = PROFILES["yurihonjo"]
        limit = profile.clock.contact_cap.model_copy(update={"applies": neither})  # type: ignore[union-attr]
        rules = profile.model_copy(update={"clock": profile.clock.model_copy(update={"contact_cap": limit})})
        course = Course(entries=(marked(1, "repeat_long_hold"),), contact_started_at=NOON)
        assert list(clocks(rules, course)) == []


def clock(minutes: int, lead_minutes: int, ended_at: datetime | None = None) -> Clock:
    return Clock("stalemate", NOON, minutes, lead_minutes, ended_at, "x")


def test_the_words_for_the_clocks_and_what_each_kind_may_do_stay_as_they_are() -> None:
    assert NAMES == ("stalemate", "slot", "overrun", "contact_cap", "offtopic", "special_demand", "leave_interval")
    assert {"stalemate", "slot", "overrun", "contact_cap", "offtopic", "special_demand"} == CUED
    assert {"stalemate", "contact_cap", "offtopic", "special_demand"} == ADJUSTABLE


def test_a_clock_is_known_by_its_name_and_its_start_to_the_millisecond() -> None:
    started = datetime(2026, 11, 20, 3, 0, 0, 123600, tzinfo=UTC)
    assert Clock("slot", started, 30, 5, None, "").key == "slot:1795143600124"


@pytest.mark.parametrize(
    ("elapsed_s", "state", "phases", "next_s"),
    [
        (-1.0, "running", [], 601.0),
        (0.0, "running", [], 600.0),
        (599.5, "running", [], 0.5),
        (600.0, "lead", ["lead"], 300.0),
        (899.0, "lead", ["lead"], 1.0),
        (900.0, "due", ["lead", "due"], None),
        (99999.0, "due", ["lead", "due"], None),
    ],
)
def test_a_clock_of_fifteen_minutes_prompts_after_ten_and_after_fifteen(
    elapsed_s: float, state: str, phases: list[str], next_s: float | None
) -> None:
    one = clock(15, 5)
    assert (one.state_after(elapsed_s), one.phases(elapsed_s), one.next_s(elapsed_s)) == (state, phases, next_s)
    assert one.state(NOON + timedelta(seconds=elapsed_s)) == state
    assert one.due_at == NOON + timedelta(seconds=one.due_s)
    assert one.adjusted is False


@pytest.mark.parametrize(
    ("elapsed_s", "state", "phases", "next_s"),
    [(0.0, "running", [], 300.0), (299.0, "running", [], 1.0), (300.0, "due", ["due"], None)],
)
def test_a_clock_without_a_lead_prompts_once(
    elapsed_s: float, state: str, phases: list[str], next_s: float | None
) -> None:
    one = clock(5, 0)
    assert (one.state_after(elapsed_s), one.phases(elapsed_s), one.next_s(elapsed_s)) == (state, phases, next_s)


@pytest.mark.parametrize("elapsed_s", [0.0, 600.0, 900.0])
def test_an_ended_clock_says_nothing_more_however_far_it_had_come(elapsed_s: float) -> None:
    one = clock(15, 5, ended_at=at(1))
    assert (one.state_after(elapsed_s), one.phases(elapsed_s), one.next_s(elapsed_s)) == ("ended", [], None)


def test_where_the_document_names_no_lead_the_first_prompt_comes_five_minutes_ahead() -> None:
    assert LEAD_MINUTES == 5
    entries = (marked(0, "slot_announced", minutes=30), marked(0, "demand_refused"), marked(0, "stalemate"))
    found = running("shinagawa", *entries, contact_started_at=NOON)
    assert {name: (one.minutes, one.lead_minutes) for name, one in found.items()} == {
        "slot": (30, 5), "overrun": (15, 0), "contact_cap": (60, 5), "special_demand": (15, 5), "stalemate": (15, 5),
    }  # fmt: skip


@pytest.mark.parametrize(("told", "lead"), [(1, 0), (2, 1), (5, 4), (6, 5), (7, 5)])
def test_a_short_slot_still_begins_without_a_prompt(told: int, lead: int) -> None:
    slot = running("shinagawa", marked(0, "slot_announced", minutes=told))["slot"]
    assert (slot.minutes, slot.lead_minutes, slot.state_after(0.0)) == (told, lead, "running")


def test_the_range_of_off_topic_talk_is_between_its_two_prompts() -> None:
    assert "offtopic" not in running("sapporo", contact_started_at=NOON)
    assert "offtopic" not in running("sapporo", marked(3, "offtopic"))
    found = running("sapporo", marked(3, "offtopic"), contact_started_at=NOON)["offtopic"]
    assert (found.started_at, found.lead_s, found.due_s) == (NOON, 30 * MINUTE, 60 * MINUTE)


def test_the_limit_of_one_contact_is_for_all_or_for_those_who_come_again_as_the_city_says() -> None:
    assert "contact_cap" in running("shinagawa", contact_started_at=NOON)
    assert "contact_cap" not in running("shinagawa")
    assert "contact_cap" in running("shinagawa", pressed_at=NOON)
    assert "contact_cap" not in running("yurihonjo", contact_started_at=NOON)
    found = running("yurihonjo", marked(7, "repeat_long_hold"), contact_started_at=NOON)["contact_cap"]
    assert (found.started_at, found.minutes) == (NOON, 30)


def test_the_slot_that_was_told_last_with_its_length_holds() -> None:
    told = (
        marked(0, "slot_announced", minutes=40),
        marked(5, "slot_announced", minutes=20),
        marked(9, "slot_announced"),
    )
    found = running("shinagawa", *told)
    assert (found["slot"].started_at, found["slot"].due_at) == (at(5), at(25))
    assert (found["overrun"].started_at, found["overrun"].due_at, found["overrun"].lead_minutes) == (at(25), at(40), 0)


@pytest.mark.parametrize(("ended", "names"), [(39, {"slot"}), (40, {"slot", "overrun"}), (41, {"slot", "overrun"})])
def test_beyond_the_slot_is_counted_only_when_the_contact_went_beyond_it(ended: int, names: set[str]) -> None:
    assert set(running("shinagawa", marked(0, "slot_announced", minutes=40), ended_at=at(ended))) == names


@pytest.mark.parametrize(("ended", "runs"), [(4, False), (5, True), (6, True)])
def test_what_is_marked_after_the_contact_starts_no_clock(ended: int, runs: bool) -> None:
    found = running("shinagawa", marked(5, "stalemate"), ended_at=at(ended))
    assert ("stalemate" in found) is runs
    assert all(one.ended_at == at(ended) for one in found.values())


@pytest.mark.parametrize("last_word", ["final", "announce_police", "police"])
def test_shi_17_after_the_last_words_no_order_is_waited_for(last_word: str) -> None:
    orders = (stepped(0, "leave"), stepped(7, "leave"))
    waiting = running("shinagawa", *orders, stepped(8, "warn"))["leave_interval"]
    assert (waiting.started_at, waiting.minutes, waiting.lead_minutes) == (at(7), 5, 0)
    assert "leave_interval" not in running("shinagawa", *orders, stepped(8, last_word))
    assert "leave_interval" not in running("shinagawa", stepped(0, "warn"))


def test_set_04_a_cases_own_limit_is_the_last_that_was_decided_for_this_very_clock() -> None:
    entries = (
        marked(0, "stalemate"),
        limited(1, "stalemate", 45),
        limited(2, "contact_cap", 90),
        limited(3, "stalemate", 3),
    )
    found = running("shinagawa", *entries, contact_started_at=NOON)
    assert (found["stalemate"].minutes, found["stalemate"].lead_minutes, found["stalemate"].adjusted) == (3, 2, True)
    assert (found["contact_cap"].minutes, found["contact_cap"].lead_minutes, found["contact_cap"].adjusted) == (
        90,
        5,
        True,
    )
    (untouched,) = running("shinagawa", marked(0, "stalemate"), limited(1, "contact_cap", 90)).values()
    assert (untouched.minutes, untouched.adjusted) == (15, False)


def test_set_04_a_short_limit_that_is_made_long_prompts_as_far_ahead_as_a_long_one() -> None:
    rules = PROFILES["shinagawa"].clock
    short = rules.model_copy(update={"special_demand": rules.special_demand.model_copy(update={"minutes": 3})})  # type: ignore[union-attr]
    city = PROFILES["shinagawa"].model_copy(update={"clock": short})
    demand = marked(0, "demand_refused")
    (usual,) = clocks(city, Course(entries=(demand,)))
    (longer,) = clocks(city, Course(entries=(demand, limited(1, "special_demand", 30))))
    assert (usual.minutes, usual.lead_minutes) == (3, 2)
    assert (longer.minutes, longer.lead_minutes) == (30, 5)


@pytest.mark.parametrize("name", ["slot", "overrun", "leave_interval"])
def test_what_was_told_to_the_visitor_is_told_anew_and_not_set_otherwise(name: str) -> None:
    entries = (marked(0, "slot_announced", minutes=30), stepped(0, "leave"), limited(1, name, 99))
    found = running("shinagawa", *entries)[name]
    assert (found.minutes, found.adjusted) == ({"slot": 30, "overrun": 15, "leave_interval": 5}[name], False)


def test_the_clock_that_is_due_first_stands_in_front_and_its_name_settles_a_tie() -> None:
    entries = (
        marked(0, "stalemate"),
        marked(0, "demand_refused"),
        marked(0, "slot_announced", minutes=10),
        stepped(0, "leave"),
    )
    found = clocks(PROFILES["shinagawa"], Course(entries=entries))
    names = [one.name for one in found]
    assert names == ["leave_interval", "slot", "special_demand", "stalemate", "overrun"]


SOURCES = [
    ("shinagawa", "stalemate", "clock.stalemate.minutes"),
    ("shinagawa", "slot", "clock.slot.max_minutes"),
    ("shinagawa", "overrun", "clock.slot.overrun_minutes"),
    ("shinagawa", "contact_cap", "clock.contact_cap.minutes"),
    ("shinagawa", "special_demand", "clock.special_demand.minutes"),
    ("shinagawa", "leave_interval", "ladder.leave.interval_minutes"),
    ("sapporo", "offtopic", "clock.offtopic.max_minutes"),
]


@pytest.mark.parametrize(("city", "name", "value"), SOURCES)
def test_each_clock_names_the_document_that_its_own_length_comes_from(city: str, name: str, value: str) -> None:
    """Every source of the profile is told apart here, so that no clock can show another one's."""
    profile = PROFILES[city].model_copy(update={"source": {field: field for field in PROFILES[city].source}})
    entries = (
        marked(0, "stalemate"), marked(0, "slot_announced", minutes=30), marked(0, "offtopic"),
        marked(0, "demand_refused"), stepped(0, "leave"),
    )  # fmt: skip
    found = {one.name: one.source for one in clocks(profile, Course(contact_started_at=NOON, entries=entries))}
    assert found[name] == value


def test_a_profile_without_a_source_for_a_clock_shows_none() -> None:
    profile = PROFILES["shinagawa"].model_copy(update={"source": {}})
    (found,) = clocks(profile, Course(entries=(marked(0, "stalemate"),)))
    assert found.source == ""
