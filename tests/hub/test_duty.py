"""Who answers now: hours, holidays, absences, deputies. Never nobody."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.profile import Alert, AlertStage
from hub.domain import escalation
from hub.domain.duty import AWAY_MAX, Absence, Duty, on_duty, refusal, window, within

JST = timedelta(hours=9)
FRIDAY = date(2026, 11, 20)
HOLIDAY = date(2026, 11, 23)  # a Monday


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment on the office's wall clock."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC) - JST


@dataclass(frozen=True)
class Person:
    id: str
    role: str = "supervisor"
    hours: tuple[str, ...] = ()
    deputy_for: tuple[str, ...] = ()
    channel: str = "email"
    target: str = "a@b"
    near: tuple[str, ...] = ()

    @property
    def shows_only(self) -> bool:
        return self.channel == "patlite"


TEN = at(FRIDAY, 10)


def away(*ids: str, now: datetime = TEN) -> list[Absence]:
    return [Absence(one, now - timedelta(hours=1), now + timedelta(hours=1)) for one in ids]


def called(duty: Duty, role: str = "supervisor") -> list[str]:
    return [one.id for one in duty.called if one.role == role]


OFFICE = ("Mon-Fri 08:30-17:15",)


@pytest.mark.parametrize(
    ("hours", "moment", "there"),
    [
        (OFFICE, at(FRIDAY, 8, 29), False),
        (OFFICE, at(FRIDAY, 8, 30), True),
        (OFFICE, at(FRIDAY, 17, 14), True),
        (OFFICE, at(FRIDAY, 17, 15), False),
        (OFFICE, at(FRIDAY + timedelta(days=1), 10), False),
        (OFFICE, at(HOLIDAY, 10), False),
        (("月-金 08:30-17:15",), at(FRIDAY, 9), True),
        (("Hol 09:00-12:00",), at(HOLIDAY, 9), True),
        (("Hol 09:00-12:00",), at(FRIDAY, 9), False),
        (("Fri 17:15-08:30",), at(FRIDAY, 23), True),
        (("Fri 17:15-08:30",), at(FRIDAY + timedelta(days=1), 8, 29), True),
        (("Fri 17:15-08:30",), at(FRIDAY + timedelta(days=1), 8, 30), False),
        (("Fri 17:15-08:30",), at(FRIDAY, 8), False),
        (("Sat-Tue 00:00-24:00",), at(FRIDAY + timedelta(days=2), 12), True),
        (("Sat-Tue 00:00-24:00",), at(FRIDAY, 12), False),
        (("Wed,Fri 10:00-11:00",), at(FRIDAY, 10), True),
        ((), at(HOLIDAY, 3), True),
    ],
)
def test_hours_are_those_of_the_offices_wall_clock(hours: tuple[str, ...], moment: datetime, there: bool) -> None:
    assert within(hours, {HOLIDAY}, moment) is there


@pytest.mark.parametrize(
    "text", ["", "Mon", "Mon-Fri 8:30-17:15", "Mon-Fri 08:30-25:00", "Mun 08:30-09:00", "Mon 08:30"]
)
def test_hours_that_are_written_differently_are_refused_in_both_languages(text: str) -> None:
    with pytest.raises(ValueError, match=r"Mon-Fri 08:30-17:15.* / "):
        window(text)


def test_an_absent_person_is_replaced_by_the_deputy_and_called_again_afterwards() -> None:
    people = [Person("chief"), Person("senior", "staff", deputy_for=("chief",))]
    now = at(FRIDAY, 10)
    absence = Absence("chief", now, now + timedelta(hours=2))
    assert called(on_duty(people, [absence], now - timedelta(seconds=1))) == ["chief"]
    duty = on_duty(people, [absence], now)
    (deputy,) = [one for one in duty.called if one.role == "supervisor"]
    assert (deputy.id, deputy.stands_for) == ("senior", ("chief",))
    assert duty.unattended == ()
    assert duty.presence["chief"] == "away"
    assert called(on_duty(people, [absence], absence.until_at)) == ["chief"]


def test_a_deputy_who_is_missing_too_is_replaced_by_their_own() -> None:
    people = [
        Person("chief"),
        Person("first", "staff", deputy_for=("chief",)),
        Person("second", "staff", deputy_for=("first",), hours=OFFICE),
    ]
    assert called(on_duty(people, away("chief", "first"), at(FRIDAY, 10))) == ["second"]
    # The circle ends, and the chief is called all the same.
    circle = [Person("a", deputy_for=("b",)), Person("b", deputy_for=("a",))]
    assert called(on_duty(circle, away("a", "b"), at(FRIDAY, 10))) == ["a", "b"]


def test_where_nobody_of_a_role_is_on_duty_all_of_them_are_called_and_it_is_said() -> None:
    people = [Person("chief"), Person("vice", hours=OFFICE), Person("guard", "guard")]
    duty = on_duty(people, away("chief", now=at(FRIDAY, 20)), at(FRIDAY, 20))
    assert called(duty) == ["chief", "vice"]
    assert duty.unattended == ("supervisor",)
    assert called(duty, "guard") == ["guard"]


def test_a_signal_tower_counts_as_nobody() -> None:
    people = [Person("chief", hours=OFFICE), Person("tower", channel="patlite")]
    duty = on_duty(people, [], at(FRIDAY, 20))
    assert sorted(called(duty)) == ["chief", "tower"]
    assert duty.unattended == ("supervisor",)


_ids = st.sampled_from(["a", "b", "c", "d", "e"])
_people = st.lists(
    st.builds(
        Person,
        id=_ids,
        role=st.sampled_from(["supervisor", "guard", "staff"]),
        hours=st.sampled_from([(), OFFICE, ("Sat,Sun 00:00-24:00",)]),
        deputy_for=st.sets(_ids, max_size=3).map(lambda found: tuple(sorted(found))),
        channel=st.sampled_from(["email", "patlite"]),
    ),
    unique_by=lambda one: one.id,
)
_moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))  # noqa: DTZ001


@given(_people, st.sets(_ids), _moments)
def test_whoever_is_away_no_role_is_left_without_anybody(people: list[Person], gone: set[str], now: datetime) -> None:
    duty = on_duty(people, away(*gone, now=now), now)
    for role in {one.role for one in people}:
        readers = [one for one in people if one.role == role and not one.shows_only]
        assert called(duty, role)
        if readers and role in duty.unattended:
            assert {one.id for one in readers} <= set(called(duty, role))
        if role not in duty.unattended:
            assert any(
                not one.shows_only and duty.presence[one.id] == "here" for one in duty.called if one.role == role
            )
    assert len({(one.id, one.role) for one in duty.called}) == len(duty.called)
    for one in people:
        if duty.presence[one.id] == "here":
            assert one.id in called(duty, one.role), "who is there is always called"


@given(_people, st.sets(_ids), _moments, st.sampled_from(["assist", "emergency"]))
def test_who_stands_in_for_somebody_hears_of_each_stage_once(
    people: list[Person], gone: set[str], now: datetime, level: str
) -> None:
    both = AlertStage(after_s=0, roles=("supervisor", "guard", "staff"))
    rules = Alert(assist=(both,), emergency=(both,), repeat_s=30)
    called_now = on_duty(people, away(*gone, now=now), now).called
    keys = [one.key for one in escalation.first(rules, "incident", level, called_now)]
    assert len(set(keys)) == len(keys)
    again = escalation.due(rules, escalation.Call("incident", level, "raised", 31.0), set(keys), called_now)
    assert len({one.key for one in again}) == len(again)


@pytest.mark.parametrize(
    ("contact", "begins", "until", "field"),
    [
        ("chief", timedelta(0), timedelta(hours=1), None),
        ("chief", timedelta(days=3), timedelta(days=4), None),
        ("nobody", timedelta(0), timedelta(hours=1), "contact"),
        ("chief", timedelta(0), timedelta(0), "until"),
        ("chief", timedelta(days=2), timedelta(days=1), "until"),
        ("chief", timedelta(0), AWAY_MAX + timedelta(days=1), "until"),
    ],
)
def test_an_absence_that_cannot_be_meant_is_refused(
    contact: str, begins: timedelta, until: timedelta, field: str | None
) -> None:
    now = at(FRIDAY, 10)
    problem = refusal(Absence(contact, now + begins, now + until), {"chief"}, now)
    assert (problem.field if problem else None) == field
