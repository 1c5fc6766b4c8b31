"""The clocks of the policy as rows: when each began on the machine's own clock, and which prompts have come.

A start is kept in ms of CLOCK_MONOTONIC with the boot it belongs to, so that neither a restart of the program nor a
wall clock that is set moves a limit. After a reboot only the wall clock knows how long it has been.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from contract.messages import CommandType
from hub.domain.incident import ALARMING, Entry
from hub.domain.policy_clock import CUED, Clock, Phase
from hub.store import commands
from hub.store.schema import incident, policy_clock, timeline

_ALARMING = [state.value for state in ALARMING]
_PARTS = 400


@dataclass(frozen=True, slots=True)
class Anchor:
    """A running clock as it is kept. `since_ms` is None when it was begun in another boot."""

    since_ms: int | None
    lead_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Prompt:
    """A clock whose moment has come. `subject`: the incident, or what else has clocks. `late_s`: how long ago."""

    subject: str
    box: str
    clock: Clock
    phase: Phase
    late_s: float


def running(connection: Connection) -> Sequence[Any]:
    """Incidents in which a contact may be going on."""
    return connection.execute(
        select(
            incident.c.id,
            incident.c.box,
            incident.c.level,
            incident.c.origin,
            incident.c.drill,
            incident.c.pressed_at,
            incident.c.received_at,
            incident.c.clock,
            incident.c.contact_started_at,
            incident.c.contact_ended_at,
            incident.c.closed_at,
            incident.c.changed_at,
        ).where(incident.c.state.in_(_ALARMING))
    ).all()


def anchors(connection: Connection, incidents: Sequence[str], boot: str) -> dict[tuple[str, str], Anchor]:
    """What is kept of the clocks of these incidents, by incident and key."""
    found = {}
    for start in range(0, len(incidents), _PARTS):
        for row in connection.execute(
            select(policy_clock).where(policy_clock.c.incident.in_(incidents[start : start + _PARTS]))
        ):
            since_ms = row.since_ms if row.boot == boot else None
            found[row.incident, row.key] = Anchor(since_ms, row.lead_at, row.due_at)
    return found


def begin(connection: Connection, incident_id: str, key: str, boot: str, since_ms: int) -> None:
    """Keep when a clock began; one that was begun in another boot is anchored anew."""
    kept = connection.execute(
        update(policy_clock)
        .where(policy_clock.c.incident == incident_id, policy_clock.c.key == key)
        .values(boot=boot, since_ms=since_ms)
    )
    if kept.rowcount == 0:
        connection.execute(insert(policy_clock).values(incident=incident_id, key=key, boot=boot, since_ms=since_ms))


def fire(connection: Connection, one: Prompt, now: datetime, late_ms: int | None, profile_digest: str) -> bool:
    """Prompt once: a timeline entry and, when due, the box's sign. False when it came before or the contact is over."""
    going_on = connection.execute(
        select(incident.c.id).where(
            incident.c.id == one.subject,
            incident.c.state.in_(_ALARMING),
            incident.c.contact_ended_at.is_(None),
        )
    ).one_or_none()
    moment = policy_clock.c.due_at if one.phase == "due" else policy_clock.c.lead_at
    fired = connection.execute(
        update(policy_clock)
        .where(policy_clock.c.incident == one.subject, policy_clock.c.key == one.clock.key, moment.is_(None))
        .values({moment: now})
    )
    if fired.rowcount == 0 or going_on is None:
        return False
    connection.execute(
        insert(timeline).values(
            incident=one.subject,
            at=now,
            recorded_at=now,
            kind=(Entry.CLOCK_DUE if one.phase == "due" else Entry.CLOCK_LEAD).value,
            source="hub",
            text="",
            data={
                "clock": one.clock.name,
                "minutes": one.clock.minutes,
                "started_at": one.clock.started_at.isoformat(),
                "source": one.clock.source,
                **({"late_ms": late_ms} if late_ms is not None else {}),
            },
            profile_digest=profile_digest,
        )
    )
    if one.phase == "due" and one.clock.name in CUED:
        commands.put(connection, one.box, CommandType.TIME_LIMIT_REACHED, now, incident=one.subject)
    return True
