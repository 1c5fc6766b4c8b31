"""The room between the simulated speaker and the simulated microphone: what is played is heard, in real time."""

import math
import random
import threading
from array import array
from typing import Final

SAMPLE_RATE_HZ: Final = 48_000
_LOOP_S: Final = 2
_NOISE: Final = 40
"""Peak of the air conditioning, of 32767."""
_VOICES_HZ: Final = (130, 210)
_VOICE: Final = 500
_HALF: Final = 1
"""How far sound is shifted down on its way from speaker to microphone: one bit, half as loud."""


class Room:
    """Noise, a soft murmur of two voices, and whatever is played. Times are monotonic ms. Safe from any thread."""

    def __init__(self, murmur: bool = True) -> None:
        self._loop = _loop(murmur)
        self._lock = threading.Lock()
        self._playing: list[tuple[int, array[int]]] = []

    def play(self, samples: "array[int]", at_ms: int) -> None:
        """Let `samples` (s16, 48 kHz, mono) be heard from `at_ms` on. They must not change afterwards."""
        # Nothing is computed here: halving ten seconds at once held the interpreter for 60 ms, at each press.
        with self._lock:
            self._playing.append((at_ms * SAMPLE_RATE_HZ // 1000, samples))

    def hush(self, at_ms: int) -> None:
        """Whatever is played ends at `at_ms`."""
        end = at_ms * SAMPLE_RATE_HZ // 1000
        with self._lock:
            self._playing = [(start, samples[: max(0, end - start)]) for start, samples in self._playing]

    def hear(self, at_ms: int, samples: int) -> bytes:
        """`samples` of s16le sound from `at_ms` on. Sound that ended a second before is forgotten."""
        first = at_ms * SAMPLE_RATE_HZ // 1000
        offset = first % (len(self._loop) - samples)
        heard = self._loop[offset : offset + samples]
        with self._lock:
            self._playing = [played for played in self._playing if played[0] + len(played[1]) > first - SAMPLE_RATE_HZ]
            playing = list(self._playing)
        for start, sound in playing:
            low, high = max(0, start - first), min(samples, start + len(sound) - first)
            if low < high:
                there = sound[first + low - start : first + high - start]
                heard[low:high] = _mixed(heard[low:high], there)
        return heard.tobytes()


def _mixed(here: "array[int]", there: "array[int]") -> "array[int]":
    sums = [own + (other >> _HALF) for own, other in zip(here, there, strict=True)]
    if max(sums) > 32767 or min(sums) < -32768:
        sums = [max(-32768, min(32767, value)) for value in sums]
    return array("h", sums)


def _loop(murmur: bool) -> "array[int]":
    """Two seconds that join end to start without a click, computed once: the microphone then only copies."""
    noise = random.Random(7)  # noqa: S311 - hiss, not a secret
    length = _LOOP_S * SAMPLE_RATE_HZ
    sound = array("h", (noise.randint(-_NOISE, _NOISE) for _ in range(length)))
    if not murmur:
        return sound
    for turn, hertz in enumerate(_VOICES_HZ):
        for index in range(length):
            seconds = index / SAMPLE_RATE_HZ
            # Each voice swells for half of the loop, then listens; four syllables a second.
            swell = max(0.0, math.sin(math.pi * (seconds + turn * _LOOP_S / 2))) * abs(math.sin(4 * math.pi * seconds))
            sound[index] += int(_VOICE * swell * math.sin(2 * math.pi * hertz * seconds))
    return sound
