"""Drill mode: the hub begins it, it ends by itself, and only what the lamp calls a drill is one (decision 0016)."""

from datetime import timedelta
from typing import Final

from contract.messages import ClockState
from device.core.events import CommandArrived, Instant

DRILL_MS: Final = 5 * 60_000
"""How long a drill lasts for which the hub names no length."""

STALE: Final = timedelta(seconds=60)
"""A command to begin a drill that is older comes from a link that stood still: the drill was for another moment."""


class DrillMode:
    """Counts on the monotonic clock and is kept nowhere: a box that starts anew is in no drill."""

    def __init__(self) -> None:
        self._until_ms: int | None = None

    def begin(self, now: Instant, command: CommandArrived) -> None:
        """Obey a command to begin, or to last anew; one that is stale by two clocks that are right begins nothing."""
        if command.at is not None and now.clock is ClockState.SYNCED and now.wall - command.at > STALE:
            return
        self._until_ms = now.mono_ms + (command.minutes * 60_000 if command.minutes is not None else DRILL_MS)

    def end(self) -> None:
        """No drill any more."""
        self._until_ms = None

    def left_ms(self, now: Instant) -> int:
        """How long it still lasts; 0 outside a drill."""
        return 0 if self._until_ms is None else max(0, self._until_ms - now.mono_ms)

    def next_ms(self, now: Instant) -> int | None:
        """When it ends; None outside a drill."""
        return self._until_ms if self.left_ms(now) else None
