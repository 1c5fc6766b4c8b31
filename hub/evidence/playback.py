"""A recording as one file that exists nowhere: the beginning of its first segment, then everybody's fragments.

Every segment is a self-contained fragmented MP4 whose fragments carry absolute times, so leaving out the later
beginnings gives one plain fragmented MP4, which browsers play and seek (interface facts, section 5).
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, select

from hub.evidence.mp4 import Layout, NotPlayable, layout
from hub.evidence.storage import path_of
from hub.store.schema import segment

CHUNK: Final = 64 * 1024

Stops = Literal["growing", "missing", "sealed", "unreadable", "format_changed"]


@dataclass(frozen=True, slots=True)
class Span:
    """A run of bytes: of `path`, or of `data` when the path is None."""

    path: Path | None
    offset: int
    length: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is played: `init`, then one span per segment. `stops` says why it ends early, if it does."""

    init: bytes
    spans: tuple[Span, ...]
    duration_ms: int
    digest: str
    stops: Stops | None

    @property
    def length(self) -> int:
        """Bytes of the whole."""
        return len(self.init) + sum(span.length for span in self.spans)

    def read(self, start: int, length: int) -> Iterator[bytes]:
        """The bytes `[start, start + length)`, in chunks.

        Raises:
            OSError: a stored segment cannot be read.
        """
        for span in _cut([Span(None, 0, len(self.init), self.init), *self.spans], start, length):
            yield from _bytes(span)


def stored_segments(connection: Connection, incident_id: str) -> list[Row[Any]]:
    """The rows of the segments whose content is here, in order."""
    return list(
        connection.execute(
            select(segment)
            .where(segment.c.incident == incident_id, segment.c.stored_at.is_not(None))
            .order_by(segment.c.seq)
        )
    )


def plan(evidence: Path, rows: Sequence[Row[Any]]) -> Plan:
    """How to play the segments that hang together from the first on."""
    together = [row for place, row in enumerate(rows) if row.seq == place]
    init = b""
    spans: list[Span] = []
    stops: Stops | None = None
    for row in together:
        found = _layout_of(path_of(evidence, row.incident, row.seq), row.head)
        if isinstance(found, str):
            stops = found
            break
        if spans and found.init != init:
            stops = "format_changed"
            break
        init = found.init
        spans.append(Span(path_of(evidence, row.incident, row.seq), found.media, found.media_end - found.media))
    shown = together[: len(spans)]
    heads = hashlib.sha256("\n".join(row.head for row in shown).encode()).hexdigest()
    duration_ms = shown[-1].end_ms - shown[0].start_ms if shown else 0
    return Plan(init, tuple(spans), duration_ms, heads, stops)


@lru_cache(maxsize=4096)
def _layout_of(path: Path, _head: str) -> Layout | Literal["sealed", "unreadable"]:
    """Segments never change once stored, so one look is enough. `_head` keeps apart what came under one name."""
    try:
        with path.open("rb") as file:
            if file.read(21) == b"age-encryption.org/v1":
                return "sealed"
            return layout(file, path.stat().st_size)
    except (OSError, NotPlayable):
        return "unreadable"


def _cut(spans: Iterable[Span], start: int, length: int) -> Iterator[Span]:
    position = 0
    for span in spans:
        begin, end = max(start, position), min(start + length, position + span.length)
        if begin < end:
            yield Span(span.path, span.offset + begin - position, end - begin, span.data)
        position += span.length


def _bytes(span: Span) -> Iterator[bytes]:
    if span.path is None:
        yield span.data[span.offset : span.offset + span.length]
        return
    with span.path.open("rb") as file:
        file.seek(span.offset)
        for place, following in pairwise([*range(0, span.length, CHUNK), span.length]):
            piece = file.read(following - place)
            if not piece:
                raise OSError(f"{span.path.name} is shorter than it was")
            yield piece
