"""Signs of time on a contact: outside office hours, soon after another one; and how much staff time a contact took."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.office import Office
from hub.domain.staff_time import staff_s
from hub.domain.time_signs import outside_hours, recontacts

AT = datetime(2026, 11, 20, 2, 41, tzinfo=UTC)  # a Friday, 11:41 in Tokyo


@dataclass(frozen=True)
class One:
    """A contact."""

    id: str = "a"
    origin: str = "counter"
    counter: str = "窓口1"
    case_number: str | None = None
    drill: bool = False
    pressed_at: datetime = AT
    contact_started_at: datetime | None = AT
    contact_ended_at: datetime | None = AT + timedelta(minutes=20)


def at(local: str) -> One:
    return One(pressed_at=datetime.fromisoformat(f"{local}+09:00").astimezone(UTC), contact_started_at=None)


@pytest.mark.parametrize(
    ("local", "outside"),
    [
        ("2026-11-20T08:29:59", True),
        ("2026-11-20T08:30:00", False),
        ("2026-11-20T17:14:59", False),
        ("2026-11-20T17:15:00", True),
        ("2026-11-21T12:00:00", True),
        ("2026-11-22T12:00:00", True),
        ("2026-11-23T12:00:00", True),
    ],
)
def test_set_24_contacts_outside_office_hours_and_on_holidays_are_marked(local: str, outside: bool) -> None:
    office = Office(holidays=frozenset({date(2026, 11, 23)}))
    assert outside_hours(at(local), office) is outside
    assert outside_hours(replace(at(local), origin="post"), office) is False, "a post is found whenever"


def test_set_24_the_talk_counts_from_its_begin_not_from_the_press() -> None:
    early = replace(at("2026-11-20T08:40:00"), contact_started_at=at("2026-11-20T08:20:00").pressed_at)
    assert outside_hours(early, Office()) is True
    assert outside_hours(at("2026-11-20T08:40:00"), Office()) is False  # the same press, and nobody began before it


def test_set_24_each_day_of_the_week_can_have_its_own_hours() -> None:
    office = Office({3: (510, 1140), 5: (540, 720)})
    inside = ["2026-11-19T18:59:59", "2026-11-21T09:00:00"]
    outside = ["2026-11-19T19:00:00", "2026-11-21T12:00:00", "2026-11-20T10:00:00"]
    assert [outside_hours(at(local), office) for local in inside + outside] == [False, False, True, True, True]


def later(id: str, minutes: float, counter: str = "窓口1", case: str | None = None, **facts: object) -> One:
    start = AT + timedelta(minutes=20 + minutes)
    known = {"id": id, "counter": counter, "case_number": case, "pressed_at": start, "contact_started_at": start}
    return One(**{**known, "contact_ended_at": None, **facts})  # type: ignore[arg-type]


def test_set_24_a_contact_right_after_the_last_one_at_the_counter_is_marked() -> None:
    others = [later("soon", 15), later("late", 15.1), later("elsewhere", 1, "窓口2")]
    assert recontacts([One(), *others]) == {"soon": "counter"}
    assert recontacts([replace(One(), contact_ended_at=None), later("soon", 1)]) == {}
    assert recontacts([replace(One(), drill=True), later("soon", 1)]) == {}
    assert recontacts([One(), later("soon", 1, drill=True)]) == {}


def test_set_24_the_citys_case_number_joins_contacts_at_any_counter_and_keeps_others_apart() -> None:
    first = replace(One(), case_number="K-1")
    assert recontacts([first, later("called", 3, "窓口2", "K-1")]) == {"called": "case"}
    assert recontacts([first, later("back", 3, "窓口1", "K-1")]) == {"back": "case"}
    assert recontacts([first, later("unlike", 3, "窓口1", "K-2")]) == {}
    assert recontacts([first, later("unknown", 3)]) == {"unknown": "counter"}
    assert recontacts([first, later("late", 16, "窓口2", "K-1")]) == {}


def test_set_24_nobody_turns_to_a_city_that_visits_them() -> None:
    first = replace(One(), case_number="K-1")
    assert recontacts([first, later("trip", 3, case="K-1", origin="visit"), later("found", 3, origin="post")]) == {}
    trip = replace(first, origin="visit")
    assert recontacts([trip, later("called", 3, "窓口2", "K-1"), later("other", 3)]) == {"called": "case"}


def test_an_end_that_was_told_hours_late_hides_no_contact_that_came_soon_after_another() -> None:
    forgotten = replace(
        One("forgotten"), pressed_at=AT - timedelta(minutes=5), contact_ended_at=AT + timedelta(hours=10)
    )
    assert recontacts([forgotten, One(), later("soon", 3)]) == {"soon": "counter"}


def test_how_far_back_is_read_makes_no_difference() -> None:
    long_ago = replace(One("long ago"), pressed_at=AT - timedelta(days=3))  # forgotten open until now
    assert recontacts([long_ago, later("soon", 3)]) == {}
    assert recontacts([replace(long_ago, pressed_at=AT - timedelta(hours=23)), later("soon", 3)]) == {"soon": "counter"}


@given(
    st.lists(st.tuples(st.integers(-30, 90), st.integers(0, 9)), max_size=6, unique_by=lambda one: one[0]),
    st.integers(0, 60),
)
def test_staff_time_is_the_sum_of_all_minutes_of_everybody(counts: list[tuple[int, int]], length: int) -> None:
    def there(minute: int) -> int:
        known = [(since, staff) for since, staff in counts if since <= minute]
        return max(known)[1] if known else 1

    marked = [(AT + timedelta(minutes=since), staff) for since, staff in counts]
    assert staff_s(AT, AT + timedelta(minutes=length), marked) == 60 * sum(map(there, range(length)))
