"""Room for the next recording: what the hub has goes first, what it does not have never goes (faults, D04)."""

import logging
from collections.abc import Callable
from typing import Final

from device.recorder.store import SegmentStore
from device.upload import Ledger

log = logging.getLogger("madomori.housekeeping")

ROOM_BYTES: Final = 1 << 30
"""Free space below which uploaded segments are given up: 50 minutes of recording at 2.5 Mb/s."""


def make_room(store: SegmentStore, ledger: Ledger, free_bytes: Callable[[], int], room_bytes: int = ROOM_BYTES) -> int:
    """Delete segments that are durable at the hub, oldest incident first, until there is room. Gives how many.

    Records stay, so that the chain can still be followed.

    Raises:
        SpoolError: the disk refuses.
        OSError: the free space cannot be asked.
    """
    deleted = 0
    for incident in store.incidents():  # ids are UUIDv7: their order is the order of the presses
        at_hub = ledger.next(incident)
        for seq in store.segments(incident):
            if free_bytes() >= room_bytes:
                return deleted
            if seq < at_hub:
                store.delete(incident, seq)
                deleted += 1
    if deleted:
        log.info("gave up %d segments that the hub has", deleted)
    return deleted
