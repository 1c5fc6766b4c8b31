"""A camera with an encoder of its own, through the same ring, cutter and muxer as any other."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from support.encoding_camera import EncodingCamera
from support.studio import FPS, HEIGHT, SETTINGS, WIDTH, Studio, Watched, decode_messages, header, joined, stored

from contract.messages import RecordingState
from device.core.events import FaultGone, FaultSeen, RecorderChanged, RecordingBegan, SegmentWritten
from device.ports import EncoderError
from device.recorder.encoded import EncodedVideo, parameter_sets

pytestmark = pytest.mark.media

Open = Callable[..., Studio]
SPS, PPS = b"\x00\x00\x00\x01\x67\x42\xc0\x0c\xda", b"\x00\x00\x00\x01\x68\xce\x0f\xc8"
IDR, REST = b"\x00\x00\x00\x01\x65\x88\x84\x00\x00\x03\x01", b"\x00\x00\x00\x01\x41\x9a\x02"
DELIMITER, REMARK = b"\x00\x00\x00\x01\x09\x10", b"\x00\x00\x01\x06\x05\x01\x80"


def whole(folder: Path, incident: str) -> bytes:
    return joined([content for content, _ in stored(folder, incident)])


def test_it_is_recorded_like_any_other(open_studio: Open, tmp_path: Path) -> None:
    studio = open_studio(camera=EncodingCamera())
    studio.diary.wait(RecorderChanged, state=RecordingState.ARMED)
    studio.let_pass(2_200)
    incident = studio.keep()
    began = studio.diary.wait(RecordingBegan, incident=incident)
    assert studio.diary.when(RecordingBegan) - studio.kept_ms[incident] < 1_000  # the keyframe came when asked for
    assert 1_000 <= began.pre_roll_ms <= 2_000 + 100
    studio.diary.wait(SegmentWritten, 3)
    ended = studio.stop(incident)
    segments = stored(tmp_path, incident)
    assert ended.count == len(segments)
    assert all(earlier.end_ms == later.start_ms for (_, earlier), (_, later) in pairwise(segments))
    assert len({header(content) for content, _ in segments}) == 1
    assert all(decode_messages(content) == [] for content, _ in segments)
    film = Watched(whole(tmp_path, incident))
    assert film.tracks == ["h264", "aac"]
    assert studio.lost(incident, film) == set()
    assert studio.diary.faults() == []


def test_the_header_has_the_parameter_sets_of_the_cameras_encoder(open_studio: Open, tmp_path: Path) -> None:
    studio = open_studio(camera=EncodingCamera())
    studio.diary.wait(RecorderChanged)
    incident = studio.keep()
    studio.diary.wait(SegmentWritten)
    studio.stop(incident)
    keyframe = next(data for _, key, data in EncodingCamera().packets() if key)
    top = header(stored(tmp_path, incident)[0][0])
    units = parameter_sets(keyframe).split(b"\x00\x00\x00\x01")[1:]
    assert len(units) == 2
    assert all(unit in top[top.index(b"avcC") :] for unit in units)


def test_d09_a_recording_that_begins_before_the_camera_can_be_seen_when_it_comes(
    open_studio: Open, tmp_path: Path
) -> None:
    """Its header was made before the camera's own parameter sets were known."""
    camera = EncodingCamera()
    camera.scene.vanish()
    studio = open_studio(camera=camera)
    studio.diary.wait(FaultSeen, fault="camera")
    incident = studio.keep()
    studio.diary.wait(SegmentWritten)
    camera.scene.come_back()
    studio.diary.wait(FaultGone, fault="camera")
    studio.diary.wait(SegmentWritten, 4)
    given = len(camera.given_ms)
    studio.stop(incident)
    segments = stored(tmp_path, incident)
    assert not segments[0][1].video
    assert segments[-1][1].video
    assert len(Watched(whole(tmp_path, incident)).video_s) >= given - 1 > FPS  # one may have been on its way
    assert decode_messages(whole(tmp_path, incident)) == []


def test_d13_an_encoder_that_stops_is_started_anew_and_the_incident_goes_on(open_studio: Open, tmp_path: Path) -> None:
    camera = EncodingCamera()
    studio = open_studio(camera=camera)
    studio.diary.wait(RecorderChanged)
    incident = studio.keep()
    studio.diary.wait(SegmentWritten)
    camera.lose_encoder()
    fault = studio.diary.wait(FaultSeen)
    assert (fault.fault, "符号化器" in fault.detail) == ("encoder", True)
    opened = camera.scene.opened
    count = len(studio.diary.of(SegmentWritten))
    studio.diary.wait(SegmentWritten, count + 3)
    studio.stop(incident)
    assert (opened, camera.scene.opened) == (1, 2)
    film = Watched(whole(tmp_path, incident))
    assert studio.lost(incident, film) == set()
    assert decode_messages(whole(tmp_path, incident)) == []


def test_d14_a_covered_lens_is_noticed_though_its_pictures_come_encoded(open_studio: Open) -> None:
    camera = EncodingCamera()
    studio = open_studio(replace(SETTINGS, black_ms=1_500, frozen_ms=1_500), camera=camera)
    studio.diary.wait(RecorderChanged)
    studio.let_pass(2_500)
    assert studio.diary.faults() == []
    camera.scene.go_black()
    studio.diary.wait(FaultSeen, fault="camera_black")
    camera.scene.come_back()
    studio.diary.wait(FaultGone, fault="camera_black")


def test_an_encoder_that_sends_its_parameter_sets_only_once_is_borne(open_studio: Open, tmp_path: Path) -> None:
    studio = open_studio(camera=EncodingCamera(headless=True))
    studio.diary.wait(RecorderChanged)
    studio.let_pass(2_200)  # the ring has let go of the first keyframe
    incident = studio.keep()
    studio.diary.wait(SegmentWritten, 2)
    studio.stop(incident)
    assert decode_messages(stored(tmp_path, incident)[0][0]) == []
    assert studio.diary.faults() == []


def test_a_keyframe_that_nothing_can_decode_is_an_error_for_people() -> None:
    with pytest.raises(EncoderError, match=r"SPS/PPS.*no parameter sets"):
        EncodedVideo(WIDTH, HEIGHT, FPS).packet(0, True, IDR)


def test_times_rise_whatever_the_camera_says() -> None:
    video = EncodedVideo(WIDTH, HEIGHT, FPS)
    assert [video.packet(at_us, False, REST).at_us for at_us in (5, 5, 3, 90)] == [5, 6, 7, 90]


@pytest.mark.parametrize(
    ("unit", "sets"),
    [
        (SPS + PPS + IDR, SPS + PPS),
        (DELIMITER + SPS + PPS + REMARK + IDR, SPS + PPS),
        (SPS[1:] + PPS[1:] + IDR[1:], SPS + PPS),
        (IDR + SPS + PPS, b""),
        (REST, b""),
        (SPS + PPS, SPS + PPS),
        (b"", b""),
        (b"\x00\x00\x01", b""),
    ],
    ids=["plain", "with remarks", "short start codes", "too late", "none", "nothing else", "empty", "cut off"],
)
def test_parameter_sets_are_found_before_the_picture(unit: bytes, sets: bytes) -> None:
    assert parameter_sets(unit) == sets
