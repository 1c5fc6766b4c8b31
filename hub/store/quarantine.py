"""Messages that were set aside: kept for a person to look at, counted, and never many."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select

from hub.store import counters
from hub.store.schema import quarantine

PAYLOAD_BYTES_MAX: Final = 4096
ROWS_MAX: Final = 2000
"""The oldest rows go first; the counter keeps the whole number."""


def row(topic: str, box: str | None, reason: str, payload: bytes, now: datetime) -> dict[str, Any]:
    """A message as it is set aside."""
    return {
        "topic": topic[:200].replace("\0", "?"),
        "box": box,
        "reason": reason[:500].replace("\0", "?"),
        "received_at": now,
        "size_bytes": len(payload),
        "payload": payload[:PAYLOAD_BYTES_MAX],
    }


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Set `rows` aside."""
    if not rows:
        return
    connection.execute(insert(quarantine), list(rows))
    counters.bump(connection, counters.QUARANTINED, len(rows))
    newest = connection.execute(select(func.max(quarantine.c.id))).scalar_one()
    connection.execute(delete(quarantine).where(quarantine.c.id <= newest - ROWS_MAX))


def newest(connection: Connection, limit: int) -> Sequence[Any]:
    """The newest `limit` rows."""
    return connection.execute(select(quarantine).order_by(quarantine.c.id.desc()).limit(limit)).all()
