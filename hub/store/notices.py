"""Messages to roles for a reason of their own, written in the caller's transaction (`hub.domain.notices`).

The caller commits and then pokes `web` and `worker`, as after every deed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from hub.domain import notices
from hub.domain.drill import Reach
from hub.domain.duty import Roster
from hub.domain.incident import Entry
from hub.domain.nearness import nearby
from hub.domain.notices import Why
from hub.store import absences, changes
from hub.store.course import courses
from hub.store.ids import new_id
from hub.store.schema import alert, incident, timeline


def broadcast(
    connection: Connection,
    roster: Roster,
    incident_id: str,
    roles: Sequence[str],
    why: Why,
    now: datetime,
    occasion: int = 1,
    digest: str | None = None,
) -> list[str]:
    """Tell everybody of `roles` who is on duty, each once for this reason and `occasion`; the contacts told now.

    Contacts that are near other counters only are left out, as the ladder leaves them out (`hub.domain.nearness`),
    unless every workplace is to know.
    An `occasion` is the how-many-eth time of the same reason in one incident (the second missed check-in is 2), at most
    seven digits. `digest` names the rules that ask for it, where they are not those of the press. What was written
    before is not written again: then the answer is empty.

    Raises:
        LookupError: no such incident.
    """
    row = connection.execute(select(incident).where(incident.c.id == incident_id)).one_or_none()
    if row is None:
        raise LookupError(incident_id)
    if row.reach not in (None, Reach.EVERYBODY.value):
        return []  # a drill that is not meant for them
    called = absences.duty(connection, roster, now).called
    found, missing = notices.told(called if why in notices.EVERYWHERE else nearby(called, row.box), roles)
    rows = notices.rows(incident_id, found, why, occasion, new_id, now, row.reach is not None)
    known = set(connection.execute(select(alert.c.key).where(alert.c.key.in_([one["key"] for one in rows]))).scalars())
    new = [one for one in rows if one["key"] not in known]
    if new:
        connection.execute(insert(alert), new)
    if new or (missing and not _noted(connection, row, why)):
        told = [one for one in found if one.id in {fresh["contact"] for fresh in new}]
        entry = notices.entry(incident_id, told, missing, why, now, digest or row.profile_digest)
        connection.execute(insert(timeline), [entry])
        changes.add(connection, [("alert", incident_id, None)], now)
    return [one["contact"] for one in new]


def delivered(connection: Connection, rows: Sequence[Row[Any]], now: datetime) -> None:
    """Note of alerts that were sent just now which of them are waited for; with them, in the caller's transaction."""
    waited_for = [row for row in rows if row.why in notices.WAITED_FOR]
    if not waited_for:
        return
    found = select(incident.c.id, incident.c.profile_digest).where(
        incident.c.id.in_({row.incident for row in waited_for})
    )
    digests = {row.id: row.profile_digest for row in connection.execute(found)}
    entries = [
        notices.sent(row.incident, row.contact, row.role, row.why, now, digests[row.incident]) for row in waited_for
    ]
    connection.execute(insert(timeline), entries)


def _noted(connection: Connection, row: Row[Any], why: Why) -> bool:
    """Whether it stands in the timeline already that there was nobody to tell, since the call is in earnest."""
    told = courses(connection, [row], (Entry.NOTIFIED.value, Entry.DRILL_REAL.value))[row.id]
    return any(one.data.get("why") == why.value for one in told.of_kind(Entry.NOTIFIED))
