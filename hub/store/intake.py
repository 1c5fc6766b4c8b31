"""One batch of events against the database: the facts it needs, and its rows, all inside the caller's transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BindParameter, Column, Connection, Table, bindparam, insert, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from contract.codec import MalformedMessage, decode_event
from contract.evidence import read_record
from contract.messages import (
    AnyEvent,
    CommandType,
    Event,
    FaultCleared,
    FaultRaised,
    Level,
    RecordingClosed,
    SegmentSealed,
)
from hub.domain import practice
from hub.domain.chain import KnownClose, KnownSegment, Witness
from hub.domain.incident import ALARMING, Origin
from hub.domain.intake import Intake, Known, KnownBox, KnownEvent, LiveIncident, incident_year
from hub.store import alerts, boxes, changes, commands, counters, drills
from hub.store.schema import alert, box, event, incident, leaf, recording, segment, timeline

# Asked for every batch, which under a light load is every press: built once, because building costs more than asking.
_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_STORED: Final = select(event.c.id, event.c.box, event.c.type, event.c.incident).where(event.c.id.in_(_IDS))
_TAKEN: Final = select(event.c.box, event.c.boot, event.c.seq, event.c.id).where(
    tuple_(event.c.box, event.c.boot, event.c.seq).in_(bindparam("places", expanding=True))
)
_LIVE: Final = select(
    incident.c.id,
    incident.c.box,
    incident.c.level,
    incident.c.presses,
    incident.c.number,
    incident.c.reach,
    incident.c.state,
    incident.c.contact_ended_at,
    incident.c.closed_at,
    incident.c.seen_at,
    incident.c.responding_at,
).where(incident.c.id.in_(_IDS))
_WAITING: Final = (
    select(event.c.incident, event.c.payload, event.c.received_at)
    .where(event.c.incident.in_(_IDS))
    .order_by(event.c.boot, event.c.seq)
)


@dataclass(frozen=True, slots=True)
class Durable:
    """What a receipt must say once the batch is committed. `incident` is (id, number), `witness` is (head, leaf)."""

    box: str
    event: str
    incident: tuple[str, str] | None
    witness: tuple[str, int] | None


def known(connection: Connection, events: Sequence[AnyEvent]) -> Known:
    """Everything that the store holds about `events`."""
    rows = boxes.named(connection, {one.box for one in events})
    facts = Known(
        boxes={
            name: KnownBox(row.counter, row.evidence_key, tuple(row.faults), drills.held(connection, row.drill))
            for name, row in rows.items()
            if row.revoked_at is None
        }
    )
    stored = connection.execute(_STORED, {"ids": [one.id for one in events]})
    facts.events = {row.id: KnownEvent(row.box, row.type, row.incident) for row in stored}
    places = [(one.box, one.boot, one.seq) for one in events if isinstance(one, Event)]
    if places:
        taken = connection.execute(_TAKEN, {"places": places})
        facts.places = {(row.box, row.boot, row.seq): row.id for row in taken}
    named = {one.incident for one in events if one.incident}
    named |= {one.incident for one in facts.events.values() if one.incident}
    if named:
        live = connection.execute(_LIVE, {"ids": list(named)})
        facts.incidents = {row.id: _live(row) for row in live}
        facts.earlier = _earlier(connection, [one for one in named if one not in facts.incidents])
    _evidence(connection, events, facts)
    faulty = {one.box for one in events if isinstance(one, Event) and isinstance(one.body, FaultRaised | FaultCleared)}
    if faulty:
        facts.alarming = _alarming(connection, faulty)
    return facts


def _live(row: Any) -> LiveIncident:
    over_at = row.contact_ended_at or row.closed_at
    answered_at = row.responding_at or (None if row.level == Level.EMERGENCY else row.seen_at)
    return LiveIncident(row.box, row.level, row.presses, row.number, row.reach, {}, row.state, over_at, answered_at)


def write(connection: Connection, intake: Intake) -> list[Durable]:
    """Write the rows of `intake`; what to receipt after the commit."""
    _insert(connection, event, intake.events)
    _number(connection, intake)
    _insert(connection, incident, [live.row for live in intake.incidents.values() if "number" in live.row])
    for name, live in intake.incidents.items():
        if live.row and "number" not in live.row:
            connection.execute(update(incident).where(incident.c.id == name).values(**live.row))
    _insert(connection, timeline, intake.timeline)
    raised_anew(connection, intake.anew)
    asked_again(connection, intake.unmet)
    for name in [*intake.unmet, *(name for name in intake.anew if intake.incidents[name].reopened)]:
        commands.put(connection, intake.incidents[name].box, CommandType.NOBODY_AVAILABLE, intake.now, incident=name)
    commands.tell_again(connection, intake.unaware)
    _insert(connection, alert, intake.alerts)
    for name, row in intake.boxes.items():
        if row:
            connection.execute(update(box).where(box.c.name == name).values(**row))
    leaves = _leaves(connection, intake.leaves)
    for row in intake.segments.values():
        _upsert(connection, segment, row | {"leaf": leaves[row["leaf"]]}, ("leaf",))
    for row in intake.recordings.values():
        row = row | {"leaf": leaves[row["leaf"]]} if "leaf" in row else row
        _upsert(connection, recording, row, tuple(name for name in row if name not in ("incident", "box")))
    if intake.duplicates:
        counters.bump(connection, counters.DUPLICATES, intake.duplicates)
    return [
        Durable(one.box, one.event, _reference(intake, one.incident), _place(one.witness, leaves))
        for one in intake.receipts
    ]


def raised_anew(connection: Connection, incidents: Sequence[str]) -> None:
    """Everybody is asked once more: the keys of the old climb are free again, and what boxes were told of an answer, or
    of the end, says nothing of this call. Call it before anything new is written of it.
    """
    if incidents:
        alerts.free_keys(connection, incidents)
        commands.forget(connection, incidents)


def asked_again(connection: Connection, incidents: Sequence[str]) -> None:
    """The answer was none: the ladder goes on where it stands, and everybody whom it has reached hears at once."""
    if incidents:
        alerts.free_keys(connection, incidents, repeats_only=True)
        commands.forget(connection, incidents)


def note_changes(connection: Connection, intake: Intake) -> None:
    """Enter what pages must look at again."""
    changes.add(connection, intake.changes, intake.now)  # type: ignore[arg-type]


def _insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), list(rows))


def _number(connection: Connection, intake: Intake) -> None:
    """Give new incidents their numbers: gap-free by year, because the counter moves only with this transaction."""
    year = incident_year(intake.now)
    for counter, mark, practised in (("incident", "", False), ("practice", practice.NUMBER, True)):
        new = [
            live
            for live in intake.incidents.values()
            if live.number is None and practice.is_practice(live.box) is practised
        ]
        if not new:
            continue
        last = counters.bump(connection, f"{counter}:{year}", len(new))
        for number, live in enumerate(new, start=last - len(new) + 1):
            live.number = live.row["number"] = f"{mark}{year}-{number:06d}"


def _leaves(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[int]:
    if not rows:
        return []
    statement = insert(leaf).returning(leaf.c.id, sort_by_parameter_order=True)
    return list(connection.execute(statement, list(rows)).scalars())


def _upsert(connection: Connection, table: Table, row: dict[str, Any], changed: Iterable[str]) -> None:
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = make(table).values(**row)
    keys: list[Column[Any]] = list(table.primary_key.columns)
    values = {name: statement.excluded[name] for name in changed}
    connection.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=values)
        if values
        else statement.on_conflict_do_nothing(index_elements=keys)
    )


def _reference(intake: Intake, name: str | None) -> tuple[str, str] | None:
    live = intake.incidents.get(name) if name else None
    return (name, live.number) if name and live and live.number else None


def _place(witness: Witness | None, leaves: Sequence[int]) -> tuple[str, int] | None:
    if witness is None:
        return None
    number = witness.leaf if witness.new is None else leaves[witness.new]
    return None if number is None else (witness.head, number)


def _earlier(connection: Connection, incidents: Sequence[str]) -> dict[str, list[tuple[Event, Any]]]:
    """Events that came before the alarm of their incident, in the box's own order."""
    found: dict[str, list[tuple[Event, Any]]] = {}
    if not incidents:
        return found
    rows = connection.execute(_WAITING, {"ids": list(incidents)})
    for row in rows:
        try:
            one = decode_event(row.payload.encode())
        except MalformedMessage:  # stored by another version of the program
            continue
        if isinstance(one, Event):
            found.setdefault(row.incident, []).append((one, row.received_at))
    return found


def _evidence(connection: Connection, events: Sequence[AnyEvent], facts: Known) -> None:
    closed = [one for one in events if isinstance(one, Event) and isinstance(one.body, RecordingClosed)]
    neighbours = _neighbours(events)
    if neighbours:
        rows = connection.execute(
            select(segment.c.incident, segment.c.seq, segment.c.record, segment.c.head, segment.c.leaf).where(
                tuple_(segment.c.incident, segment.c.seq).in_(neighbours)
            )
        )
        facts.segments = {(row.incident, row.seq): KnownSegment(row.record, row.head, row.leaf) for row in rows}
    if closed:
        ends = connection.execute(
            select(recording.c.incident, recording.c.count, recording.c.head, recording.c.leaf).where(
                recording.c.incident.in_({one.incident for one in closed}), recording.c.leaf.is_not(None)
            )
        )
        facts.closes = {name: KnownClose(count, head, number) for name, count, head, number in ends}


def _neighbours(events: Iterable[AnyEvent]) -> set[tuple[str, int]]:
    """Each segment of the batch, the one before it and the one after it."""
    found: set[tuple[str, int]] = set()
    for one in events:
        if isinstance(one, Event) and isinstance(one.body, SegmentSealed):
            try:
                seq = read_record(one.body.record).seq
            except ValueError:  # said again, with its reason, when the record is checked
                continue
            found |= {(one.body.incident, near) for near in (seq - 1, seq, seq + 1)}
    return found


def _alarming(connection: Connection, names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in connection.execute(
        select(incident.c.id, incident.c.box).where(
            incident.c.box.in_(list(names)),
            incident.c.origin == Origin.COUNTER.value,
            incident.c.state.in_([state.value for state in ALARMING]),
        )
    ):
        found.setdefault(row.box, []).append(row.id)
    return found
