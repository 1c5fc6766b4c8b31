"""Which unanswered calls the ladder must look at, and when. The engine's thread alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from contract.profile import Alert
from hub.domain import escalation
from hub.domain.escalation import Call

REMEMBERED_MAX: Final = 10_000
"""Calls that were answered, and may be asked again."""

LOOK_EVERY_S: Final = 1.0
"""The longest sleep: silent boxes must be shown in time, and a lost poke must not matter."""


@dataclass(slots=True)
class Watched:
    """A call that nobody has answered. Both moments on the monotonic clock, in seconds; `asked_s` see `Call`."""

    since_s: float
    look_s: float
    asked_s: float


class Calls:
    """The unanswered calls, and when the ladder has something new for each. One thread.

    In a storm there are thousands of them, so each is looked at only when its next stage or round has come.
    """

    def __init__(self, rules: Alert) -> None:
        self._rules = rules
        self._watched: dict[tuple[str, datetime], Watched] = {}
        self._answered: dict[tuple[str, datetime], None] = {}

    def ripe(
        self, rows: Sequence[Any], now: datetime, monotonic_s: float, climbed_s: Mapping[str, float]
    ) -> list[Call]:
        """Those of `rows` (all that are unanswered) that must be looked at now. The others are kept in mind.

        Only the time before this program's start is taken from the wall clock, and no ladder begins behind what it has
        climbed (`climbed_s`): after a power cut that clock may stand wrong, and people would hear nothing for long.
        """
        known, self._watched = self._watched, {}
        ripe = []
        for row in rows:
            key = (row.id, row.raised_at)
            watched = known.get(key)
            if watched is None:
                since_s = monotonic_s - max(climbed_s.get(row.id, 0.0), (now - row.raised_at).total_seconds())
                watched = Watched(since_s, monotonic_s, monotonic_s - since_s if key in self._answered else 0.0)
            self._watched[key] = watched
            if watched.look_s <= monotonic_s:
                age_s = monotonic_s - watched.since_s
                call = Call(
                    row.id, row.level, row.state, age_s, row.seen_at, row.responding_at, row.reach, row.box,
                    watched.asked_s,
                )  # fmt: skip
                wait_s = escalation.next_due_s(self._rules, call)
                watched.look_s = monotonic_s + (wait_s if wait_s is not None else LOOK_EVERY_S)
                ripe.append(call)
        self._answered |= dict.fromkeys(key for key in known if key not in self._watched)
        for oldest in list(self._answered)[:-REMEMBERED_MAX]:
            del self._answered[oldest]
        return ripe

    def look_again(self, monotonic_s: float) -> None:
        """What was asked for could not be written: ask for all of it anew."""
        for watched in self._watched.values():
            watched.look_s = monotonic_s

    def wait_s(self, monotonic_s: float) -> float:
        """Seconds until the next call is ripe."""
        return min((watched.look_s - monotonic_s for watched in self._watched.values()), default=LOOK_EVERY_S)
