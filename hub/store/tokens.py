"""Bearer tokens of machines. Only their SHA-256 is kept."""

import hashlib
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from hub.store.ids import new_id
from hub.store.schema import token


def digest(secret: str) -> str:
    """What the database keeps of a secret. A plain hash is enough: the secret itself holds 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def add(connection: Connection, *, name: str, role: str, now: datetime) -> tuple[str, str]:
    """A new token: (id, bearer). The bearer cannot be read back later."""
    bearer = f"mado_{secrets.token_urlsafe(32)}"
    token_id = new_id()
    connection.execute(insert(token).values(id=token_id, name=name, role=role, hash=digest(bearer), created_at=now))
    return token_id, bearer


def by_bearer(connection: Connection, bearer: str) -> Row[Any] | None:
    """The token that is spelled so, unless it was revoked."""
    return connection.execute(
        select(token).where(token.c.hash == digest(bearer), token.c.revoked_at.is_(None))
    ).one_or_none()


def every(connection: Connection) -> list[Row[Any]]:
    """All tokens, the oldest first, without what opens anything."""
    columns = (token.c.id, token.c.name, token.c.role, token.c.created_at, token.c.revoked_at)
    return list(connection.execute(select(*columns).order_by(token.c.created_at, token.c.id)))


def revoke(connection: Connection, token_id: str, now: datetime) -> bool:
    """Let it open nothing any more; False when there is no such token. Its streams end with the next look at them."""
    known = connection.execute(select(token.c.id).where(token.c.id == token_id)).one_or_none()
    connection.execute(update(token).where(token.c.id == token_id, token.c.revoked_at.is_(None)).values(revoked_at=now))
    return known is not None
