"""A power cut: the block layer's copy of a disk in the middle of the work (faults D02; how: section 4, CUT).

What the box called durable must be on the copy. Needs root and loop devices; says so where they are missing.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from support.hubs import until
from support.segments import INCIDENT, SealedLives

from contract.evidence import check_chain, read_record
from hub.evidence.intake import verify

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).with_name("cut_child.py")
CUTS, CUTS_LONG = 6, 100

pytestmark = [
    pytest.mark.timeout(1_800),
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting a disk image needs root"),
]


@contextmanager
def mounted(image: Path, place: Path) -> Iterator[Path]:
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    with path.open("wb") as file:
        file.truncate(64 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(path)], check=True)
    try:
        with mounted(path, tmp_path / "try"):
            pass
    except subprocess.CalledProcessError:
        pytest.skip("this machine mounts no disk images (no loop devices)")
    return path


class Worker:
    """The child that presses and records on the disk; what it called durable lies outside the disk."""

    def __init__(self, disk: Path, outside: Path, *how: str) -> None:
        self.said = outside / "said"
        self.said.write_text("")
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(disk), str(self.said), *how], env=environment
        )

    def answers(self) -> list[list[str]]:
        return [line.split() for line in self.said.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def run_until(self, answers: int) -> None:
        until(lambda: len(self.answers()) >= answers, 60, "the child works")
        assert self.process.poll() is None

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait(10) == -signal.SIGKILL


def cut(image: Path, tmp_path: Path, answers: int, *how: str) -> tuple[set[str], set[int], Path]:
    """Events and segments called durable when the power went, and the copy of the disk at that moment."""
    copy = tmp_path / "cut.img"
    with mounted(image, tmp_path / "live") as live:
        for old in live.iterdir():
            if old.name != "lost+found":
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        os.sync()
        worker = Worker(live, tmp_path, *how)
        worker.run_until(answers)
        worker.process.send_signal(signal.SIGSTOP)
        said = worker.answers()  # before the copy is made: what is said later may not be on it
        subprocess.run(["cp", "--sparse=always", str(image), str(copy)], check=True)
        worker.kill()
    events = {what for kind, what in said if kind == "event"}
    return events, {int(what) for kind, what in said if kind == "segment"}, copy


def lost_on(copy: Path, place: Path, events: set[str], segments: set[int]) -> tuple[set[str], set[int]]:
    """What is missing after the power came back; asserts that what is there is whole."""
    with mounted(copy, place) as disk:
        lives = SealedLives(disk / "box", place.parent / "keys")
        there = lives.stored()
        check_chain(((one.record, one.signature) for one in there), verify)
        assert all(read_record(one.record).bytes == len(one.content) for one in there)
        stored: set[str] = set()
        if (disk / "box" / "spool.db").exists():
            with closing(sqlite3.connect(disk / "box" / "spool.db")) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                stored = {row[0] for row in connection.execute("SELECT id FROM event")}
        lives.record([len(there)], lambda _: None, close=True)  # the box goes on where the power went
        assert lives.store.chain(INCIDENT)[0] == len(there) + 1
        return events - stored, segments - set(range(len(there)))


def cut_again_and_again(image: Path, tmp_path: Path, cuts: int) -> None:
    for number in range(cuts):
        events, segments, copy = cut(image, tmp_path, 10 + 7 * number % 50)
        assert events
        assert segments
        assert lost_on(copy, tmp_path / "after", events, segments) == (set(), set()), f"cut {number}"
        copy.unlink()


def test_d02_after_a_power_cut_all_that_was_called_durable_is_there(image: Path, tmp_path: Path) -> None:
    cut_again_and_again(image, tmp_path, CUTS)


def test_d02_the_judge_sees_a_box_that_does_not_sync(image: Path, tmp_path: Path) -> None:
    events, segments, copy = cut(image, tmp_path, 40, "nosync")
    lost_events, lost_segments = lost_on(copy, tmp_path / "after", events, segments)
    assert lost_events or lost_segments


@pytest.mark.long_faults
def test_d02_a_hundred_power_cuts(image: Path, tmp_path: Path) -> None:
    cut_again_and_again(image, tmp_path, CUTS_LONG)
