"""Who is away, as supervisors have noted it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from hub.domain.duty import Absence, Duty, Roster
from hub.store.schema import absence


def standing(connection: Connection, now: datetime) -> Sequence[Row]:
    """Absences that are running or to come, the earliest first."""
    return connection.execute(
        select(absence)
        .where(absence.c.until_at > now, absence.c.ended_at.is_(None))
        .order_by(absence.c.from_at, absence.c.id)
    ).all()


def duty(connection: Connection, roster: Roster, now: datetime) -> Duty:
    """Who is called at `now`."""
    rows = standing(connection, now)
    return roster.at(now, [Absence(row.contact, row.from_at, row.until_at) for row in rows])


def add(connection: Connection, noted: Absence, who: tuple[str, str], now: datetime) -> None:
    """Note an absence. `who` is the id and the name of the person who does."""
    connection.execute(
        insert(absence).values(
            contact=noted.contact,
            from_at=noted.from_at,
            until_at=noted.until_at,
            noted_by=who[0],
            noted_name=who[1],
            noted_at=now,
        )
    )


def end(connection: Connection, contact: str, who: tuple[str, str], now: datetime) -> int:
    """End all absences of `contact` that are running or to come; how many. They stay on record."""
    return connection.execute(
        update(absence)
        .where(absence.c.contact == contact, absence.c.until_at > now, absence.c.ended_at.is_(None))
        .values(ended_at=now, ended_by=who[0], ended_name=who[1])
    ).rowcount
