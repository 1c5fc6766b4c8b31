"""A microphone in a simulated room."""

import threading
import time
from collections.abc import Iterator
from typing import Final

from device.ports import MicrophoneError
from device.simulated.crystal import Crystal
from device.simulated.room import SAMPLE_RATE_HZ, Room

_BLOCK_MS: Final = 20
_BLOCK_SAMPLES: Final = SAMPLE_RATE_HZ * _BLOCK_MS // 1000
_BEHIND_MS: Final = 200


class SimulatedMicrophone:
    """The `Microphone` port: blocks of 20 ms, each given when it is over. Times are CLOCK_MONOTONIC, as a callback
    of a sound card with `crystal` would see it.

    `vanish`, `mute` and `come_back` may be called from any thread, for tests and drills.
    """

    sample_rate_hz = SAMPLE_RATE_HZ

    def __init__(self, room: Room, crystal: Crystal | None = None) -> None:
        self._room = room
        self._crystal = crystal or Crystal()
        self._closed = threading.Event()
        self._vanished = threading.Event()
        self._muted = threading.Event()

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """The `Microphone` port.

        Raises:
            MicrophoneError: while it has vanished.
        """
        self._closed.clear()
        start_ms, count = time.monotonic_ns() // 1_000_000, 0
        while True:
            self._refuse_when_gone()
            over_ms = start_ms + self._crystal.true_ms(count + _BLOCK_SAMPLES)
            if self._closed.wait(max(0.0, over_ms / 1000 - time.monotonic())):
                return
            self._refuse_when_gone()
            heard = self._room.hear(round(start_ms + self._crystal.true_ms(count)), _BLOCK_SAMPLES)
            stamp_ms = start_ms + self._crystal.stamp_ms(count)
            yield stamp_ms, bytes(len(heard)) if self._muted.is_set() else heard
            count += _BLOCK_SAMPLES
            now_ms = time.monotonic_ns() // 1_000_000
            if now_ms - over_ms > _BEHIND_MS:
                start_ms, count = now_ms, 0  # the reader slept: a sound card would have lost this too

    def close(self) -> None:
        """The `Microphone` port."""
        self._closed.set()

    def vanish(self) -> None:
        """As if it were pulled out: `blocks` fails until `come_back`."""
        self._vanished.set()

    def mute(self) -> None:
        """As if its switch were off: zeros come, and no error."""
        self._muted.set()

    def come_back(self) -> None:
        """All is well again."""
        self._vanished.clear()
        self._muted.clear()

    def _refuse_when_gone(self) -> None:
        if self._vanished.is_set():
            raise MicrophoneError("模擬マイクが外れています / the simulated microphone is unplugged")
