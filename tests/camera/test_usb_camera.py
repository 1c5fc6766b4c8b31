"""The USB camera adapter on libav's own v4l2 input; usb_camera.c answers for the kernel and the camera."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import av
import pytest
from support.studio import SETTINGS, Studio, Watched, decode_messages, joined, stored

from contract.messages import RecordingState
from device.adapters.camera_av import AvCamera
from device.core.events import FaultGone, FaultSeen, RecorderChanged, SegmentWritten
from device.ports import CameraError

GOOD = "MJPG 1280 720 30\nYUYV 1280 720 10\nYUYV 640 480 30\n"
LIGHT = 180


@pytest.fixture
def plug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Plugs in a camera with these modes and gives the folder that governs it."""
    folder = tmp_path / "usb"
    folder.mkdir()
    monkeypatch.setenv("MADOMORI_USB", str(folder))

    def plug_in(modes: str) -> Path:
        (folder / "modes").write_text(modes)
        (folder / "frame.jpg").write_bytes(jpeg(LIGHT))
        return folder

    return plug_in


def jpeg(light: int) -> bytes:
    context: Any = av.CodecContext.create("mjpeg", "w")
    context.width, context.height, context.pix_fmt, context.time_base = 1280, 720, "yuvj420p", Fraction(1, 25)
    frame = av.VideoFrame(1280, 720, "yuvj420p")
    for plane, level in zip(frame.planes, (light, 128, 128), strict=True):
        plane.update(bytes([level]) * plane.buffer_size)
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


def camera_at(folder: Path) -> AvCamera:
    return AvCamera(str(folder / "video"), 1280, 720, 25)


@pytest.mark.parametrize(
    ("modes", "rate"),
    [
        (GOOD, 30),
        ("MJPG 640 480 30\n", 30),
        ("YUYV 1280 720 10\nYUYV 640 480 30\n", 30),
        ("YUYV 1280 720 10\n", 10),
        ("YUYV 640 480 60\n", 30),
    ],
    ids=["mjpeg", "small mjpeg", "raw, smaller for its rate", "raw, slow is better than none", "faster than asked"],
)
def test_the_best_that_a_camera_has_is_taken_and_brought_to_the_asked_form(
    plug: Callable[[str], Path], modes: str, rate: int
) -> None:
    camera = camera_at(plug(modes))
    taken = []
    for at_ms, frame in camera.frames():
        assert 0 <= time.monotonic() * 1000 - at_ms < 1_000  # the kernel's stamp, on the box's clock
        assert (frame.width, frame.height, frame.format.name) == (1280, 720, "yuv420p")
        taken.append(at_ms)
        if len(taken) == 20:
            camera.close()
    steps_ms = sorted(later - earlier for earlier, later in pairwise(taken))
    assert len(taken) == 20  # and it ended without an error
    assert steps_ms[len(steps_ms) // 2] == pytest.approx(1000 / rate, abs=2)


def test_d10_an_unplugged_camera_says_so_at_once(plug: Callable[[str], Path]) -> None:
    folder = plug(GOOD)
    frames = camera_at(folder).frames()
    assert len(list(islice(frames, 5))) == 5
    (folder / "gone").touch()
    since_s = time.monotonic()
    with pytest.raises(CameraError, match=r"ケーブル.*check its cable.*No such device"):
        list(frames)
    assert time.monotonic() - since_s < 2.0


def test_d09_a_camera_that_is_not_there_says_so(plug: Callable[[str], Path]) -> None:
    folder = plug(GOOD)
    (folder / "gone").touch()
    with pytest.raises(CameraError, match=r"ケーブル.*check its cable"):
        next(camera_at(folder).frames())


def test_d10_a_camera_that_hangs_without_an_error_is_noticed(plug: Callable[[str], Path]) -> None:
    folder = plug(GOOD)
    frames = camera_at(folder).frames()
    assert len(list(islice(frames, 5))) == 5
    (folder / "stalled").touch()
    with pytest.raises(CameraError, match=r"映像を送ってきません.*sends nothing"):
        list(frames)


def test_a_camera_that_hangs_can_be_closed(plug: Callable[[str], Path]) -> None:
    """A read in the kernel cannot be woken, so it must never wait there."""
    folder = plug(GOOD)
    camera = camera_at(folder)
    frames = camera.frames()
    next(frames)
    (folder / "stalled").touch()
    ended = threading.Event()

    def look_on() -> None:
        list(frames)
        ended.set()

    threading.Thread(target=look_on, daemon=True).start()
    camera.close()
    assert ended.wait(2.0)


def test_a_few_broken_pictures_are_passed_over(plug: Callable[[str], Path]) -> None:
    folder = plug(GOOD)
    frames = camera_at(folder).frames()
    before = list(islice(frames, 5))
    (folder / "broken").touch()
    mended = threading.Timer(0.5, (folder / "broken").unlink)
    mended.start()
    taken = list(islice(frames, 30))
    mended.join()
    assert taken[0][0] - before[-1][0] > 100
    assert len(taken) == 30
    assert all(bytes(frame.planes[0])[0] > 100 for _, frame in taken)


def test_a_camera_that_sends_nothing_but_broken_pictures_is_a_fault(plug: Callable[[str], Path]) -> None:
    folder = plug(GOOD)
    frames = camera_at(folder).frames()
    next(frames)
    (folder / "broken").touch()
    with pytest.raises(CameraError):
        list(frames)


def test_d10_pulled_and_put_back_it_goes_on_in_the_same_recording(plug: Callable[[str], Path], tmp_path: Path) -> None:
    folder = plug(GOOD)
    # The picture stands still, which is no fault of this camera.
    studio = Studio(tmp_path, replace(SETTINGS, frozen_ms=600_000), camera=camera_at(folder))
    try:
        studio.recorder.start()
        studio.diary.wait(RecorderChanged, state=RecordingState.ARMED)
        incident = studio.keep()
        studio.diary.wait(SegmentWritten, 2)
        (folder / "gone").touch()
        studio.diary.wait(FaultSeen, fault="camera")
        studio.diary.wait(SegmentWritten, len(studio.diary.of(SegmentWritten)) + 2)  # the sound goes on
        (folder / "gone").unlink()
        studio.diary.wait(FaultGone, fault="camera")
        studio.diary.wait(SegmentWritten, len(studio.diary.of(SegmentWritten)) + 2)
        studio.stop(incident)
    finally:
        studio.close()
    film = joined([content for content, _ in stored(tmp_path, incident)])
    watched = Watched(film)
    assert max(later - earlier for earlier, later in pairwise(watched.video_s)) > 1.0
    assert max(later - earlier for (earlier, _), (later, _) in pairwise(watched.sound)) < 0.05
    assert decode_messages(film) == []
