"""A recording as one file that exists nowhere: the beginning of its first segment, then everybody's fragments.

Every segment is a self-contained fragmented MP4 whose fragments carry absolute times, so leaving out the later
beginnings gives one plain fragmented MP4, which browsers play and seek (interface facts, section 5). A damaged segment
is left out: the others keep their times. Segments are sealed; the evidence process opens them piece by piece in RAM.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, select

from contract.codec import MalformedMessage
from contract.evidence import read_record
from hub.evidence.client import EvidenceClient, NotOpened
from hub.evidence.mp4 import Layout
from hub.evidence.protocol import PIECE_MAX, Ref, Why
from hub.store.schema import segment

CHUNK: Final = 64 * 1024

KNOWN_MAX: Final = 20_000

Stops = Literal["growing", "missing", "sealed", "unreadable", "format_changed"]

Found = Layout | Why
_Key = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Span:
    """A run of bytes of one opened segment."""

    row: Row[Any]
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """How far a recording can be shown, as far as that is known. `stops` says why it ends early, if it does."""

    segments: int
    duration_ms: int
    stops: Stops | None
    damaged: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is played: `init`, then one span per segment."""

    init: bytes
    spans: tuple[Span, ...]
    outlook: Outlook

    @property
    def length(self) -> int:
        """Bytes of the whole."""
        return len(self.init) + sum(span.length for span in self.spans)

    @property
    def digest(self) -> str:
        """Names exactly these segments in this order."""
        return hashlib.sha256("\n".join(span.row.head for span in self.spans).encode()).hexdigest()


def stored_segments(connection: Connection, incident_id: str) -> list[Row[Any]]:
    """The rows of the segments whose content is here, in order."""
    return list(
        connection.execute(
            select(segment)
            .where(segment.c.incident == incident_id, segment.c.stored_at.is_not(None))
            .order_by(segment.c.seq)
        )
    )


class Player:
    """Plans and reads recordings. One per process; any thread. Remembers how segments are built, not what they hold."""

    def __init__(self, client: EvidenceClient, viewing: bool) -> None:
        self._client = client
        self.viewing = viewing
        """Whether this site can open recordings at all, or leaves that to the custodian's own machine."""
        self._lock = threading.Lock()
        self._known: OrderedDict[_Key, Found] = OrderedDict()

    def outlook(self, rows: Sequence[Row[Any]]) -> Outlook:
        """How far it can be shown, from what is known. Opens nothing: what nobody has looked at is taken for good."""
        if not self.viewing:
            return Outlook(0, 0, "sealed", ())
        with self._lock:
            found = [self._known.get(_key(row)) for row in _together(rows)]
        if found and found[0] == "sealed":
            found[0] = None  # the next look may find another key
        return _outlook(_together(rows), found)[0]

    def plan(self, rows: Sequence[Row[Any]], look: int) -> Plan:
        """How to play the segments that hang together from the first on. `look` is the access entry written before.

        Raises:
            EvidenceAway: nobody can be asked now.
            NotOpened: not one of them can be opened.
        """
        together = _together(rows)
        found = self._ask(together, look)
        if together and found[0] in ("sealed", "off", "no-key"):
            raise NotOpened(found[0])  # type: ignore[arg-type]
        outlook, shown = _outlook(together, found)
        init, spans = b"", []
        for row, layout in shown:
            init = layout.init
            spans.append(Span(row, layout.media, layout.media_end - layout.media))
        return Plan(init, tuple(spans), outlook)

    def read(self, plan: Plan, look: int, start: int, length: int) -> Iterator[bytes]:
        """The bytes `[start, start + length)` of `plan`, in chunks.

        Raises:
            EvidenceAway: the evidence process went away. What was read so far is right.
            NotOpened: a segment proved to be damaged. It is left out of the next plan.
        """
        end = start + length
        if start < len(plan.init):
            yield plan.init[start:end]
        position = len(plan.init)
        for span in plan.spans:
            begin, until = max(start, position), min(end, position + span.length)
            if begin < until:
                yield from self._bytes(span, look, begin - position, until - begin)
            position += span.length

    def _bytes(self, span: Span, look: int, offset: int, length: int) -> Iterator[bytes]:
        row, ref = span.row, _ref(span.row)
        for place in range(offset, offset + length, PIECE_MAX):
            wanted = min(PIECE_MAX, offset + length - place)
            try:
                piece = self._client.content(row.incident, ref, look, span.offset + place, wanted)
            except NotOpened as error:
                if error.why in ("damaged", "missing", "unreadable"):
                    with self._lock:
                        self._known[_key(row)] = error.why
                raise
            for at in range(0, len(piece), CHUNK):
                yield piece[at : at + CHUNK]

    def _ask(self, rows: Sequence[Row[Any]], look: int) -> list[Found]:
        """Only a layout is believed twice: what was wrong may have been mended."""
        with self._lock:
            known = {_key(row): self._known[_key(row)] for row in rows if _key(row) in self._known}
        open_rows = [row for row in rows if not isinstance(known.get(_key(row)), Layout)]
        if open_rows:
            answers = self._client.layouts(rows[0].incident, [_ref(row) for row in open_rows], look)
            known |= {_key(row): answer for row, answer in zip(open_rows, answers, strict=True)}
            with self._lock:
                for row in open_rows:
                    self._known[_key(row)] = known[_key(row)]
                while len(self._known) > KNOWN_MAX:
                    self._known.popitem(last=False)
        return [known[_key(row)] for row in rows]


def _together(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    return [row for place, row in enumerate(rows) if row.seq == place]


def _outlook(rows: Sequence[Row[Any]], found: Sequence[Found | None]) -> tuple[Outlook, list[tuple[Row[Any], Layout]]]:
    """How far it goes, and the segments whose layout is known."""
    init: bytes | None = None
    shown: list[Row[Any]] = []
    built: list[tuple[Row[Any], Layout]] = []
    damaged: list[int] = []
    stops: Stops | None = None
    for row, one in zip(rows, found, strict=True):
        if one in ("damaged", "missing"):
            damaged.append(row.seq)
            continue
        if isinstance(one, str):
            stops = "sealed" if one == "sealed" else "unreadable"
            break
        if one is not None:
            if init is not None and one.init != init:
                stops = "format_changed"
                break
            init = one.init
            built.append((row, one))
        shown.append(row)
    duration_ms = shown[-1].end_ms - shown[0].start_ms if shown else 0
    return Outlook(len(shown), duration_ms, stops, tuple(damaged)), built


def _key(row: Row[Any]) -> _Key:
    return row.incident, row.seq, row.head


def _ref(row: Row[Any]) -> Ref:
    try:
        record = read_record(row.record)
    except MalformedMessage as error:
        raise NotOpened("damaged") from error
    return Ref(seq=row.seq, bytes=record.bytes, ciphertext=record.ciphertext, plaintext=record.plaintext)
