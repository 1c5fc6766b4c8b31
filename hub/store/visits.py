"""Visits as rows: the plan, the times agreed, their entries and clocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from hub.domain.deed import Person
from hub.domain.policy_clock import Clock
from hub.domain.visit import CHECKIN, LIMIT, OPEN, Agreed, Decision, Entry, Facts, State
from hub.store.limits import Anchor
from hub.store.schema import change, visit, visit_call, visit_checkin, visit_clock, visit_entry

_OPEN = [state.value for state in OPEN]


@dataclass(frozen=True, slots=True)
class Machine:
    """The clock that nobody sets: the boot it counts in, and how far it has counted."""

    boot: str
    monotonic_s: float


def running(connection: Connection) -> Sequence[Row[Any]]:
    """Visits whose team is out or about to go, the oldest plan first."""
    return connection.execute(
        select(visit).where(visit.c.state.in_(_OPEN)).order_by(visit.c.planned_at, visit.c.id)
    ).all()


def newest(connection: Connection, limit: int) -> Sequence[Row[Any]]:
    """The newest plans."""
    return connection.execute(select(visit).order_by(visit.c.planned_at.desc(), visit.c.id.desc()).limit(limit)).all()


def one(connection: Connection, visit_id: str, *, lock: bool = False) -> Row[Any] | None:
    """A visit; with `lock` nobody else changes it until the transaction ends."""
    query = select(visit).where(visit.c.id == visit_id)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def agreed(connection: Connection, ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
    """The agreed times of these visits, the earliest first."""
    found: dict[str, list[Row[Any]]] = {id: [] for id in ids}
    for row in connection.execute(
        select(visit_checkin).where(visit_checkin.c.visit.in_(ids)).order_by(visit_checkin.c.at)
    ):
        found[row.visit].append(row)
    return found


def entries(connection: Connection, visit_id: str) -> Sequence[Row[Any]]:
    """Everything that was said of it, oldest first."""
    return connection.execute(
        select(visit_entry).where(visit_entry.c.visit == visit_id).order_by(visit_entry.c.at, visit_entry.c.id)
    ).all()


def calls(connection: Connection, visit_id: str) -> Sequence[Row[Any]]:
    """The incidents that came of it."""
    return connection.execute(select(visit_call).where(visit_call.c.visit == visit_id)).all()


def visit_of(connection: Connection, incident_id: str) -> str | None:
    """The visit that this incident came of."""
    return connection.execute(
        select(visit_call.c.visit).where(visit_call.c.incident == incident_id)
    ).scalar_one_or_none()


def facts(row: Row[Any], times: Sequence[Row[Any]], kept: Mapping[tuple[str, str], Anchor], now: datetime,
          machine: Machine) -> Facts:  # fmt: skip
    """The visit as deeds and clocks look at it; what is left is counted on the clock that nobody sets, if known."""
    return Facts(
        state=State(row.state),
        planned_at=row.planned_at,
        limit_minutes=row.limit_minutes,
        left_at=row.left_at,
        arrived_at=row.arrived_at,
        ended_at=row.ended_at,
        back_at=row.back_at,
        agreed=[
            Agreed(one.at, -_elapsed_s(CHECKIN, one.at, row.id, kept, now, machine), one.met_at, one.missed_at)
            for one in times
        ],
        team=row.team,
        contact=row.contact,
    )


def elapsed_s(clock: Clock, visit_id: str, kept: Mapping[tuple[str, str], Anchor], now: datetime,
              machine: Machine) -> float:  # fmt: skip
    """How long this clock has run; below zero while its start lies ahead."""
    return _elapsed_s(clock.name, clock.started_at, visit_id, kept, now, machine)


def _elapsed_s(name: str, since: datetime, visit_id: str, kept: Mapping[tuple[str, str], Anchor], now: datetime,
               machine: Machine) -> float:  # fmt: skip
    anchor = kept.get((visit_id, Clock(name, since, 1, 0, None, "").key))
    if anchor is not None and anchor.since_ms is not None:
        return machine.monotonic_s - anchor.since_ms / 1000
    return (now - since).total_seconds()


# --- clocks ----------------------------------------------------------------------------------------------------------


def anchors(connection: Connection, ids: Sequence[str], boot: str) -> dict[tuple[str, str], Anchor]:
    """What is kept of the clocks of these visits, by visit and key."""
    return {
        (row.visit, row.key): Anchor(row.since_ms if row.boot == boot else None, row.lead_at, row.due_at)
        for row in connection.execute(select(visit_clock).where(visit_clock.c.visit.in_(ids)))
    }


def begin(connection: Connection, visit_id: str, key: str, boot: str, since_ms: int) -> None:
    """Keep when a clock began; one that was begun in another boot is anchored anew."""
    kept = connection.execute(
        update(visit_clock)
        .where(visit_clock.c.visit == visit_id, visit_clock.c.key == key)
        .values(boot=boot, since_ms=since_ms)
    )
    if kept.rowcount == 0:
        connection.execute(insert(visit_clock).values(visit=visit_id, key=key, boot=boot, since_ms=since_ms))


def prompt_again(connection: Connection, visit_id: str) -> None:
    """The limit is another one now: it prompts anew, from the same start."""
    connection.execute(
        update(visit_clock)
        .where(visit_clock.c.visit == visit_id, visit_clock.c.key.startswith(f"{LIMIT}:"))
        .values(lead_at=None, due_at=None)
    )


def prompted(connection: Connection, visit_id: str, key: str, phase: str, now: datetime) -> bool:
    """Note that a prompt came; False when it came before."""
    moment = visit_clock.c.due_at if phase == "due" else visit_clock.c.lead_at
    fired = connection.execute(
        update(visit_clock)
        .where(visit_clock.c.visit == visit_id, visit_clock.c.key == key, moment.is_(None))
        .values({moment: now})
    )
    return fired.rowcount > 0


def waits_for_word(connection: Connection, visit_id: str, at: datetime) -> bool:
    """Whether nobody has given word for this agreed time."""
    return (
        connection.execute(
            select(func.count())
            .select_from(visit_checkin)
            .where(visit_checkin.c.visit == visit_id, visit_checkin.c.at == at, visit_checkin.c.met_at.is_(None))
        ).scalar_one()
        > 0
    )


def missed(connection: Connection, visit_id: str, at: datetime, now: datetime) -> None:
    """Note that the office was told that no word came."""
    connection.execute(
        update(visit_checkin).where(visit_checkin.c.visit == visit_id, visit_checkin.c.at == at).values(missed_at=now)
    )


# --- writing ---------------------------------------------------------------------------------------------------------


def add(connection: Connection, values: Mapping[str, Any], times: Sequence[datetime]) -> None:
    """A new visit with its agreed times."""
    connection.execute(insert(visit).values(**values))
    _agree(connection, values["id"], times)


def write(connection: Connection, row: Row[Any], decision: Decision, who: Person, now: datetime) -> None:
    """What a deed does to the visit in `row`, with its entry."""
    connection.execute(
        update(visit).where(visit.c.id == row.id).values(**decision.updates, state=decision.state.value, changed_at=now)
    )
    if decision.met:
        connection.execute(
            update(visit_checkin)
            .where(visit_checkin.c.visit == row.id, visit_checkin.c.at.in_(decision.met))
            .values(met_at=now)
        )
    if decision.checkins is not None:
        connection.execute(
            delete(visit_checkin).where(
                visit_checkin.c.visit == row.id, visit_checkin.c.met_at.is_(None), visit_checkin.c.missed_at.is_(None)
            )
        )
        _agree(connection, row.id, decision.checkins)
    if "limit_minutes" in decision.updates:
        prompt_again(connection, row.id)
    enter(connection, row, decision.entry, decision.at, now, decision.text, decision.data, who)


def enter(
    connection: Connection,
    row: Any,
    entry: Entry,
    at: datetime,
    now: datetime,
    text: str = "",
    data: Mapping[str, Any] | None = None,
    who: Person | None = None,
) -> None:
    """An entry of the visit in `row`; `who` is None when the hub itself makes it."""
    connection.execute(
        insert(visit_entry).values(
            visit=row.id,
            at=at,
            recorded_at=now,
            kind=entry.value,
            source="hub" if who is None else "person",
            actor=who and who.id,
            actor_name=who and who.name,
            actor_role=who and who.role,
            text=text,
            data=dict(data or {}),
            profile_digest=row.profile_digest,
        )
    )
    connection.execute(insert(change).values(kind="visit", box=row.box, at=now))


def _agree(connection: Connection, visit_id: str, times: Sequence[datetime]) -> None:
    if times:
        connection.execute(insert(visit_checkin), [{"visit": visit_id, "at": at} for at in times])
