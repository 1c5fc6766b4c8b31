"""Counts for /metrics. Taken from the database at the moment of asking, so that a restart loses nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from hub.domain.incident import OPEN
from hub.store import counters
from hub.store.schema import alert, box, command, event, incident


@dataclass(frozen=True, slots=True)
class Figures:
    """How much of everything there is. `events` never falls; the others as their names say."""

    events: int
    duplicates: int
    quarantined: int
    incidents: Mapping[str, int]  # by state
    incidents_open: int
    alerts: Mapping[str, int]  # by state
    boxes: Mapping[str, int]  # by presence
    commands_unsent: int


def read(connection: Connection) -> Figures:
    """All figures, of one moment."""
    incidents = _by(connection, incident.c.state)
    return Figures(
        events=connection.execute(select(func.count()).select_from(event)).scalar_one(),
        duplicates=counters.value(connection, counters.DUPLICATES),
        quarantined=counters.value(connection, counters.QUARANTINED),
        incidents=incidents,
        incidents_open=sum(incidents.get(state.value, 0) for state in OPEN),
        alerts=_by(connection, alert.c.state),
        boxes=_by(connection, box.c.presence),
        commands_unsent=connection.execute(
            select(func.count()).select_from(command).where(command.c.sent_at.is_(None))
        ).scalar_one(),
    )


def _by(connection: Connection, column: object) -> dict[str, int]:
    rows = connection.execute(select(column, func.count()).group_by(column))  # type: ignore[call-overload]
    return {row[0]: row[1] for row in rows}
