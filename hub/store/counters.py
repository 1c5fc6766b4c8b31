"""Numbers that only grow and outlive a restart: incident numbers by year, and what /metrics shows."""

from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from hub.store.schema import sequence

DUPLICATES: Final = "count:duplicates"
QUARANTINED: Final = "count:quarantined"


def bump(connection: Connection, name: str, by: int) -> int:
    """Add `by` and give the new value. Within the caller's write transaction, so that nothing is lost or used twice."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = make(sequence).values(name=name, last=by)
    statement = statement.on_conflict_do_update(index_elements=[sequence.c.name], set_={"last": sequence.c.last + by})
    return connection.execute(statement.returning(sequence.c.last)).scalar_one()


def value(connection: Connection, name: str) -> int:
    """Where the counter stands."""
    return connection.execute(select(sequence.c.last).where(sequence.c.name == name)).scalar_one_or_none() or 0
