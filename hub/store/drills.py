"""Drills: who began which and when it ended, and the incidents that end with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from contract.messages import CommandType
from hub.domain.deed import Person
from hub.domain.drill import Ended, Held, Reach, closing, ending
from hub.domain.incident import ALARMING, Entry, State
from hub.store import changes, commands
from hub.store.ids import new_id
from hub.store.schema import box, drill, incident, timeline

_ALARMING: Final = [state.value for state in ALARMING]
SHOWN_MAX: Final = 50


# --- begun and ended by people ---------------------------------------------------------------------------------------


def begin(
    connection: Connection, name: str, minutes: int, reach: Reach, ends_at: datetime, who: Person, now: datetime
) -> str:
    """Put the box in a drill and have it told; one that goes on there ends and this one follows. The drill's id."""
    over(connection, name, Ended.PERSON, now, who, tell=False)
    drill_id = new_id()
    connection.execute(
        insert(drill).values(
            id=drill_id, box=name, minutes=minutes, reach=reach.value, started_at=now, started_by=who.id,
            started_name=who.name, ends_at=ends_at,
        )
    )  # fmt: skip
    connection.execute(update(box).where(box.c.name == name).values(drill=drill_id))
    commands.put(connection, name, CommandType.DRILL, now, minutes=minutes)
    changes.add(connection, [("box", None, name)], now)
    return drill_id


def over(
    connection: Connection, name: str, why: Ended, now: datetime, who: Person | None = None, *, tell: bool = True
) -> bool:
    """End the drill of the box, with its incidents; False when there is none. With `tell` the box is told as well."""
    ended = connection.execute(
        update(drill)
        .where(drill.c.box == name, drill.c.ended_at.is_(None))
        .values(
            ended_at=now,
            ended_why=why.value,
            ended_by=who.id if who is not None else None,
            ended_name=who.name if who is not None else None,
        )
        .returning(drill.c.id)
    ).all()
    if not ended:
        return False
    connection.execute(update(box).where(box.c.name == name).values(drill=None))
    rows = connection.execute(
        select(incident).where(incident.c.box == name, incident.c.drill, incident.c.state != State.CLOSED.value)
    ).all()
    close(connection, rows, now, why, who)
    if tell:
        commands.put(connection, name, CommandType.DRILL_END, now)
    changes.add(connection, [("box", None, name)], now)
    return True


def close(
    connection: Connection,
    rows: Sequence[Any],
    now: datetime,
    why: Ended = Ended.TIME,
    who: Person | None = None,
    profile_digest: str | None = None,
) -> None:
    """End these incidents as drills: an entry, the recording stopped, nothing left to do. By `who`, or by the hub."""
    updates, kind, data = closing(now, why)
    for row in rows:
        connection.execute(update(incident).where(incident.c.id == row.id).values(**updates))
        connection.execute(
            insert(timeline).values(
                incident=row.id, at=now, recorded_at=now, kind=kind, text="", data=data,
                source="hub" if who is None else "person",
                actor=who.id if who else None, actor_name=who.name if who else None,
                actor_role=who.role if who else None,
                profile_digest=profile_digest or row.profile_digest,
            )
        )  # fmt: skip
        commands.put(connection, row.box, CommandType.RECORDING_STOP, now, incident=row.id)
    changes.add(connection, [("incident", row.id, row.box) for row in rows], now)


# --- what the clock and the box say ----------------------------------------------------------------------------------


def something_over(connection: Connection, now: datetime) -> bool:
    """Whether `end_what_is_over` would find something. A cheap question, so that the write lock is seldom taken."""
    return bool(_past(connection, now)) or any(why for _, why in _over(connection, now))


def end_what_is_over(connection: Connection, now: datetime, profile_digest: str) -> None:
    """End the drills whose time has come, or in which somebody called in earnest, and incidents left from any."""
    for row, why in _over(connection, now):
        if why is not None:
            over(connection, row.box, why, now)
    close(connection, _past(connection, now), now, profile_digest=profile_digest)


def heard(connection: Connection, drill_id: str, in_drill: bool, now: datetime) -> bool:
    """Note what the box says of its drill; whether that is news. One that it has forgotten is over."""
    row = connection.execute(select(drill).where(drill.c.id == drill_id)).one_or_none()
    if row is None or row.ended_at is not None or (row.confirmed_at is not None) is in_drill:
        return False
    if in_drill:
        connection.execute(update(drill).where(drill.c.id == drill_id).values(confirmed_at=now))
        return True
    return row.confirmed_at is not None and over(connection, row.box, Ended.RESTART, now)


def _past(connection: Connection, now: datetime) -> Sequence[Row[Any]]:
    return connection.execute(
        select(incident).where(
            incident.c.drill_ends_at <= now, incident.c.drill, incident.c.state != State.CLOSED.value
        )
    ).all()


def _over(connection: Connection, now: datetime) -> list[tuple[Row[Any], Ended | None]]:
    rows = connection.execute(select(drill).where(drill.c.ended_at.is_(None))).all()
    return [(row, _ending(connection, row, now)) for row in rows]


def _ending(connection: Connection, row: Row[Any], now: datetime) -> Ended | None:
    """A press that is a drill shows as well as the box's own word that it is in one."""
    confirmed = row.confirmed_at is not None or _newest(connection, row, drilling=True) is not None
    return ending(row.started_at, row.ends_at, confirmed, _newest(connection, row, drilling=False), now)


def _newest(connection: Connection, row: Row[Any], *, drilling: bool) -> datetime | None:
    """When the newest drill, or call in earnest, came from the box since the drill began there."""
    return connection.execute(
        select(func.max(incident.c.received_at)).where(
            incident.c.box == row.box, incident.c.drill.is_(drilling), incident.c.received_at >= row.started_at
        )
    ).scalar_one()


# --- read ------------------------------------------------------------------------------------------------------------


def held(connection: Connection, drill_id: str | None) -> Held | None:
    """The drill of that id while it is not over."""
    if drill_id is None:
        return None
    row = connection.execute(
        select(drill.c.id, drill.c.reach, drill.c.ends_at).where(drill.c.id == drill_id, drill.c.ended_at.is_(None))
    ).one_or_none()
    return Held(row.id, row.reach, row.ends_at) if row is not None else None


def listed(connection: Connection) -> Sequence[Row[Any]]:
    """The drills that go on, then the newest that are over, each with its counter."""
    return connection.execute(
        select(drill, box.c.counter)
        .join(box, box.c.name == drill.c.box)
        .order_by(drill.c.ended_at.is_(None).desc(), drill.c.started_at.desc())
        .limit(SHOWN_MAX)
    ).all()


def turned_real(connection: Connection, incident_id: str) -> bool:
    """Whether people said before that this drill is real."""
    return (
        connection.execute(
            select(timeline.c.id)
            .where(timeline.c.incident == incident_id, timeline.c.kind == Entry.DRILL_REAL.value)
            .limit(1)
        ).one_or_none()
        is not None
    )
