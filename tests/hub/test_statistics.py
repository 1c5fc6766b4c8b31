"""Figures about all incidents: what is counted, that months add up, that nobody can be recognised."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain import statistics
from hub.domain.statistics import Case, Figures, OfficeHours, Period, figures, recontacts, shown

AT = datetime(2026, 11, 20, 2, 41, tzinfo=UTC)  # a Friday, 11:41 in Tokyo
CASE = Case(
    "a", AT, "assist", "窓口1", False, "harassment", "p1", AT + timedelta(seconds=8), AT, AT, AT + timedelta(minutes=20)
)
HOURS = OfficeHours()


def test_sap_05_referrals_are_counted() -> None:
    cases = [replace(CASE, marks=frozenset({"referred", "stalemate"})), replace(CASE, id="b")]
    counted = figures(cases, HOURS)
    assert counted.totals["referrals"] == 1
    assert counted.table("mark") == {"referred": 1, "stalemate": 1}


def test_shi_37_near_misses_are_counted_apart_and_drills_and_false_presses_not_at_all() -> None:
    counted = figures(
        [
            CASE,
            replace(CASE, id="b", outcome="near_miss", near_miss=True),
            replace(CASE, id="c", outcome="false_press"),
            replace(CASE, id="d", drill=True),
        ],
        HOURS,
    )
    totals = counted.totals
    assert (totals["cases"], totals["near_misses"], totals["false_presses"], totals["drills"]) == (2, 1, 1, 1)
    assert counted.table("outcome") == {"harassment": 1, "near_miss": 1}
    assert counted.table("hour") == {"11": 2}
    assert counted.table("weekday") == {"4": 2}


@pytest.mark.parametrize(
    ("local", "outside"),
    [
        ("2026-11-20T08:29:59", True),
        ("2026-11-20T08:30:00", False),
        ("2026-11-20T17:14:59", False),
        ("2026-11-20T17:15:00", True),
        ("2026-11-21T12:00:00", True),
        ("2026-11-22T12:00:00", True),
    ],
)
def test_set_24_contacts_outside_office_hours_are_marked(local: str, outside: bool) -> None:
    at = datetime.fromisoformat(f"{local}+09:00").astimezone(UTC)
    assert HOURS.outside(at) is outside
    case = replace(CASE, pressed_at=at, contact_started_at=None)
    assert figures([case], HOURS).totals["outside_hours"] == outside


def test_set_24_a_contact_right_after_the_last_one_at_the_counter_is_marked() -> None:
    def later(name: str, minutes: float, counter: str = "窓口1") -> Case:
        start = AT + timedelta(minutes=20 + minutes)
        return replace(
            CASE, id=name, pressed_at=start, contact_started_at=start, contact_ended_at=None, counter=counter
        )

    assert recontacts([CASE, later("soon", 15), later("late", 15.1), later("elsewhere", 1, "窓口2")]) == {"soon"}
    assert recontacts([replace(CASE, contact_ended_at=None), later("soon", 1)]) == frozenset()
    assert recontacts([replace(CASE, drill=True), later("soon", 1)]) == frozenset()


def test_set_17_loads_are_counted_by_person_and_told_without_names() -> None:
    cases = [replace(CASE, id=str(n), responder="p1" if n < 6 else f"p{n}") for n in range(8)]
    counted = figures(cases, HOURS)
    assert counted.loads == {"p1": 6, "p6": 1, "p7": 1}
    assert statistics.load_classes(counted.loads) == {"5-9": 1, "1": 2}


def test_lengths_answers_and_staff_time() -> None:
    cases = [
        CASE,
        replace(CASE, id="b", contact_ended_at=None, answered_at=None),
        replace(CASE, id="c", contact_ended_at=AT + timedelta(days=9), answered_at=AT + timedelta(seconds=39)),
    ]
    counted = figures(cases, HOURS)
    assert counted.table("length") == {"30": 1, "unknown": 1, "more": 1}
    assert counted.totals["held_s"] == 20 * 60 + 24 * 3600
    assert (counted.totals["within_10"], counted.totals["within_40"], counted.totals["unanswered"]) == (1, 2, 1)


@given(
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["assist", "emergency"]), st.booleans()), max_size=12),
    st.integers(0, 12),
)
def test_figures_of_parts_add_up_to_those_of_the_whole(some: list[tuple[int, str, bool]], cut: int) -> None:
    cases = [
        replace(CASE, id=str(n), pressed_at=AT + timedelta(hours=hours), level=level, drill=drill)
        for n, (hours, level, drill) in enumerate(some)
    ]
    whole, parts = figures(cases, HOURS), figures(cases[:cut], HOURS) + figures(cases[cut:], HOURS)
    for one, other in [
        (whole.totals, parts.totals), (whole.loads, parts.loads),
        *((whole.table(name), parts.table(name)) for name in statistics.TABLES),
    ]:  # fmt: skip
        assert Counter(one) == Counter(other)
    assert (Figures() + whole).totals == whole.totals


@given(st.integers(0, 100_000))
def test_set_14_the_council_never_sees_a_count_below_three(count: int) -> None:
    cell = shown(count, council=True)
    assert (cell.text, cell.exact) == (("1-2", None) if count in (1, 2) else (str(count), count))
    assert shown(count, council=False).exact == count


@given(st.integers(0, 50), st.integers(0, 50))
def test_set_14_a_share_never_gives_a_small_count_away(part: int, rest: int) -> None:
    cell = statistics.share(part, part + rest, council=True)
    if 0 < part < 3 or 0 < rest < 3 or part + rest < 3:
        assert cell.exact is None
    assert statistics.minutes_shown(3600, part, council=True).exact == (None if 0 < part < 3 else 60)


def solutions(hidden: list[int], total: int) -> list[tuple[int, ...]]:
    """Every way in which hidden counts (given as they are) could add up, for somebody who sees which are small."""
    if not hidden:
        return [()] if total == 0 else []
    first, rest = hidden[0], hidden[1:]
    could = range(1, 3) if first < 3 else range(3, total + 1)
    return [(one, *more) for one in could if one <= total for more in solutions(rest, total - one)]


@given(st.lists(st.integers(0, 7), max_size=6))
def test_set_14_no_small_count_can_be_worked_out_from_the_sum(counts: list[int]) -> None:
    told = dict(enumerate(counts))
    cells = statistics.partition_shown({str(key): count for key, count in told.items()}, council=True)
    hidden = [count for key, count in told.items() if cells[str(key)].exact is None]
    assert {count for count in counts if 0 < count < 3} <= set(hidden)
    if any(cell.text == statistics.UNTOLD for cell in cells.values()):
        return  # the whole table is kept back
    found = solutions(hidden, sum(hidden))
    for place, count in enumerate(hidden):
        if count < 3:
            assert {one[place] for one in found} == {1, 2}
    assert all(cell.exact == told[int(key)] for key, cell in cells.items() if cell.exact is not None)


def test_inside_nothing_is_hidden() -> None:
    assert statistics.partition_shown({"a": 1, "b": 5}, council=False) == {
        "a": statistics.Cell("1", 1), "b": statistics.Cell("5", 5),
    }  # fmt: skip


def test_periods_follow_the_fiscal_year() -> None:
    assert Period("year", 2026).months[0] == date(2026, 4, 1)
    assert Period("year", 2026).months[-1] == date(2027, 3, 1)
    assert Period("quarter", 2026, 4).months == (date(2027, 1, 1), date(2027, 2, 1), date(2027, 3, 1))
    assert Period("month", 2026, 3).months == (date(2027, 3, 1),)
    assert Period("month", 2026, 4).months == (date(2026, 4, 1),)
    assert Period("month", 2026, 12).months == (date(2026, 12, 1),)
    assert Period("month", 2026, 4).before.months == (date(2025, 4, 1),)
    assert statistics.bounds(date(2026, 12, 1)) == (
        datetime(2026, 11, 30, 15, tzinfo=UTC), datetime(2026, 12, 31, 15, tzinfo=UTC),
    )  # fmt: skip
    assert statistics.fiscal_year(datetime(2027, 3, 31, 14, 59, tzinfo=UTC)) == 2026
    assert statistics.fiscal_year(datetime(2027, 3, 31, 15, tzinfo=UTC)) == 2027
