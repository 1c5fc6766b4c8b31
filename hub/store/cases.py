"""Reads what earlier contacts of a case left behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from hub.domain.course import in_earnest
from hub.domain.incident import Entry, Outcome
from hub.domain.promise import Open, still_open
from hub.store.schema import incident, timeline


@dataclass(frozen=True, slots=True)
class CaseNote:
    """The line that the unit holds to in a case, and who wrote it."""

    text: str
    at: datetime
    name: str


@dataclass(frozen=True, slots=True)
class CasePromise:
    """Something that was promised at an earlier contact and is not done yet."""

    incident: str
    what: str
    unit: str
    on: date
    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """A case as an incident of it finds it: the contacts before, oldest first, and what they left."""

    number: str
    contacts: Sequence[Any]
    note: CaseNote | None
    may_return: bool
    promises: Sequence[CasePromise] = ()


def case_of(connection: Connection, row: Row[Any]) -> Case | None:
    """The case of the incident in `row`; None when people joined it to none. Drills and false presses do not count, and
    nothing of what was written in a drill.
    """
    if row.case_number is None:
        return None
    earlier = connection.execute(
        select(incident.c.id, incident.c.number, incident.c.counter, incident.c.pressed_at)
        .where(
            incident.c.case_number == row.case_number,
            incident.c.id != row.id,
            incident.c.pressed_at < row.pressed_at,
            incident.c.drill.is_(False),
            or_(incident.c.outcome.is_(None), incident.c.outcome != Outcome.FALSE_PRESS.value),
        )
        .order_by(incident.c.pressed_at, incident.c.id)
    ).all()
    before = {one.id for one in earlier}
    note, may_return = None, False
    told = _told(connection, row)
    for entry in told:
        if entry.kind == Entry.CASE_NOTED.value and entry.data.get("case") == row.case_number:
            note = CaseNote(entry.text, entry.at, entry.actor_name or "")
        elif entry.incident in before and entry.data.get("mark") == "may_return":
            may_return = True
    promises = [
        _promise(one.id, kept)
        for one in earlier
        for kept in still_open(entry for entry in told if entry.incident == one.id)
    ]
    return Case(row.case_number, earlier, note, may_return, promises)


def _promise(incident_id: str, kept: Open) -> CasePromise:
    return CasePromise(incident_id, kept.what, kept.unit, kept.on, kept.text)


def _told(connection: Connection, row: Row[Any]) -> list[Any]:
    """The notes, marks and promises of the case, in the order in which they were written. A drill's are its own."""
    kinds = (Entry.CASE_NOTED, Entry.MARKED, Entry.PROMISED, Entry.TASK_DONE, Entry.DRILL_REAL)
    written: dict[str, list[Any]] = {}
    for entry in connection.execute(
        select(
            timeline.c.id, timeline.c.incident, timeline.c.kind, timeline.c.at, timeline.c.recorded_at,
            timeline.c.text, timeline.c.data, timeline.c.actor_name,
        )
        .join(incident, incident.c.id == timeline.c.incident)
        .where(
            incident.c.case_number == row.case_number,
            or_(incident.c.drill.is_(False), incident.c.id == row.id),
            timeline.c.kind.in_([kind.value for kind in kinds]),
        )
        .order_by(timeline.c.id)
    ):  # fmt: skip
        written.setdefault(entry.incident, []).append(entry)
    return sorted((entry for one in written.values() for entry in in_earnest(one)), key=lambda entry: entry.id)
