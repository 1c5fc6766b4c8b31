"""The melody of the self-test is found where it is, and nowhere else."""

import io
import math
import random
import wave
from array import array

import pytest

from device.tone import FOUND, LENGTH_MS, LEVEL, PITCHES_HZ, RATE_HZ, melody, score


def tune() -> "array[int]":
    with wave.open(io.BytesIO(melody())) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE_HZ)
        return array("h", file.readframes(file.getnframes()))


def noise(seconds: float, level: float, seed: int = 1) -> "array[int]":
    source = random.Random(seed)
    return array("h", (round(32767 * level * source.uniform(-1, 1)) for _ in range(round(seconds * RATE_HZ))))


def mixed(one: "array[int]", other: "array[int]", at_s: float, gain: float = 1.0) -> "array[int]":
    result = array("h", one)
    for n, value in enumerate(other):
        result[round(at_s * RATE_HZ) + n] = max(
            -32768, min(32767, result[round(at_s * RATE_HZ) + n] + round(value * gain))
        )
    return result


def test_it_is_soft_and_short() -> None:
    samples = tune()
    assert max(map(abs, samples)) / 32767 == pytest.approx(LEVEL, rel=0.02)
    assert len(samples) == RATE_HZ * LENGTH_MS // 1000


@pytest.mark.parametrize("gain", [1.0, 0.05])
@pytest.mark.parametrize("at_s", [0.0, 0.333, 1.2])
def test_it_is_found_anywhere_and_at_any_loudness(at_s: float, gain: float) -> None:
    assert score(mixed(array("h", bytes(2 * 2 * RATE_HZ)), tune(), at_s, gain)) > 0.75


def test_it_is_found_in_noise_as_loud_as_itself() -> None:
    assert score(mixed(noise(2, LEVEL), tune(), 0.7)) > FOUND


def test_silence_noise_and_a_whistle_are_not_it() -> None:
    steady = array(
        "h", (round(8_000 * math.sin(2 * math.pi * PITCHES_HZ[0] * n / RATE_HZ)) for n in range(2 * RATE_HZ))
    )
    assert score(array("h", bytes(2 * RATE_HZ))) == 0
    assert score(steady) < 0.05
    assert max(score(noise(2, 0.3, seed)) for seed in range(5)) < 0.05
    assert score(array("h")) == 0
