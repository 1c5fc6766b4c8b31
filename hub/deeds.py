"""People's deeds on incidents: the pure decision, written down in the caller's one write transaction.

The caller commits, then pokes `web` and `worker`. On PostgreSQL the incident's row is locked; SQLite has one writer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, insert, select, update

from contract.profile import PolicyProfile
from hub.domain import posts, practice
from hub.domain.deed import Decision, Facts, Person, decide
from hub.domain.drill import Ended
from hub.domain.duty import Roster
from hub.domain.flow import Flow
from hub.domain.incident import Entry, Origin, Outcome, State
from hub.domain.post_saying import PostSaid
from hub.domain.saying import Said
from hub.domain.witnessed import LEAF, entry_digest
from hub.flow_files import flow_for
from hub.store import commands, drills, notices
from hub.store.course import course
from hub.store.intake import asked_again, raised_anew
from hub.store.schema import change, idempotency, incident, leaf, timeline

ONCE_FOR: Final = timedelta(days=7)
"""How long an Idempotency-Key is remembered."""


class UnknownIncident(LookupError):
    """There is no incident with this id."""


class KeyUsedDifferently(ValueError):
    """The Idempotency-Key came before, with another request."""


@dataclass(frozen=True, slots=True)
class SiteRules:
    """What holds at this site. `of_box` gives the rules that a box's counter follows, and its kind of site; `digest_of`
    names these rules: entries carry what was applied to them, which is not always what the box had at the press.
    """

    of_box: Callable[[str], tuple[PolicyProfile, str]]
    digest_of: Callable[[str], str]
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
    if once is not None and came_before(connection, who, once, now):
        return False
    profile, site_type = rules.of_box(row.box)
    facts = _facts(connection, row, site_type, flow_for(profile.meta.id))
    if isinstance(said, PostSaid):
        decision = posts.decide(facts, said, who, now, profile)
    else:
        decision = decide(facts, said, who, now, profile)
    digest = rules.digest_of(row.box)
    _write(connection, row, decision, who, now, digest)
    for notice in decision.notices:
        again = notice.occasion or len(facts.course.marks(str(decision.data.get("mark")))) + 1
        notices.broadcast(connection, rules.roster, row.id, notice.roles, notice.why, now, again, digest)
    return True


def box_of(connection: Connection, incident_id: str) -> str:
    """The box at which it was pressed.

    Raises:
        UnknownIncident: no such incident.
    """
    box = connection.execute(select(incident.c.box).where(incident.c.id == incident_id)).scalar_one_or_none()
    if box is None:
        raise UnknownIncident(incident_id)
    return str(box)


def came_before(connection: Connection, who: Person, once: Once, now: datetime) -> bool:
    """Whether this request was written before; from now on it was.

    Raises:
        KeyUsedDifferently: its key came with another request.
    """
    connection.execute(delete(idempotency).where(idempotency.c.created_at < now - ONCE_FOR))
    known = connection.execute(select(idempotency.c.request).where(_used(who, once))).scalar_one_or_none()
    if known is None:
        connection.execute(insert(idempotency).values(actor=who.id, key=once.key, request=once.request, created_at=now))
        return False
    if known != once.request:
        raise KeyUsedDifferently(once.key)
    return True


def keep_made(connection: Connection, who: Person, once: Once, made: str) -> None:
    """Remember with the key what its request made, for as long as the key itself."""
    connection.execute(update(idempotency).where(_used(who, once)).values(made=made))


def made(connection: Connection, who: Person, once: Once) -> str:
    """The id of what this request made when it came before."""
    return str(connection.execute(select(idempotency.c.made).where(_used(who, once))).scalar_one())


def _used(who: Person, once: Once) -> Any:
    return and_(idempotency.c.actor == who.id, idempotency.c.key == once.key)


def _facts(connection: Connection, row: Row[Any], site_type: str, flow: Flow) -> Facts:
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
        promised_until=row.promised_until,
        flow=flow,
        origin=Origin(row.origin),
        closed_at=row.closed_at,
        outcome=Outcome(row.outcome) if row.outcome else None,
        turned_real=not row.drill and drills.turned_real(connection, row.id),
        practice=practice.is_practice(row.box),
        earlier_answer=None if row.responder else _earlier_answer(connection, row),
    )


def _earlier_answer(connection: Connection, row: Row[Any]) -> tuple[Person, datetime] | None:
    """Who said since the last raise that they were going."""
    going = connection.execute(
        select(timeline.c.actor, timeline.c.actor_name, timeline.c.actor_role, timeline.c.at)
        .where(
            timeline.c.incident == row.id,
            timeline.c.kind == Entry.RESPONDING.value,
            timeline.c.recorded_at >= row.raised_at,
        )
        .order_by(timeline.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if going is None else (Person(going.actor, going.actor_name, going.actor_role), going.at)


def _write(connection: Connection, row: Row[Any], decision: Decision, who: Person, now: datetime, digest: str) -> None:
    if "raised_at" in decision.updates:
        raised_anew(connection, [row.id])
    elif decision.asks_again:
        asked_again(connection, [row.id])
    connection.execute(
        update(incident)
        .where(incident.c.id == row.id)
        .values(**decision.updates, state=decision.state.value, changed_at=now)
    )
    entry: dict[str, Any] = {
        "incident": row.id,
        "at": decision.at,
        "recorded_at": now,
        "kind": decision.entry.value,
        "source": "person",
        "actor": who.id,
        "actor_name": who.name,
        "actor_role": who.role,
        "text": decision.text,
        "data": dict(decision.data),
        "profile_digest": digest,
    }
    if decision.witnessed:
        entry["data"][LEAF] = _witness(connection, entry)
    connection.execute(insert(timeline).values(**entry))
    for kind, name in decision.commands if row.origin == Origin.COUNTER.value else ():
        commands.put(connection, row.box, kind, now, incident=row.id, name=name)
    if decision.entry is Entry.DRILL_REAL:
        drills.over(connection, row.box, Ended.REAL, now, who, tell=False)  # the box ends it with what it was told
    connection.execute(insert(change).values(kind="incident", incident=row.id, box=row.box, at=now))


def _witness(connection: Connection, entry: dict[str, Any]) -> int:
    """Enter an entry's digest into the append-only log; its place there."""
    statement = insert(leaf).values(
        kind=entry["kind"], incident=entry["incident"], digest=entry_digest(entry), at=entry["recorded_at"]
    )
    return int(connection.execute(statement.returning(leaf.c.id)).scalar_one())
