"""The libav camera, on libav's own test picture."""

import pytest

from device.adapters.camera_av import AvCamera
from device.ports import CameraError

pytestmark = pytest.mark.media


def test_pictures_are_brought_to_the_asked_form_and_an_end_is_an_error() -> None:
    camera = AvCamera("testsrc2=size=640x480:rate=25:duration=1", 320, 180, 25, input_format="lavfi")
    frames = camera.frames()
    _, frame = next(frames)
    assert (frame.width, frame.height, frame.format.name) == (320, 180, "yuv420p")
    with pytest.raises(CameraError, match="途切れました"):
        list(frames)


def test_a_missing_camera_says_so_in_both_languages() -> None:
    with pytest.raises(CameraError, match=r"ケーブル.*cannot be used"):
        next(AvCamera("/dev/video-none").frames())


def test_closing_ends_the_pictures_quietly() -> None:
    camera = AvCamera("testsrc2=size=320x180:rate=25", 320, 180, 25, input_format="lavfi")
    frames = camera.frames()
    next(frames)
    camera.close()
    assert list(frames) == []
