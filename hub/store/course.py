"""Reads the course of incidents from the timeline."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from hub.domain.course import Course
from hub.domain.incident import Entry
from hub.store.schema import timeline

KINDS: Final = (
    Entry.OPENED, Entry.CONTACT_STARTED, Entry.CONTACT_ENDED, Entry.CLOSED, Entry.MARKED, Entry.STEP_TAKEN,
    Entry.DECIDED, Entry.JUDGED, Entry.REPORTED, Entry.PROMISED, Entry.TASK_DONE, Entry.EVIDENCE_KEPT,
    Entry.POST_STEP, Entry.POST_SENT, Entry.MEETING_ASKED,
    Entry.NOTIFIED, Entry.NOTICE_SENT, Entry.DRILL_REAL, "alarm.raised", "alarm.repeated",
)  # fmt: skip
"""What rules look at; the thousands of sealed segments of a long recording are not among them."""


RECORDING_KINDS: Final = (
    Entry.MARKED.value, Entry.RECORDING_GAP.value, "fault.raised", "fault.cleared", "recording.started",
    "recording.closed",
)  # fmt: skip
"""What tells whether a contact is recorded."""


def course(connection: Connection, row: Row[Any]) -> Course:
    """The course of the incident in `row`."""
    return courses(connection, [row])[row.id]


def courses(connection: Connection, rows: Sequence[Any], kinds: Sequence[str] = KINDS) -> dict[str, Course]:
    """The course of each incident in `rows`, by its id; `kinds` are what is read of it."""
    told: dict[str, list[Any]] = defaultdict(list)
    for entry in _entries(connection, [row.id for row in rows], kinds):
        told[entry.incident].append(entry)
    return {row.id: Course.of(row, told[row.id]) for row in rows}


def _entries(connection: Connection, ids: Sequence[str], kinds: Sequence[str]) -> Iterable[Any]:
    for start in range(0, len(ids), 500):  # SQLite takes so many parameters at once everywhere
        yield from connection.execute(
            select(timeline.c.incident, timeline.c.kind, timeline.c.at, timeline.c.recorded_at, timeline.c.data)
            .where(timeline.c.incident.in_(ids[start : start + 500]), timeline.c.kind.in_(kinds))
            .order_by(timeline.c.at, timeline.c.id)
        )
