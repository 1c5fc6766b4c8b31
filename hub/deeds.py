"""People's deeds on incidents: the pure decision, written down in the caller's one write transaction.

The caller commits, then pokes `web` and `worker`. On PostgreSQL the incident's row is locked; SQLite has one writer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from contract.profile import PolicyProfile
from hub.domain.deed import Decision, Facts, Person, decide
from hub.domain.duty import Roster
from hub.domain.incident import Origin, State
from hub.domain.saying import Said
from hub.store import notices
from hub.store.course import course
from hub.store.ids import new_id
from hub.store.schema import change, command, idempotency, incident, timeline

ONCE_FOR: Final = timedelta(days=7)
"""How long an Idempotency-Key is remembered."""


class UnknownIncident(LookupError):
    """There is no incident with this id."""


class KeyUsedDifferently(ValueError):
    """The Idempotency-Key came before, with another request."""


@dataclass(frozen=True, slots=True)
class SiteRules:
    """What holds at this site. `of_box` gives the rules that a box's counter follows, and its kind of site."""

    of_box: Callable[[str], tuple[PolicyProfile, str]]
    roster: Roster


@dataclass(frozen=True, slots=True)
class Once:
    """An Idempotency-Key and the digest (SHA-256, hex) of method, path and body it came with."""

    key: str
    request: str


def perform(
    connection: Connection,
    incident_id: str,
    said: Said,
    who: Person,
    now: datetime,
    rules: SiteRules,
    once: Once | None = None,
) -> bool:
    """Write what follows from `said`; False when `once` was written before, and nothing is done a second time.

    Raises:
        UnknownIncident: no such incident.
        KeyUsedDifferently: see there.
        NotPossible, DeedRefused: from the decision.
    """
    row = connection.execute(select(incident).where(incident.c.id == incident_id).with_for_update()).one_or_none()
    if row is None:
        raise UnknownIncident(incident_id)
    if once is not None and _came_before(connection, who, once, now):
        return False
    profile, site_type = rules.of_box(row.box)
    facts = _facts(connection, row, site_type)
    decision = decide(facts, said, who, now, profile)
    _write(connection, row, decision, who, now)
    for notice in decision.notices:
        again = len(facts.course.marks(str(decision.data.get("mark")))) + 1
        notices.broadcast(connection, rules.roster, row.id, notice.roles, notice.why, now, again)
    return True


def _came_before(connection: Connection, who: Person, once: Once, now: datetime) -> bool:
    known = connection.execute(
        select(idempotency.c.request).where(idempotency.c.actor == who.id, idempotency.c.key == once.key)
    ).scalar_one_or_none()
    if known is None:
        connection.execute(delete(idempotency).where(idempotency.c.created_at < now - ONCE_FOR))
        connection.execute(insert(idempotency).values(actor=who.id, key=once.key, request=once.request, created_at=now))
        return False
    if known != once.request:
        raise KeyUsedDifferently(once.key)
    return True


def _facts(connection: Connection, row: Row[Any], site_type: str) -> Facts:
    return Facts(
        state=State(row.state),
        drill=row.drill,
        pressed_at=min(row.pressed_at, row.received_at),  # the box's clock may be wrong
        seen_by=row.seen_by,
        seen_name=row.seen_name,
        responder=row.responder,
        responder_name=row.responder_name,
        contact_started_at=row.contact_started_at,
        contact_ended_at=row.contact_ended_at,
        course=course(connection, row),
        site_type=site_type,
        case_number=row.case_number,
    )


def _write(connection: Connection, row: Row[Any], decision: Decision, who: Person, now: datetime) -> None:
    connection.execute(
        update(incident)
        .where(incident.c.id == row.id)
        .values(**decision.updates, state=decision.state.value, changed_at=now)
    )
    connection.execute(
        insert(timeline).values(
            incident=row.id,
            at=decision.at,
            recorded_at=now,
            kind=decision.entry.value,
            source="person",
            actor=who.id,
            actor_name=who.name,
            actor_role=who.role,
            text=decision.text,
            data=dict(decision.data),
            profile_digest=row.profile_digest,
        )
    )
    for kind, name in decision.commands if row.origin == Origin.COUNTER.value else ():
        connection.execute(
            insert(command).values(
                id=new_id(), box=row.box, type=kind.value, incident=row.id, name=name, created_at=now
            )
        )
    connection.execute(insert(change).values(kind="incident", incident=row.id, box=row.box, at=now))
