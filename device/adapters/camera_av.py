"""A USB camera through libav (PyAV on v4l2)."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

import av

from device.ports import CameraError

_STAMP_TRUST_S: Final = 1.0


class AvCamera:
    """The `Camera` port on `device` (such as `/dev/video0`).

    Frames come out as yuv420p of `width` x `height`, not faster than asked; MJPEG is asked for first, because few USB
    cameras give 720p at 25 frames a second without it. `input_format` is libav's name of the input, for tests.
    """

    def __init__(
        self,
        device: str,
        width: int = 1280,
        height: int = 720,
        frames_per_second: int = 25,
        input_format: str = "v4l2",
    ) -> None:
        self.width, self.height, self.frames_per_second = width, height, frames_per_second
        self._device = device
        self._format = input_format
        self._closed = threading.Event()

    def frames(self) -> Iterator[tuple[int, Any]]:
        """The `Camera` port. A driver that hangs inside the kernel cannot be woken by `close`.

        Raises:
            CameraError: no camera there, or it stopped giving frames.
        """
        self._closed.clear()
        try:
            with closing(self._open()) as container:
                yield from self._decoded(container)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise CameraError(
                f"カメラ {self._device} を使えません。ケーブルを確かめてください / "
                f"camera {self._device} cannot be used, check its cable: {error}"
            ) from error
        if not self._closed.is_set():
            raise CameraError(f"カメラ {self._device} の映像が途切れました / camera {self._device} stopped")

    def close(self) -> None:
        """The `Camera` port."""
        self._closed.set()

    def _open(self) -> Any:
        if self._format != "v4l2":
            return av.open(self._device, format=self._format)
        wanted = {"video_size": f"{self.width}x{self.height}", "framerate": str(self.frames_per_second)}
        try:
            return av.open(self._device, format="v4l2", options={**wanted, "input_format": "mjpeg"})
        except (
            av.FFmpegError
        ):  # no MJPEG: whatever it has at this size is better than nothing, else the next open raises
            return av.open(self._device, format="v4l2", options=wanted)

    def _decoded(self, container: Any) -> Iterator[tuple[int, Any]]:
        least_ms = 750 // self.frames_per_second
        last_ms = -least_ms
        for frame in container.decode(video=0):
            if self._closed.is_set():
                return
            at_ms = _capture_ms(frame)
            if at_ms - last_ms < least_ms:
                continue  # a camera faster than asked would cost the encoder twice the work
            last_ms = at_ms
            if (frame.width, frame.height, frame.format.name) != (self.width, self.height, "yuv420p"):
                frame = frame.reformat(self.width, self.height, "yuv420p")
            yield at_ms, frame


def _capture_ms(frame: Any) -> int:
    """The kernel's stamp where it is CLOCK_MONOTONIC (most v4l2 drivers), else the time at which the frame arrived."""
    now_s = time.monotonic()
    stamp_s = frame.time
    return round((stamp_s if stamp_s is not None and 0 <= now_s - stamp_s < _STAMP_TRUST_S else now_s) * 1000)
