"""Who could respond: people whose live stream is open. The worker counts them by `session.live_at`.

The same thread ends streams whose person has logged out or was shut out, within a few seconds (faults U06).
"""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import SQLAlchemyError

from hub.store.engine import begin_write
from hub.store.schema import session, token, user
from hub.web.broadcast import Broadcaster, Stream
from hub.web.sessions import stands

log = structlog.get_logger()

CHECK_S: Final = 2.0
LIVE_EVERY: Final = 5
"""Checks between two writes of `live_at`: every 10 s."""


class Presence:
    """Keeps `live_at` of sessions with an open stream. Any thread."""

    def __init__(
        self, engine: Engine, broadcaster: Broadcaster, poke: Callable[[str], None], now: Callable[[], datetime]
    ) -> None:
        self._engine = engine
        self._broadcaster = broadcaster
        self._poke = poke
        self._now = now
        self._stop = threading.Event()

    def opened(self, stream: Stream) -> None:
        """A stream began: its person can respond from now on."""
        if stream.session is not None:
            self._write({stream.session}, self._now())
            self._poke("worker")

    def closed(self, stream: Stream) -> None:
        """A stream ended; with the last one of its session the person is away."""
        if stream.session is None or any(other.session == stream.session for other in self._broadcaster.streams()):
            return
        self._write({stream.session}, None)
        self._poke("worker")

    def start(self, alive: Callable[[], bool]) -> threading.Thread:
        """Look after open streams until `alive` says no."""
        thread = threading.Thread(target=self._run, args=(alive,), name="presence", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()

    def _run(self, alive: Callable[[], bool]) -> None:
        turn = 0
        while alive() and not self._stop.wait(CHECK_S):
            turn += 1
            self.look(write=turn % LIVE_EVERY == 0)

    def look(self, write: bool) -> None:
        """End streams of people who may no longer read; with `write`, note that the others are still there."""
        now = self._now()
        try:
            good = self._good(now)
        except SQLAlchemyError as error:
            log.warning("sessions_unreadable", error=str(error))
            return
        self._broadcaster.cut(lambda stream: (stream.session or stream.owner) not in good)
        if write:
            self._write({stream.session for stream in self._broadcaster.streams() if stream.session is not None}, now)

    def _good(self, now: datetime) -> set[str]:
        with self._engine.connect() as connection:
            sessions = connection.execute(
                select(session.c.id, session.c.created_at, session.c.seen_at, session.c.live_at)
                .join(user, user.c.id == session.c.user)
                .where(user.c.disabled_at.is_(None))
            ).all()
            tokens = connection.execute(select(token.c.id).where(token.c.revoked_at.is_(None))).scalars().all()
        used = {row.id for row in sessions if stands(row.created_at, max(row.seen_at, row.live_at or row.seen_at), now)}
        return used | set(tokens)

    def _write(self, sessions: set[str], live_at: datetime | None) -> None:
        """An open stream is use, so `seen_at` moves along."""
        if not sessions:
            return
        values = {"live_at": live_at} if live_at is None else {"live_at": live_at, "seen_at": live_at}
        try:
            with begin_write(self._engine) as connection:
                connection.execute(update(session).where(session.c.id.in_(sessions)).values(**values))
        except SQLAlchemyError as error:
            log.warning("presence_not_written", error=str(error))
