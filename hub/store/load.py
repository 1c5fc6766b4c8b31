"""Reads who went to which contact in the last days."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, or_, select

from hub.domain.incident import Outcome
from hub.domain.load import Carried, Limits, Load, loads
from hub.domain.statistics import DAY_MAX
from hub.store.schema import incident


def load(connection: Connection, limits: Limits, now: datetime) -> list[Load]:
    """What everybody carried. Drills and false presses are nobody's load."""
    begun_at = func.coalesce(incident.c.contact_started_at, incident.c.responding_at)
    ended_at = func.coalesce(incident.c.contact_ended_at, incident.c.closed_at)
    rows = connection.execute(
        select(
            incident.c.responder, incident.c.responder_name, incident.c.contact_started_at, incident.c.responding_at,
            incident.c.contact_ended_at, incident.c.closed_at,
        ).where(
            incident.c.responder.is_not(None),
            begun_at >= now - timedelta(days=limits.days) - DAY_MAX,
            or_(ended_at.is_(None), ended_at >= now - timedelta(days=limits.days)),
            incident.c.drill.is_(False),
            or_(incident.c.outcome.is_(None), incident.c.outcome != Outcome.FALSE_PRESS.value),
        )
    ).all()  # fmt: skip
    carried = (
        Carried(
            row.responder, row.responder_name or "", row.contact_started_at or row.responding_at,
            row.contact_ended_at or row.closed_at,
        )
        for row in rows
    )  # fmt: skip
    return loads(carried, limits, now)
