"""The real sound adapters on real PortAudio: the notice goes out of the speaker and comes in at the microphone."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from device.notices import notice

pytestmark = pytest.mark.media

ROOT = Path(__file__).resolve().parents[3]
COARSE = 12
"""The place is found at 4 kHz, the height around it at the full rate: plain Python is enough then."""


def child(what: str, environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("loop_child.py")), what],
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def coarse(samples: Sequence[int]) -> list[float]:
    return [sum(samples[n : n + COARSE]) / COARSE for n in range(0, len(samples) - COARSE, COARSE)]


def correlation(played: Sequence[int], heard: Sequence[int]) -> tuple[float, int]:
    """(highest normalised cross-correlation of half a second of `played` within `heard`, lag in samples)."""
    first, length = 2 * 48_000, 24_000
    pattern = played[first : first + length]
    rough_pattern, field = coarse(pattern), coarse(heard)
    comb = range(0, len(rough_pattern), 3)
    rough = max(
        range(len(field) - len(rough_pattern)), key=lambda lag: sum(rough_pattern[n] * field[lag + n] for n in comb)
    )
    best = (0.0, 0)
    for lag in range(max(0, rough * COARSE - COARSE), rough * COARSE + COARSE):
        best = max(best, (_alike(pattern, heard[lag : lag + length]), lag - first))
    return best


def _alike(one: Sequence[int], other: Sequence[int]) -> float:
    strength = math.sqrt(sum(a * a for a in one) * sum(b * b for b in other))
    return sum(a * b for a, b in zip(one, other, strict=True)) / (strength or 1.0)


def test_the_notice_goes_out_and_comes_in(sound_card: dict[str, str]) -> None:
    told = child("loop", sound_card)
    played = memoryview(notice("ja")[44:]).cast("h")
    assert told["duration_ms"] == 4_000
    assert told["ended"]
    score, lag = correlation(played, told["heard"])
    assert score > 0.95
    assert len(told["started_ms"]) == 1
    # Where the stamps say the notice began, against where it was really heard to begin. Saying it too early would keep
    # sound from before the notice; a busy machine may say it late, which only costs the first words of the notice.
    heard_ms = told["first_ms"] + lag * 1000 / 48_000
    assert heard_ms - 700 <= told["started_ms"][0] <= told["now_ms"]
    assert median(told["steps_ms"]) == 20
    assert all(step >= 0 for step in told["steps_ms"])
    assert 0 <= told["now_ms"] - told["last_ms"] < 2_000


def test_a_notice_can_be_interrupted_at_shutdown(sound_card: dict[str, str]) -> None:
    told = child("interrupt", sound_card)
    assert told["fault"] == "speaker"
    assert told["seconds"] < 3


def test_a_missing_device_is_named_with_what_to_do() -> None:
    errors = child("missing", dict(os.environ))["errors"]
    assert [fault for fault, _ in errors] == ["microphone", "speaker"]
    assert all("ください" in text and "check" in text and "no such device" in text for _, text in errors)


def test_without_portaudio_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    from device.adapters.microphone_sounddevice import SounddeviceMicrophone
    from device.adapters.speaker_sounddevice import SounddeviceSpeaker
    from device.ports import MicrophoneError, SpeakerError

    real_import = builtins.__import__

    def no_portaudio(name: str, *rest: Any) -> Any:
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", no_portaudio)
    with pytest.raises(MicrophoneError, match="apt install libportaudio2"):
        next(SounddeviceMicrophone().blocks())
    with pytest.raises(SpeakerError, match="apt install libportaudio2"):
        SounddeviceSpeaker().play(notice("ja"), lambda at_ms: None)
