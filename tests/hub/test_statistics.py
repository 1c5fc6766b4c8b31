"""Figures about all incidents: what is counted, that months add up, that nobody can be recognised."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub.domain import statistics
from hub.domain.office import Office
from hub.domain.response import LEVELS, MARKS_S, shares
from hub.domain.statistics import Case, Figures, Period, shown

AT = datetime(2026, 11, 20, 2, 41, tzinfo=UTC)  # a Friday, 11:41 in Tokyo
CASE = Case(
    id="a",
    pressed_at=AT,
    level="assist",
    counter="窓口1",
    drill=False,
    state="closed",
    outcome="harassment",
    responder="p1",
    raised_at=AT,
    seen_at=AT + timedelta(seconds=8),
    responding_at=None,
    contact_started_at=AT,
    contact_ended_at=AT + timedelta(minutes=20),
)
NOW = AT + timedelta(days=30)


def figures(cases: Iterable[Case], now: datetime = NOW) -> Figures:
    return statistics.figures(cases, Office(), now)


def test_sap_05_referrals_are_counted_by_office() -> None:
    marks, offices = frozenset({"referred", "stalemate"}), frozenset({"行政監察担当課", "弁護士"})
    referred = replace(CASE, marks=marks, offices=offices)
    counted = figures([referred, replace(referred, id="c", offices=frozenset({"弁護士"})), replace(CASE, id="b")])
    assert counted.totals["referrals"] == 2
    assert counted.table("mark") == {"referred": 2, "stalemate": 2}
    assert counted.table("referral") == {"行政監察担当課": 1, "弁護士": 2}


def test_shi_37_near_misses_are_counted_apart_and_drills_and_false_presses_not_at_all() -> None:
    counted = figures(
        [
            CASE,
            replace(CASE, id="b", outcome="near_miss", near_miss=True),
            replace(CASE, id="c", outcome="false_press"),
            replace(CASE, id="d", drill=True),
        ],
    )
    totals = counted.totals
    assert (totals["cases"], totals["near_misses"], totals["false_presses"], totals["drills"]) == (2, 1, 1, 1)
    assert counted.table("outcome") == {"harassment": 1, "near_miss": 1}
    assert counted.table("hour") == {"11": 2}
    assert counted.table("weekday") == {"4": 2}


def test_set_17_loads_are_counted_by_person_and_told_without_names() -> None:
    cases = [replace(CASE, id=str(n), responder="p1" if n < 6 else f"p{n}") for n in range(8)]
    counted = figures(cases)
    assert counted.loads == {"p1": 6, "p6": 1, "p7": 1}
    assert statistics.load_classes(counted.loads) == {"5-9": 1, "1": 2}


def test_lengths_answers_and_staff_time() -> None:
    cases = [
        CASE,
        replace(CASE, id="b", contact_ended_at=None, seen_at=None),
        replace(CASE, id="c", contact_ended_at=AT + timedelta(days=9), seen_at=AT + timedelta(seconds=39)),
    ]
    counted = figures(cases)
    assert counted.table("length") == {"30": 1, "unknown": 1, "more": 1}
    assert counted.totals["held_s"] == 20 * 60 + 24 * 3600
    assert counted.totals["staff_s"] == counted.totals["held_s"]
    assert (counted.totals["within_10"], counted.totals["within_40"], counted.totals["unanswered"]) == (1, 2, 1)


def test_staff_time_follows_the_count_of_people_over_the_contact() -> None:
    heads = ((AT + timedelta(minutes=5), 3), (AT + timedelta(minutes=15), 2))
    assert replace(CASE, heads=heads).staff_s == (5 * 1 + 10 * 3 + 5 * 2) * 60
    assert replace(CASE, heads=heads, contact_ended_at=None).staff_s is None


_calls = st.builds(
    lambda level, drill, state, outcome, seen, going: replace(
        CASE, level=level, drill=drill, state=state, outcome=outcome,
        seen_at=seen and AT + timedelta(seconds=seen), responding_at=going and AT + timedelta(seconds=going),
    ),
    st.sampled_from(LEVELS), st.booleans(), st.sampled_from(["raised", "attended", "closed"]),
    st.sampled_from([None, "harassment", "false_press", "drill"]), st.none() | st.integers(1, 60),
    st.none() | st.integers(1, 60),
)  # fmt: skip


@given(st.lists(_calls, max_size=12), st.integers(0, 90))
def test_shi_33_figures_and_the_page_of_alerts_count_answers_by_one_rule(cases: list[Case], later_s: int) -> None:
    now = AT + timedelta(seconds=later_s)
    totals = figures([replace(case, id=str(place)) for place, case in enumerate(cases)], now).totals
    told = {one.level: one for one in shares((case.asked for case in cases), now) if not one.drill}
    for level in LEVELS:
        assert totals[f"calls_{level}"] == told[level].calls
        for within_s in MARKS_S:
            assert totals[f"within_{within_s}_{level}"] == told[level].within[within_s]
            cell = statistics.share_of_level(totals, f"within_{within_s}", level, council=False)
            assert cell.exact == told[level].percent(within_s)
    assert totals["running"] == sum(one.running for one in told.values())


@given(
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["assist", "emergency"]), st.booleans()), max_size=12),
    st.integers(0, 12),
)
def test_figures_of_parts_add_up_to_those_of_the_whole(some: list[tuple[int, str, bool]], cut: int) -> None:
    cases = [
        replace(CASE, id=str(n), pressed_at=AT + timedelta(hours=hours), level=level, drill=drill)
        for n, (hours, level, drill) in enumerate(some)
    ]
    whole, parts = figures(cases), figures(cases[:cut]) + figures(cases[cut:])
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


@given(st.tuples(*[st.tuples(st.integers(0, 9), st.integers(0, 9))] * 2))
def test_set_14_the_share_of_a_level_is_not_told_beside_one_that_is_hidden(counts: tuple[tuple[int, int], ...]) -> None:
    totals = {f"calls_{level}": part + rest for level, (part, rest) in zip(LEVELS, counts, strict=True)}
    totals |= {f"within_10_{level}": part for level, (part, _) in zip(LEVELS, counts, strict=True)}
    cells = [statistics.share_of_level(totals, "within_10", level, council=True) for level in LEVELS]
    if any(0 < count < 3 for pair in counts for count in pair):
        assert {cell.exact for cell in cells} == {None}


_after = st.fixed_dictionaries({name: st.integers(0, 6) for name in ("stop", "go_on", "undecided")})


@given(_after, st.integers(0, 5))
def test_set_14_nothing_small_can_be_worked_out_from_how_often_a_limit_was_reached(
    after: dict[str, int], before: int
) -> None:
    counts = {f"stalemate:{name}": count for name, count in after.items()}
    reached = sum(after.values())
    cells = statistics.clocks_shown({**counts, "stalemate:due": reached, "stalemate:before": before}, council=True)
    hidden = [count for key, count in counts.items() if cells[key].exact is None]
    assert all(cell.exact not in (1, 2) for cell in cells.values())
    if reached < 3 or any(cells[key].text == statistics.UNTOLD for key in counts):
        return  # the sum is hidden, or all of its parts
    found = solutions(hidden, sum(hidden))
    for place, count in enumerate(hidden):
        if count < 3:
            assert {one[place] for one in found} == {1, 2}


def test_set_14_the_council_is_not_told_what_adds_up_with_other_figures() -> None:
    counts = {"slot:due": 5, "slot:before": 4, "overrun:due": 3, "overrun:before": 2, "stalemate:adjusted": 3}
    assert set(statistics.clocks_shown(counts, council=True)) == {"slot:due", "overrun:due"}
    assert set(statistics.clocks_shown(counts, council=False)) == set(counts)


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
