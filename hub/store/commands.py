"""Commands to boxes: written with the deed that caused them, sent by the engine, sent again to a box that came back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, insert, or_, select, update

from contract.messages import CommandType
from hub.domain.incident import ALARMING, Origin
from hub.store.ids import new_id
from hub.store.schema import command, incident, timeline

_STATE = (CommandType.SEEN.value, CommandType.RESPONDER_COMING.value, CommandType.NOBODY_AVAILABLE.value)


def unsent(connection: Connection, limit: int = 200) -> Sequence[Row[Any]]:
    """Commands that the broker does not have yet, oldest first."""
    return connection.execute(
        select(command).where(command.c.sent_at.is_(None)).order_by(command.c.created_at, command.c.id).limit(limit)
    ).all()


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
        connection.execute(
            insert(command).values(
                id=new_id(),
                box=row.box,
                type=CommandType.NOBODY_AVAILABLE.value,
                incident=row.id,
                name="",
                created_at=now,
            )
        )
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
