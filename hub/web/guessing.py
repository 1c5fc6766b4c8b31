"""Who guesses passwords is slowed; the account's owner is not (faults U05).

Wrong passwords count against where they come from: against a browser that has logged in to the account before, known by
a cookie of its own, or else against the address. So nobody else's tries keep an owner out, not even from the same
address. OWASP describes this as device cookies:
https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
"""

import secrets
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from hub.store.schema import login_source, user
from hub.store.tokens import digest
from hub.web.problems import Trouble

FREE_TRIES: Final = 5
LOCK_MAX: Final = timedelta(minutes=15)
"""After `FREE_TRIES` a source waits 5 s, doubling to this."""

ACCOUNT_TRIES: Final = 100
ACCOUNT_WAIT: Final = timedelta(seconds=10)
"""After so many wrong ones from places that never had a right one, those together get one try in this time."""

TRIES_PER_ADDRESS: Final = 60
TRIES_WITHIN_S: Final = 300.0
ADDRESSES_MAX: Final = 10_000

KNOWN_FOR: Final = timedelta(days=180)
FORGET_AFTER: Final = timedelta(days=1)
"""How long a source that never succeeded is remembered."""


class Tries:
    """How often each address failed lately, as this process remembers it. Any thread."""

    def __init__(self) -> None:
        self._tries: defaultdict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def check(self, address: str) -> None:
        """Let it try again.

        Raises:
            Trouble: it failed too often within a short time.
        """
        with self._lock:
            tries = self._tries[address]
            while tries and tries[0] < time.monotonic() - TRIES_WITHIN_S:
                tries.popleft()
            if len(tries) >= TRIES_PER_ADDRESS:
                raise Trouble("too-many-tries", headers={"Retry-After": "60"})
            if len(self._tries) > ADDRESSES_MAX:
                self._tries.clear()

    def failed(self, address: str) -> None:
        """Count a try that was wrong."""
        with self._lock:
            self._tries[address].append(time.monotonic())

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._tries.clear()


@dataclass(frozen=True, slots=True)
class Source:
    """Where a try comes from: a browser that this account knows (`is_device`), else an address."""

    name: str
    is_device: bool = False
    known: bool = False
    locked_until: datetime | None = None


def source(connection: Connection, account: Row[Any] | None, device: str | None, address: str, now: datetime) -> Source:
    """Where a try for `account` comes from; `device` is the browser's cookie."""
    by_address = f"address:{address}"
    if account is None:
        return Source(by_address)
    by_device = f"device:{digest(device)}" if device else by_address
    rows = connection.execute(
        select(login_source).where(
            login_source.c.user == account.id, login_source.c.source.in_({by_address, by_device})
        )
    )
    found = {row.source: row for row in rows}
    row = found.get(by_device) or found.get(by_address)
    if row is None:
        return Source(by_address)
    known = row.known_at is not None and now - row.known_at < KNOWN_FOR
    return Source(row.source, row.source != by_address, known, row.locked_until)


def may_enter(account: Row[Any], source: Source, now: datetime) -> bool:
    """Whether a right password opens the account from there at this moment."""
    if source.locked_until is not None and source.locked_until > now:
        return False
    return source.known or account.locked_until is None or account.locked_until <= now


def failed(connection: Connection, account: Row[Any], source: Source, now: datetime) -> None:
    """Count a wrong password against its source, and against the account when the source is a stranger."""
    current = connection.execute(select(user).where(user.c.id == account.id).with_for_update()).one()
    row = _row(connection, account, source.name)
    failures = (row.failures if row is not None else 0) + 1
    values: dict[str, Any] = {"failures": failures, "tried_at": now}
    if failures >= FREE_TRIES and (row is None or row.locked_until is None or row.locked_until <= now):
        values["locked_until"] = now + min(timedelta(seconds=5 * 2 ** min(failures - FREE_TRIES, 10)), LOCK_MAX)
    _write(connection, account, source.name, row, values)
    if not source.known:
        wait = {"locked_until": now + ACCOUNT_WAIT} if _opens_again(current, now) else {}
        connection.execute(update(user).where(user.c.id == account.id).values(failures=current.failures + 1, **wait))
    connection.execute(
        delete(login_source).where(login_source.c.known_at.is_(None), login_source.c.tried_at < now - FORGET_AFTER)
    )


def _opens_again(account: Row[Any], now: datetime) -> bool:
    many = account.failures + 1 >= ACCOUNT_TRIES
    return many and (account.locked_until is None or account.locked_until <= now)


def succeeded(
    connection: Connection, account: Row[Any], source: Source, device: str | None, address: str, now: datetime
) -> str:
    """Remember browser and address; the secret for the browser's cookie: the one it has, if we gave it that one."""
    connection.execute(select(user.c.id).where(user.c.id == account.id).with_for_update())
    if device is None or not _is_ours(connection, device):
        device = secrets.token_urlsafe(32)
    for name in (f"device:{digest(device)}", f"address:{address}"):
        values: dict[str, Any] = {"known_at": now, "tried_at": now}
        if name == source.name:
            values |= {"failures": 0, "locked_until": None}
        _write(connection, account, name, _row(connection, account, name), values)
    connection.execute(update(user).where(user.c.id == account.id).values(failures=0, locked_until=None))
    connection.execute(delete(login_source).where(login_source.c.known_at < now - KNOWN_FOR))
    return device


def _is_ours(connection: Connection, device: str) -> bool:
    """Whether some account knows this browser: at a counter several people share one."""
    known = select(login_source.c.source).where(login_source.c.source == f"device:{digest(device)}").limit(1)
    return connection.execute(known).first() is not None


def _row(connection: Connection, account: Row[Any], name: str) -> Row[Any] | None:
    return connection.execute(
        select(login_source).where(login_source.c.user == account.id, login_source.c.source == name)
    ).one_or_none()


def _write(connection: Connection, account: Row[Any], name: str, row: Row[Any] | None, values: dict[str, Any]) -> None:
    if row is None:
        connection.execute(insert(login_source).values(user=account.id, source=name, **values))
    else:
        connection.execute(
            update(login_source)
            .where(login_source.c.user == account.id, login_source.c.source == name)
            .values(**values)
        )
