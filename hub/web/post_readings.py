"""What pages and API read about incidents that began with a post."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from hub.domain import posts, tasks
from hub.domain.course import Course
from hub.domain.incident import Entry, Origin
from hub.domain.witnessed import LEAF, entry_digest
from hub.store.practices import AT_COUNTERS
from hub.store.schema import box, incident, leaf, timeline
from hub.web import shapes

LIST_MAX: Final = 100


def post(connection: Connection, incident_id: str, course: Course) -> shapes.PostShape:
    """The post of an incident: its first report, the four steps, the evidence."""
    opened = [one.data for one in course.of_kind(Entry.OPENED)]
    filled: dict[str, Any] = {}
    for one in course.entries:
        if isinstance(one.data.get("sns"), dict):
            filled |= one.data["sns"]
    return shapes.PostShape(
        service=opened[0].get("service", "other") if opened else "other",
        first_report=filled,
        sent=tasks.sent(course),
        steps=[
            shapes.PostStepShape(
                step=one.step, count=one.count, last_at=one.last and one.last.at, left_out=list(one.left_out)
            )
            for one in posts.stands(course)
        ],
        evidence=[_evidence(connection, row) for row in kept(connection, incident_id)],
    )


def kept(connection: Connection, incident_id: str) -> Sequence[Row[Any]]:
    """The entries of the evidence."""
    found: Sequence[Row[Any]] = connection.execute(
        select(timeline)
        .where(timeline.c.incident == incident_id, timeline.c.kind == Entry.EVIDENCE_KEPT.value)
        .order_by(timeline.c.id)
    ).all()
    return found


def _evidence(connection: Connection, row: Row[Any]) -> shapes.EvidenceShape:
    data, file = row.data, row.data.get("file") or {}
    number = data.get(LEAF)
    logged = connection.execute(
        select(leaf.c.digest).where(leaf.c.id == number, leaf.c.incident == row.incident, leaf.c.kind == row.kind)
    ).scalar_one_or_none()
    return shapes.EvidenceShape(
        number=data["number"],
        at=row.recorded_at,
        by=row.actor_name or "",
        taken_at=datetime.fromisoformat(data["taken_at"]),
        taken_by=data["taken_by"],
        **{name: data.get(name, "") for name in ("address", "provider", "verbatim")},
        text=row.text,
        **{name: file.get(name) for name in ("kind", "bytes", "sha256")},
        leaf=number,
        intact=logged is not None and logged == entry_digest(row._asdict()),
    )


def listed(connection: Connection) -> Sequence[Row[Any]]:
    """The incidents that began with a post, newest first, each with the counter of its unit."""
    return connection.execute(
        select(incident, box.c.counter.label("unit"))
        .join(box, box.c.name == incident.c.box)
        .where(incident.c.origin == Origin.POST.value)
        .order_by(incident.c.pressed_at.desc(), incident.c.id.desc())
        .limit(LIST_MAX)
    ).all()


def counters(connection: Connection) -> Sequence[Row[Any]]:
    """The counters that a post can concern, by name."""
    return list(
        connection.execute(
            select(box.c.name, box.c.counter)
            .where(box.c.revoked_at.is_(None), AT_COUNTERS)
            .order_by(box.c.counter, box.c.name)
        )
    )
