"""The whole recorder in real time, in a simulated room."""

import io
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import pytest
from support.studio import FPS, HEIGHT, SETTINGS, WIDTH, Studio, Watched, beep, joined, new_id, peak, stored

from contract.evidence import CHAIN_START
from contract.messages import RecordingState
from device.core.events import (
    FaultGone,
    FaultSeen,
    RecorderChanged,
    RecordingBegan,
    RecordingEnded,
    SegmentWritten,
)
from device.ports import Sealed, SpoolError
from device.recorder.store import SegmentStore
from device.simulated.camera import SimulatedCamera
from device.simulated.microphone import SimulatedMicrophone
from device.simulated.room import Room
from device.simulated.speaker import SimulatedSpeaker

pytestmark = pytest.mark.media

Open = Callable[..., Studio]


def watch(folder: Path, incident: str) -> Watched:
    return Watched(joined([content for content, _ in stored(folder, incident)]))


def test_it_is_armed_when_both_streams_have_come_and_not_before(open_studio: Open) -> None:
    studio = open_studio(start=False)
    assert studio.recorder.state() is RecordingState.OFF
    studio.recorder.start()
    studio.diary.wait(RecorderChanged, state=RecordingState.ARMED)
    assert studio.recorder.state() is RecordingState.ARMED
    assert studio.diary.faults() == []


def test_the_moments_before_the_press_are_safe_within_a_second(studio: Studio, tmp_path: Path) -> None:
    studio.let_pass(2_200)
    incident = studio.keep()
    pressed_ms = studio.kept_ms[incident]
    assert studio.now_ms() - pressed_ms < 50  # the caller was not held up
    began = studio.diary.wait(RecordingBegan, incident=incident)
    assert studio.diary.when(RecordingBegan) - pressed_ms < 1_000
    assert 1_000 <= began.pre_roll_ms <= 2_000 + 100
    assert (began.video, began.audio) == (True, True)
    studio.diary.wait(SegmentWritten, 3)
    ended = studio.stop(incident)
    segments = stored(tmp_path, incident)
    assert ended.count == len(segments) == len(studio.diary.of(SegmentWritten))
    assert segments[-1][1].last
    assert all(earlier.end_ms == later.start_ms for (_, earlier), (_, later) in pairwise(segments))
    assert studio.lost(incident, watch(tmp_path, incident)) == set()
    assert studio.diary.faults() == []


def test_sound_before_the_notice_is_not_kept_and_the_notice_is(studio: Studio, tmp_path: Path) -> None:
    shout, speaker = SimulatedSpeaker(studio.room), SimulatedSpeaker(studio.room)
    incident = studio.keep(sound=False)
    assert shout.play(beep(0.4), lambda at_ms: None) == 400
    started: list[int] = []

    def notice_started(at_ms: int) -> None:
        started.append(at_ms)
        studio.recorder.allow_sound(incident, at_ms)

    speaker.play(beep(1.0), notice_started)
    studio.stop(incident)
    heard = watch(tmp_path, incident)
    notice_s = (started[0] - studio.origin_ms(incident)) / 1000
    assert heard.loudness(0, notice_s - 0.05) <= 2
    first_s = next(at_s for at_s, block in heard.sound if peak(block) > 2)
    assert notice_s - 0.002 <= first_s <= notice_s + 0.1
    assert heard.loudness(notice_s + 0.1, 1e9) > 3_000


def test_picture_and_sound_stay_together(open_studio: Open, tmp_path: Path) -> None:
    """The lens is uncovered and a tone begins at the same moment: in the recording they must too."""
    studio = open_studio(replace(SETTINGS, pre_roll_ms=0), room=Room(murmur=False))
    studio.diary.wait(RecorderChanged)
    studio.camera.go_black()
    incident = studio.keep()
    studio.diary.wait(SegmentWritten, incident=incident)
    speaker = SimulatedSpeaker(studio.room)

    def uncover(at_ms: int) -> None:
        studio.let_pass(at_ms - studio.now_ms())
        studio.camera.come_back()

    speaker.play(beep(0.6), uncover)
    studio.stop(incident)
    whole = joined([content for content, _ in stored(tmp_path, incident)])
    heard_s = next(at_s for at_s, block in Watched(whole).sound if peak(block) > 3_000)
    assert _light_s(whole) == pytest.approx(heard_s, abs=0.07)  # one picture, one AAC frame


def _light_s(content: bytes) -> float:
    """When it became light. The first picture may be one that was under way before the lens was covered."""
    dark = False
    with av.open(io.BytesIO(content), "r") as container:
        for frame in container.decode(video=0):
            light = bytes(frame.planes[0])[WIDTH * HEIGHT // 2] > 60
            if light and dark:
                return frame.time or 0.0
            dark = dark or not light
    raise AssertionError("it never became light after the dark")


def test_keep_before_anything_was_captured_keeps_what_comes(open_studio: Open, tmp_path: Path) -> None:
    studio = open_studio(start=False)
    incident = new_id()
    studio.recorder.keep(incident, True)
    studio.recorder.start()
    began = studio.diary.wait(RecordingBegan)
    assert began.pre_roll_ms == 0
    studio.recorder.keep(incident, True)  # the second press changes nothing
    studio.diary.wait(SegmentWritten, 2)
    assert studio.stop(incident).count == len(stored(tmp_path, incident))
    assert len(studio.diary.of(RecordingBegan)) == 1


def test_another_incident_closes_the_first(studio: Studio, tmp_path: Path) -> None:
    first, second = new_id(), new_id()
    studio.recorder.keep(first, True)
    studio.diary.wait(SegmentWritten, incident=first)
    studio.recorder.keep(second, True)
    assert studio.diary.wait(RecordingEnded, incident=first).count == len(stored(tmp_path, first))
    began = studio.diary.wait(RecordingBegan, incident=second)
    assert began.pre_roll_ms > 0
    assert studio.stop(second).count == len(stored(tmp_path, second))
    assert stored(tmp_path, second)[-1][1].last


def test_a_box_that_is_stopped_while_the_alarm_stands_goes_on_with_the_same_chain(
    open_studio: Open, tmp_path: Path
) -> None:
    before = open_studio()
    incident = before.keep()
    before.diary.wait(SegmentWritten, incident=incident)
    before.recorder.close()
    assert before.recorder.state() is RecordingState.OFF
    left = stored(tmp_path, incident)
    assert left
    assert not any(record.last for _, record in left)  # the incident is not over, so its chain is not closed
    assert before.diary.of(RecordingEnded) == []

    after = open_studio()
    after.diary.wait(RecorderChanged)
    after.recorder.keep(incident, True)
    after.diary.wait(SegmentWritten, incident=incident)
    ended = after.stop(incident)
    whole = stored(tmp_path, incident)
    assert ended.count == len(whole) > len(left)
    assert [record.last for _, record in whole] == [False] * (len(whole) - 1) + [True]


def test_a_stop_is_always_answered(studio: Studio) -> None:
    unknown = new_id()
    studio.recorder.stop(unknown)
    assert studio.diary.wait(RecordingEnded, incident=unknown) == RecordingEnded(unknown, 0, CHAIN_START)


def test_a_camera_that_vanishes_and_returns_is_one_fault_and_one_return(studio: Studio, tmp_path: Path) -> None:
    incident = studio.keep()
    studio.diary.wait(SegmentWritten)
    studio.camera.vanish()
    studio.diary.wait(FaultSeen, fault="camera")
    so_far = len(studio.diary.of(SegmentWritten))
    studio.diary.wait(SegmentWritten, so_far + 2)
    studio.camera.come_back()
    studio.diary.wait(FaultGone, fault="camera")
    studio.stop(incident)
    assert studio.diary.faults() == ["+camera", "-camera"]
    assert [record.video for _, record in stored(tmp_path, incident)].count(False) >= 1
    assert stored(tmp_path, incident)[-1][1].video
    heard = watch(tmp_path, incident)
    gaps = [later - earlier for (earlier, _), (later, _) in pairwise(heard.sound)]
    assert max(gaps) < 0.03  # the sound went on all the while


def test_a_camera_that_hangs_is_noticed_and_opened_again_and_again(studio: Studio) -> None:
    opened = studio.camera.opened
    studio.camera.freeze()
    studio.diary.wait(FaultSeen, fault="camera")
    studio.let_pass(1_500)
    assert studio.camera.opened >= opened + 2
    studio.camera.come_back()
    studio.diary.wait(FaultGone, fault="camera")
    assert studio.diary.faults() == ["+camera", "-camera"]


def test_a_microphone_that_vanishes_leaves_the_picture(studio: Studio, tmp_path: Path) -> None:
    incident = studio.keep()
    studio.diary.wait(SegmentWritten)
    studio.microphone.vanish()
    studio.diary.wait(FaultSeen, fault="microphone")
    so_far = len(studio.diary.of(SegmentWritten))
    studio.diary.wait(SegmentWritten, so_far + 2)
    studio.microphone.come_back()
    studio.diary.wait(FaultGone, fault="microphone")
    studio.stop(incident)
    assert studio.diary.faults() == ["+microphone", "-microphone"]
    assert studio.lost(incident, watch(tmp_path, incident)) == set()
    assert [record.audio for _, record in stored(tmp_path, incident)].count(False) >= 1


def test_with_nothing_to_capture_it_says_so_and_still_answers(open_studio: Open) -> None:
    room = Room()
    camera, microphone = SimulatedCamera("X", WIDTH, HEIGHT, FPS), SimulatedMicrophone(room)
    camera.vanish()
    microphone.vanish()
    studio = open_studio(camera=camera, microphone=microphone)
    studio.diary.wait(RecorderChanged, state=RecordingState.FAILED)
    assert sorted(studio.diary.faults()) == ["+camera", "+microphone"]
    incident = studio.keep()
    assert studio.stop(incident).count == 0
    camera.come_back()
    studio.diary.wait(RecorderChanged, state=RecordingState.ARMED)


class StubbornStore(SegmentStore):
    """A disk that is full until it is told otherwise."""

    full = False

    def write(self, incident: str, seq: int, sealed: Sealed) -> Path:
        if self.full:
            raise SpoolError("録画を保存できません / the recording cannot be stored: No space left on device")
        return super().write(incident, seq, sealed)


@pytest.mark.parametrize("room_bytes", [10_000_000, 1], ids=["waits in RAM", "RAM is full too"])
def test_a_full_disk_is_survived(open_studio: Open, tmp_path: Path, room_bytes: int) -> None:
    store = StubbornStore(tmp_path / "segments")
    studio = open_studio(replace(SETTINGS, backlog_bytes=room_bytes), store=store)
    studio.diary.wait(RecorderChanged)
    incident = studio.keep()
    studio.diary.wait(SegmentWritten, 2)
    store.full = True
    studio.diary.wait(FaultSeen, fault="disk")
    written = len(studio.diary.of(SegmentWritten))
    studio.let_pass(1_600 if room_bytes > 1 else 3_600)
    assert len(studio.diary.of(SegmentWritten)) == written
    store.full = False
    studio.diary.wait(FaultGone, fault="disk")
    studio.diary.wait(SegmentWritten, len(studio.diary.of(SegmentWritten)) + 1)
    ended = studio.stop(incident)
    records = [record for _, record in stored(tmp_path, incident)]
    assert ended.count == len(records)
    gaps = [later.start_ms - earlier.end_ms for earlier, later in pairwise(records)]
    assert (max(gaps) == 0) is (room_bytes > 1_000_000)
    assert studio.diary.faults() == ["+disk", "-disk"]
    for earlier, later in pairwise(records):  # what was dropped is told, signed, in the record after it
        hole = [(gap.stream, gap.start_ms, gap.end_ms) for gap in later.gaps or () if gap.why == "disk"]
        dropped = later.start_ms > earlier.end_ms
        assert hole == (
            [(stream, earlier.end_ms, later.start_ms) for stream in ("picture", "sound")] if dropped else []
        )


def test_a_full_disk_at_the_press_loses_no_beginning(open_studio: Open, tmp_path: Path) -> None:
    store = StubbornStore(tmp_path / "segments")
    store.full = True
    studio = open_studio(store=store)
    studio.diary.wait(RecorderChanged)
    incident = studio.keep()
    studio.diary.wait(FaultSeen, fault="disk")
    assert studio.diary.of(RecordingBegan) == []
    studio.recorder.stop(incident)
    store.full = False
    assert studio.diary.wait(RecordingEnded).count == len(stored(tmp_path, incident))
    assert stored(tmp_path, incident)[0][1].start_ms == 0
    assert len(studio.diary.of(RecordingBegan)) == 1


def test_the_recorder_can_be_closed_at_any_time(open_studio: Open) -> None:
    studio = open_studio(start=False)
    studio.recorder.close()
    studio.recorder.start()
    studio.recorder.close()
    studio.recorder.close()
    assert studio.recorder.state() is RecordingState.OFF


def test_an_encoder_that_cannot_be_opened_is_a_fault_and_stop_is_answered(open_studio: Open) -> None:
    camera = SimulatedCamera("X", 64, 64, FPS)
    camera.width = 63  # 4:2:0 wants even widths
    studio = open_studio(camera=camera)
    assert studio.diary.faults() == ["+encoder"]
    assert studio.recorder.state() is RecordingState.FAILED
    assert studio.stop(studio.keep()).count == 0
