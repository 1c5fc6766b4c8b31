"""The one queue between those who capture, those who command, and the writer."""

import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass

from device.ports import Sample
from device.recorder.packets import Packet
from device.recorder.seeing import Heard, Look


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
class TakeSample:
    """Mux the newest of the ring, and give it to `answer`."""

    duration_ms: int
    asked_ms: int
    answer: "Future[Sample]"


@dataclass(frozen=True, slots=True)
class Close:
    """End the writer."""


Command = Broke | Keep | AllowSound | Stop | TakeSample | Close
Item = Packet | Look | Heard | Command


class Inbox:
    """Bounded for what is captured, never closed to commands. `put` and `tell` never block; safe from any thread."""

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
            packet.after_gap = packet.overrun = True
        self._items.put(packet)

    def note(self, seen: Look | Heard) -> None:
        """Queue what was seen or heard; a writer that is a minute behind needs none of it."""
        if self._items.qsize() < self._limit:
            self._items.put(seen)

    def tell(self, item: Command) -> None:
        """Queue a command or a failure, behind the packets captured before it."""
        self._items.put(item)

    def get(self, timeout_s: float) -> Item | None:
        """The next item, or None after `timeout_s`."""
        try:
            return self._items.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def waiting(self) -> int:
        """How much waits for the writer, about."""
        return self._items.qsize()

    def take_dropped(self) -> int:
        """Packets dropped since the last call."""
        with self._lock:
            dropped, self._dropped = self._dropped, 0
        return dropped
