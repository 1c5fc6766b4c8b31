"""Records for hours of simulated time, as fast as the machine can, and tells its resident memory now and then.

Arguments: hours; how the disk is (`good`, `gone`). Run by test_hours.py.
"""

import json
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.bundles import RECIPIENTS
from support.still_feed import StillFeed
from support.studio import SETTINGS, Film, new_id

from contract.evidence import CHAIN_START
from contract.messages import ClockState
from device.adapters.sealer_age import AgeSeal
from device.core.events import Happening, Instant, RecordingEnded, SegmentWritten
from device.ports import Sealed, SpoolError
from device.recorder.inbox import Close, Inbox, Keep, Stop
from device.recorder.sealer import SigningSealer
from device.recorder.store import SegmentStore
from device.recorder.writer import Writer

LOOP_S: Final = 10
EVERY_S: Final = 600
AHEAD: Final = 40
"""Packets that the film may be ahead of the writer: half a second of its time."""
START_MS: Final = 5_000_000


class FilmClock:
    """Goes with the packets."""

    mono_ms = START_MS

    def now(self) -> Instant:
        wall = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(milliseconds=self.mono_ms)
        return Instant(self.mono_ms, wall, ClockState.SYNCED)


class Forgetful(SegmentStore):
    """A disk that keeps nothing, or takes nothing."""

    def __init__(self, good: bool) -> None:
        super().__init__(Path("/nonexistent"))
        self.good = good

    def write(self, incident: str, seq: int, sealed: Sealed) -> Path:
        if not self.good:
            raise SpoolError("Read-only file system")
        return Path(incident)


class Tally:
    """What was posted, counted: a list of it would grow by itself."""

    def __init__(self) -> None:
        self.segments = 0
        self.ended = threading.Event()

    def post(self, event: Happening) -> None:
        self.segments += isinstance(event, SegmentWritten)
        if isinstance(event, RecordingEnded):
            self.ended.set()


def resident_kib() -> int:
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0])


def main(hours: float, good: bool) -> None:
    film, clock, tally = Film(), FilmClock(), Tally()
    settings = replace(SETTINGS, pre_roll_ms=30_000, segment_ms=2_000, backlog_bytes=None if good else 20_000_000)
    loop = film.shoot(0, LOOP_S)
    key, seal = Ed25519PrivateKey.generate(), AgeSeal(list(RECIPIENTS))
    sealer = SigningSealer(key, seal, "kita", "counter-01", new_id(), clock, lambda _: (0, CHAIN_START, 0))
    inbox = Inbox(settings.inbox_packets)
    writer = Writer(
        inbox,
        film.encoders,
        sealer,
        Forgetful(good),
        tally.post,
        clock,
        settings,
        {"camera": StillFeed(), "microphone": StillFeed()},
    )
    writer.start()
    incident = new_id()
    inbox.tell(Keep(incident, True, START_MS))
    told = []
    for second in range(0, round(hours * 3600), LOOP_S):
        for packet in loop:
            at_us = packet.at_us + (START_MS + second * 1000) * 1000
            clock.mono_ms = at_us // 1000
            inbox.put(replace(packet, at_us=at_us))
            while inbox.waiting() > AHEAD:
                time.sleep(0.001)
        if second % EVERY_S == 0:
            told.append(resident_kib())
    inbox.tell(Stop(incident))
    if good:
        assert tally.ended.wait(30)
    inbox.tell(Close())
    writer.join(20)
    print(json.dumps({"resident_kib": told, "segments": tally.segments, "lost": inbox.take_dropped()}))


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2] == "good")
