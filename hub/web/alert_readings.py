"""What pages and API read about the messages of an incident, however many there are."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select

from hub.store.schema import alert
from hub.web import shapes

NEWEST: Final = 200
"""Messages that are told one by one; all of them are counted."""

_TO: Final = (alert.c.contact, alert.c.role, alert.c.channel, alert.c.why)


def told(connection: Connection, incident_id: str) -> tuple[list[shapes.Alert], list[shapes.Delivery]]:
    """The newest messages, oldest first; and how far all of them got, whoever was written to last first."""
    newest = [shapes.Alert.model_validate(row) for row in connection.execute(_newest_first(incident_id).limit(NEWEST))]
    counts: defaultdict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    until: dict[tuple[str, ...], datetime] = {}
    for row in connection.execute(
        select(*_TO, alert.c.state, func.count().label("times"), func.max(alert.c.created_at).label("last_at"))
        .where(alert.c.incident == incident_id)
        .group_by(*_TO, alert.c.state)
    ):
        counts[_to(row)][row.state] = row.times
        until[_to(row)] = max(row.last_at, until.get(_to(row), row.last_at))
    last: dict[tuple[str, ...], shapes.Alert] = {}
    for one in newest:
        last.setdefault(_to(one), one)
    if long_ago := {at for to, at in until.items() if to not in last}:
        for row in connection.execute(_newest_first(incident_id).where(alert.c.created_at.in_(long_ago))):
            last.setdefault(_to(row), shapes.Alert.model_validate(row))
    return newest[::-1], [_delivery(one, counts[to]) for to, one in last.items()]


def _newest_first(incident_id: str) -> Select[Any]:
    return (
        select(alert)
        .where(alert.c.incident == incident_id)
        .order_by(alert.c.created_at.desc(), alert.c.stage_s.desc(), alert.c.key.desc())
    )


def _delivery(newest: shapes.Alert, states: Mapping[str, int]) -> shapes.Delivery:
    return shapes.Delivery(
        contact=newest.contact,
        role=newest.role,
        channel=newest.channel,
        why=newest.why,
        total=sum(states.values()),
        sent=states.get("sent", 0),
        failed=states.get("failed", 0),
        cancelled=states.get("cancelled", 0),
        newest=newest,
    )


def _to(one: Any) -> tuple[str, ...]:
    return one.contact, one.role, one.channel, one.why
