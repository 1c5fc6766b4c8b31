"""The system's clocks."""

import ctypes
import time
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from contract.messages import ClockState
from device.core.events import Instant

_TIME_ERROR: Final = 5
"""What `adjtimex` returns while the kernel's clock is not synchronised (adjtimex(2))."""


class SystemClock:
    """Monotonic time for durations, wall time as a stamp. Safe from any thread."""

    def now(self) -> Instant:
        """The present moment."""
        return Instant(time.monotonic_ns() // 1_000_000, datetime.now(UTC), clock_state())


def clock_state() -> ClockState:
    """Whether the kernel says that the wall clock follows a time source.

    systemd-timesyncd, and chrony with `rtcsync` (Debian's default), tell the kernel; it takes the word back by itself
    when nothing was heard for hours. Where the kernel may not be asked, the clock does not count as right.
    """
    answer = _adjtimex()
    return ClockState.UNSYNCED if answer == _TIME_ERROR or answer < 0 else ClockState.SYNCED


_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def _adjtimex() -> int:
    buffer = ctypes.create_string_buffer(512)  # struct timex, zeroed: modes = 0 only reads
    return int(_LIBC.adjtimex(buffer))


def new_id() -> str:
    """A UUIDv7 (RFC 9562, 5.7): sortable by time, 74 random bits."""
    import secrets

    milliseconds = time.time_ns() // 1_000_000
    value = (
        (milliseconds & ((1 << 48) - 1)) << 80
        | 0x7 << 76
        | secrets.randbits(12) << 64
        | 0b10 << 62
        | secrets.randbits(62)
    )
    return str(UUID(int=value))
