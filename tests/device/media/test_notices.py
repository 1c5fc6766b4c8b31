"""The spoken notices, by measure: level, length, margins, format."""

import io
import math
import wave

import pytest

from device.notices import LANGUAGES, notice


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notice_is_loud_whole_and_in_the_right_form(language: str) -> None:
    with wave.open(io.BytesIO(notice(language))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 48_000)
        samples = memoryview(file.readframes(file.getnframes())).cast("h")
    seconds = len(samples) / 48_000
    assert 8 < seconds < 12
    assert 20 * math.log10(max(map(abs, samples)) / 32767) == pytest.approx(-3, abs=0.01)
    assert 10 * math.log10(sum(value * value for value in samples) / len(samples) / 32767**2) > -22
    loud = [number for number, value in enumerate(samples) if abs(value) > 327]
    assert 0.1 < loud[0] / 48_000 < 0.3
    assert 0.1 < (len(samples) - loud[-1]) / 48_000 < 0.3


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="ja, en"):
        notice("../etc")
