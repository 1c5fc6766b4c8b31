"""What the box notices while it records, in real time: the signed records say what is missing and why."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.studio import (
    FPS,
    HEIGHT,
    SETTINGS,
    WIDTH,
    Studio,
    Watched,
    decode_messages,
    header,
    joined,
    new_id,
    stored,
)

from contract.evidence import Gap
from contract.messages import RecordingState
from device.core.events import FaultGone, FaultSeen, RecorderChanged, RecordingBegan, SegmentWritten
from device.ports import EncoderError
from device.simulated.camera import SimulatedCamera
from device.simulated.microphone import SimulatedMicrophone
from device.simulated.room import Room

pytestmark = pytest.mark.media

Open = Callable[..., Studio]


def gaps(folder: Path, incident: str) -> list[Gap]:
    """All gaps of a recording, those that go on from record to record as one."""
    found: list[Gap] = []
    for _, record in stored(folder, incident):
        for gap in record.gaps or ():
            same = [one for one in found if (one.stream, one.why) == (gap.stream, gap.why)]
            if same and gap.start_ms - same[-1].end_ms <= 30:
                found[found.index(same[-1])] = same[-1].model_copy(update={"end_ms": gap.end_ms})
            else:
                found.append(gap)
    return found


def more(studio: Studio, segments: int) -> None:
    """Wait for so many more segments."""
    studio.diary.wait(SegmentWritten, len(studio.diary.of(SegmentWritten)) + segments)


def at_ms(studio: Studio, incident: str, mono_ms: int) -> int:
    return mono_ms - studio.origin_ms(incident)


def test_an_undisturbed_recording_has_no_gap(studio: Studio, tmp_path: Path) -> None:
    incident = studio.keep()
    studio.diary.wait(SegmentWritten, 3)
    studio.stop(incident)
    assert gaps(tmp_path, incident) == []
    assert studio.diary.faults() == []


@pytest.mark.parametrize("what", ["camera", "microphone"])
def test_d10_a_device_that_dies_and_returns_leaves_a_signed_gap_of_that_time(
    studio: Studio, tmp_path: Path, what: str
) -> None:
    device = studio.camera if what == "camera" else studio.microphone
    incident = studio.keep()
    studio.diary.wait(SegmentWritten, 2)
    gone_ms = studio.now_ms()
    device.vanish()
    studio.diary.wait(FaultSeen, fault=what)
    more(studio, 2)
    device.come_back()
    back_ms = studio.now_ms()
    studio.diary.wait(FaultGone, fault=what)
    more(studio, 1)
    studio.stop(incident)
    [gap] = gaps(tmp_path, incident)
    assert (gap.stream, gap.why) == ("picture" if what == "camera" else "sound", "lost")
    assert gap.start_ms == pytest.approx(at_ms(studio, incident, gone_ms), abs=150)
    back = at_ms(studio, incident, back_ms)
    assert back - 50 <= gap.end_ms <= back + SETTINGS.retry_ms + 250
    assert studio.diary.faults() == [f"+{what}", f"-{what}"]


@pytest.mark.parametrize(
    ("trouble", "fault", "stream", "why"),
    [
        ("stand_still", "camera_frozen", "picture", "frozen"),
        ("go_black", "camera_black", "picture", "black"),
        ("mute", "microphone_silent", "sound", "silent"),
    ],
    ids=["frozen", "black", "silent"],
)
def test_d14_what_comes_but_shows_nothing_is_a_fault_and_a_gap_and_is_kept(
    studio: Studio, tmp_path: Path, trouble: str, fault: str, stream: str, why: str
) -> None:
    device = studio.microphone if trouble == "mute" else studio.camera
    incident = studio.keep()
    studio.diary.wait(SegmentWritten)
    began_ms = studio.now_ms()
    getattr(device, trouble)()
    studio.diary.wait(FaultSeen, fault=fault)
    assert studio.diary.when(FaultSeen, fault=fault) - began_ms < 2_000
    more(studio, 1)
    device.come_back()
    over_ms = studio.now_ms()
    studio.diary.wait(FaultGone, fault=fault)
    more(studio, 2)
    studio.stop(incident)
    [gap] = gaps(tmp_path, incident)
    assert (gap.stream, gap.why) == (stream, why)
    assert gap.start_ms == pytest.approx(at_ms(studio, incident, began_ms), abs=2 * SETTINGS.look_ms)
    assert gap.end_ms == pytest.approx(at_ms(studio, incident, over_ms), abs=2 * SETTINGS.look_ms)
    assert studio.diary.faults() == [f"+{fault}", f"-{fault}"]
    assert all(record.video and record.audio for _, record in stored(tmp_path, incident))


def test_d14_a_lens_covered_before_the_press_is_in_the_record_from_the_start(studio: Studio, tmp_path: Path) -> None:
    studio.camera.go_black()
    studio.diary.wait(FaultSeen, fault="camera_black")
    studio.let_pass(1_500)
    incident = studio.keep()
    studio.diary.wait(SegmentWritten, 2)
    studio.stop(incident)
    [gap] = gaps(tmp_path, incident)
    assert (gap.why, gap.start_ms) == ("black", 0)


@pytest.mark.parametrize(
    ("missing", "fault", "stream"),
    [("camera", "camera", "picture"), ("microphone", "microphone", "sound")],
    ids=["d09", "d11"],
)
def test_d09_d11_a_press_with_one_device_missing_is_recorded_with_the_other(
    open_studio: Open, tmp_path: Path, missing: str, fault: str, stream: str
) -> None:
    camera, microphone = SimulatedCamera("X", WIDTH, HEIGHT, FPS), SimulatedMicrophone(Room())
    (camera if missing == "camera" else microphone).vanish()
    studio = open_studio(camera=camera, microphone=microphone)
    studio.diary.wait(RecorderChanged)
    incident = studio.keep()
    studio.diary.wait(SegmentWritten, 3)
    studio.stop(incident)
    records = [record for _, record in stored(tmp_path, incident)]
    assert all((record.video, record.audio) == (missing != "camera", missing == "camera") for record in records)
    [gap] = gaps(tmp_path, incident)
    assert (gap.stream, gap.why, gap.start_ms) == (stream, "lost", 0)
    assert gap.end_ms == pytest.approx(records[-1].end_ms, abs=100)
    assert studio.diary.faults() == [f"+{fault}"]


@pytest.mark.parametrize(("off", "stream"), [("camera", "picture"), ("microphone", "sound")])
def test_what_is_not_recorded_here_is_said_in_each_record_and_is_no_fault(
    open_studio: Open, tmp_path: Path, off: str, stream: str
) -> None:
    studio = open_studio(**{off: None})
    assert studio.diary.wait(RecorderChanged).state is RecordingState.ARMED
    incident = studio.keep()
    studio.diary.wait(SegmentWritten, 3)
    studio.stop(incident)
    records = [record for _, record in stored(tmp_path, incident)]
    assert all((record.video, record.audio) == (off != "camera", off == "camera") for record in records)
    assert all(any((gap.stream, gap.why) == (stream, "off") for gap in record.gaps or ()) for record in records)
    assert studio.diary.faults() == []
    assert decode_messages(joined([content for content, _ in stored(tmp_path, incident)])) == []


def test_d12_with_neither_the_answer_still_comes_and_nothing_is_claimed(open_studio: Open, tmp_path: Path) -> None:
    camera, microphone = SimulatedCamera("X", WIDTH, HEIGHT, FPS), SimulatedMicrophone(Room())
    camera.vanish()
    microphone.vanish()
    studio = open_studio(camera=camera, microphone=microphone)
    studio.diary.wait(RecorderChanged)
    asked_ms = studio.now_ms()
    incident = studio.keep()
    assert studio.stop(incident).count == 0
    assert studio.now_ms() - asked_ms < 1_000
    assert studio.diary.of(RecordingBegan) == []


def test_sound_from_before_the_notice_is_told_as_withheld(studio: Studio, tmp_path: Path) -> None:
    incident = studio.keep(sound=False)
    studio.diary.wait(SegmentWritten, 2)
    notice_ms = studio.now_ms()
    studio.recorder.allow_sound(incident, notice_ms)
    more(studio, 2)
    studio.stop(incident)
    [gap] = gaps(tmp_path, incident)
    assert (gap.stream, gap.why) == ("sound", "withheld")
    assert gap.start_ms < 50
    assert gap.end_ms == pytest.approx(at_ms(studio, incident, notice_ms), abs=60)


def test_a_restart_of_the_box_is_told_where_the_recording_goes_on(open_studio: Open, tmp_path: Path) -> None:
    before = open_studio()
    incident = before.keep()
    before.diary.wait(SegmentWritten, 2)
    before.recorder.close()
    left = stored(tmp_path, incident)
    after = open_studio()
    after.diary.wait(RecorderChanged)
    after.recorder.keep(incident, True)
    after.diary.wait(SegmentWritten, incident=incident)
    after.stop(incident)
    at = left[-1][1].end_ms
    assert gaps(tmp_path, incident) == [
        Gap(stream=stream, start_ms=at, end_ms=at, why="restart") for stream in ("picture", "sound")
    ]


def test_the_time_with_nothing_at_all_before_the_end_is_told(studio: Studio, tmp_path: Path) -> None:
    incident = studio.keep()
    studio.diary.wait(SegmentWritten, 2)
    studio.camera.vanish()
    studio.microphone.vanish()
    studio.let_pass(4_500)  # long enough that the open segment is closed and nothing follows
    studio.stop(incident)
    found = sorted(gaps(tmp_path, incident), key=lambda gap: gap.stream)
    assert [(gap.stream, gap.why) for gap in found] == [("picture", "lost"), ("sound", "lost")]
    assert all(gap.end_ms - gap.start_ms > 4_000 for gap in found)


# --- what it tells of itself -----------------------------------------------------------------------------------------


def test_vitals_say_how_old_picture_and_sound_are_and_how_loud(open_studio: Open) -> None:
    studio = open_studio(start=False)
    assert studio.recorder.vitals().camera_age_ms is None
    studio.recorder.start()
    studio.diary.wait(RecorderChanged)
    studio.let_pass(400)
    well = studio.recorder.vitals()
    assert well.camera_age_ms is not None
    assert well.sound_age_ms is not None
    assert well.sound_dbfs is not None
    assert max(well.camera_age_ms, well.sound_age_ms) < 600
    assert -80 < well.sound_dbfs < -20  # a murmur
    studio.camera.vanish()
    studio.diary.wait(FaultSeen, fault="camera")
    studio.let_pass(SETTINGS.stall_ms)
    gone = studio.recorder.vitals()
    assert gone.camera_age_ms is not None
    assert gone.camera_age_ms >= SETTINGS.stall_ms


def test_a_sample_shows_what_would_be_kept_and_leaves_no_trace(studio: Studio, tmp_path: Path) -> None:
    studio.let_pass(1_500)
    sample = studio.recorder.sample(1_000)
    seen = Watched(sample.segment.content)
    assert seen.tracks == ["h264", "aac"]
    assert 0.9 <= seen.duration_s <= 2.2
    assert len(seen.video_s) >= FPS
    assert seen.loudness(0, 9) > 100
    assert (sample.segment.video, sample.segment.audio) == (True, True)
    assert SETTINGS.pre_roll_ms - 50 <= sample.pre_roll_ms <= SETTINGS.pre_roll_ms + 1_200
    assert not list(tmp_path.rglob("*.seg"))


def test_a_sample_does_not_touch_a_running_recording(studio: Studio, tmp_path: Path) -> None:
    incident = studio.keep(sound=False)
    studio.diary.wait(SegmentWritten, 2)
    shown = studio.recorder.sample(1_000).segment
    assert shown.audio  # in RAM only
    more(studio, 2)
    studio.stop(incident)
    kept = stored(tmp_path, incident)
    assert len({header(content) for content, _ in kept}) == 1
    assert not any(record.audio for _, record in kept)
    assert all(shown.content != content for content, _ in kept)
    assert [gap.why for gap in gaps(tmp_path, incident)] == ["withheld"]


def test_a_policy_without_pre_roll_still_gives_a_sample(open_studio: Open) -> None:
    studio = open_studio(replace(SETTINGS, pre_roll_ms=0))
    studio.diary.wait(RecorderChanged)
    studio.let_pass(1_200)
    sample = studio.recorder.sample(5_000)
    assert sample.segment.video
    assert sample.pre_roll_ms == 0


def test_with_nothing_captured_a_sample_is_refused(open_studio: Open) -> None:
    studio = open_studio(start=False)
    with pytest.raises(EncoderError):
        studio.recorder.sample(1_000)
    camera, microphone = SimulatedCamera("X", WIDTH, HEIGHT, FPS), SimulatedMicrophone(Room())
    camera.vanish()
    microphone.vanish()
    empty = open_studio(camera=camera, microphone=microphone)
    with pytest.raises(EncoderError):
        empty.recorder.sample(1_000)
    assert new_id() not in empty.store.incidents()
