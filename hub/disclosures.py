"""Deeds on the register of disclosure requests, in the caller's one transaction. Each is told to its incidents."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from contract.problems import Problem
from hub.deeds import Once, came_before, keep_made, made
from hub.domain import disclosure
from hub.domain.decision import DeedRefused, Person
from hub.domain.disclosure import Amended, Received, Told
from hub.domain.incident import Entry
from hub.store import changes, disclosures
from hub.store.ids import new_id
from hub.store.schema import incident, timeline


class UnknownRequest(LookupError):
    """There is no request with this id."""


def receive(
    connection: Connection, said: Received, who: Person, now: datetime, digest: str, once: Once | None = None
) -> str:
    """Enter a new request; its id. What it concerns is held from the caller's commit on.

    Raises:
        DeedRefused: dates, or incidents that do not exist.
        KeyUsedDifferently: `once` came before with something else.
    """
    if once is not None and came_before(connection, who, once, now):
        return made(connection, who, once)
    problems = list(disclosure.problems(said, now))
    concerned = _concerned(connection, said.incidents, said.case, problems)
    if problems:
        raise DeedRefused(*problems)
    id = new_id()
    number = disclosures.open_new(connection, id, now)
    if once is not None:
        keep_made(connection, who, once, id)
    _enter(connection, id, number, said, concerned, who, now, digest)
    return id


def go_on(
    connection: Connection, id: str, said: Told, who: Person, now: datetime, digest: str, once: Once | None = None
) -> None:
    """Add a deed to a request.

    Raises:
        UnknownRequest: see there.
        NotNow: it does not fit the request as it stands.
        DeedRefused: dates, or incidents that do not exist.
        KeyUsedDifferently: `once` came before with something else.
    """
    kept = disclosures.one(connection, id, locked=True)
    if kept is None:
        raise UnknownRequest(id)
    if once is not None and came_before(connection, who, once, now):
        return
    disclosure.check(kept.request, said)
    problems = list(disclosure.problems(said, now))
    more = _concerned(connection, said.incidents, None, problems) if isinstance(said, Amended) else []
    if problems:
        raise DeedRefused(*problems)
    before = connection.execute(select(incident).where(_touches(kept.request))).all()
    known = {row.id for row in before}
    _enter(
        connection, id, kept.row.number, said, [*before, *(row for row in more if row.id not in known)], who, now,
        digest,
    )  # fmt: skip


def _touches(found: disclosure.Request) -> Any:
    ids = incident.c.id.in_(found.incidents)
    return or_(ids, incident.c.case_number == found.case) if found.case else ids


def _concerned(
    connection: Connection, numbers: Sequence[str], case: str | None, problems: list[Problem]
) -> list[Row[Any]]:
    """The incidents that are named, and those that belong to the case now. Unknown numbers become a problem."""
    rows = connection.execute(select(incident).where(incident.c.number.in_(numbers))).all()
    missing = sorted(set(numbers) - {row.number for row in rows})
    if missing:
        problems.append(
            Problem(
                "incidents", ", ".join(missing),
                f"この番号の案件はありません: {', '.join(missing)}。",
                f"there is no such incident: {', '.join(missing)}.",
            )
        )  # fmt: skip
    of_case = connection.execute(select(incident).where(incident.c.case_number == case)).all() if case else []
    return [*rows, *(row for row in of_case if row.number not in numbers)]


def _enter(
    connection: Connection, id: str, number: str, said: Told, concerned: Sequence[Row[Any]], who: Person,
    now: datetime, digest: str,
) -> None:  # fmt: skip
    by = {
        "at": now, "recorded_at": now, "actor": who.id, "actor_name": who.name, "actor_role": who.role,
        "profile_digest": digest,
    }  # fmt: skip
    data = {**disclosure.written(said), "incident_ids": [row.id for row in concerned]}
    disclosures.add(connection, id, kind=said.entry, text=getattr(said, "text", ""), data=data, **by)
    for row in concerned:
        note = {"disclosure": id, "number": number, "what": said.entry}
        connection.execute(
            insert(timeline).values(
                **by, incident=row.id, kind=Entry.DISCLOSURE.value, source="person", text="", data=note
            )
        )
        connection.execute(update(incident).where(incident.c.id == row.id).values(changed_at=now))
    changes.add(connection, [("incident", row.id, row.box) for row in concerned], now)
