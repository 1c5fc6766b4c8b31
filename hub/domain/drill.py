"""Drills: who hears of one, when it ends by itself, and how it turns into a call in earnest (decision 0016). Pure.

A drill is no contact with a visitor. That is why a clock may end it, and it is the only thing that a clock may end: the
clocks of the policy end and change nothing (SHI-06).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from hub.domain.incident import Entry, Outcome, State

MINUTES: Final = (5, 10, 15, 30, 60)
"""The lengths that the page offers (our choice; no document names any)."""

DEFAULT_MINUTES: Final = 15

PRACTICE: Final = timedelta(hours=1)
"""How long after its press the incident of a practice ends that nobody has ended."""

ALONE: Final = timedelta(minutes=DEFAULT_MINUTES)
"""How long after its press a drill ends that belongs to no drill that somebody began here."""

STILL_REAL: Final = timedelta(hours=1)
"""So long after its end a drill can still be called real: somebody may have seen too late what happens."""


class Reach(StrEnum):
    """Whom a drill reaches. Nobody outside may be alarmed by one that was not told of it (decision 0016)."""

    FIRST = "first"
    """Those who are called at once by an assist call; the ladder is not climbed further."""
    EVERYBODY = "everybody"
    """The whole ladder, as in earnest."""
    NOBODY = "nobody"
    """Only the pages of the hub."""


class Ended(StrEnum):
    """Why a drill is over."""

    TIME = "time"
    PERSON = "person"
    REAL = "real"
    RESTART = "restart"
    """The box started anew, or never heard of it: it is in no drill."""


HEARD_WITHIN: Final = timedelta(seconds=60)
"""A box that has not said within this time that it is in a drill is in none."""


@dataclass(frozen=True, slots=True)
class Held:
    """A drill that somebody began at a box and that is not over."""

    id: str
    reach: str
    ends_at: datetime


def columns(drill: bool, held: Held | None, practice: bool, now: datetime) -> dict[str, Any]:
    """What an incident's row says of whom it reaches and when it ends; nothing for a call in earnest."""
    if not drill:
        return {"reach": None, "drill_ends_at": None}
    if practice:
        return {"reach": Reach.NOBODY.value, "drill_ends_at": now + PRACTICE}
    if held is not None and held.ends_at > now:
        return {"reach": held.reach, "drill_ends_at": held.ends_at}
    return {"reach": Reach.FIRST.value, "drill_ends_at": now + ALONE}


def ending(
    started_at: datetime, ends_at: datetime, confirmed: bool, real_at: datetime | None, now: datetime
) -> Ended | None:
    """Why a drill that was begun at `started_at` is over; None while it goes on.

    `real_at`: when a call in earnest came from its box since.
    """
    if real_at is not None and real_at >= started_at:
        return Ended.REAL
    if now >= ends_at:
        return Ended.TIME
    if not confirmed and now - started_at > HEARD_WITHIN:
        return Ended.RESTART
    return None


def closing(now: datetime, why: Ended = Ended.TIME) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """The columns of an incident that ends as a drill, the kind of its entry, and what stands beside it."""
    updates = {
        "state": State.CLOSED.value,
        "closed_at": now,
        "outcome": Outcome.DRILL.value,
        "changed_at": now,
        "drill_ends_at": None,
    }
    return updates, Entry.DRILL_ENDED.value, {"outcome": Outcome.DRILL.value, "why": why.value}


def can_turn_real(drill: bool, closed_at: datetime | None, now: datetime) -> bool:
    """Whether people can still say of this incident that it is none."""
    return drill and (closed_at is None or now - closed_at <= STILL_REAL)
