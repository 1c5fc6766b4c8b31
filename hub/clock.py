"""The clocks, read only at the edges of the program; inner functions get `now` as an argument."""

import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")

JUMP_S: Final = 2.0
"""A wall clock that moves by more than this against the monotonic clock has been set."""


def now_utc() -> datetime:
    """The wall clock. Any thread."""
    return datetime.now(UTC)


def boot_id() -> str:
    """Names the machine's boot: CLOCK_MONOTONIC of all programs counts from one moment as long as it is the same."""
    try:
        return _BOOT.read_text("ascii").strip()[:36]
    except OSError:
        return str(uuid.uuid4())  # unknown: what an earlier program counted is not relied on


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
