"""Whether the wall clock may be believed."""

import subprocess
import sys
import textwrap

import pytest

from contract.messages import ClockState
from device.adapters import clock_system
from device.adapters.clock_system import SystemClock, clock_state


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (0, ClockState.SYNCED),
        (1, ClockState.SYNCED),  # a leap second is announced: the clock is right
        (3, ClockState.SYNCED),
        (5, ClockState.UNSYNCED),  # TIME_ERROR, adjtimex(2)
        (-1, ClockState.UNSYNCED),  # the kernel may not be asked (a sandbox): never claimed to be right
    ],
)
def test_d22_the_clock_is_right_only_when_the_kernel_says_so(
    monkeypatch: pytest.MonkeyPatch, answer: int, state: ClockState
) -> None:
    monkeypatch.setattr(clock_system, "_adjtimex", lambda: answer)
    assert clock_state() is state
    assert SystemClock().now().clock is state


def test_d22_the_real_kernel_agrees_with_its_own_status_word() -> None:
    """`adjtimex` through Python's own eyes: the struct's status bit STA_UNSYNC (0x40) and the answer say the same."""
    script = textwrap.dedent(
        """
        import ctypes, struct
        libc = ctypes.CDLL(None)
        buffer = ctypes.create_string_buffer(512)
        answer = libc.adjtimex(buffer)
        # struct timex: modes(int, padded) offset freq maxerror esterror (long) status(int)
        status = struct.unpack_from("@iqqqqi", buffer.raw)[5]
        print(answer < 0 or bool(status & 0x40))
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    unsynced = done.stdout.strip() == "True"
    assert clock_state() is (ClockState.UNSYNCED if unsynced else ClockState.SYNCED)


def test_d23_durations_do_not_follow_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    before = clock.now()

    class Jumped(clock_system.datetime):  # type: ignore[name-defined,misc]
        @classmethod
        def now(cls, zone=None):  # type: ignore[no-untyped-def]
            return super().now(zone).replace(year=2030)

    monkeypatch.setattr(clock_system, "datetime", Jumped)
    after = clock.now()
    assert after.wall.year == 2030
    assert 0 <= after.mono_ms - before.mono_ms < 60_000
