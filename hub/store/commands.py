"""Commands to boxes: written with the deed that caused them, sent by the engine, sent again to a box that came back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, exists, insert, or_, select, update

from contract.messages import CommandType
from hub.domain import practice
from hub.domain.incident import ALARMING, Origin
from hub.store.ids import new_id
from hub.store.schema import command, incident, timeline

_STATE: Final = (CommandType.SEEN.value, CommandType.RESPONDER_COMING.value, CommandType.NOBODY_AVAILABLE.value)

DRILL_LATE: Final = timedelta(seconds=30)
"""A drill that the broker did not take for so long is not begun any more."""


def unsent(connection: Connection, now: datetime, limit: int = 200) -> Sequence[Row[Any]]:
    """Commands that the broker does not have yet, oldest first. A drill that comes late would surprise a counter."""
    late = and_(command.c.type == CommandType.DRILL.value, command.c.created_at < now - DRILL_LATE)
    return connection.execute(
        select(command)
        .where(command.c.sent_at.is_(None), ~late)
        .order_by(command.c.created_at, command.c.id)
        .limit(limit)
    ).all()


def put(
    connection: Connection,
    box: str,
    type: CommandType,
    now: datetime,
    *,
    incident: str | None = None,
    name: str = "",
    minutes: int | None = None,
) -> None:
    """Have `box` told. A practice box lives in the hub alone: nobody is there to be told.

    An answer takes back that there was none: told after it, that would undo it at the box.
    """
    if not practice.is_practice(box):
        if type in (CommandType.SEEN, CommandType.RESPONDER_COMING):
            none = and_(command.c.incident == incident, command.c.type == CommandType.NOBODY_AVAILABLE.value)
            connection.execute(delete(command).where(none))
        connection.execute(
            insert(command).values(
                id=new_id(), box=box, type=type.value, incident=incident, name=name, created_at=now, minutes=minutes
            )
        )


def forget(connection: Connection, incidents: Sequence[str]) -> None:
    """Take back what boxes were told of calls that are raised anew. Their timelines keep who answered, and when."""
    told = (*_STATE, CommandType.RECORDING_STOP.value)
    connection.execute(delete(command).where(command.c.incident.in_(incidents), command.c.type.in_(told)))


def tell_again(connection: Connection, incidents: Sequence[str]) -> None:
    """Have boxes told anew how these calls stand."""
    if incidents:
        again = and_(command.c.incident.in_(incidents), command.c.type.in_(_STATE))
        connection.execute(update(command).where(again).values(sent_at=None))


def sent(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """Note that the broker has them."""
    if ids:
        connection.execute(update(command).where(command.c.id.in_(ids)).values(sent_at=now))


def nobody_available(connection: Connection, incidents: Sequence[str], now: datetime) -> list[str]:
    """Have the boxes of these incidents told, once, that nobody has answered; gives those that were not told before."""
    if not incidents:
        return []
    told = select(command.c.incident).where(command.c.type == CommandType.NOBODY_AVAILABLE.value)
    rows = connection.execute(
        select(incident.c.id, incident.c.box).where(
            incident.c.id.in_(incidents), incident.c.id.not_in(told), incident.c.origin == Origin.COUNTER.value
        )
    ).all()
    for row in rows:
        put(connection, row.box, CommandType.NOBODY_AVAILABLE, now, incident=row.id)
    return [row.id for row in rows]


def send_again(connection: Connection, box: str) -> bool:
    """Have the box told anew how its open incidents stand; whether there is something to tell.

    A box that was away when a contact ended still records: it is told to stop until it has said that its alarm ended.
    """
    open_ = select(incident.c.id).where(
        incident.c.box == box, incident.c.state.in_([state.value for state in ALARMING])
    )
    again = connection.execute(
        update(command)
        .where(
            command.c.box == box,
            or_(
                and_(command.c.type.in_(_STATE), command.c.incident.in_(open_)),
                and_(
                    command.c.type == CommandType.RECORDING_STOP.value,
                    ~exists().where(timeline.c.incident == command.c.incident, timeline.c.kind == "alarm.ended"),
                ),
            ),
        )
        .values(sent_at=None)
        .returning(command.c.id)
    )
    return bool(again.all())
