"""Reads what is missing of recordings that a city wants whole, and notes whom it was told to (`hub.domain`)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from contract.profile import PolicyProfile
from hub.domain import whole_recording
from hub.domain.course import Course
from hub.domain.duty import Roster
from hub.domain.incident import OPEN, Entry, Origin
from hub.domain.notices import Why
from hub.domain.whole_recording import TOLD, Gap, Signed
from hub.evidence.gaps import gaps_of
from hub.store import changes, notices
from hub.store.course import RECORDING_KINDS, courses
from hub.store.schema import change, incident, segment, timeline

_AT_ONCE: Final = 200


def touched(connection: Connection, after: int | None) -> tuple[list[str] | None, int]:
    """Incidents that changed since the change numbered `after`, and the newest number; None: too many, or any."""
    newest = changes.latest(connection)
    if after is None:
        return None, newest
    found = connection.execute(
        select(change.c.incident)
        .where(change.c.id > after, change.c.incident.is_not(None))
        .distinct()
        .limit(_AT_ONCE + 1)
    ).scalars()
    ids = [str(id) for id in found]
    return (None if len(ids) > _AT_ONCE else ids), newest


def watched(
    connection: Connection, rules_of: Callable[[str], PolicyProfile], only: Sequence[str] | None = None
) -> list[tuple[Row[Any], Course]]:
    """Open calls in earnest at counters whose city wants some contacts recorded as a whole, of `only` these."""
    query = select(incident).where(
        incident.c.state.in_([state.value for state in OPEN]),
        incident.c.origin == Origin.COUNTER.value,
        incident.c.drill.is_(False),
    )
    if only is not None:
        query = query.where(incident.c.id.in_(only))
    rows = [row for row in connection.execute(query).all() if rules_of(row.box).recording.full_types]
    told = courses(connection, rows, RECORDING_KINDS) if rows else {}
    return [(row, told[row.id]) for row in rows]


def missing(connection: Connection, row: Row[Any], course: Course, profile: PolicyProfile, now: datetime) -> list[Gap]:
    """What is missing of an incident's recording that nobody was told of yet."""
    if not whole_recording.wanted(profile, course.acts):
        return []
    records = connection.execute(
        select(segment.c.record).where(segment.c.incident == row.id).order_by(segment.c.seq)
    ).all()
    signed = [Signed(gap.stream, gap.why, gap.start_ms, gap.end_ms) for gap in gaps_of(records)]
    found = whole_recording.gaps(profile, course, signed, row.received_at, now)
    return whole_recording.new(found, whole_recording.told_before(course))


def tell(
    connection: Connection, roster: Roster, row: Row[Any], course: Course, gaps: Sequence[Gap], now: datetime
) -> None:
    """Note each gap and tell whoever is on duty; in the caller's transaction."""
    before = len(course.of_kind(Entry.RECORDING_GAP))
    for place, gap in enumerate(gaps, start=before + 1):
        connection.execute(
            insert(timeline).values(
                incident=row.id, at=now, recorded_at=now, kind=Entry.RECORDING_GAP.value, source="hub", text="",
                data={"stream": gap.stream, "why": gap.why, "since": gap.since.isoformat()},
                profile_digest=row.profile_digest,
            )
        )  # fmt: skip
        notices.broadcast(connection, roster, row.id, TOLD, Why.RECORDING_GAP, now, place)
    connection.execute(update(incident).where(incident.c.id == row.id).values(changed_at=now))
    changes.add(connection, [("incident", row.id, row.box)], now)
