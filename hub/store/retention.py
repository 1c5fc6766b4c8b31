"""Whether what belongs to an incident may be deleted. Whatever deletes asks `require_free` in its transaction."""

from typing import Any

from sqlalchemy import Connection, Row, select

from hub.domain import promise, retention
from hub.domain.incident import Entry, Outcome, State
from hub.domain.retention import Held, Hold
from hub.store import disclosures
from hub.store.schema import incident, timeline


def holds(connection: Connection, row: Row[Any]) -> tuple[Hold, ...]:
    """Every reason why the incident in `row` must be kept."""
    told = connection.execute(
        select(timeline.c.kind, timeline.c.data, timeline.c.text)
        .where(
            timeline.c.incident == row.id,
            timeline.c.kind.in_([Entry.PROMISED.value, Entry.TASK_DONE.value]),
        )
        .order_by(timeline.c.id)
    ).all()
    leaves_tasks = not row.drill and row.outcome != Outcome.FALSE_PRESS.value  # else none could ever be done
    kept = [one.on.isoformat() for one in promise.still_open(told)] if leaves_tasks else []
    return retention.held(State(row.state), disclosures.concerning(connection, row.id, row.case_number), kept)


def require_free(connection: Connection, incident_id: str) -> None:
    """Refuse while there is a reason to keep it. On PostgreSQL its row stays locked until the caller's commit.

    Raises:
        Held: every reason, together.
        LookupError: no such incident.
    """
    row = connection.execute(select(incident).where(incident.c.id == incident_id).with_for_update()).one_or_none()
    if row is None:
        raise LookupError(incident_id)
    found = holds(connection, row)
    if found:
        raise Held(incident_id, found)
