"""A USB camera through libav (PyAV on v4l2)."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

import av

from device.ports import CameraError

_STAMP_TRUST_S: Final = 1.0
_OPEN_S: Final = 10.0
"""So long a camera may take to its first picture."""
_NO_PICTURE_S: Final = 3.0
"""A camera that gives neither picture nor error for so long hangs; a room without light slows none down so far."""
_NONBLOCK: Final = "+4"
"""AVFMT_FLAG_NONBLOCK, for which libav has no name among its options."""
_POLL_S: Final = 0.004
_FLUENT_FPS: Final = 15
_BROKEN_MAX: Final = 50
"""Broken pictures in a row: cheap cameras begin with some, and a bad cable costs one now and then."""


class AvCamera:
    """The `Camera` port on `device` (such as `/dev/video0`).

    Frames come out as yuv420p of `width` x `height`, whatever the camera gives, and about as fast as asked. MJPEG is
    asked for first, because few USB cameras give 720p at 25 frames a second without it; then raw pictures, smaller ones
    where the full size would come slower than 15 a second. `input_format` is libav's name of the input, for tests.
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
        """The `Camera` port.

        Raises:
            CameraError: no camera there, it was unplugged, or gave nothing for 3 s.
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
        full = f"{self.width}x{self.height}"
        try:
            return self._open_as({"video_size": full, "input_format": "mjpeg"})
        except av.FFmpegError:  # no MJPEG; when there is no camera at all, the next one says so
            container = self._open_as({"video_size": full})
        rate = container.streams.video[0].average_rate
        if rate is None or rate >= min(self.frames_per_second, _FLUENT_FPS):
            return container
        container.close()
        return self._open_as({"video_size": "640x480"})

    def _open_as(self, options: dict[str, str]) -> Any:
        # Not to block is what lets `close` and the watch over hanging cameras work: nothing wakes a read in the kernel.
        options = {**options, "framerate": str(self.frames_per_second), "fflags": _NONBLOCK}
        # For the container alone: a decoder would take `video_size` for its own, whatever size the camera then gives.
        return av.open(self._device, format="v4l2", container_options=options, timeout=(_OPEN_S, None))

    def _decoded(self, container: Any) -> Iterator[tuple[int, Any]]:
        least_ms = 750 // self.frames_per_second
        last_ms = -least_ms
        for frame in self._read(container):
            at_ms = _capture_ms(frame)
            if at_ms - last_ms < least_ms:
                continue  # a camera faster than asked would cost the encoder twice the work
            last_ms = at_ms
            if (frame.width, frame.height, frame.format.name) != (self.width, self.height, "yuv420p"):
                frame = frame.reformat(self.width, self.height, "yuv420p")
            yield at_ms, frame

    def _read(self, container: Any) -> Iterator[Any]:
        packets = container.demux(video=0)
        heard_s, broken = time.monotonic(), 0
        while not self._closed.is_set():
            try:
                packet = next(packets)
            except StopIteration:
                return
            except BlockingIOError:
                if time.monotonic() - heard_s > _NO_PICTURE_S:
                    raise CameraError(
                        f"カメラ {self._device} が映像を送ってきません。抜き差ししてください / "
                        f"camera {self._device} sends nothing; unplug it and plug it in again"
                    ) from None
                packets = container.demux(video=0)  # an error ends the one before
                self._closed.wait(_POLL_S)
                continue
            heard_s = time.monotonic()
            try:
                pictures = packet.decode()
                broken = 0
            except av.InvalidDataError:
                broken += 1
                if broken > _BROKEN_MAX:
                    raise
                continue
            yield from pictures


def _capture_ms(frame: Any) -> int:
    """The kernel's stamp where it is CLOCK_MONOTONIC (most v4l2 drivers), else the time at which the frame arrived."""
    now_s = time.monotonic()
    stamp_s = frame.time
    return round((stamp_s if stamp_s is not None and 0 <= now_s - stamp_s < _STAMP_TRUST_S else now_s) * 1000)
