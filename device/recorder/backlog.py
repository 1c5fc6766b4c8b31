"""Segments on their way to the disk, on a thread of their own: a disk that stalls holds up nothing but itself."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from contract.evidence import CHAIN_START, Gap
from device.core.events import RecordingBegan, RecordingEnded, SegmentWritten
from device.ports import PortError, Post, Sealed, Sealer, SealError, Segment
from device.recorder.gaps import Why, joined
from device.recorder.store import SegmentStore
from device.recorder.watching import Faults

_SLOW: Final = "保存が追いつかず、古い部分から捨てています / the disk is too slow; the oldest parts are dropped"

_BEAT_S: Final = 1.0


@dataclass(slots=True)
class _Waiting:
    segment: Segment
    began: RecordingBegan | None


@dataclass(frozen=True, slots=True)
class _Question:
    """What has become of an incident that has nothing more to store."""

    incident: str


class Backlog:
    """Seals, stores and reports segments in order. `add`, `end`, `holds` and `close` are for the writer's thread.

    A segment is sealed only when it is its turn, and then keeps its seal through every retry. One dropped for want of
    room was never sealed and has no number, so the chain stays whole; the next record of its incident tells the gap.
    """

    def __init__(
        self, sealer: Sealer, store: SegmentStore, post: Post, faults: Faults, retry_ms: int, limit_bytes: int
    ) -> None:
        self._sealer = sealer
        self._store = store
        self._post = post
        self._faults = faults
        self._retry_s = retry_ms / 1000
        self._limit_bytes = limit_bytes
        self._changed = threading.Condition()
        self._waiting: deque[_Waiting | _Question] = deque()
        self._bytes = 0
        self._refused = False
        self._closing = False
        self._sealed: Sealed | None = None  # of the first that waits; this and the next are of the disk's thread alone
        self._seq = 0
        self.beat: Callable[[], None] = lambda: None
        """Called at least once a second while the disk's thread moves. Set before `start`."""
        self._thread = threading.Thread(target=self._run, name="recorder-disk", daemon=True)

    def start(self) -> None:
        """Begin to store."""
        self._thread.start()

    def add(self, segment: Segment, began: RecordingBegan | None) -> None:
        """Take in a segment. `began` is posted once it is durable."""
        with self._changed:
            self._waiting.append(_Waiting(segment, began))
            self._bytes += len(segment.content)
            while self._bytes > self._limit_bytes and self._drop_oldest():
                self._faults.seen("disk", _SLOW)
            self._changed.notify()

    def end(self, incident: str) -> None:
        """Answer with `RecordingEnded` when all that waits now is durable."""
        with self._changed:
            self._waiting.append(_Question(incident))
            self._changed.notify()

    def holds(self, incident: str) -> bool:
        """Whether segments of `incident` still wait."""
        with self._changed:
            return any(isinstance(one, _Waiting) and one.segment.incident == incident for one in self._waiting)

    def close(self, patience_s: float) -> bool:
        """Try once more to store what waits, end the thread, and tell whether all is durable."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(patience_s)
        return not self._waiting

    def _drop_oldest(self) -> bool:
        """The first may be just being stored; the one that closes a recording is kept, and so is the newest."""
        droppable = (
            (place, one)
            for place, one in enumerate(self._waiting)
            if place > 0 and isinstance(one, _Waiting) and not one.segment.last
        )
        place, dropped = next(droppable, (0, None))
        following = next(
            (
                one
                for one in list(self._waiting)[place + 1 :]
                if dropped and isinstance(one, _Waiting) and one.segment.incident == dropped.segment.incident
            ),
            None,
        )
        if dropped is None or following is None:
            return False
        del self._waiting[place]
        self._bytes -= len(dropped.segment.content)
        following.began = following.began or dropped.began
        gaps = (*dropped.segment.gaps, *_lost(dropped.segment, "disk" if self._refused else "overrun"))
        following.segment = replace(following.segment, gaps=joined((*gaps, *following.segment.gaps)))
        return True

    # --- the disk's thread ------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            self.beat()
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait(_BEAT_S)
                    self.beat()
                if not self._waiting:
                    return
                first = self._waiting[0]
            try:
                self._settle(first)
            except PortError as error:
                self._faults.seen(error.fault if isinstance(error, SealError) else "disk", str(error))
                if not self._pause():
                    return
                continue
            with self._changed:
                self._waiting.popleft()
                self._refused = False
                if isinstance(first, _Waiting):
                    self._bytes -= len(first.segment.content)
                self._faults.gone(SealError.fault)
                if not self._waiting:
                    self._faults.gone("disk")

    def _pause(self) -> bool:
        """Wait before the next try; False when this was the last one."""
        with self._changed:
            self._refused = True
            if self._closing:
                return False
            self._changed.wait_for(lambda: self._closing, self._retry_s)
            return True

    def _settle(self, one: _Waiting | _Question) -> None:
        if isinstance(one, _Question):
            self._post(RecordingEnded(one.incident, *self._head(one.incident)))
            return
        incident = one.segment.incident
        if self._sealed is None:
            self._seq, _ = self._sealer.head(incident)
            self._sealed = self._sealer.seal(one.segment)
        path = self._store.write(incident, self._seq, self._sealed)
        sealed, self._sealed = self._sealed, None
        if one.began is not None:
            self._post(one.began)
        self._post(SegmentWritten(incident, self._seq, sealed.record, sealed.signature, str(path)))
        if one.segment.last:
            self._post(RecordingEnded(incident, *self._sealer.head(incident)))

    def _head(self, incident: str) -> tuple[int, str]:
        try:
            return self._sealer.head(incident)
        except PortError as error:
            self._faults.seen("disk", str(error))
            return 0, CHAIN_START


def _lost(segment: Segment, why: Why) -> list[Gap]:
    kept = [("picture", segment.video), ("sound", segment.audio)]
    return [
        Gap(stream=stream, start_ms=segment.start_ms, end_ms=segment.end_ms, why=why)  # type: ignore[arg-type]
        for stream, there in kept
        if there
    ]
