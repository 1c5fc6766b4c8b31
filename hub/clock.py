"""The clocks, read only at the edges of the program; inner functions get `now` as an argument."""

import time
from datetime import UTC, datetime
from typing import Final

JUMP_S: Final = 2.0
"""A wall clock that moves by more than this against the monotonic clock has been set."""


def now_utc() -> datetime:
    """The wall clock. Any thread."""
    return datetime.now(UTC)


class JumpWatch:
    """Notices that somebody set the wall clock. One thread."""

    def __init__(self) -> None:
        self._offset_s = time.time() - time.monotonic()

    def jump_s(self) -> float:
        """By how many seconds the wall clock was moved since the last call; 0 when by less than `JUMP_S`."""
        offset_s = time.time() - time.monotonic()
        moved_s = offset_s - self._offset_s
        self._offset_s = offset_s
        return moved_s if abs(moved_s) > JUMP_S else 0.0
