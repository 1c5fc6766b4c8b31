"""A city's own announcements: taken where they will do, named in the event log, never in the way of the box."""

import hashlib
import io
import math
import struct
import wave
from pathlib import Path

import pytest
from support.bundles import make_bundle

from device.config import Bundle
from device.sounds import load


def wav(seconds: float, *, rate_hz: int = 44_100, channels: int = 2, width: int = 2, level: float = 0.5) -> bytes:
    """A tone of 440 Hz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(rate_hz)
        top = level * (2 ** (8 * width - 1) - 1)
        one = [round(top * math.sin(2 * math.pi * 440 * n / rate_hz)) for n in range(rate_hz // 10)]
        if width == 1:
            samples = b"".join(struct.pack("B", value + 128) * channels for value in one)
        else:
            samples = b"".join(value.to_bytes(width, "little", signed=True) * channels for value in one)
        sound.writeframes(samples * round(seconds * 10))
    return file.getvalue()


def bundle_with(folder: Path, sound: str, files: dict[str, bytes]) -> Bundle:
    directory = make_bundle(folder, extra=f"\n[sound]\n{sound}\n")
    for name, content in files.items():
        (directory / name).write_bytes(content)
    return Bundle(directory)


@pytest.mark.parametrize(
    ("rate_hz", "channels", "width"), [(44_100, 2, 2), (48_000, 1, 3), (16_000, 1, 1), (8_000, 1, 2)]
)
def test_a_city_drops_in_its_own_notice(tmp_path: Path, rate_hz: int, channels: int, width: int) -> None:
    own = wav(2, rate_hz=rate_hz, channels=channels, width=width)
    chosen, problems = load(bundle_with(tmp_path, 'notice = "own.wav"', {"own.wav": own}))
    assert problems == []
    notice = chosen["notice"]
    assert notice.name == f"notice: own.wav sha256:{hashlib.sha256(own).hexdigest()}"
    assert notice.duration_ms == pytest.approx(2_000, abs=5)
    with wave.open(io.BytesIO(notice.wav)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 48_000)
        peak = max(map(abs, memoryview(file.readframes(file.getnframes())).cast("h")))
    assert peak / 32767 == pytest.approx(0.5, abs=0.05)  # the city's own level
    assert chosen["reminder"].name == "reminder_ja"
    assert chosen["time_limit"].name == "time_limit_ja"


@pytest.mark.parametrize(
    ("files", "ja", "en"),
    [
        ({}, "読めません", "cannot be read"),
        ({"own.wav": b"ID3\x04" + bytes(500)}, "WAV（PCM）ではありません", "not a PCM WAV"),
        ({"own.wav": b""}, "WAV（PCM）ではありません", "not a PCM WAV"),
        ({"own.wav": wav(61, rate_hz=8_000, channels=1)}, "60 秒以内", "within 60 s"),
        ({"own.wav": wav(2, level=0.01)}, "小さすぎます", "too quiet"),
    ],
)
def test_a_bad_file_is_named_with_its_remedy_and_ours_is_played(
    tmp_path: Path, files: dict[str, bytes], ja: str, en: str
) -> None:
    good, none = load(bundle_with(tmp_path / "good", 'notice = "own.wav"', {"own.wav": wav(2)}))
    assert good["notice"].name.startswith("notice: own.wav")
    assert none == []
    chosen, problems = load(bundle_with(tmp_path / "bad", 'notice = "own.wav"', files))
    assert chosen["notice"].name == "notice_ja"
    (problem,) = problems
    assert problem.fault == "sound_file"
    assert str(problem).startswith("[sound] notice = own.wav: ")
    assert ja in str(problem)
    assert en in str(problem)
    assert str(problem).index(ja) < str(problem).index(en)


def test_a_file_outside_the_bundle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.wav").write_bytes(wav(2))
    chosen, (problem,) = load(bundle_with(tmp_path / "box", 'reminder = "../../elsewhere.wav"', {}))
    assert "箱のフォルダの中" in str(problem)
    assert chosen["reminder"].name == "reminder_ja"
