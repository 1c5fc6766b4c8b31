"""D04: when space is short, what the hub has is given up, oldest first; what it does not have never is."""

from pathlib import Path

import pytest

from device.adapters.clock_system import new_id
from device.housekeeping import make_room
from device.ports import Sealed
from device.recorder.store import SegmentStore
from device.upload import Ledger


class Box:
    """A store with three segments in each of two incidents, and a disk of which we say how full it is."""

    def __init__(self, state: Path) -> None:
        self.store = SegmentStore(state / "segments")
        self.ledger = Ledger(state)
        self.incidents = sorted((new_id(), new_id()))
        for incident in self.incidents:
            for seq in range(3):
                self.store.write(incident, seq, Sealed(b"x" * 100, "{}", "c2ln"))

    def kept(self) -> list[list[int]]:
        return [self.store.segments(incident) for incident in self.incidents]

    def free_bytes(self) -> int:
        return 1000 - 100 * sum(len(kept) for kept in self.kept())


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_nothing_goes_while_there_is_room(box: Box) -> None:
    box.ledger.note(box.incidents[0], 2)
    assert make_room(box.store, box.ledger, box.free_bytes, room_bytes=400) == 0
    assert box.kept() == [[0, 1, 2], [0, 1, 2]]


def test_what_the_hub_has_goes_oldest_first_and_only_until_there_is_room(box: Box) -> None:
    for incident in box.incidents:
        box.ledger.note(incident, 2)
    assert make_room(box.store, box.ledger, box.free_bytes, room_bytes=800) == 4
    assert box.kept() == [[], [1, 2]]


def test_what_the_hub_does_not_have_never_goes_however_short_the_space(box: Box) -> None:
    box.ledger.note(box.incidents[1], 0)
    assert make_room(box.store, box.ledger, box.free_bytes, room_bytes=10**9) == 1
    assert box.kept() == [[0, 1, 2], [1, 2]]
