"""Commands to boxes: written with the deed that caused them, sent by the engine, sent again to a box that came back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from contract.messages import CommandType
from hub.domain.incident import ALARMING
from hub.store.schema import command, incident

_STATE = (CommandType.SEEN.value, CommandType.RESPONDER_COMING.value)


def unsent(connection: Connection, limit: int = 200) -> Sequence[Row[Any]]:
    """Commands that the broker does not have yet, oldest first."""
    return connection.execute(
        select(command).where(command.c.sent_at.is_(None)).order_by(command.c.created_at, command.c.id).limit(limit)
    ).all()


def sent(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """Note that the broker has them."""
    if ids:
        connection.execute(update(command).where(command.c.id.in_(ids)).values(sent_at=now))


def send_again(connection: Connection, box: str) -> bool:
    """Have the box told anew how its open incidents stand; whether there is something to tell."""
    open_ = select(incident.c.id).where(
        incident.c.box == box, incident.c.state.in_([state.value for state in ALARMING])
    )
    again = connection.execute(
        update(command)
        .where(command.c.box == box, command.c.type.in_(_STATE), command.c.incident.in_(open_))
        .values(sent_at=None)
        .returning(command.c.id)
    )
    return bool(again.all())
