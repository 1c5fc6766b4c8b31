"""A sound card's microphone through PortAudio (sounddevice)."""

import queue
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

from device.ports import MicrophoneError

_BLOCK_SAMPLES: Final = 960
_QUEUE_BLOCKS: Final = 250
"""Five seconds: an encoder that falls behind by more loses sound, and the stamps of the blocks show it."""
_FIRST_BLOCK_S: Final = 5.0
"""PulseAudio's ALSA plugin needed up to 1.8 s to the first callback (measured)."""
_SILENT_S: Final = 2.0


class SounddeviceMicrophone:
    """The `Microphone` port: mono s16 at 48 kHz in blocks of 20 ms. `device` is PortAudio's name or number.

    PortAudio's stream time is CLOCK_REALTIME on Debian 12 and jumps with NTP; only differences of it are used, and
    blocks are stamped with CLOCK_MONOTONIC.
    """

    sample_rate_hz = 48_000

    def __init__(self, device: str | int | None = None) -> None:
        self._device = device
        self._closed = threading.Event()
        self._blocks: queue.Queue[tuple[int, bytes] | None] = queue.Queue(_QUEUE_BLOCKS)

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """The `Microphone` port.

        Raises:
            MicrophoneError: PortAudio is missing, there is no microphone, or it fell silent.
        """
        sounddevice = _library()
        self._closed.clear()
        self._blocks = queue.Queue(_QUEUE_BLOCKS)
        arrived = self._blocks
        last_ms = 0

        def heard(data: Any, _frames: int, times: Any, _status: Any) -> None:
            nonlocal last_ms
            # A sound server under load corrects its idea of the delay from block to block; sound never goes back.
            delay_s = times.currentTime - times.inputBufferAdcTime
            now_s = time.monotonic()
            last_ms = round(min(now_s * 1000, max(last_ms, (now_s - delay_s) * 1000)))
            try:
                arrived.put_nowait((last_ms, bytes(data)))
            except queue.Full:
                return  # see _QUEUE_BLOCKS; a callback may neither wait nor raise

        try:
            with sounddevice.RawInputStream(
                samplerate=self.sample_rate_hz,
                blocksize=_BLOCK_SAMPLES,
                device=self._device,
                channels=1,
                dtype="int16",
                latency="high",
                callback=heard,
            ):
                yield from self._arriving(arrived)
        except (sounddevice.PortAudioError, ValueError) as error:
            raise MicrophoneError(
                "マイクを使えません。差し込みと設定を確かめてください / "
                f"the microphone cannot be used, check plug and settings: {error}"
            ) from error

    def close(self) -> None:
        """The `Microphone` port."""
        self._closed.set()
        try:
            self._blocks.put_nowait(None)  # wakes a reader that waits
        except queue.Full:
            return  # then the reader is not waiting

    def _arriving(self, arrived: "queue.Queue[tuple[int, bytes] | None]") -> Iterator[tuple[int, bytes]]:
        patience_s = _FIRST_BLOCK_S
        while not self._closed.is_set():
            try:
                block = arrived.get(timeout=patience_s)
            except queue.Empty as error:
                raise MicrophoneError("マイクから音が来ません / no sound comes from the microphone") from error
            if block is not None:
                patience_s = _SILENT_S
                yield block


def _library() -> Any:
    try:
        import sounddevice
    except (OSError, ImportError) as error:  # the wheel has no PortAudio inside
        raise MicrophoneError(
            "PortAudio がありません。`apt install libportaudio2` で入れてください / "
            "PortAudio is missing, install it with `apt install libportaudio2`"
        ) from error
    return sounddevice
