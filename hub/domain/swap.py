"""Who could take over at the counter now (SHI-34): people on duty, by role, without those who decide on the spot. Pure.

Only whether somebody is there counts. Why somebody is away and how much they carried is nobody's business here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contract.profile import PolicyProfile
from hub.domain.course import Course
from hub.domain.duty import Contact, Duty
from hub.domain.nearness import nearby
from hub.domain.permissions import Role

MARK: Final = "staff_swapped"

TALK: Final = (Role.SUPERVISOR.value, Role.STAFF.value, Role.SECTION_HEAD.value)
"""Roles that talk with visitors about their matter, in the order in which they are asked: a superior first."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who is there. `stands_for`: the absent contacts whose place in `role` they take."""

    contact: str
    role: str
    stands_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """Who took over last, as it was written down; `taker` is None when only that it happened was said."""

    taker: str | None
    at: datetime


def deciders(profile: PolicyProfile) -> frozenset[str]:
    """The roles of the offices that decide on the spot, where the city keeps them away from the visitor."""
    if not profile.staffing.exclude_deciders:
        return frozenset()
    offices = (*profile.judgement.required_roles, *profile.ladder.stop.roles)
    return frozenset(profile.roles[office] for office in offices if office in profile.roles)


def candidates(profile: PolicyProfile, duty: Duty, contacts: Sequence[Contact], box: str) -> tuple[Candidate, ...]:
    """Who could take over at the counter of `box`, each once: by role, and who holds it before who stands in for it."""
    kept_away = deciders(profile)
    own = {one.id: one.role for one in contacts}
    found: dict[str, Candidate] = {}
    there = [one for one in nearby(duty.called, box) if duty.presence.get(one.id) == "here" and not one.shows_only]
    for role in TALK:
        for one in sorted(there, key=lambda one: bool(one.stands_for)):
            if one.role == role and not {role, own[one.id]} & kept_away:
                found.setdefault(one.id, Candidate(one.id, role, one.stands_for))
    return tuple(found.values())


def asked_by(profile: PolicyProfile, course: Course) -> tuple[str, ...]:
    """The acts for which the city wants a swap and nobody has taken over since."""
    return tuple(act for act in since(course) if act in profile.staffing.swap_types)


def since(course: Course) -> tuple[str, ...]:
    """The acts that people saw since the last swap, or at all: whoever took over can be the next to be hurt."""
    swapped = last(course)
    seen = [one.data.get("act") for one in course.marks("act") if swapped is None or one.at > swapped.at]
    return tuple(dict.fromkeys(act for act in seen if act))


def taken(course: Course) -> tuple[Taken, ...]:
    """Everybody who took over, one after the other."""
    return tuple(Taken(one.data.get("taker"), one.at) for one in course.marks(MARK))


def last(course: Course) -> Taken | None:
    """Who took over last."""
    swaps = taken(course)
    return swaps[-1] if swaps else None
