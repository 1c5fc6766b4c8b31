"""Incidents that no box began: of a visit, or of a post. Written in the caller's transaction.

The caller commits, then pokes `web` and, when it alarms, `worker`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from contract.messages import ClockState, Level
from contract.profile import PolicyProfile
from hub.domain import escalation
from hub.domain.deed import Person
from hub.domain.duty import Roster
from hub.domain.incident import Entry, Origin, State
from hub.domain.intake import incident_year
from hub.domain.nearness import nearby
from hub.store import absences, alerts, changes, counters
from hub.store.ids import new_id
from hub.store.schema import incident, timeline


@dataclass(frozen=True, slots=True)
class Opening:
    """What an incident begins with. `box` is the counter whose unit's rules hold; `place` stands where a counter's
    name stands. With a `level` it calls for help from now on; without, its contact is over at `at`.
    """

    origin: Origin
    box: str
    place: str
    at: datetime
    level: Level | None = None
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Holding:
    """The rules that hold: the city's ladder of alerts, who is on duty, and the digest that entries carry."""

    profile: PolicyProfile
    digest: str
    roster: Roster


def open_incident(connection: Connection, opening: Opening, who: Person | None, now: datetime, rules: Holding) -> str:
    """The new incident's id; `who` is None when the hub itself begins it.

    Raises:
        IntegrityError: there is no such box.
    """
    id = new_id()
    year = incident_year(now)
    calls = opening.level is not None
    connection.execute(
        insert(incident).values(
            id=id,
            number=f"{year}-{counters.bump(connection, f'incident:{year}', 1):06d}",
            origin=opening.origin.value,
            box=opening.box,
            counter=opening.place,
            level=(opening.level or Level.ASSIST).value,
            state=(State.RAISED if calls else State.CONTACT_ENDED).value,
            drill=False,
            presses=0,
            pressed_at=opening.at,
            clock=ClockState.SYNCED.value,
            received_at=now,
            raised_at=now,
            contact_ended_at=None if calls else opening.at,
            profile_id=rules.profile.meta.id,
            profile_digest=rules.digest,
            changed_at=now,
        )
    )
    connection.execute(
        insert(timeline).values(
            incident=id,
            at=opening.at,
            recorded_at=now,
            kind=Entry.OPENED.value,
            source="hub" if who is None else "person",
            actor=who and who.id,
            actor_name=who and who.name,
            actor_role=who and who.role,
            text=opening.text,
            data={"origin": opening.origin.value, **opening.data},
            profile_digest=rules.digest,
        )
    )
    if opening.level is not None:
        _call(connection, id, opening, opening.level, now, rules)
    changes.add(connection, [("incident", id, None)], now)
    return id


def _call(connection: Connection, id: str, opening: Opening, level: Level, now: datetime, rules: Holding) -> None:
    """The first messages of the ladder, in the same transaction as the call itself."""
    contacts = nearby(absences.duty(connection, rules.roster, now).called, opening.box)
    found = escalation.first(rules.profile.alert, id, level.value, contacts)
    if found:
        rows = escalation.alert_rows(found, new_id, now)
        alerts.add(connection, rows, escalation.alerted_entry(id, found, now, rules.digest))
