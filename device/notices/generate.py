"""Makes the spoken notices and cues. Run when a text changes; never on a box, and nothing at run time needs it.

    apt-get install open-jtalk-mecab-naist-jdic flite
    pip install pyopenjtalk==0.4.1        # in an environment of its own: it brings numpy
    make notices NOTICES_PYTHON=/path/of/that/environment/bin/python

Without `OPEN_JTALK_DICT_DIR` pyopenjtalk would download a dictionary. README.md names the voices and their licences.
"""

import array
import math
import subprocess
import sys
import tempfile
import wave
from pathlib import Path
from typing import Any, Final

RATE_HZ: Final = 48_000
PEAK: Final = round(32767 * 10 ** (-3 / 20))
"""-3 dB of full scale."""

TEXTS: Final = {
    "notice_ja": (
        "窓口からお知らせします。",
        "ただいまから、正確な記録を残すため、音声と映像を記録いたします。",
        "ご理解をお願いいたします。",
    ),
    "notice_en": (
        "A notice from this counter.",
        "From now on, sound and video are recorded, in order to keep an accurate record.",
        "Thank you for your understanding.",
    ),
    "reminder_ja": ("ただいま、音声と映像を、記録しております。",),
    "reminder_en": ("Sound and video are still being recorded.",),
    "time_limit_ja": ("お知らせします。", "ご案内した時間になりました。"),
    "time_limit_en": ("A notice from this counter.", "The time that was announced is over."),
}

CHIMES_HZ: Final = {"notice": (659.26, 523.25), "reminder": (523.25,), "time_limit": (523.25, 659.26)}
"""The start tone of each: two falling, one, two rising. An announcement is known by it before a word is spoken."""

_CHIME_S: Final = 0.45
_CHIME_LEVEL: Final = 0.5
_MARGIN_S: Final = 0.15
_PAUSE_S: Final = 0.25
_QUIET: Final = 0.01


def japanese(sentence: str) -> list[float]:
    """`sentence` spoken by the voice "Mei" (pyopenjtalk), samples of -1 to 1 at 48 kHz."""
    import pyopenjtalk  # type: ignore[import-not-found]  # a tool of the generator only

    samples, rate = pyopenjtalk.tts(sentence)
    if rate != RATE_HZ:
        raise SystemExit(f"pyopenjtalk spoke at {rate} Hz")
    return [float(sample) / 32768 for sample in samples]


def english(sentence: str) -> list[float]:
    """`sentence` spoken by flite's voice "slt", samples of -1 to 1 at 48 kHz."""
    with tempfile.TemporaryDirectory() as folder:
        spoken = Path(folder) / "spoken.wav"
        subprocess.run(["flite", "-voice", "slt", "-t", sentence, "-o", str(spoken)], check=True)  # noqa: S607
        with wave.open(str(spoken)) as file:
            rate = file.getframerate()
            samples = array.array("h", file.readframes(file.getnframes()))
    return _resampled([sample / 32768 for sample in samples], rate)


def _resampled(samples: list[float], rate_hz: int) -> list[float]:
    """Windowed-sinc interpolation: slow, plain, and good enough to run twice in a lifetime."""
    half, step = 16, rate_hz / RATE_HZ
    result = []
    for number in range(int(len(samples) / step)):
        centre = number * step
        first = max(0, int(centre) - half + 1)
        total = 0.0
        for index in range(first, min(len(samples), int(centre) + half + 1)):
            distance = centre - index
            angle = math.pi * distance
            sinc = 1.0 if distance == 0 else math.sin(angle) / angle
            total += samples[index] * sinc * (0.5 + 0.5 * math.cos(angle / (half + 1)))
        result.append(total)
    return result


def chime(tones_hz: tuple[float, ...]) -> list[float]:
    """Soft tones that say: an announcement follows."""
    tones: list[float] = []
    for hertz in tones_hz:
        for number in range(int(_CHIME_S * RATE_HZ)):
            seconds = number / RATE_HZ
            swell = min(1.0, seconds / 0.01) * math.exp(-5 * seconds) * min(1.0, (_CHIME_S - seconds) / 0.03)
            wave_shape = math.sin(2 * math.pi * hertz * seconds) + 0.25 * math.sin(4 * math.pi * hertz * seconds)
            tones.append(swell * wave_shape / 1.25)
    return tones


def trimmed(samples: list[float]) -> list[float]:
    """`samples` without the silence at either end."""
    loud = [number for number, sample in enumerate(samples) if abs(sample) > _QUIET]
    return samples[loud[0] : loud[-1] + 1]


def scaled(samples: list[float], peak: float) -> list[float]:
    """`samples` with their highest peak at `peak`."""
    top = max(abs(sample) for sample in samples)
    return [sample * peak / top for sample in samples]


def announcement(name: str) -> list[float]:
    """The whole announcement, start tone first, peak 1."""
    kind, _, language = name.rpartition("_")
    speak: Any = japanese if language == "ja" else english
    pause = [0.0] * int(_PAUSE_S * RATE_HZ)
    margin = [0.0] * int(_MARGIN_S * RATE_HZ)
    speech: list[float] = []
    for sentence in TEXTS[name]:
        speech += [*pause, *trimmed(speak(sentence))]
    return [*margin, *scaled(chime(CHIMES_HZ[kind]), _CHIME_LEVEL), *scaled(speech, 1.0), *margin]


def write(path: Path, samples: list[float]) -> None:
    """`samples` (peak 1) as a mono 48 kHz 16-bit WAV with a peak of -3 dB."""
    whole = array.array("h", (round(sample * PEAK) for sample in samples))
    if sys.byteorder == "big":
        whole.byteswap()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(whole.tobytes())


def main() -> None:
    """Write all files next to this one."""
    for name in TEXTS:
        write(Path(__file__).with_name(f"{name}.wav"), announcement(name))


if __name__ == "__main__":
    main()
