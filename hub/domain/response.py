"""How soon people answer: shares within 10 s and 40 s, by level, drills apart (design, section 6).

The one rule of it, for the page of alerts (the last twelve months) and for the council's figures (any period).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from contract.messages import Level
from hub.domain.incident import ALARMING, Outcome

MARKS_S: Final = (10, 40)
"""The seconds within which an answer counts."""

OVER: Final = timedelta(days=365)
"""The stretch that the page of alerts looks back over."""

LEVELS: Final = (Level.EMERGENCY.value, Level.ASSIST.value)
"""The levels that a share is told for."""

Standing = Literal["answered", "unanswered", "running", "mistaken"]
"""How a call counts. `running` ones may still be in time, and `mistaken` were found to be pressed by mistake before
anybody answered: neither is a call of the share.
"""


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

    @property
    def drilled(self) -> bool:
        """Whether it was a drill, or turned out to be one."""
        return self.drill or self.outcome == Outcome.DRILL

    @property
    def waited_s(self) -> float | None:
        """How long until the answer; None without one. With somebody on the way already when it was raised: 0."""
        answered_at = self.answered_at
        return None if answered_at is None else max(0.0, (answered_at - self.raised_at).total_seconds())

    def standing(self, now: datetime) -> Standing:
        """How it counts."""
        if self.answered_at is not None:
            return "answered"
        if self.outcome == Outcome.FALSE_PRESS:
            return "mistaken"
        running = self.state in ALARMING and (now - self.raised_at).total_seconds() < MARKS_S[-1]
        return "running" if running else "unanswered"


@dataclass(frozen=True, slots=True)
class Share:
    """`within` counts answers by seconds (`MARKS_S`). `calls`: those that are answered or should have been by now."""

    level: str
    drill: bool
    calls: int
    answered: int
    within: dict[int, int]
    median_s: float | None
    running: int
    mistaken: int

    def percent(self, seconds: int) -> int | None:
        """The share that was answered within `seconds`."""
        return percent(self.within[seconds], self.calls)


def percent(part: int, whole: int) -> int | None:
    """`part` of `whole`, rounded down: 99.6 must not read as all of them. None of nothing."""
    return None if whole == 0 else 100 * part // whole


def shares(asked: Iterable[Asked], now: datetime) -> list[Share]:
    """A figure for each level, first the real calls, then the drills."""
    groups: dict[tuple[bool, str], list[Asked]] = {(drill, level): [] for drill in (False, True) for level in LEVELS}
    for one in asked:
        if (one.drilled, one.level) in groups:
            groups[one.drilled, one.level].append(one)
    return [_share(level, drill, members, now) for (drill, level), members in groups.items()]


def _share(level: str, drill: bool, members: list[Asked], now: datetime) -> Share:
    standings = Counter(one.standing(now) for one in members)
    times_s = [waited_s for one in members if (waited_s := one.waited_s) is not None]
    return Share(
        level=level,
        drill=drill,
        calls=standings["answered"] + standings["unanswered"],
        answered=len(times_s),
        within={mark: sum(time_s <= mark for time_s in times_s) for mark in MARKS_S},
        median_s=_median(times_s),
        running=standings["running"],
        mistaken=standings["mistaken"],
    )


def _median(values: list[float]) -> float | None:
    ordered = sorted(values)
    middle = len(ordered) // 2
    if not ordered:
        return None
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
