"""The register of disclosure requests: one row each, and the entries that it is the sum of. Nothing is overwritten."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from hub.domain.disclosure import Request, Stage, request
from hub.domain.intake import incident_year
from hub.store import counters
from hub.store.schema import disclosure, disclosure_entry

LIST_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """One request: its row, its entries oldest first, and what they add up to."""

    row: Row[Any]
    entries: Sequence[Row[Any]]
    request: Request


def every(connection: Connection, *, open_only: bool = False) -> list[Kept]:
    """The newest requests, newest first; with `open_only` every one that is not closed."""
    query = select(disclosure).order_by(disclosure.c.opened_at.desc(), disclosure.c.id)
    query = query.where(disclosure.c.closed_at.is_(None)) if open_only else query.limit(LIST_MAX)
    return _kept(connection, connection.execute(query).all())


def one(connection: Connection, id: str, *, locked: bool = False) -> Kept | None:
    """The request of that id."""
    query = select(disclosure).where(disclosure.c.id == id)
    rows = connection.execute(query.with_for_update() if locked else query).all()
    return next(iter(_kept(connection, rows)), None)


def concerning(connection: Connection, incident: str, case: str | None) -> list[tuple[str, str]]:
    """Id and number of every open request that concerns an incident."""
    return [
        (kept.row.id, kept.row.number)
        for kept in every(connection, open_only=True)
        if kept.request.concerns(incident, case)
    ]


def open_new(connection: Connection, id: str, now: datetime) -> str:
    """A new row; its number, gap-free by year."""
    year = incident_year(now)
    number = f"D{year}-{counters.bump(connection, f'disclosure:{year}', 1):04d}"
    connection.execute(insert(disclosure).values(id=id, number=number, opened_at=now))
    return number


def add(connection: Connection, id: str, **entry: Any) -> None:
    """Add an entry; the one that closes ends the hold as well."""
    connection.execute(insert(disclosure_entry).values(disclosure=id, **entry))
    if entry["kind"] == Stage.CLOSED.value:
        connection.execute(update(disclosure).where(disclosure.c.id == id).values(closed_at=entry["recorded_at"]))


def _kept(connection: Connection, rows: Sequence[Row[Any]]) -> list[Kept]:
    told: dict[str, list[Row[Any]]] = defaultdict(list)
    ids = [row.id for row in rows]
    for start in range(0, len(ids), 500):
        for entry in connection.execute(
            select(disclosure_entry)
            .where(disclosure_entry.c.disclosure.in_(ids[start : start + 500]))
            .order_by(disclosure_entry.c.id)
        ):
            told[entry.disclosure].append(entry)
    return [Kept(row, told[row.id], request(told[row.id])) for row in rows]
