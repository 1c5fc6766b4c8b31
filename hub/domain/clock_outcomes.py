"""What became of the limits that ran in a contact, for figures: over in time, or reached and what was decided. Pure.

A limit counts as reached when the hub said so, or when the contact, as its times were told, lasted beyond it: who
writes a contact down afterwards is prompted by nothing. The latter is worked out by today's rules.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from contract.profile import PolicyProfile
from hub.domain.course import Course
from hub.domain.incident import Entry
from hub.domain.ladder import answered
from hub.domain.policy_clock import CUED, clocks

BEFORE: Final = "before"
"""The talk, or what the clock counts, was over before the limit."""

REACHED: Final = "due"
ADJUSTED: Final = "adjusted"

UNTOLD_CLOCKS: Final = (BEFORE, ADJUSTED)
"""What the council is not told."""
"""People set another limit for this case, at whatever time."""

AFTER: Final = ("stop", "go_on", "anew", "undecided", "waiting")
"""What followed a limit that was reached; these add up to `REACHED`. `anew`: another limit was set then. `waiting`: the
contact goes on and nobody has decided yet.
"""

_TAKES_BACK: Final = ("progress", "demand_dropped")


def outcomes(profile: PolicyProfile, course: Course) -> frozenset[str]:
    """`clock:outcome` of every limit of the contact that is over or was reached, each once."""
    return frozenset(_outcomes(profile, course))


def _outcomes(profile: PolicyProfile, course: Course) -> Iterator[str]:
    reached, ended = _reached(course), set()
    for clock in clocks(profile, course):
        if clock.name not in CUED:
            continue
        if clock.ended_at is not None and clock.ended_at >= clock.due_at:
            reached[clock.name] = min(clock.due_at, reached.get(clock.name, clock.due_at))
        elif clock.ended_at is not None:
            ended.add(clock.name)
    ended |= _taken_back(profile, course)
    for name, due_at in reached.items():
        yield f"{name}:{REACHED}"
        yield f"{name}:{_after(course, name, due_at)}"
    for name in ended - set(reached):
        yield f"{name}:{BEFORE}"
    for one in course.decisions("limit"):
        yield f"{one.data.get('clock')}:{ADJUSTED}"


def _reached(course: Course) -> dict[str, datetime]:
    """When the hub first said that a limit was reached."""
    found: dict[str, datetime] = {}
    for one in course.of_kind(Entry.CLOCK_DUE):
        if one.data.get("clock") in CUED:
            found.setdefault(one.data["clock"], one.at)
    return found


def _taken_back(profile: PolicyProfile, course: Course) -> set[str]:
    """Clocks that no longer run because the talk moved on, or the demand was dropped."""
    if not course.marks(*_TAKES_BACK):
        return set()
    marked = replace(course, entries=tuple(one for one in course.entries if one.data.get("mark") not in _TAKES_BACK))
    return {one.name for one in clocks(profile, marked)} - {one.name for one in clocks(profile, course)}


def _after(course: Course, name: str, due_at: datetime) -> str:
    decided = course.decisions("stop")
    if decided and answered(course, due_at):
        return str(decided[-1].data.get("outcome"))
    if any(one.at >= due_at and one.data.get("clock") == name for one in course.decisions("limit")):
        return "anew"
    return "waiting" if course.ended_at is None else "undecided"
