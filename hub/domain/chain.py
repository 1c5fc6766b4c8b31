"""The hub's side of the evidence chain: which segment records and closes it can witness, and which it doubts.

A witness is a head and the number of a leaf in the hub's log. What is doubtful gets none, and nothing else happens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contract.evidence import CHAIN_START, SegmentRecord, Verify, head_of, read_record, signed_bytes
from contract.messages import AnyEvent, Event, RecordingClosed, SegmentSealed

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class KnownSegment:
    """A segment that was recorded before; `leaf` is missing when only its content has come."""

    record: str
    head: str
    leaf: int | None


@dataclass(frozen=True, slots=True)
class KnownClose:
    """A recording whose end was recorded before."""

    count: int
    head: str
    leaf: int


@dataclass(frozen=True, slots=True)
class Witness:
    """A head and where it stands in the log: a known leaf, or the place in `Chains.leaves`."""

    head: str
    leaf: int | None
    new: int | None = None


class Doubtful(Exception):
    """The record cannot be witnessed. The text is the reason."""


class Chains:
    """The chains that one batch touches. One thread."""

    def __init__(
        self,
        segments: Mapping[tuple[str, int], KnownSegment],
        closes: Mapping[str, KnownClose],
        now: datetime,
        verify: Verify,
    ) -> None:
        self.segments: dict[tuple[str, int], Row] = {}
        self.leaves: list[Row] = []
        self._heads, self._now, self._verify = dict(segments), now, verify
        self._closes: dict[str, tuple[int, str, Witness]] = {
            incident: (close.count, close.head, Witness(close.head, close.leaf)) for incident, close in closes.items()
        }
        self._fresh: dict[str, Witness] = {}  # event id -> witness, for a copy in the same batch

    def check(self, event: Event, body: SegmentSealed) -> SegmentRecord:
        """The record in `body`, its signature checked against the key it names.

        Raises:
            Doubtful: no record, of something else, or the signature does not hold.
        """
        try:
            record = read_record(body.record)
        except ValueError as error:
            raise Doubtful(f"segment record: {error}") from error
        if (record.site, record.box, record.incident) != (event.site, event.box, body.incident):
            raise Doubtful("segment record: of another site, box or incident")
        if not self._verify(record.device_key, signed_bytes(body.record), body.signature):
            raise Doubtful(f"segment {record.seq}: the signature does not hold")
        return record

    def add(self, event: Event, body: SegmentSealed, record: SegmentRecord) -> Witness:
        """Enter a checked record.

        Raises:
            Doubtful: it differs from a record of the same number, or breaks the chain.
        """
        where, head = (body.incident, record.seq), head_of(body.record)
        known = self._heads.get(where)
        if known is not None and known.record != body.record:
            raise Doubtful(f"segment {record.seq}: differs from the one recorded before")
        if not self._follows(where, record.prev, head):
            raise Doubtful(f"segment {record.seq}: does not follow the one before it")
        if known is not None and known.leaf is not None:
            return Witness(head, known.leaf)
        if where in self.segments:  # the same record under two event ids in one batch
            return Witness(head, None, self.segments[where]["leaf"])
        witness = self._leaf("segment.sealed", body.incident, head, event.id)
        self._heads[where] = KnownSegment(body.record, head, None)
        self.segments[where] = {
            "incident": body.incident,
            "seq": record.seq,
            "box": event.box,
            "record": body.record,
            "signature": body.signature,
            "head": head,
            "leaf": witness.new,
            "start_ms": record.start_ms,
            "end_ms": record.end_ms,
            "bytes": record.bytes,
        }
        return witness

    def close(self, event: Event, body: RecordingClosed) -> tuple[Witness, Row]:
        """Enter the end of a recording: the witness and the columns to set.

        Raises:
            Doubtful: it was closed before in another way. The first counts.
        """
        known = self._closes.get(body.incident)
        if known is None:
            witness = self._leaf("recording.closed", body.incident, body.head, event.id)
            self._closes[body.incident] = (body.count, body.head, witness)
            return witness, {"count": body.count, "head": body.head, "leaf": witness.new, "closed_at": event.at}
        if known[:2] != (body.count, body.head):
            raise Doubtful("the recording was closed before with another count or head")
        return known[2], {}

    def again(self, event: AnyEvent) -> Witness | None:
        """The witness that this event got before."""
        if not isinstance(event, Event):
            return None
        if event.id in self._fresh:
            return self._fresh[event.id]
        body = event.body
        if isinstance(body, RecordingClosed) and (close := self._closes.get(body.incident)):
            return close[2] if close[:2] == (body.count, body.head) else None
        if isinstance(body, SegmentSealed):
            for (incident, _), segment in self._heads.items():
                if incident == body.incident and segment.record == body.record and segment.leaf is not None:
                    return Witness(segment.head, segment.leaf)
        return None

    def _follows(self, where: tuple[str, int], prev: str, head: str) -> bool:
        """Whether the links to the neighbours hold, as far as they have arrived: their order may differ."""
        incident, seq = where
        before = self._heads.get((incident, seq - 1))
        expected = CHAIN_START if seq == 0 else before.head if before else prev
        after = self._heads.get((incident, seq + 1))
        return prev == expected and (after is None or read_record(after.record).prev == head)

    def _leaf(self, kind: str, incident: str, head: str, event: str) -> Witness:
        self.leaves.append({"kind": kind, "incident": incident, "digest": head, "at": self._now})
        witness = self._fresh[event] = Witness(head, None, len(self.leaves) - 1)
        return witness
