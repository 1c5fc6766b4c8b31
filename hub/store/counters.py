"""Numbers that only grow and outlive a restart: incident numbers by year, and what /metrics shows."""

from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from hub.store.schema import sequence

DUPLICATES: Final = "count:duplicates"
QUARANTINED: Final = "count:quarantined"


def bump(connection: Connection, name: str, by: int) -> int:
    """Add `by` and give the new value. Within the caller's write transaction, so that nothing is lost or used twice."""
    return connection.execute(_bump(connection.dialect.name), {"name": name, "last": by}).scalar_one()


def value(connection: Connection, name: str) -> int:
    """Where the counter stands."""
    return connection.execute(select(sequence.c.last).where(sequence.c.name == name)).scalar_one_or_none() or 0


@cache
def _bump(dialect: str) -> Any:
    statement = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(sequence)
    return statement.on_conflict_do_update(
        index_elements=[sequence.c.name], set_={"last": sequence.c.last + statement.excluded.last}
    ).returning(sequence.c.last)
