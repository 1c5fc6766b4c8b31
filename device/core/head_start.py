"""What waits until a call is on its way: its notice and its recording."""

from typing import Final

from device.core.effects import Effect

HEAD_START_MS: Final = 50
"""The call goes first: notice and recording begin when it is on its way, and after so long in any case.

The dump of the pre-roll keeps a processor busy for tens of ms. The ring holds everything meanwhile, so nothing is lost.
"""

ON_ITS_WAY_MS: Final = 12
"""For so long a call that is kept has the processor to itself: about the time to the hub and back on a quiet network.

Nothing is waited for: without a network the recording begins at the same moment.
"""


class HeadStart:
    """Effects that a call goes ahead of, on the monotonic clock (ms)."""

    def __init__(self) -> None:
        self._waiting: list[Effect] = []
        self._until_ms = 0

    def wait(self, effects: list[Effect], now_ms: int) -> None:
        """Let `effects` wait for the call that goes now."""
        self._waiting, self._until_ms = effects, now_ms + HEAD_START_MS

    def kept(self, now_ms: int) -> None:
        """The call is kept, so it leaves: they wait a moment more."""
        self._until_ms = min(self._until_ms, now_ms + ON_ITS_WAY_MS)

    def over(self, now_ms: int) -> list[Effect]:
        """What has waited long enough, once."""
        return self.take() if now_ms >= self._until_ms else []

    def take(self) -> list[Effect]:
        """What waits, once, without more waiting."""
        waited, self._waiting = self._waiting, []
        return waited

    @property
    def next_ms(self) -> int | None:
        """When the waiting is over; None when nothing waits."""
        return self._until_ms if self._waiting else None
