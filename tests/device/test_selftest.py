"""The self-test through the real recorder, announcer and codec, in a simulated room."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.studio import SETTINGS, Studio

from contract.messages import RecordingState
from device.announcer import NOTICE, Announcer
from device.core.events import NoticeEnded, RecorderChanged, SelftestEnded
from device.selftest import Check, Plan, Selftest
from device.simulated.room import Room
from device.simulated.speaker import SimulatedSpeaker
from device.sounds import ours

pytestmark = pytest.mark.media

PLAN = Plan(pre_roll_ms=4_000, camera=True, microphone=True, frames_per_second=25, tone=True)
GOOD = [Check("spool", True), Check("clock", False, "", "not set", needed=False)]


class Box:
    """The parts of a box that a self-test looks at."""

    def __init__(self, folder: Path, plan: Plan, others: Callable[[], list[Check]]) -> None:
        self.room = Room()
        self.speaker = SimulatedSpeaker(self.room)
        settings = replace(SETTINGS, pre_roll_ms=4_000, frozen_ms=60_000, black_ms=60_000, silent_ms=60_000)
        self.studio = Studio(folder, settings, room=self.room)
        self.diary = self.studio.diary
        self.announcer = Announcer(self.speaker, {"notice": ours("notice", "ja")}, self.studio.clock, self.diary.post)
        self.announcer.start()
        self.studio.recorder.start()
        self.diary.wait(RecorderChanged, state=RecordingState.ARMED)
        self.selftest = Selftest(plan, self.studio.recorder, self.announcer, others, self.studio.clock, self.diary.post)

    def run(self) -> dict[str, Any]:
        return self.selftest.ask(self.selftest.start, 60)

    def close(self) -> None:
        self.announcer.close()
        self.studio.close()


@contextmanager
def running(folder: Path, plan: Plan = PLAN, others: Callable[[], list[Check]] = lambda: GOOD) -> Iterator[Box]:
    box = Box(folder, plan, others)
    try:
        yield box
    finally:
        box.close()


def failed(report: dict[str, Any]) -> set[str]:
    return {check["name"] for check in report["checks"] if not check["ok"]}


def test_a_well_box_passes_and_nothing_of_it_stays(tmp_path: Path) -> None:
    with running(tmp_path) as box:
        box.studio.let_pass(4_500)  # the ring fills; how much of it is there is what is asked
        before = sorted(path.name for path in tmp_path.rglob("*"))
        report = box.run()
        assert failed(report) == {"clock"}  # has a sign of its own, and fails nothing
        assert report["ok"]
        assert {check["name"] for check in report["checks"]} == {
            *(
                "spool",
                "clock",
                "speaker",
                "camera",
                "picture",
                "picture_black",
                "picture_frozen",
                "sound",
                "speaker_heard",
            ),
            "pre_roll",
        }
        ended = box.diary.wait(SelftestEnded)
        assert ended.ok
        assert ended.detail == "clock:  / not set"
        assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_d14_a_black_or_frozen_picture_and_zero_samples_are_found(tmp_path: Path) -> None:
    with running(tmp_path) as box:
        box.studio.let_pass(4_500)
        assert box.run()["ok"]
        box.studio.camera.go_black()
        box.studio.let_pass(5_000)
        assert failed(box.run()) - {"clock"} == {"picture_black"}
        box.studio.camera.come_back()
        box.studio.until_moving()
        box.studio.camera.stand_still()
        box.studio.until_still(3_000)
        report = box.run()
        assert failed(report) - {"clock"} == {"picture_frozen"}
        assert not report["ok"]
        assert "映像が止まっています" in box.diary.wait(SelftestEnded, ok=False, count=2).detail


def test_a_speaker_that_fails_or_that_nobody_hears_is_found(tmp_path: Path) -> None:
    with running(tmp_path) as box:
        box.studio.let_pass(4_500)
        box.speaker.fail()
        assert failed(box.run()) - {"clock"} == {"speaker"}
        box.speaker.come_back()
        box.room.play = lambda samples, at_ms: None  # type: ignore[method-assign]  # unplugged behind its driver
        assert failed(box.run()) - {"clock"} == {"speaker_heard"}


def test_no_camera_no_microphone_and_a_broken_spool_are_told_together(tmp_path: Path) -> None:
    with running(tmp_path, others=lambda: [Check("spool", False, "保存できません", "not stored")]) as box:
        box.studio.camera.vanish()
        box.studio.microphone.vanish()
        box.studio.let_pass(6_000)
        found = failed(box.run())
        assert {"spool", "camera", "sound"} <= found


def test_an_alarm_ends_it_at_once_and_no_verdict_is_given(tmp_path: Path) -> None:
    with running(tmp_path) as box:
        reports: list[dict[str, Any]] = []
        asked = threading.Thread(target=lambda: reports.append(box.run()))
        playing = threading.Event()
        play = box.room.play

        def watched(samples: Any, at_ms: int) -> None:
            playing.set()
            play(samples, at_ms)

        box.room.play = watched  # type: ignore[method-assign]
        asked.start()
        assert playing.wait(20)
        box.selftest.abort()
        box.announcer.say("incident", NOTICE)
        asked.join(20)
        assert reports[0]["aborted"]
        assert not reports[0]["ok"]
        assert box.diary.wait(NoticeEnded, timeout_s=30).ok  # the notice of that alarm is heard all the same
        assert box.diary.of(SelftestEnded) == []


def test_a_tone_is_not_played_where_the_city_does_not_want_it(tmp_path: Path) -> None:
    with running(tmp_path, replace(PLAN, tone=False)) as box:
        box.studio.let_pass(4_500)
        box.speaker.fail()
        report = box.run()
        assert report["ok"]
        assert "speaker" not in {check["name"] for check in report["checks"]}


def test_a_bug_in_the_test_is_a_failed_test(tmp_path: Path) -> None:
    def broken() -> list[Check]:
        raise ZeroDivisionError("a mistake")

    with running(tmp_path, others=broken) as box:
        assert failed(box.run()) == {"selftest"}
        assert box.run()["ok"] is False  # and it can be asked again
