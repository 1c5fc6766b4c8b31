"""The change log: what pages must look at again. Its ids are the SSE event ids; they become visible in rising order."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, insert, select

from hub.store.schema import change

Kind = Literal["incident", "box", "alert", "visit"]
Change = tuple[Kind, str | None, str | None]
"""(kind, incident id, box name)."""


def after(connection: Connection, id: int, limit: int) -> Sequence[Row[Any]]:
    """At most `limit` changes with a higher number than `id`, in order."""
    return connection.execute(select(change).where(change.c.id > id).order_by(change.c.id).limit(limit)).all()


def latest(connection: Connection) -> int:
    """The newest number, 0 before the first change."""
    return connection.execute(select(func.coalesce(func.max(change.c.id), 0))).scalar_one()


def add(connection: Connection, changes: Iterable[Change], now: datetime) -> None:
    """Enter `changes`, each distinct one once."""
    rows = [
        {"kind": kind, "incident": incident, "box": box, "at": now} for kind, incident, box in dict.fromkeys(changes)
    ]
    if rows:
        connection.execute(insert(change), rows)
