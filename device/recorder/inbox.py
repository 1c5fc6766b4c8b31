"""The one queue between those who capture, those who command, and the writer."""

import queue
import threading
from dataclasses import dataclass

from device.recorder.packets import Packet


@dataclass(frozen=True, slots=True)
class Broke:
    """A stream or an encoder failed. `source` is the fault's name."""

    source: str
    detail: str


@dataclass(frozen=True, slots=True)
class Keep:
    """Begin to keep for an incident, asked for at this monotonic time."""

    incident: str
    sound: bool
    asked_ms: int


@dataclass(frozen=True, slots=True)
class AllowSound:
    """Sound captured from this monotonic time on may be kept."""

    incident: str
    from_ms: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Close an incident's recording."""

    incident: str


@dataclass(frozen=True, slots=True)
class Close:
    """End the writer."""


Item = Packet | Broke | Keep | AllowSound | Stop | Close


class Inbox:
    """Bounded for packets, never closed to commands. `put` and `tell` never block; safe from any thread."""

    def __init__(self, limit_packets: int) -> None:
        self._items: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._limit = limit_packets
        self._lock = threading.Lock()
        self._dropped = 0
        self._hole = {True: False, False: False}

    def put(self, packet: Packet) -> None:
        """Queue a packet; when the writer is a minute behind (a stalled disk) it is dropped and counted."""
        if self._items.qsize() >= self._limit:
            with self._lock:
                self._dropped += 1
                self._hole[packet.video] = True
            return
        if self._hole[packet.video]:
            self._hole[packet.video] = False
            packet.after_gap = True
        self._items.put(packet)

    def tell(self, item: Broke | Keep | AllowSound | Stop | Close) -> None:
        """Queue a command or a failure, behind the packets captured before it."""
        self._items.put(item)

    def get(self, timeout_s: float) -> Item | None:
        """The next item, or None after `timeout_s`."""
        try:
            return self._items.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def take_dropped(self) -> int:
        """Packets dropped since the last call."""
        with self._lock:
            dropped, self._dropped = self._dropped, 0
        return dropped
