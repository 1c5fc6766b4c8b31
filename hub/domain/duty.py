"""Who answers now: hours on the office's wall clock, absences, and deputies.

Somebody who is away or off hours is replaced by those who deputise for them. Where that leaves nobody of a role, all of
the role are called all the same: a message to an empty desk is better than none.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final, Literal, Protocol

from contract.problems import Problem
from hub.domain.intake_facts import JAPAN
from hub.domain.nearness import Reached

HOLIDAY: Final = 7
"""The day of the week that a date from the list of holidays counts as; Monday is 0."""

AWAY_MAX: Final = timedelta(days=400)
"""The longest absence that can be noted at once: a slip of the year must not silence somebody for good."""

_DAYS: Final = {
    name: place
    for names in (("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Hol"), tuple("月火水木金土日祝"))
    for place, name in enumerate(names)
}
_DAY: Final = "|".join(_DAYS)
_WINDOW: Final = re.compile(
    rf"((?:{_DAY})(?:[-,](?:{_DAY}))*) ([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24(?=:00)):([0-5]\d)"
)
_DAY_MINUTES: Final = 24 * 60

Presence = Literal["here", "away", "off_hours"]


class Contact(Reached, Protocol):
    """A contact of the ladder, as `hub.toml` says when and for whom it answers."""

    @property
    def hours(self) -> Sequence[str]:
        """When it is on duty (`window`); always, when nothing is said."""

    @property
    def deputy_for(self) -> Sequence[str]:
        """Ids of the contacts it replaces."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of duty, in minutes from the midnight before its day; past the next midnight it goes on counting."""

    days: frozenset[int]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody who is not there."""

    contact: str
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody to call for a role. `stands_for`: the contacts whose place they take, besides their own; `near`: the
    counters that they are called for then, those of both; all, when it is empty.
    """

    id: str
    role: str
    channel: str
    target: str
    shows_only: bool = False
    stands_for: tuple[str, ...] = ()
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Duty:
    """The moment's answer. `unattended`: roles of which nobody is on duty, so that all of them are called anyway."""

    called: tuple[Called, ...]
    unattended: tuple[str, ...]
    presence: dict[str, Presence]


@dataclass(frozen=True, slots=True)
class Roster:
    """The contacts of a site and its holidays."""

    contacts: Sequence[Contact]
    holidays: Collection[date] = field(default_factory=frozenset)

    def at(self, now: datetime, absences: Iterable[Absence]) -> Duty:
        """Who is called at `now`."""
        return on_duty(self.contacts, absences, now, self.holidays)


@cache
def window(text: str) -> Window:
    """ "Mon-Fri 08:30-17:15", "Sat,Hol 17:15-08:30" (until the next morning), "月-金 08:30-17:15".

    Raises:
        ValueError: written differently; in the words of `contract.problems`.
    """
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise ValueError(
            "「Mon-Fri 08:30-17:15」のように書いてください（祝日は Hol、翌朝までは 17:15-08:30）。"
            " / write it like Mon-Fri 08:30-17:15 (Hol for holidays, 17:15-08:30 until the next morning)."
        )
    names, *numbers = found.groups()
    start_h, start_m, end_h, end_m = map(int, numbers)
    start, end = start_h * 60 + start_m, end_h * 60 + end_m
    return Window(frozenset(_days(names)), start, end if end > start else end + _DAY_MINUTES)


def _days(text: str) -> Iterable[int]:
    for part in text.split(","):
        first, *rest = (_DAYS[name] for name in part.split("-"))
        last = rest[-1] if rest else first
        if HOLIDAY in (first, last) or last < first:  # Sat-Tue goes over the week's end
            yield from (first, last) if HOLIDAY in (first, last) else (*range(first, 7), *range(last + 1))
        else:
            yield from range(first, last + 1)


def within(hours: Sequence[str], holidays: Collection[date], now: datetime) -> bool:
    """Whether `now` lies in one of `hours`; always, when there are none. On a holiday only those of `Hol` count."""
    if not hours:
        return True
    local = now.astimezone(JAPAN)
    minute = local.hour * 60 + local.minute
    return any(
        _day_kind(local.date() - timedelta(days=back), holidays) in one.days
        and one.start <= minute + back * _DAY_MINUTES < one.end
        for one in map(window, hours)
        for back in (0, 1)
    )


def _day_kind(day: date, holidays: Collection[date]) -> int:
    return HOLIDAY if day in holidays else day.weekday()


def on_duty(
    contacts: Sequence[Contact], absences: Iterable[Absence], now: datetime, holidays: Collection[date] = ()
) -> Duty:
    """Who is called at `now` for which role. Never nobody, where a role has contacts at all."""
    away = {one.contact for one in absences if one.from_at <= now < one.until_at}
    presence: dict[str, Presence] = {
        one.id: "away" if one.id in away else "here" if within(one.hours, holidays, now) else "off_hours"
        for one in contacts
    }
    called: dict[tuple[str, str], Called] = {}
    for contact in contacts:
        if presence[contact.id] == "here":
            _call(called, contact, contact, ())
        else:
            for deputy in _deputies(contact, contacts, presence):
                _call(called, deputy, contact, (contact.id,))
    attended = {one.role for one in called.values() if not one.shows_only}
    unattended = tuple(dict.fromkeys(one.role for one in contacts if one.role not in attended))
    for contact in contacts:
        if contact.role in unattended:
            _call(called, contact, contact, ())
    return Duty(tuple(called.values()), unattended, presence)


def refusal(noted: Absence, known: Collection[str], now: datetime) -> Problem | None:
    """Why an absence cannot be noted; None when it can."""
    if noted.contact not in known:
        return Problem(
            "contact",
            "",
            "この連絡先はありません。一覧から選んでください。",
            "no such contact. Choose one of the list.",
        )
    if noted.until_at <= max(now, noted.from_at):
        return Problem(
            "until", "", "これから先の、始まりより後の日時にしてください。", "must lie ahead, and after the beginning."
        )
    if noted.until_at - now > AWAY_MAX:
        return Problem(
            "until", "", f"{AWAY_MAX.days} 日より先にはできません。年を確かめてください。",
            f"must be within {AWAY_MAX.days} days. Check the year.",
        )  # fmt: skip
    return None


def _call(called: dict[tuple[str, str], Called], contact: Contact, place: Contact, stands_for: tuple[str, ...]) -> None:
    """Call `contact` in the role, and for the counters, of `place`: their own, or that of the one they stand in for."""
    near = tuple(place.near)
    known = called.get((contact.id, place.role))
    if known is None:
        known = Called(contact.id, place.role, contact.channel, contact.target, contact.shows_only, (), near)
    both = tuple(dict.fromkeys((*known.near, *near))) if known.near and near else ()
    called[contact.id, place.role] = replace(
        known, stands_for=tuple(dict.fromkeys((*known.stands_for, *stands_for))), near=both
    )


def _deputies(missing: Contact, contacts: Sequence[Contact], presence: dict[str, Presence]) -> list[Contact]:
    """Those who take the place of `missing`; for a deputy who is missing too, that one's deputies."""
    found: dict[str, Contact] = {}
    asked, waiting = {missing.id}, [missing.id]
    while waiting:
        absent = waiting.pop(0)
        for one in contacts:
            if absent not in one.deputy_for or one.id in asked:
                continue
            asked.add(one.id)
            if presence[one.id] == "here":
                found[one.id] = one
            else:
                waiting.append(one.id)
    return list(found.values())
