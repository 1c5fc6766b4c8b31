"""Which contacts followed soon on another one, for the few that a page shows."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from hub.domain.time_signs import LOOK_BACK, Again, recontacts
from hub.store.practices import IN_EARNEST
from hub.store.schema import incident

_COLUMNS = (
    incident.c.id, incident.c.origin, incident.c.counter, incident.c.case_number, incident.c.drill,
    incident.c.pressed_at, incident.c.contact_started_at, incident.c.contact_ended_at,
)  # fmt: skip


def again(connection: Connection, rows: Sequence[Any]) -> Mapping[str, Again]:
    """Of `rows` (incidents), by id, those that followed soon on another contact."""
    if not rows:
        return {}
    shown = {row.id for row in rows}
    found = connection.execute(
        select(*_COLUMNS).where(
            IN_EARNEST,
            or_(
                *(
                    and_(incident.c.pressed_at >= first, incident.c.pressed_at <= last)
                    for first, last in _stretches([row.pressed_at for row in rows])
                )
            ),
        )
    ).all()
    return {id: why for id, why in recontacts(found).items() if id in shown}


def _stretches(pressed: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """The days before these moments, joined where they overlap: a filtered list has gaps of months."""
    first, *later = sorted(pressed)
    begins, ends = first - LOOK_BACK, first
    for at in later:
        if at - LOOK_BACK > ends:
            yield begins, ends
            begins = at - LOOK_BACK
        ends = at
    yield begins, ends
