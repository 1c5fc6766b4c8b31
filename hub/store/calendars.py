"""Calendar addresses of people: one each at the most, of which only the SHA-256 is kept.

A table of its own, and no row among the tokens: what stands there opens the API (decision 0018).
"""

import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from hub.store.schema import calendar, user
from hub.store.tokens import digest

USED_EVERY: Final = timedelta(minutes=10)
"""How often it is written down that an address was read."""


def of(connection: Connection, user_id: str) -> Row[Any] | None:
    """The address of this person, as far as it is known here: since when, and when it was last read."""
    return connection.execute(select(calendar).where(calendar.c.user == user_id)).one_or_none()


def make(connection: Connection, user_id: str, now: datetime) -> str:
    """A new address for this person; its secret, which cannot be read back later. The one before opens nothing more."""
    secret = secrets.token_urlsafe(32)
    stop(connection, user_id)
    connection.execute(insert(calendar).values(user=user_id, hash=digest(secret), made_at=now))
    return secret


def stop(connection: Connection, user_id: str) -> bool:
    """Forget the address of this person; False when there was none."""
    return connection.execute(delete(calendar).where(calendar.c.user == user_id)).rowcount > 0


def reader(connection: Connection, secret: str) -> Row[Any] | None:
    """Whose calendar is read with `secret`, with role and language as they are now; none of a locked account."""
    return connection.execute(
        select(user, calendar.c.used_at)
        .join(calendar, calendar.c.user == user.c.id)
        .where(calendar.c.hash == digest(secret), user.c.disabled_at.is_(None))
    ).one_or_none()


def touch(connection: Connection, user_id: str, now: datetime) -> None:
    """Write down that it was read, so that its owner can see whether somebody does."""
    connection.execute(update(calendar).where(calendar.c.user == user_id).values(used_at=now))
