"""Calls for help that come of a visit: an agreed time without word, or trouble. Written in the caller's transaction.

The caller commits, then pokes `web` and `worker`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from contract.messages import Level
from hub.domain import visit as visiting
from hub.domain.deed import Person
from hub.domain.incident import ALARMING, Entry, Origin
from hub.domain.visit import Why
from hub.store import changes
from hub.store.opening import Holding, Opening, open_incident
from hub.store.schema import incident, timeline, visit_call

_ALARMING = [state.value for state in ALARMING]


def call(
    connection: Connection,
    row: Any,
    why: Why,
    now: datetime,
    rules: Holding,
    who: Person | None = None,
    text: str = "",
    agreed_at: datetime | None = None,
) -> tuple[str, bool]:
    """Call the office for the visit in `row`; the incident, and whether it is a new one.

    While an earlier call of at least this level waits for its answer, it is told there: the ladder climbs already.
    """
    level = visiting.LEVELS[why]
    said: dict[str, Any] = {"visit": row.id, "why": why.value}
    if agreed_at is not None:
        said["agreed_at"] = agreed_at.isoformat()
    for waiting in _unanswered(connection, row.id, level):
        tell(connection, waiting, why.value, now, said, row.profile_digest, who, text)
        return waiting, False
    since_at = row.left_at or row.planned_at
    data = {**said, "team": visiting.names(row.team), "contact": row.contact, "since": since_at.isoformat()}
    opening = Opening(Origin.VISIT, row.box, row.place, now, level, text, data)
    id = open_incident(connection, opening, who, now, rules)
    if row.case_number is not None:  # people gave the visit this number when they planned it
        connection.execute(update(incident).where(incident.c.id == id).values(case_number=row.case_number))
    connection.execute(insert(visit_call).values(incident=id, visit=row.id, why=why.value, agreed_at=agreed_at))
    return id, True


def standing(connection: Connection, visit_id: str) -> list[Any]:
    """The calls of a visit that are not over, the oldest first."""
    return list(
        connection.execute(
            select(incident.c.id, incident.c.level, incident.c.state, incident.c.seen_by)
            .join(visit_call, visit_call.c.incident == incident.c.id)
            .where(visit_call.c.visit == visit_id, incident.c.state.in_(_ALARMING))
            .order_by(incident.c.raised_at, incident.c.id)
        )
    )


def of_trouble(connection: Connection, visit_id: str) -> list[str]:
    """Every incident in which this visit said that it was in trouble."""
    return list(
        connection.execute(
            select(visit_call.c.incident).where(visit_call.c.visit == visit_id, visit_call.c.why == Why.TROUBLE.value)
        ).scalars()
    )


def tell(
    connection: Connection,
    incident_id: str,
    said: str,
    now: datetime,
    data: Mapping[str, Any],
    profile_digest: str,
    who: Person | None,
    text: str = "",
    kind: Entry = Entry.VISIT_TOLD,
) -> None:
    """An entry of the incident about what the visit said; `who` is None when the hub noticed it."""
    connection.execute(
        insert(timeline).values(
            incident=incident_id,
            at=now,
            recorded_at=now,
            kind=kind.value,
            source="hub" if who is None else "person",
            actor=who and who.id,
            actor_name=who and who.name,
            actor_role=who and who.role,
            text=text,
            data={**({"said": said} if kind is Entry.VISIT_TOLD else {}), **data},
            profile_digest=profile_digest,
        )
    )
    connection.execute(update(incident).where(incident.c.id == incident_id).values(changed_at=now))
    changes.add(connection, [("incident", incident_id, None)], now)


def _unanswered(connection: Connection, visit_id: str, level: Level) -> list[str]:
    """Calls of a visit that still climb the ladder, as urgent as `level` or more."""
    levels = [Level.EMERGENCY.value] if level is Level.EMERGENCY else [one.value for one in Level]
    return list(
        connection.execute(
            select(incident.c.id)
            .join(visit_call, visit_call.c.incident == incident.c.id)
            .where(
                visit_call.c.visit == visit_id,
                incident.c.level.in_(levels),
                incident.c.state.in_(_ALARMING),
                incident.c.responding_at.is_(None),
                or_(incident.c.level == Level.EMERGENCY.value, incident.c.seen_at.is_(None)),
            )
            .order_by(incident.c.raised_at.desc())
        ).scalars()
    )
