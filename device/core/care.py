"""Self-care on a calendar: the daily self-test, and the weekly press by a person. Says when either is due or overdue.

How long ago something was is counted on the monotonic clock; the wall clock only tells how long the box was off, and
only when it was right before and after. So a jump of the clock neither hides an overdue press nor invents one (D23).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from contract.messages import ClockState
from device.core.events import FaultGone, FaultSeen, Instant, SelftestDue

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS

SETTLED_MS: Final = 60_000
"""So long after the start camera and microphone may still be coming up: no self-test yet."""
APART_MS: Final = 12 * HOUR_MS
"""Two daily self-tests are never closer, whatever the clock says."""
AGAIN_MS: Final = 10 * 60_000
"""One that gave no answer (an alarm came in between) is asked for again."""
OVERDUE_MS: Final = 2 * DAY_MS
OFF_MAX_MS: Final = 365 * DAY_MS

PRESS_OVERDUE: Final = "press_overdue"
SELFTEST_OVERDUE: Final = "selftest_overdue"

CareNews = SelftestDue | FaultSeen | FaultGone


@dataclass(frozen=True, slots=True)
class CareRules:
    """From `[care]` of the settings."""

    selftest_minute: int
    """Minute of the local day."""
    press_every_ms: int | None
    """None where nobody presses: a beacon."""


@dataclass(frozen=True, slots=True)
class CareRecord:
    """What has to outlive a restart. `*_ago_ms` are true at `at`."""

    at: datetime
    clock: ClockState
    pressed_at: datetime | None = None
    press_ago_ms: int = 0
    """Since the last press; since the first start when there was none."""
    selftest_at: datetime | None = None
    selftest_ok: bool | None = None
    selftest_ago_ms: int = 0


class Care:
    """Keeps count. `record` is from before the restart, or None at the very first start."""

    def __init__(self, rules: CareRules, record: CareRecord | None, now: Instant) -> None:
        self._rules = rules
        self._from = record or CareRecord(at=now.wall, clock=now.clock)
        self._start_ms = now.mono_ms
        self._before = record
        self._born_ms = now.mono_ms
        self._pressed_here = self._tested_here = False
        self._asked_ms: int | None = None
        self._overdue: set[str] = set()

    def pressed(self, now: Instant) -> None:
        """A person pressed a button, in a drill or in earnest."""
        self._from = replace(self.record(now), pressed_at=now.wall, press_ago_ms=0)
        self._start_ms, self._pressed_here = now.mono_ms, True

    def selftested(self, now: Instant, ok: bool) -> None:
        """A self-test ended."""
        self._from = replace(self.record(now), selftest_at=now.wall, selftest_ok=ok, selftest_ago_ms=0)
        self._start_ms, self._tested_here = now.mono_ms, True

    def record(self, now: Instant) -> CareRecord:
        """As it stands now, to be kept."""
        self._count_off(now)
        passed_ms = now.mono_ms - self._start_ms
        return replace(
            self._from,
            at=now.wall,
            clock=now.clock,
            press_ago_ms=self._from.press_ago_ms + passed_ms,
            selftest_ago_ms=self._from.selftest_ago_ms + passed_ms,
        )

    def look(self, now: Instant, local_minute: int, up_ms: int) -> list[CareNews]:
        """What is due or overdue. `local_minute` is the minute of the local day, `up_ms` how long the box runs."""
        stands = self.record(now)
        news: list[CareNews] = []
        if up_ms >= SETTLED_MS and self._is_due(stands, now, local_minute):
            self._asked_ms = now.mono_ms
            news.append(SelftestDue())
        # A box that was off over a long weekend first gets the time to test itself.
        tests_late = stands.selftest_ago_ms > OVERDUE_MS and up_ms > AGAIN_MS
        news += self._fault(SELFTEST_OVERDUE, tests_late, stands.selftest_ago_ms, _SELFTEST_WORDS)
        every_ms = self._rules.press_every_ms
        press_late = every_ms is not None and stands.press_ago_ms > every_ms
        news += self._fault(PRESS_OVERDUE, press_late, stands.press_ago_ms, _PRESS_WORDS)
        return news

    def _is_due(self, stands: CareRecord, now: Instant, local_minute: int) -> bool:
        """Today's time has passed, and the last test was before it."""
        if self._asked_ms is not None and now.mono_ms - self._asked_ms < AGAIN_MS:
            return False
        since_planned_ms = (local_minute - self._rules.selftest_minute) % 1440 * 60_000
        return stands.selftest_ago_ms > max(APART_MS, since_planned_ms)

    def _fault(self, fault: str, late: bool, ago_ms: int, words: str) -> list[CareNews]:
        if late == (fault in self._overdue):
            return []
        if late:
            self._overdue.add(fault)
            return [FaultSeen(fault, words.format(days=ago_ms // DAY_MS))]
        self._overdue.discard(fault)
        return [FaultGone(fault)]

    def _count_off(self, now: Instant) -> None:
        """Add the time for which the box was off, once it can be known. What happened since then has no such time."""
        if self._before is None or now.clock is ClockState.UNSYNCED:
            return
        before, self._before = self._before, None
        if before.clock is ClockState.UNSYNCED:
            return  # nobody knows when that was: better late by a night than a false alarm
        since_ms = int((now.wall - before.at).total_seconds() * 1000) - (now.mono_ms - self._born_ms)
        off_ms = min(max(0, since_ms), OFF_MAX_MS)
        self._from = replace(
            self._from,
            press_ago_ms=self._from.press_ago_ms + (0 if self._pressed_here else off_ms),
            selftest_ago_ms=self._from.selftest_ago_ms + (0 if self._tested_here else off_ms),
        )


_PRESS_WORDS: Final = (
    "{days} 日間、誰もボタンを押していません。訓練としてボタンを押し、担当者に届くことを確かめてください。 / "
    "nobody has pressed for {days} days. Press as a drill and see that people are called."
)
_SELFTEST_WORDS: Final = (
    "{days} 日間、自己診断が終わっていません。madomori-box selftest を行ってください。 / "
    "no self-test has ended for {days} days. Run madomori-box selftest."
)
