"""Practices: who walked through which scenario, and the practice boxes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from hub.domain.practice import PREFIX
from hub.store.ids import new_id
from hub.store.schema import box, incident, practice, timeline

COUNTER: Final = "練習用の窓口"
"""What a practice box's counter is called in the records."""

LISTED_MAX: Final = 30

IN_EARNEST: Final[ColumnElement[bool]] = incident.c.box.not_like(f"{PREFIX}%")
"""Incidents of counters, drills there included."""

AT_COUNTERS: Final[ColumnElement[bool]] = box.c.name.not_like(f"{PREFIX}%")
"""Boxes that stand at counters."""


def begin(connection: Connection, scenario: str, person: str, name: str, box_name: str, now: datetime) -> str:
    """A new practice with its box; its id."""
    if connection.execute(select(box.c.name).where(box.c.name == box_name)).one_or_none() is None:
        connection.execute(insert(box).values(name=box_name, counter=COUNTER, enrolled_at=now))
    practice_id = new_id()
    connection.execute(
        insert(practice).values(
            id=practice_id, scenario=scenario, person=person, name=name, box=box_name, passed=[], started_at=now
        )
    )
    return practice_id


def find(connection: Connection, practice_id: str) -> Row[Any] | None:
    """One practice."""
    return connection.execute(select(practice).where(practice.c.id == practice_id)).one_or_none()


def running(connection: Connection, person: str) -> Sequence[Row[Any]]:
    """The practices of a person that are not over."""
    return connection.execute(select(practice).where(practice.c.person == person, practice.c.ended_at.is_(None))).all()


def of(connection: Connection, person: str | None = None) -> Sequence[Row[Any]]:
    """The newest practices, of one person or of all."""
    query = select(practice).order_by(practice.c.started_at.desc()).limit(LISTED_MAX)
    return connection.execute(query if person is None else query.where(practice.c.person == person)).all()


def owner(connection: Connection, incident_id: str) -> str | None:
    """Who practises with this incident; None when nobody does."""
    return connection.execute(
        select(practice.c.person).where(practice.c.incident == incident_id).limit(1)
    ).scalar_one_or_none()


def pressed(connection: Connection, practice_id: str, incident_id: str) -> None:
    """Note which incident it is."""
    connection.execute(update(practice).where(practice.c.id == practice_id).values(incident=incident_id))


def passed_over(connection: Connection, row: Row[Any], scene: str, now: datetime) -> None:
    """Note that a scene was passed over."""
    passed = [*(one for one in row.passed if one["scene"] != scene), {"scene": scene, "at": now.isoformat()}]
    connection.execute(update(practice).where(practice.c.id == row.id).values(passed=passed))


def end(connection: Connection, practice_id: str, now: datetime) -> Row[Any] | None:
    """Note that it is over; its incident when that stands open."""
    row = connection.execute(
        update(practice)
        .where(practice.c.id == practice_id, practice.c.ended_at.is_(None))
        .values(ended_at=now)
        .returning(practice.c.incident)
    ).one_or_none()
    if row is None or row.incident is None:
        return None
    return connection.execute(
        select(incident).where(incident.c.id == row.incident, incident.c.closed_at.is_(None))
    ).one_or_none()


def told(connection: Connection, incident_id: str) -> Sequence[Row[Any]]:
    """The timeline in the order in which it was written."""
    return connection.execute(select(timeline).where(timeline.c.incident == incident_id).order_by(timeline.c.id)).all()
