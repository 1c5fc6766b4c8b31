"""A sound card's speaker through PortAudio (sounddevice)."""

import io
import threading
import time
import wave
from collections.abc import Callable
from typing import Any, Final

from device.ports import SpeakerError

_LATENCY_S: Final = 0.4
"""With low latency on a busy CPU the notice was torn (correlation 0.29 to 0.995); with this it never was."""
_CHUNK_S: Final = 0.1
_TAIL_S: Final = 0.1
"""Silence after the end, beside the latency: through PulseAudio `stop` cut off the last half second (measured)."""


class SounddeviceSpeaker:
    """The `Speaker` port. `device` is PortAudio's name or number. `close` interrupts for good, at shutdown."""

    def __init__(self, device: str | int | None = None) -> None:
        self._device = device
        self._closed = threading.Event()

    def play(self, wav: bytes, started: Callable[[int], None]) -> int:
        """The `Speaker` port.

        Raises:
            SpeakerError: PortAudio or the speaker is missing, it failed while playing, it was interrupted, or `wav` is
                not a 16-bit WAV.
        """
        sounddevice = _library()
        rate_hz, channels, samples = _read(wav)
        chunk = round(rate_hz * _CHUNK_S) * channels * 2
        try:
            with sounddevice.RawOutputStream(
                samplerate=rate_hz, device=self._device, channels=channels, dtype="int16", latency=_LATENCY_S
            ) as stream:
                started(round((time.monotonic() + stream.latency) * 1000))
                whole = samples + bytes(round(rate_hz * (stream.latency + _TAIL_S)) * channels * 2)
                for start in range(0, len(whole), chunk):
                    if self._closed.is_set():
                        stream.abort()
                        raise SpeakerError("再生が中断されました / playing was interrupted")
                    stream.write(whole[start : start + chunk])
                stream.stop()
        except (sounddevice.PortAudioError, ValueError) as error:
            raise SpeakerError(
                "お知らせを流せません。スピーカーを確かめてください / "
                f"the notice cannot be played, check the speaker: {error}"
            ) from error
        return len(samples) * 1000 // (rate_hz * channels * 2)

    def close(self) -> None:
        """Interrupt what is played; nothing is played after this. Safe from any thread, safe to call twice."""
        self._closed.set()


def _read(wav: bytes) -> tuple[int, int, bytes]:
    try:
        with wave.open(io.BytesIO(wav)) as file:
            if file.getsampwidth() != 2:
                raise SpeakerError("16 ビットの WAV が要ります / a 16-bit WAV is needed")
            return file.getframerate(), file.getnchannels(), file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise SpeakerError(f"WAV ではありません / not a WAV file: {error}") from error


def _library() -> Any:
    try:
        import sounddevice
    except (OSError, ImportError) as error:  # the wheel has no PortAudio inside
        raise SpeakerError(
            "PortAudio がありません。`apt install libportaudio2` で入れてください / "
            "PortAudio is missing, install it with `apt install libportaudio2`"
        ) from error
    return sounddevice
