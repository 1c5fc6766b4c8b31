"""Bearer tokens of machines. Only their SHA-256 is kept."""

import hashlib
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from hub.store.ids import new_id
from hub.store.schema import token


def digest(bearer: str) -> str:
    """What is stored of a bearer token. A plain hash is enough: the token itself holds 256 random bits."""
    return hashlib.sha256(bearer.encode()).hexdigest()


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
