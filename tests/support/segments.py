"""Sealed segments without a camera: what the recorder's end writes, for tests of the disk."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from support.seals import seal_in

from device.adapters.clock_system import SystemClock, new_id
from device.ports import Sealed, Segment
from device.recorder.sealer import SigningSealer, load_or_make_key
from device.recorder.store import SegmentStore

INCIDENT = "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a02"


def segment(number: int, last: bool = False) -> Segment:
    """The `number`th piece of two seconds."""
    content = hashlib.sha256(str(number).encode()).digest() * 4_000
    digest = hashlib.sha256(content).hexdigest()
    start_ms = number * 2_000
    return Segment(INCIDENT, content, digest, start_ms, start_ms + 2_000, video=True, audio=True, last=last)


class SealedLives:
    """One box's recording in `folder`, over as many boots as are asked for."""

    def __init__(self, folder: Path, keys: Path | None = None) -> None:
        """`keys`: where the people's keys lie, which no box has; else beside the recording."""
        folder.mkdir(parents=True, exist_ok=True)
        self.store = SegmentStore(folder / "segments")
        self.seal = seal_in(keys or folder)
        self.key, _ = load_or_make_key(folder / "evidence.key")

    def record(self, numbers: Iterable[int], durable: Callable[[int], object], close: bool = False) -> None:
        """A boot that seals and stores these pieces; `durable` is told each that is called so."""
        clock, wanted = SystemClock(), list(numbers)
        sealer = SigningSealer(self.key, self.seal, "kita", "counter-01", new_id(), clock, self.store.chain)
        for number in wanted:
            seq, _ = sealer.head(INCIDENT)
            self.store.write(INCIDENT, seq, sealer.seal(segment(number, close and number == wanted[-1])))
            durable(seq)

    def stored(self) -> list[Sealed]:
        """What a reader finds."""
        return [self.store.read(INCIDENT, seq) for seq in self.store.segments(INCIDENT)]
