"""The clocks of a city's policy, read off a profile and what happened. They prompt; they never end anything.

Two clocks so far: `stalemate` (from the mark that talks are stuck) and `contact_cap` (the length of one contact).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from contract.profile import PolicyProfile

State = Literal["running", "lead", "due", "ended"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that people marked in an incident, as far as clocks look at it."""

    mark: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock as it stands. `source` is where the city's document says so."""

    name: str
    started_at: datetime
    minutes: int
    lead_minutes: int
    ended_at: datetime | None
    source: str

    @property
    def due_at(self) -> datetime:
        """When the profile asks for a decision."""
        return self.started_at + timedelta(minutes=self.minutes)

    def state(self, now: datetime) -> State:
        """`ended` once the contact is over, else how near the limit is."""
        if self.ended_at is not None:
            return "ended"
        if now >= self.due_at:
            return "due"
        return "lead" if now >= self.due_at - timedelta(minutes=self.lead_minutes) else "running"


def clocks(
    profile: PolicyProfile,
    contact_started_at: datetime | None,
    contact_ended_at: datetime | None,
    marks: Iterable[Mark],
) -> list[Clock]:
    """Every clock that has started, the one that is due first in front."""
    started = _started(profile, contact_started_at, tuple(marks))
    return sorted(
        (
            Clock(name, at, minutes, lead_minutes, contact_ended_at, profile.source.get(f"clock.{name}.minutes", ""))
            for name, at, minutes, lead_minutes in started
            if contact_ended_at is None or at <= contact_ended_at
        ),
        key=lambda clock: clock.due_at,
    )


def _started(
    profile: PolicyProfile, contact_started_at: datetime | None, marks: tuple[Mark, ...]
) -> Iterator[tuple[str, datetime, int, int]]:
    stalemate, cap = profile.clock.stalemate, profile.clock.contact_cap
    stuck_at = _stuck_since(marks)
    if stalemate and stuck_at:
        yield "stalemate", stuck_at, stalemate.minutes, stalemate.lead_minutes
    applies = cap is not None and (
        cap.applies == "one_explanation" or any(mark.mark == "repeat_long_hold" for mark in marks)
    )
    if cap and applies and contact_started_at:
        yield "contact_cap", contact_started_at, cap.minutes, min(5, cap.minutes - 1)


def _stuck_since(marks: tuple[Mark, ...]) -> datetime | None:
    """The first mark that talks are stuck which no later mark of progress took back."""
    moved_at = max((mark.at for mark in marks if mark.mark == "progress"), default=None)
    stuck = (mark.at for mark in marks if mark.mark == "stalemate" and (moved_at is None or mark.at > moved_at))
    return min(stuck, default=None)
