"""A camera without a lens: a moving counter scene with a burnt-in clock, paced like a real one."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import av

from device.ports import CameraError
from device.simulated.scene import Scene


class SimulatedCamera:
    """The `Camera` port. Capture times are CLOCK_MONOTONIC; the burnt-in clock is local time.

    `vanish`, `freeze`, `stand_still`, `go_black` and `come_back` may be called from any thread, for tests and drills.
    Pictures missed because the reader was slow are skipped, as a sensor would skip them.
    """

    def __init__(
        self,
        name: str = "BOX",
        width: int = 1280,
        height: int = 720,
        frames_per_second: int = 25,
        grain: bool = False,
    ) -> None:
        self.width, self.height, self.frames_per_second = width, height, frames_per_second
        self._scene = Scene(width, height, name, grain)
        self._closed = threading.Event()
        self._vanished = threading.Event()
        self._frozen = threading.Event()
        self._still = threading.Event()
        self._still_planes: tuple[bytes | bytearray, ...] | None = None
        self._black = threading.Event()

    def frames(self) -> Iterator[tuple[int, Any]]:
        """The `Camera` port.

        Raises:
            CameraError: while it has vanished.
        """
        self._closed.clear()
        period_s = 1 / self.frames_per_second
        start_s, number = time.monotonic(), 0
        while True:
            self._refuse_when_gone()
            due_s = start_s + number * period_s
            if self._closed.wait(max(0.0, due_s - time.monotonic())):
                return
            self._refuse_when_gone()
            late = int((time.monotonic() - due_s) / period_s)
            due_s += late * period_s
            if not self._frozen.is_set():
                yield round(due_s * 1000), self.picture(number + late, due_s)
            number += late + 1

    def close(self) -> None:
        """The `Camera` port."""
        self._closed.set()

    def vanish(self) -> None:
        """As if the cable were pulled: `frames` fails until `come_back`."""
        self._vanished.set()

    def freeze(self) -> None:
        """As if the driver hung: no picture comes and no error either."""
        self._frozen.set()

    def stand_still(self) -> None:
        """As if the sensor hung: the same picture comes again and again, with new stamps."""
        self._still.set()

    def go_black(self) -> None:
        """As if the lens were covered."""
        self._black.set()

    def come_back(self) -> None:
        """All is well again."""
        for trouble in (self._vanished, self._frozen, self._still, self._black):
            trouble.clear()

    def _refuse_when_gone(self) -> None:
        if self._vanished.is_set():
            raise CameraError("模擬カメラが外れています / the simulated camera is unplugged")

    def picture(self, number: int, due_s: float) -> av.VideoFrame:
        """Picture `number` of the scene, as it looks at the monotonic second `due_s`."""
        wall = datetime.fromtimestamp(time.time() - time.monotonic() + due_s).astimezone()
        text = f"{wall:%H:%M:%S}.{wall.microsecond // 1000:03d}"
        planes: tuple[bytes | bytearray, ...] = (
            self._scene.blackness() if self._black.is_set() else self._scene.picture(number, text)
        )
        if self._still.is_set():
            planes = self._still_planes = self._still_planes or planes
        else:
            self._still_planes = None
        frame = av.VideoFrame(self.width, self.height, "yuv420p")
        for plane, content in zip(frame.planes, planes, strict=True):
            plane.update(_padded(content, plane.width, plane.line_size))
        return frame


def _padded(content: bytes | bytearray, width: int, line_size: int) -> Any:
    """`content` with each row filled up to the line size that libav chose for the plane. Any buffer will do there."""
    if width == line_size:
        return content
    gap = bytes(line_size - width)
    return b"".join(bytes(content[start : start + width]) + gap for start in range(0, len(content), width))
