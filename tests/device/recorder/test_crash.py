"""kill -9 in the middle of a recording: what was reported durable is there, verifies, and is gone on with."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from support.studio import SETTINGS, Studio, Watched, decode_messages, header, joined, new_id, stored

from contract.evidence import head_of
from device.core.events import RecorderChanged, RecordingBegan, SegmentWritten
from device.recorder.store import SegmentStore

pytestmark = pytest.mark.media

ROOT = Path(__file__).resolve().parents[3]


def run_and_kill(folder: Path, incident: str, segments: int, extra_ms: int) -> None:
    """A recorder in a process of its own, killed a little after so many segments became durable."""
    child = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("crash_child.py")), str(folder), incident],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
    )
    try:
        store = SegmentStore(folder / "segments")
        waiting = Studio.__new__(Studio)
        for _ in range(1_000):
            if store.chain(incident)[0] >= segments:
                break
            waiting.let_pass(20)
            assert child.poll() is None, "the child ended by itself"
        else:
            pytest.fail("the child recorded nothing")
        waiting.let_pass(extra_ms)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(10)


def test_kill_9_leaves_a_valid_prefix_that_a_new_program_goes_on_with(
    tmp_path: Path, open_studio: Callable[..., Studio]
) -> None:
    clean = open_studio()
    control = clean.keep()
    clean.diary.wait(SegmentWritten)
    clean.stop(control)
    assert len(stored(tmp_path, control)) >= 2  # the clean case verifies, so the judge is sound
    clean.close()

    incident = new_id()
    run_and_kill(tmp_path, incident, segments=2, extra_ms=370)
    prefix = stored(tmp_path, incident)
    assert len(prefix) >= 2
    assert not any(record.last for _, record in prefix)
    store = SegmentStore(tmp_path / "segments")
    assert store.unfinished() == [incident]
    assert store.chain(incident)[0] == len(prefix)
    assert decode_messages(joined([content for content, _ in prefix])) == []

    again = open_studio()
    again.diary.wait(RecorderChanged)
    again.recorder.keep(incident, True)
    again.diary.wait(RecordingBegan, incident=incident)
    again.diary.wait(SegmentWritten, 2)
    assert again.stop(incident).count == len(stored(tmp_path, incident))
    whole = stored(tmp_path, incident)
    assert whole[: len(prefix)] == prefix
    assert len({record.boot for _, record in whole}) == 2
    assert len({header(content) for content, _ in whole}) == 1
    assert all(earlier.end_ms == later.start_ms for (_, earlier), (_, later) in pairwise(whole))
    joint = joined([content for content, _ in whole])
    assert decode_messages(joint) == []
    watched = Watched(joint)
    assert all(later > earlier for earlier, later in pairwise(watched.video_s))


def test_a_recording_that_a_crash_left_open_is_closed_by_stop(
    tmp_path: Path, open_studio: Callable[..., Studio]
) -> None:
    incident = new_id()
    run_and_kill(tmp_path, incident, segments=1, extra_ms=0)
    prefix = stored(tmp_path, incident)
    studio = open_studio(SETTINGS)
    ended = studio.stop(incident)
    whole = stored(tmp_path, incident)
    assert ended.count == len(whole) == len(prefix) + 1
    assert ended.head == head_of(whole[-1][1].signed_text())
    assert whole[-1][1].last
    assert whole[-1][1].start_ms == whole[-1][1].end_ms == prefix[-1][1].end_ms
    assert decode_messages(joined([content for content, _ in whole])) == []
    assert studio.stop(incident) == ended
    assert SegmentStore(tmp_path / "segments").unfinished() == []
