"""Who is asking: sessions of people (cookie, own table) and bearer tokens of machines.

The cookie holds a random token; the database holds its SHA-256, so that a copy of the database opens no door.
"""

import hmac
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from hub.domain.deed import Person
from hub.store import tokens, users
from hub.store.schema import access, session, user
from hub.store.tokens import digest

IDLE_MAX: Final = timedelta(minutes=30)
AGE_MAX: Final = timedelta(hours=10)
"""A working day; after it everybody shows once more who they are."""

TOUCH_EVERY: Final = timedelta(seconds=30)
"""How often the use of a session is written down."""

_hashing = threading.BoundedSemaphore(2)  # each takes 64 MiB: a storm of tries must not eat a small hub's memory
_NOBODY: Final = users.password_hash(secrets.token_hex(16))


class CannotHash(RuntimeError):
    """Too many people log in at this moment."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session as the gate needs it. `id` is the SHA-256 of the cookie's token."""

    id: str
    csrf: str
    language: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and through which session (None: a bearer token)."""

    person: Person
    session: Session | None


def by_token(connection: Connection, secret: str) -> Caller | None:
    """The machine that holds `secret`, if its token stands."""
    row = tokens.by_bearer(connection, secret)
    return None if row is None else Caller(Person(row.id, row.name, row.role), None)


def by_cookie(connection: Connection, secret: str, now: datetime) -> tuple[Caller, bool] | None:
    """The person whose browser holds `secret`, and whether this use is to be written down."""
    row = connection.execute(
        select(session, user.c.name, user.c.role, user.c.language)
        .join(user, user.c.id == session.c.user)
        .where(session.c.id == digest(secret), user.c.disabled_at.is_(None))
    ).one_or_none()
    if row is None or not stands(row.created_at, row.seen_at, now):
        return None
    found = Session(row.id, row.csrf, row.language, row.created_at + AGE_MAX)
    return Caller(Person(row.user, row.name, row.role), found), now - row.seen_at >= TOUCH_EVERY


def stands(created_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """Whether a session of that age and last use is still good."""
    return now - created_at < AGE_MAX and now - seen_at < IDLE_MAX


def touch(connection: Connection, session_id: str, now: datetime) -> None:
    """Write down that a session was used."""
    connection.execute(update(session).where(session.c.id == session_id).values(seen_at=now))


def password_row(connection: Connection, login: str) -> Row[Any] | None:
    """The account that calls itself `login`, if it may log in at all."""
    return connection.execute(select(user).where(user.c.login == login, user.c.disabled_at.is_(None))).one_or_none()


def password_holds(row: Row[Any] | None, password: str) -> bool:
    """Whether `password` is the account's. Takes as long for an account that does not exist.

    Raises:
        CannotHash: see there.
    """
    if not _hashing.acquire(timeout=5):
        raise CannotHash
    try:
        holds = users.password_holds(row.password_hash if row is not None else _NOBODY, password)
    finally:
        _hashing.release()
    return holds and row is not None


def log_in(connection: Connection, row: Row[Any], old: str | None, now: datetime) -> str:
    """Begin a session for the account; the secret for its cookie. The session that the browser had before ends."""
    secret = secrets.token_urlsafe(32)
    if old is not None:
        connection.execute(delete(session).where(session.c.id == digest(old)))
    connection.execute(delete(session).where(session.c.created_at < now - AGE_MAX))
    connection.execute(
        insert(session).values(
            id=digest(secret), user=row.id, csrf=secrets.token_urlsafe(32), created_at=now, seen_at=now
        )
    )
    connection.execute(insert(access).values(at=now, actor=row.id, actor_name=row.name, act="login.succeeded"))
    return secret


def failed(connection: Connection, row: Row[Any] | None, address: str, now: datetime) -> None:
    """Write a failed try down."""
    connection.execute(
        insert(access).values(
            at=now,
            actor=row.id if row is not None else None,
            actor_name=row.name if row is not None else None,
            act="login.failed",
            data={"address": address},
        )
    )


def log_out(connection: Connection, session_id: str) -> None:
    """End a session, for every tab that uses it."""
    connection.execute(delete(session).where(session.c.id == session_id))


def same(given: str | None, expected: str) -> bool:
    """Compare secrets without telling how much of them was right."""
    return given is not None and hmac.compare_digest(given.encode(), expected.encode())
