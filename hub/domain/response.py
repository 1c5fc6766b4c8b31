"""How soon people answer: shares within 10 s and 40 s, by level, drills apart (design, section 6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from contract.messages import Level
from hub.domain.incident import ALARMING, Outcome

MARKS_S: Final = (10, 40)
"""The seconds within which an answer counts."""

OVER: Final = timedelta(days=365)
"""The stretch that the figures look back over."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call and its answer. `raised_at` and the answers are the hub's times, so that no box's clock matters."""

    level: str
    drill: bool
    state: str
    outcome: str | None
    raised_at: datetime
    seen_at: datetime | None
    responding_at: datetime | None

    @property
    def answered_at(self) -> datetime | None:
        """When the answer came that the level needs: seen for an assist call, a named responder for an emergency."""
        if self.level == Level.EMERGENCY:
            return self.responding_at
        return min((moment for moment in (self.seen_at, self.responding_at) if moment is not None), default=None)


@dataclass(frozen=True, slots=True)
class Share:
    """`within` counts answers by seconds (`MARKS_S`). `calls` leaves out `running` ones, which may still be in time,
    and those that turned out to be pressed by mistake before anybody answered.
    """

    level: str
    drill: bool
    calls: int
    answered: int
    within: dict[int, int]
    median_s: float | None
    running: int
    mistaken: int

    def percent(self, seconds: int) -> int | None:
        """The share that was answered within `seconds`, rounded down: 99.6 must not read as all of them."""
        return None if self.calls == 0 else 100 * self.within[seconds] // self.calls


def shares(asked: Iterable[Asked], now: datetime) -> list[Share]:
    """A figure for each level, first the real calls, then the drills."""
    groups: dict[tuple[bool, str], list[Asked]] = {
        (drill, level): [] for drill in (False, True) for level in (Level.EMERGENCY.value, Level.ASSIST.value)
    }
    for one in asked:
        drill = one.drill or one.outcome == Outcome.DRILL
        if (drill, one.level) in groups:
            groups[drill, one.level].append(one)
    return [_share(level, drill, members, now) for (drill, level), members in groups.items()]


def _share(level: str, drill: bool, members: list[Asked], now: datetime) -> Share:
    times_s: list[float] = []
    running = mistaken = unanswered = 0
    for one in members:
        answered_at = one.answered_at
        if answered_at is not None:  # somebody on the way already when it was raised: at once
            times_s.append(max(0.0, (answered_at - one.raised_at).total_seconds()))
        elif one.outcome == Outcome.FALSE_PRESS:
            mistaken += 1
        elif one.state in ALARMING and (now - one.raised_at).total_seconds() < MARKS_S[-1]:
            running += 1
        else:
            unanswered += 1
    return Share(
        level=level,
        drill=drill,
        calls=len(times_s) + unanswered,
        answered=len(times_s),
        within={mark: sum(time_s <= mark for time_s in times_s) for mark in MARKS_S},
        median_s=_median(times_s),
        running=running,
        mistaken=mistaken,
    )


def _median(values: list[float]) -> float | None:
    ordered = sorted(values)
    middle = len(ordered) // 2
    if not ordered:
        return None
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
