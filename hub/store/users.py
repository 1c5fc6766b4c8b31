"""Accounts of people."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from hub.domain.presence import LIVE_S, RESPONDERS
from hub.store import calendars
from hub.store.ids import new_id
from hub.store.schema import login_source, session, user

PASSWORD_CHARACTERS_MIN: Final = 8

_HASHER: Final = PasswordHasher()


def password_hash(password: str) -> str:
    """`password` as it may be stored (argon2id). Takes some ten milliseconds of work, on purpose."""
    return _HASHER.hash(password)


def password_holds(stored: str, password: str) -> bool:
    """Whether `password` belongs to the stored hash."""
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def by_login(connection: Connection, login: str) -> Row[Any] | None:
    """The account with this login, disabled ones included."""
    return connection.execute(select(user).where(user.c.login == login)).one_or_none()


def every(connection: Connection) -> Sequence[Row[Any]]:
    """All accounts by login."""
    return connection.execute(select(user).order_by(user.c.login)).all()


def add(
    connection: Connection, *, login: str, name: str, role: str, password: str, now: datetime, language: str = "ja"
) -> str:
    """A new account; its id.

    Raises:
        sqlalchemy.exc.IntegrityError: the login exists.
    """
    user_id = new_id()
    connection.execute(
        insert(user).values(
            id=user_id,
            login=login,
            name=name,
            role=role,
            password_hash=password_hash(password),
            language=language,
            created_at=now,
        )
    )
    return user_id


def rename(connection: Connection, login: str, name: str) -> bool:
    """Another name on the screens from now on; what was written stays. False when there is no such account."""
    return connection.execute(update(user).where(user.c.login == login).values(name=name)).rowcount == 1


def disable(connection: Connection, login: str, now: datetime) -> bool:
    """Lock the account, end its sessions and its calendar's address at once; False when there is no such account."""
    row = by_login(connection, login)
    if row is None:
        return False
    connection.execute(update(user).where(user.c.id == row.id, user.c.disabled_at.is_(None)).values(disabled_at=now))
    connection.execute(delete(session).where(session.c.user == row.id))
    calendars.stop(connection, row.id)
    return True


def set_password(connection: Connection, login: str, password: str) -> bool:
    """A new password: sessions and the calendar's address end, for somebody else may have made it; a lock after failed
    logins is lifted. False when there is no such account.
    """
    row = by_login(connection, login)
    if row is None:
        return False
    connection.execute(
        update(user)
        .where(user.c.id == row.id)
        .values(password_hash=password_hash(password), failures=0, locked_until=None)
    )
    connection.execute(delete(session).where(session.c.user == row.id))
    connection.execute(delete(login_source).where(login_source.c.user == row.id))
    calendars.stop(connection, row.id)
    return True


def responders(connection: Connection, now: datetime) -> int:
    """How many sessions have somebody in front of them who goes to a counter when it calls."""
    return connection.execute(
        select(func.count())
        .select_from(session.join(user, user.c.id == session.c.user))
        .where(
            session.c.live_at >= now - timedelta(seconds=LIVE_S),
            user.c.role.in_(RESPONDERS),
            user.c.disabled_at.is_(None),
        )
    ).scalar_one()
