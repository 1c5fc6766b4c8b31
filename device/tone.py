"""The self-test's soft melody, and finding it again in what the microphone heard. Pure Python: no numpy on a box.

Twelve short tones of two pitches. In each 10 ms of sound the power at either pitch is weighed against all of it, and
that course is correlated with the melody's: speech and noise are spread over many pitches and score near 0, a steady
whistle cancels out, the melody itself scores near 1, at any loudness.
"""

import io
import math
import wave
from array import array
from typing import Final

RATE_HZ: Final = 48_000
PITCHES_HZ: Final = (1_200.0, 1_700.0)
MELODY: Final = (1, -1, -1, 1, 1, -1, 1, -1, -1, -1, 1, 1)
"""The first pitch (1) or the second (-1), as often each."""
NOTE_MS: Final = 60
LENGTH_MS: Final = len(MELODY) * NOTE_MS
LEVEL: Final = 0.05
"""-26 dB of full scale: heard by who listens for it."""
FOUND: Final = 0.2
"""Scores above this are the melody (noise stays below 0.05, tests/device/test_tone.py)."""

_STEP_MS: Final = 10
_STEP: Final = RATE_HZ * _STEP_MS // 1000
_STEPS_A_NOTE: Final = NOTE_MS // _STEP_MS


def melody() -> bytes:
    """The melody as a mono 48 kHz 16-bit WAV."""
    note = RATE_HZ * NOTE_MS // 1000
    samples = array("h")
    for turn in MELODY:
        step = 2 * math.pi * PITCHES_HZ[0 if turn > 0 else 1] / RATE_HZ
        for n in range(note):
            swell = min(1.0, n / 240, (note - n) / 240)  # 5 ms: no click
            samples.append(round(32767 * LEVEL * swell * math.sin(step * n)))
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(RATE_HZ)
        written.writeframes(samples.tobytes())
    return file.getvalue()


def score(samples: "array[int]") -> float:
    """How well the melody is heard anywhere in `samples` (mono s16 at 48 kHz): near 0 not at all, near 1 alone."""
    course = [_weighed(samples[start : start + _STEP]) for start in range(0, len(samples) - _STEP + 1, _STEP)]
    pattern = [turn for turn in MELODY for _ in range(_STEPS_A_NOTE)]
    places = range(len(course) - len(pattern) + 1)
    fits = (sum(course[place + n] * turn for n, turn in enumerate(pattern)) for place in places)
    return max(0.0, *fits, 0.0) / len(pattern)


def _weighed(block: "array[int]") -> float:
    """Power at the first pitch less power at the second, as a share of all power: -1 to 1."""
    whole = math.hypot(*block)
    if whole < 1:
        return 0.0
    first, second = (_power(block, pitch) for pitch in PITCHES_HZ)
    return (first - second) / (whole * whole)


def _power(block: "array[int]", pitch_hz: float) -> float:
    """Goertzel's recurrence, scaled so that a pure tone gives the sum of its squares."""
    turn = 2 * math.cos(2 * math.pi * pitch_hz / RATE_HZ)
    older = newer = 0.0
    for sample in block:
        older, newer = newer, sample + turn * newer - older
    return (newer * newer + older * older - turn * newer * older) * 2 / len(block)
