"""A speaker in a simulated room."""

import io
import sys
import threading
import time
import wave
from array import array
from collections.abc import Callable
from typing import Final

from device.ports import SpeakerError
from device.simulated.room import SAMPLE_RATE_HZ, Room

_LATENCY_MS: Final = 20


class SimulatedSpeaker:
    """The `Speaker` port: what it plays is heard in the room and takes as long as it takes.

    `fail` and `come_back` may be called from any thread, for tests and drills. `close` interrupts for good.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._closed = threading.Event()
        self._failing = threading.Event()

    def play(self, wav: bytes, started: Callable[[int], None]) -> int:
        """The `Speaker` port.

        Raises:
            SpeakerError: told to fail, interrupted, or not a mono 48 kHz 16-bit WAV.
        """
        samples = _samples(wav)
        if self._failing.is_set() or self._closed.is_set():
            raise SpeakerError("模擬スピーカーが鳴りません / the simulated speaker does not work")
        at_ms = time.monotonic_ns() // 1_000_000 + _LATENCY_MS
        duration_ms = len(samples) * 1000 // SAMPLE_RATE_HZ
        self._room.play(samples, at_ms)
        started(at_ms)
        if self._closed.wait((at_ms + duration_ms) / 1000 - time.monotonic()):
            self._room.hush(time.monotonic_ns() // 1_000_000)
            raise SpeakerError("再生が中断されました / playing was interrupted")
        return duration_ms

    def close(self) -> None:
        """Interrupt what is played; nothing is played after this. Safe from any thread, safe to call twice."""
        self._closed.set()

    def fail(self) -> None:
        """`play` fails until `come_back`."""
        self._failing.set()

    def come_back(self) -> None:
        """It works again."""
        self._failing.clear()


def _samples(wav: bytes) -> "array[int]":
    try:
        with wave.open(io.BytesIO(wav)) as file:
            shape = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            content = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise SpeakerError(f"WAV ではありません / not a WAV file: {error}") from error
    if shape != (1, 2, SAMPLE_RATE_HZ):
        raise SpeakerError("48 kHz・モノラル・16 ビットの WAV が要ります / a mono 48 kHz 16-bit WAV is needed")
    samples = array("h", content)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples
