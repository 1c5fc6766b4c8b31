"""What follows from a mark beside its entry: who must hear of it, and whether it lies outside the city's figures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contract.problems import Problem, one_of
from contract.profile import PolicyProfile, Slot
from hub.domain import ladder
from hub.domain.card import CARDS
from hub.domain.course import Course
from hub.domain.filming import filming
from hub.domain.notices import Why
from hub.domain.saying import Mark
from hub.domain.tasks import WATCHED

LATER: Final = (
    "act", "injury", "damage", "police_arrived", "recording_shown", "removal_wished", "may_return", "referred",
    "cautioned", "legal_step", "doctor_seen", "damage_reported", "accident_reported",
    "act_named",
)  # fmt: skip
"""What may become known, or be seen to, when the incident is closed. It stays closed, and nobody is called for it."""

_PERMITS: Final = ("building_manager",)
"""Who looks at a permit to film."""


@dataclass(frozen=True, slots=True)
class Notice:
    """People who must hear of this deed at once, by product role. `occasion`: 0: the mark's own."""

    why: Why
    roles: tuple[str, ...]
    occasion: int = 0


def slot_guideline(profile: PolicyProfile, course: Course) -> Slot | None:
    """The city's guideline for a slot, where it has one for such a talk: once that was marked, when it is not for any
    (SET-05: a person who keeps coming; SHI-08: a talk that will be long).
    """
    slot = profile.clock.slot
    return slot if slot is not None and (slot.applies == "any" or course.marked(slot.applies)) else None


def updates(said: Mark, at: datetime, asked_until: datetime | None) -> Mapping[str, datetime]:
    """The incident's columns that a mark moves: with a post it is asked for as long as that is looked for, however long
    ago its contact was (YUR-05, SET-20).
    """
    if said.mark != "act" or said.act != "online":
        return {}
    return {"promised_until": max(at + WATCHED, asked_until or at)}


def unusual(said: Mark, profile: PolicyProfile, course: Course) -> bool:
    """Whether an announced slot is shorter or longer than the city's guideline for this talk."""
    slot = slot_guideline(profile, course)
    if said.mark != "slot_announced" or said.minutes is None or slot is None:
        return False
    return not slot.min_minutes <= said.minutes <= slot.max_minutes


def problems(said: Mark) -> Iterator[Problem]:
    """What a mark lacks without which it says nothing."""
    if said.mark in ("act", "act_named") and said.act is None:
        yield Problem("act", "", "どの行為かを選んでください。", "say which act it is.")
    if said.mark == "said" and said.card not in CARDS:
        yield one_of("card", CARDS)
    if said.mark == "slot_announced" and said.minutes is None:
        yield Problem("minutes", "", "伝えた時間を分で書いてください。", "say how many minutes were told.")
    if said.mark == "head_count":
        for name, value in (("visitors", said.visitors), ("staff", said.staff)):
            if value is None:
                yield Problem(name, "", "人数を書いてください。", "say how many.")


def short_of_staff(profile: PolicyProfile, course: Course) -> bool:
    """Fewer staff, as counted last, than the city wants beside a visitor, or than there are visitors (SHI-32)."""
    counted = course.marks("head_count")
    if not counted:
        return False
    staff, visitors = (counted[-1].data.get(name, 0) for name in ("staff", "visitors"))
    return staff < profile.staffing.min or (bool(profile.staffing.match_visitors) and staff < visitors)


def notices(said: Mark, profile: PolicyProfile, course: Course, site_type: str) -> tuple[Notice, ...]:
    """Who must hear of a mark at once in such a building (SHI-16, SHI-20, SET-15). `course`: what came before it."""
    match said.mark:
        case "cease_refused":
            return (Notice(Why.CEASE_REFUSED, ladder.hear_of_refusal(profile, site_type)),)
        case "filming" | "permit_none" | "beyond_terms":
            return _of_filming(said, profile, course)
        case "act" if said.act == "filming":
            return _of_filming(said, profile, course)
        case "urgent":
            return (Notice(Why.URGENT, ("supervisor", "section_head", "building_manager", "general_affairs")),)
        case "act" if said.act in profile.guards.alert_types:
            return (Notice(Why.GUARDS, ("guard", "building_manager")),)
        case _:
            return ()


def _of_filming(said: Mark, profile: PolicyProfile, course: Course) -> tuple[Notice, ...]:
    """That somebody films is told to have the permit looked at; that there is none, or that they go beyond it, is told
    once more: now somebody may have to order it to stop (Shin 6 参考フロー).
    """
    if profile.visitor_recording.rule == "none":
        return ()
    if said.mark in ("permit_none", "beyond_terms"):  # once for each time that they were seen or showed a permit
        return (Notice(Why.UNPERMITTED, _PERMITS, 1 + len(course.marks("filming", "permit_shown"))),)
    if filming(profile, course) == "allowed":
        return ()
    again = 0 if said.mark == "filming" else 1  # the same filming, seen as an act, is told once
    return (Notice(Why.FILMING, _PERMITS, again),)
