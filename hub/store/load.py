"""Reads who carried which contact in the last days."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, or_, select

from hub.domain import swap
from hub.domain.incident import Entry, Outcome
from hub.domain.load import Carried, Limits, Load, loads, parts
from hub.domain.statistics import DAY_MAX
from hub.store.course import courses
from hub.store.schema import incident, user

_SWAPS: Final = (Entry.MARKED.value, Entry.DRILL_REAL.value)


def load(connection: Connection, limits: Limits, now: datetime) -> list[Load]:
    """What everybody carried. Drills and false presses are nobody's load."""
    begun_at = func.coalesce(incident.c.contact_started_at, incident.c.responding_at, incident.c.received_at)
    ended_at = func.coalesce(incident.c.contact_ended_at, incident.c.closed_at)
    rows = connection.execute(
        select(incident).where(
            begun_at >= now - timedelta(days=limits.days) - DAY_MAX,
            or_(ended_at.is_(None), ended_at >= now - timedelta(days=limits.days)),
            incident.c.drill.is_(False),
            or_(incident.c.outcome.is_(None), incident.c.outcome != Outcome.FALSE_PRESS.value),
        )
    ).all()
    told, accounts = courses(connection, rows, _SWAPS), _accounts(connection)
    wholes = (
        Carried(
            row.id, row.responder, row.responder_name or "",
            row.contact_started_at or row.responding_at or row.received_at, row.contact_ended_at or row.closed_at,
        )
        for row in rows
    )  # fmt: skip
    carried = (part for whole in wholes for part in parts(whole, swap.taken(told[whole.contact]), accounts))
    return loads(carried, limits, now)


def _accounts(connection: Connection) -> dict[str, str]:
    """The account of each name, where no other account bears the same."""
    rows = connection.execute(select(user.c.name, user.c.id).where(user.c.disabled_at.is_(None))).all()
    bearers = Counter(row.name for row in rows)
    return {row.name: row.id for row in rows if bearers[row.name] == 1}
