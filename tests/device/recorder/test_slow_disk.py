"""A card that stalls, refuses or lies, under a real recorder: faults injected into its system calls by strace."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from support.studio import Watched, joined, new_id, stored

from contract.evidence import Gap, SegmentRecord, digest
from device.core.events import Happening, RecordingBegan
from device.ports import Sealed, Segment, SpoolError
from device.recorder.backlog import Backlog
from device.recorder.settings import RecorderSettings
from device.recorder.store import SegmentStore
from device.recorder.watching import Faults

pytestmark = pytest.mark.media

ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Run:
    """What a recorder did on a bad disk."""

    faults: list[str]
    lost_ms: list[int]
    """Pictures that were given and are not there, in ms of the recording."""
    records: list[SegmentRecord]
    gaps: list[Gap]
    fired: list[str]
    """The system calls that were tampered with."""


def run(folder: Path, *inject: str, ms: int = 5_000, limit: int = 0) -> Run:
    incident, log = new_id(), folder / "strace.log"
    command = [
        sys.executable,
        str(Path(__file__).with_name("disk_child.py")),
        str(folder),
        incident,
        str(ms),
        str(limit),
    ]
    if inject:
        calls = ",".join(one.split(":")[0] for one in inject)
        tamper = [part for one in inject for part in ("-e", f"inject={one}")]
        command = ["strace", "-f", "-qq", "--seccomp-bpf", "-o", str(log), "-e", f"trace={calls}", *tamper, *command]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    segments = stored(folder, incident)
    assert len(segments) == said["count"]
    kept = {round(at_s * 1000) for at_s in Watched(joined([content for content, _ in segments])).video_s}
    origin_ms = min(said["given_ms"], key=lambda at_ms: abs(at_ms - said["origin_ms"]))
    given = {at_ms - origin_ms for at_ms in said["given_ms"] if origin_ms <= at_ms <= said["stopped_ms"] - 200}
    return Run(
        said["faults"],
        sorted(given - kept),
        [record for _, record in segments],
        [gap for _, record in segments for gap in record.gaps or ()],
        [line for line in log.read_text().splitlines() if re.search(r"INJECTED|DELAYED", line)] if inject else [],
    )


def test_an_untroubled_disk_loses_nothing(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert (done.faults, done.lost_ms, done.gaps) == ([], [], [])
    assert done.records[-1].last


def test_d07_a_card_that_stalls_for_eight_seconds_costs_no_picture(tmp_path: Path) -> None:
    done = run(tmp_path, "fsync:delay_enter=2000000:when=4..7")
    assert len(done.fired) == 4
    assert (done.faults, done.lost_ms, done.gaps) == ([], [], [])
    assert done.records[-1].last


@pytest.mark.long_faults
def test_d07_when_ram_is_full_the_oldest_goes_and_the_signed_records_say_so(tmp_path: Path) -> None:
    done = run(tmp_path, "fsync:delay_enter=2000000:when=4..12", ms=9_000, limit=150_000)
    assert len(done.fired) == 9
    assert done.faults[0] == "+disk"
    assert done.lost_ms
    assert {(gap.stream, gap.why) for gap in done.gaps} == {("picture", "overrun"), ("sound", "overrun")}
    holes = [
        (later.start_ms, earlier.end_ms) for earlier, later in pairwise(done.records) if later.start_ms > earlier.end_ms
    ]
    assert [(gap.end_ms, gap.start_ms) for gap in done.gaps if gap.stream == "picture"] == holes
    for lost_ms in done.lost_ms:
        assert any(gap.start_ms <= lost_ms < gap.end_ms for gap in done.gaps)
    assert done.records[0].start_ms == 0  # what was under way to the disk is kept
    assert done.records[-1].last
    assert done.faults[-1] == "-disk"


def test_d08_after_a_failed_fsync_the_segment_is_written_anew(tmp_path: Path) -> None:
    done = run(tmp_path, "fsync:error=EIO:when=5")
    assert len(done.fired) == 1
    assert done.faults == ["+disk", "-disk"]
    assert (done.lost_ms, done.gaps) == ([], [])


def test_d08_never_the_old_file_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, incident = SegmentStore(tmp_path), new_id()
    kept_open: list[int] = []  # so that no number of a file is used a second time

    def failing(descriptor: int) -> None:
        kept_open.append(os.dup(descriptor))
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    store._make = lambda folder: folder.mkdir(parents=True, exist_ok=True)  # type: ignore[method-assign]
    for _ in range(3):
        with pytest.raises(SpoolError):
            store.write(incident, 0, Sealed(b"content", "record", "signature"))
    assert len({os.fstat(descriptor).st_ino for descriptor in kept_open}) == 3
    for descriptor in kept_open:
        os.close(descriptor)


def test_d05_a_card_that_turns_read_only_is_bridged_in_ram(tmp_path: Path) -> None:
    done = run(tmp_path, "rename:error=EROFS:when=4..20")
    assert len(done.fired) == 17
    assert done.faults == ["+disk", "-disk"]
    assert (done.lost_ms, done.gaps) == ([], [])


# --- RAM: how long it bridges, and that it is bounded ----------------------------------------------------------------


class CountingSealer:
    """Numbers what it is given."""

    def __init__(self) -> None:
        self.sealed: list[Segment] = []

    def seal(self, segment: Segment) -> Sealed:
        self.sealed.append(segment)
        return Sealed(segment.content, "record", "signature")

    def head(self, incident: str) -> tuple[int, str]:
        return len(self.sealed), digest(b"")


class RefusingStore(SegmentStore):
    """Read-only until it is told otherwise."""

    read_only = True

    def write(self, incident: str, seq: int, sealed: Sealed) -> Path:
        if self.read_only:
            raise SpoolError("Read-only file system")
        return Path(incident)


def two_seconds(number: int, bit_rate: int, last: bool = False) -> Segment:
    return Segment("incident", bytes(bit_rate // 4), "", number * 2_000, number * 2_000 + 2_000, True, True, last)


def bridged(tmp_path: Path, settings: RecorderSettings, segments: int) -> tuple[list[Segment], list[Happening]]:
    """What is stored in the end of so many segments that came while nothing could be."""
    posted: list[Happening] = []
    sealer, store = CountingSealer(), RefusingStore(tmp_path)
    backlog = Backlog(sealer, store, posted.append, Faults(posted.append), 1, settings.backlog_limit_bytes)
    backlog.start()
    bit_rate = settings.video_bit_rate + settings.sound_bit_rate
    for number in range(segments):
        began = RecordingBegan("incident", 0, True, True) if number == 0 else None
        backlog.add(two_seconds(number, bit_rate, number == segments - 1), began)
    assert backlog._bytes <= settings.backlog_limit_bytes + bit_rate // 4
    store.read_only = False
    assert backlog.close(10)
    return sealer.sealed, posted


@pytest.mark.parametrize("bit_rate", [200_000, 2_500_000, 8_000_000])
def test_d05_ram_bridges_a_minute_at_every_bit_rate(tmp_path: Path, bit_rate: int) -> None:
    kept, _ = bridged(tmp_path, RecorderSettings(video_bit_rate=bit_rate), 30)
    assert [segment.start_ms for segment in kept] == list(range(0, 60_000, 2_000))
    assert not any(segment.gaps for segment in kept)


def test_d05_an_hour_without_a_disk_takes_no_more_ram_and_loses_the_oldest(tmp_path: Path) -> None:
    kept, posted = bridged(tmp_path, RecorderSettings(), 1_800)
    assert kept[-1].end_ms == 3_600_000
    for stream in ("picture", "sound"):  # until the disk first refused, it was only slow
        told = [gap for gap in kept[1].gaps if gap.stream == stream]
        assert (told[0].start_ms, told[-1].end_ms) == (2_000, kept[1].start_ms)
        assert all(earlier.end_ms == later.start_ms for earlier, later in pairwise(told))
        assert told[-1].why == "disk"
    assert kept[-1].end_ms - kept[1].start_ms >= 75_000
    assert [event for event in posted if isinstance(event, RecordingBegan)]
