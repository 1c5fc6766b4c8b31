"""Segments on their way to the disk: sealed one by one in order, kept in RAM while the disk refuses them."""

from collections import deque
from dataclasses import dataclass

from device.core.events import RecordingBegan, RecordingEnded, SegmentWritten
from device.ports import PortError, Post, Sealed, Sealer, Segment
from device.recorder.store import SegmentStore
from device.recorder.watching import Faults


@dataclass(slots=True)
class _Waiting:
    segment: Segment
    began: RecordingBegan | None


class Backlog:
    """Seals, stores and reports segments in order. Used by the writer thread alone.

    A segment is sealed only when it is its turn, and then keeps its seal through every retry: a segment dropped for
    want of room has no number, so the chain stays whole and only the records' times show the gap.
    """

    def __init__(
        self, sealer: Sealer, store: SegmentStore, post: Post, faults: Faults, retry_ms: int, limit_bytes: int
    ) -> None:
        self._sealer = sealer
        self._store = store
        self._post = post
        self._faults = faults
        self._retry_ms = retry_ms
        self._limit_bytes = limit_bytes
        self._waiting: deque[_Waiting] = deque()
        self._sealed: Sealed | None = None
        self._seq = 0
        self._bytes = 0
        self._retry_at_ms = 0
        self._began: dict[str, RecordingBegan] = {}

    def add(self, segment: Segment, began: RecordingBegan | None, now_ms: int) -> None:
        """Take in a segment and store what can be stored. `began` is posted once the segment is durable."""
        if self._waiting and self._bytes + len(segment.content) > self._limit_bytes and not segment.last:
            if began is not None:
                self._began[segment.incident] = began  # the next one that fits will say that it began
            return
        self._waiting.append(_Waiting(segment, began or self._began.pop(segment.incident, None)))
        self._bytes += len(segment.content)
        self.drain(now_ms)

    def drain(self, now_ms: int) -> None:
        """Store what waits, unless the disk refused only a moment ago."""
        if now_ms < self._retry_at_ms:
            return
        while self._waiting:
            waiting = self._waiting[0]
            try:
                self._store_one(waiting)
            except PortError as error:  # of the disk, or of the key
                self._faults.seen("disk", str(error))
                self._retry_at_ms = now_ms + self._retry_ms
                return
            self._waiting.popleft()
            self._bytes -= len(waiting.segment.content)
            if waiting.segment.last:
                self._post(RecordingEnded(waiting.segment.incident, *self._sealer.head(waiting.segment.incident)))
        self._faults.gone("disk")

    def holds(self, incident: str) -> bool:
        """Whether segments of `incident` still wait."""
        return any(waiting.segment.incident == incident for waiting in self._waiting)

    def is_empty(self) -> bool:
        """Nothing waits."""
        return not self._waiting

    def _store_one(self, waiting: _Waiting) -> None:
        incident = waiting.segment.incident
        if self._sealed is None:
            self._seq, _ = self._sealer.head(incident)
            self._sealed = self._sealer.seal(waiting.segment)
        path = self._store.write(incident, self._seq, self._sealed)
        sealed, self._sealed = self._sealed, None
        if waiting.began is not None:
            self._post(waiting.began)
        self._post(SegmentWritten(incident, self._seq, sealed.record, sealed.signature, str(path)))
