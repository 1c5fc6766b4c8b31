"""Which offices a city wants told, by cause, and which of them were told (SET-16). Pure.

What happened points at a cause; that a case is hard or concerns others is for people to see.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contract.profile import PolicyProfile
from hub.domain import promise
from hub.domain.course import Course
from hub.domain.incident import Entry

_STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "leave_order": ("leave", "ask_leave"),
    "police": ("police",),
    "legal": ("legal",),
}
_POST_STEPS: Final = {"police": "police", "legal": "lawyer"}
"""What is done about a post, by the cause that it is (SET-16)."""

_MARKS: Final[Mapping[str, tuple[str, ...]]] = {
    "police": ("police_called", "police_arrived"),
    "legal": ("legal_step",),
}


@dataclass(frozen=True, slots=True)
class Route:
    """The offices for one cause, each with when it was told. `flagged`: the cause was written down in this incident."""

    cause: str
    told: Mapping[str, datetime | None]
    flagged: bool


def routes(profile: PolicyProfile, course: Course) -> tuple[Route, ...]:
    """Every cause that the city names offices for, those that were flagged first."""
    told = {plain(office): at for office, at in turned_to(profile, course)}
    found = (
        Route(cause, {office: told.get(plain(office)) for office in offices}, _flagged(cause, course))
        for cause, offices in profile.routing.items()
        if offices
    )
    return tuple(sorted(found, key=lambda route: not route.flagged))


def turned_to(profile: PolicyProfile, course: Course) -> Iterator[tuple[str, datetime]]:
    """Every office that people turned to, and when; "" where nobody wrote which (SAP-05).

    A consultation that was held is one. A report is one where the city's rules name its office as one to turn to, as
    Sapporo's consultation desk, which has no other form.
    """
    for one in course.marks("referred"):
        yield one.data.get("unit") or "", one.at
    held = {one.data.get("task"): one.at for one in course.of_kind(Entry.TASK_DONE)}
    for one in course.of_kind(Entry.PROMISED):
        if one.data.get("what") == "consult" and one.data.get("task") in held:
            yield one.data.get("unit") or "", held[one.data["task"]]
    desks = {plain(office) for offices in profile.routing.values() for office in offices}
    for one in course.of_kind(Entry.REPORTED):
        yield from ((office, one.at) for office in one.data.get("to", ()) if plain(office) in desks)


def _flagged(cause: str, course: Course) -> bool:
    posted = any(one.data.get("step") == _POST_STEPS.get(cause) for one in course.of_kind(Entry.POST_STEP))
    return bool(posted or course.times(*_STEPS.get(cause, ())) or course.marks(*_MARKS.get(cause, ())))


def known(profile: PolicyProfile, units: Iterable[str]) -> Mapping[str, str]:
    """Every office that the city's rules name, and its `units`, by `plain`: a referral is counted under these names."""
    named = [*profile.roles, *profile.report.to, *promise.CONSULTED, *units]
    return {plain(one): one for one in (*named, *(one for to in profile.routing.values() for one in to))}


def plain(office: str) -> str:
    """Written on two keyboards it is still the same office."""
    return "".join(unicodedata.normalize("NFKC", office).split())
