"""The shipped announcements: level, length, margins, form, start tone."""

import io
import math
import wave

import pytest

from device.core.effects import Cue
from device.notices import KINDS, LANGUAGES, notice, shipped

SECONDS = {"notice": (8, 12), "reminder": (2.5, 6), "time_limit": (3, 6)}
FIRST_TONE_HZ = {"notice": 659.26, "reminder": 523.25, "time_limit": 523.25}


def samples_of(wav: bytes) -> "memoryview[int]":
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 48_000)
        return memoryview(file.readframes(file.getnframes())).cast("h")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_an_announcement_is_loud_whole_and_in_the_right_form(kind: str, language: str) -> None:
    samples = samples_of(shipped(kind, language))
    shortest_s, longest_s = SECONDS[kind]
    assert shortest_s < len(samples) / 48_000 < longest_s
    assert 20 * math.log10(max(map(abs, samples)) / 32767) == pytest.approx(-3, abs=0.01)
    assert 10 * math.log10(sum(value * value for value in samples) / len(samples) / 32767**2) > -22
    loud = [number for number, value in enumerate(samples) if abs(value) > 327]
    assert 0.1 < loud[0] / 48_000 < 0.3
    assert 0.1 < (len(samples) - loud[-1]) / 48_000 < 0.3


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_start_tone_comes_before_the_words(kind: str, language: str) -> None:
    samples = samples_of(shipped(kind, language))
    tone = samples[round(0.16 * 48_000) : round(0.46 * 48_000)]
    power = sum(value * value for value in tone)
    at_pitch = strength(tone, FIRST_TONE_HZ[kind])
    assert at_pitch / power > 0.6  # a pure tone of falling level and its octave, no voice
    assert max(map(abs, tone)) / 32767 == pytest.approx(0.5 * 10 ** (-3 / 20), rel=0.2)


def strength(samples: "memoryview[int]", hertz: float) -> float:
    """How much of the power of `samples` lies at `hertz`, in the unit of their summed squares."""
    step = 2 * math.pi * hertz / 48_000
    real = sum(value * math.cos(step * n) for n, value in enumerate(samples))
    imaginary = sum(value * math.sin(step * n) for n, value in enumerate(samples))
    return 2 * (real * real + imaginary * imaginary) / len(samples)


def test_every_cue_of_the_core_has_words() -> None:
    assert {cue.value for cue in Cue} | {"notice"} == set(KINDS)


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="ja, en"):
        notice("../etc")
