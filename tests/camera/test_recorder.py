"""The box's own recorder with the genuine picamera2: what it keeps can be looked at."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support.studio import SETTINGS, Studio, Watched, decode_messages, header, joined, stored

from contract.messages import RecordingState
from device.adapters.camera_picamera2 import Picamera2Camera
from device.core.events import FaultGone, FaultSeen, RecorderChanged, RecordingBegan, SegmentWritten

WIDTH, HEIGHT, FPS, FRAME_MS = 1280, 720, 25, 40


@pytest.fixture
def camera() -> Picamera2Camera:
    return Picamera2Camera(WIDTH, HEIGHT, FPS, 1_500_000)


@pytest.fixture
def studio(tmp_path: Path, camera: Picamera2Camera) -> Iterator[Studio]:
    """Armed, with two seconds in its ring. The colour bars stand still, which is no fault of theirs."""
    opened = Studio(tmp_path, replace(SETTINGS, frozen_ms=600_000, grace_ms=10_000), camera=camera)
    opened.recorder.start()
    opened.diary.wait(RecorderChanged, state=RecordingState.ARMED)
    opened.let_pass(2_300)
    yield opened
    opened.close()


def film(folder: Path, incident: str) -> bytes:
    return joined([content for content, _ in stored(folder, incident)])


def test_pre_roll_and_every_picture_after_the_press_are_kept(studio: Studio, tmp_path: Path) -> None:
    incident = studio.keep()
    began = studio.diary.wait(RecordingBegan, incident=incident)
    assert began.video
    assert 1_000 <= began.pre_roll_ms <= 2_100  # what was asked, and a GOP at the most
    studio.diary.wait(SegmentWritten, 4)
    ended = studio.stop(incident)
    segments = stored(tmp_path, incident)
    assert ended.count == len(segments)
    assert all(earlier.end_ms == later.start_ms for (_, earlier), (_, later) in pairwise(segments))
    assert len({header(content) for content, _ in segments}) == 1
    assert [decode_messages(content) for content, _ in segments] == [[]] * len(segments)
    watched = Watched(film(tmp_path, incident))
    assert watched.tracks == ["h264", "aac"]
    steps_ms = [round((later - earlier) * 1000) for earlier, later in pairwise(watched.video_s)]
    # A picture every 40 ms of the whole length. What a busy machine made the camera skip shows in the steps as well.
    assert all(step_ms % FRAME_MS in (0, 1, FRAME_MS - 1) for step_ms in steps_ms)
    length_ms = segments[-1][1].end_ms - segments[0][1].start_ms
    assert sum(steps_ms) == pytest.approx(length_ms, abs=3 * FRAME_MS)
    assert len(watched.video_s) >= 0.8 * length_ms / FRAME_MS
    assert studio.diary.faults() == []


def test_d13_the_incident_goes_on_with_a_new_encoder(studio: Studio, camera: Any, tmp_path: Path) -> None:
    incident = studio.keep()
    studio.diary.wait(SegmentWritten, 2)
    camera._open.encoder._stream.encode = lambda frame=None: []
    lost_ms = studio.now_ms()
    studio.diary.wait(FaultSeen, fault="encoder")
    count = len(studio.diary.of(SegmentWritten))
    studio.diary.wait(SegmentWritten, count + 5)
    studio.stop(incident)
    watched = Watched(film(tmp_path, incident))
    step_s, again_s = max((later - earlier, later) for earlier, later in pairwise(watched.video_s))
    assert 1.0 < step_s < 5.0
    assert again_s * 1000 + studio.origin_ms(incident) - lost_ms < 5_000
    assert watched.video_s[-1] - again_s > 1.0
    assert decode_messages(film(tmp_path, incident)) == []


def test_d10_the_sound_goes_on_while_the_camera_is_gone(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stalled = tmp_path / "stalled"
    monkeypatch.setenv("MADOMORI_CAMERA_STALLED", str(stalled))
    incident = studio.keep()
    studio.diary.wait(SegmentWritten, 2)
    stalled.touch()
    studio.diary.wait(FaultSeen, fault="camera")
    count = len(studio.diary.of(SegmentWritten))
    studio.diary.wait(SegmentWritten, count + 2)
    stalled.unlink()
    studio.diary.wait(FaultGone, timeout_s=30, fault="camera")
    count = len(studio.diary.of(SegmentWritten))
    studio.diary.wait(SegmentWritten, count + 2)
    studio.stop(incident)
    watched = Watched(film(tmp_path, incident))
    gap_s = max(later - earlier for earlier, later in pairwise(watched.video_s))
    assert gap_s > 1.5
    assert max(later - earlier for (earlier, _), (later, _) in pairwise(watched.sound)) < 0.05
    assert decode_messages(film(tmp_path, incident)) == []
