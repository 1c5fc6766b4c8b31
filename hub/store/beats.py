"""Signs of life: `worker` is written by the writer after a commit that worked, `mqtt` while the broker is connected."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects import postgresql, sqlite

from hub.store.schema import beat


def put(connection: Connection, name: str, at: datetime, data: dict[str, Any]) -> None:
    """Note that `name` was alive at `at`."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = make(beat).values(name=name, at=at, data=data)
    connection.execute(statement.on_conflict_do_update(index_elements=[beat.c.name], set_={"at": at, "data": data}))


def every(connection: Connection) -> dict[str, Row[Any]]:
    """The last sign of each."""
    return {row.name: row for row in connection.execute(select(beat))}
