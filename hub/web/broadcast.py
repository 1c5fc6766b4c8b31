"""Live changes: one thread per web process reads the change log once and hands each change to every open stream.

Order and completeness come from the change log's numbers: a stream starts at a number, is replayed what lies between
its last known number and that, and then gets everything after it from its own bounded queue. A stream that cannot
keep up is cut; it comes back with its last number and is replayed.
"""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

import structlog
from sqlalchemy import Engine, Row, func, select
from sqlalchemy.exc import SQLAlchemyError

from contract.messages import utc_text
from hub.store.schema import change

log = structlog.get_logger()

POLL_S: Final = 0.25
"""How long a change may wait when no poke came (another machine wrote it, or the poke was lost)."""

QUEUE_MAX: Final = 500
PAGE: Final = 500


class Waker(Protocol):
    """Waits for a poke, at most `timeout_s` (`hub.poke.Listener`)."""

    def wait(self, timeout_s: float) -> bool: ...


REPLAY_MAX: Final = 5000
"""Who missed more changes looks afresh instead of being told each of them."""

OTHERS_MIN: Final = 8
"""Streams that one person or token cannot take; a tenth of all if that is more, a quarter if there are few."""


class StreamsFull(RuntimeError):
    """As many streams are open as this hub allows, to all or to one person or token."""


@dataclass(eq=False)
class Stream:
    """One open stream. `start` is the change it follows from; `None` in the queue means that it was cut."""

    start: int
    owner: str
    session: str | None
    queue: "queue.Queue[tuple[int, bytes] | None]" = field(default_factory=lambda: queue.Queue(QUEUE_MAX))
    cut: bool = False


class Broadcaster:
    """Fans changes out. `pump` is called by the one thread (or by a test); the rest by request threads."""

    def __init__(self, engine: Engine, cap: int) -> None:
        self._engine = engine
        self._cap = cap
        self._cap_of_one = cap - min(max(OTHERS_MIN, cap // 10), cap // 4)
        self._lock = threading.Lock()
        self._streams: set[Stream] = set()
        self._last = -1  # not looked yet
        self._stop = threading.Event()

    # --- streams ------------------------------------------------------------------------------------------------------

    def open(self, owner: str, session: str | None) -> Stream:
        """A new stream that gets everything after `start`.

        Raises:
            StreamsFull: see there.
        """
        self._begin()
        with self._lock:
            own = sum(stream.owner == owner for stream in self._streams)
            if len(self._streams) >= self._cap or own >= self._cap_of_one or self._stop.is_set():
                raise StreamsFull
            stream = Stream(self._last, owner, session)
            self._streams.add(stream)
            return stream

    def close(self, stream: Stream) -> None:
        """Forget `stream`. May be called twice."""
        with self._lock:
            self._streams.discard(stream)

    def cut(self, unwanted: Callable[[Stream], bool]) -> None:
        """End every stream that is `unwanted`: its person may no longer read."""
        with self._lock:
            gone = [stream for stream in self._streams if unwanted(stream)]
            for stream in gone:
                self._cut(stream)

    def streams(self) -> list[Stream]:
        """The open streams."""
        with self._lock:
            return list(self._streams)

    def newest(self) -> int:
        """The number of the newest change."""
        with self._engine.connect() as connection:
            return connection.execute(select(func.max(change.c.id))).scalar_one_or_none() or 0

    def missed(self, after: int, until: int) -> Iterator[tuple[int, bytes]]:
        """Changes with numbers in (after, until], for a stream that was away."""
        while after < until:
            with self._engine.connect() as connection:
                rows = connection.execute(
                    select(change).where(change.c.id > after, change.c.id <= until).order_by(change.c.id).limit(PAGE)
                ).all()
            if not rows:
                return
            yield from ((row.id, frame(row)) for row in rows)
            after = rows[-1].id

    # --- the thread ---------------------------------------------------------------------------------------------------

    def start(self, waker: Waker | None, alive: Callable[[], bool]) -> threading.Thread:
        """Run until `stop`, or until `alive` says no; `waker` tells that something changed."""
        self._begin()
        thread = threading.Thread(target=self._run, args=(waker, alive), name="broadcaster", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """End the thread and every stream."""
        self._stop.set()
        self.cut(lambda stream: True)

    def _run(self, waker: Waker | None, alive: Callable[[], bool]) -> None:
        while alive() and not self._stop.is_set():
            if waker is None:
                self._stop.wait(POLL_S)
            else:
                waker.wait(POLL_S)
            try:
                self.pump()
            except SQLAlchemyError as error:
                log.warning("change_log_unreadable", error=str(error))
                self._stop.wait(POLL_S)
        self.stop()

    def pump(self) -> int:
        """Hand on every change since the last call; how many there were."""
        self._begin()
        count = 0
        while True:
            with self._engine.connect() as connection:
                rows = connection.execute(
                    select(change).where(change.c.id > self._last).order_by(change.c.id).limit(PAGE)
                ).all()
            if not rows:
                return count
            self._hand_on([(row.id, frame(row)) for row in rows])
            count += len(rows)

    def _hand_on(self, frames: list[tuple[int, bytes]]) -> None:
        with self._lock:
            self._last = frames[-1][0]
            for stream in list(self._streams):
                try:
                    for numbered in frames:
                        stream.queue.put_nowait(numbered)
                except queue.Full:
                    self._cut(stream)

    def _cut(self, stream: Stream) -> None:
        stream.cut = True
        self._streams.discard(stream)
        with suppress(queue.Full):
            stream.queue.put_nowait(None)

    def _begin(self) -> None:
        if self._last >= 0:
            return
        newest = self.newest()
        with self._lock:
            if self._last < 0:
                self._last = newest


def frame(row: Row[Any]) -> bytes:
    """A change as an event of the stream: ids only, so that it may be read by everybody who may open one."""
    ids = {"incident": row.incident, "box": row.box}
    return event(row.kind, row.id, {name: value for name, value in ids.items() if value} | {"at": utc_text(row.at)})


def event(name: str, number: int, data: dict[str, Any]) -> bytes:
    """One event in the form of text/event-stream."""
    return f"id: {number}\nevent: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def reset(number: int, now: datetime) -> bytes:
    """The event instead of a long replay: load afresh what is shown. `number` is the change to follow from."""
    return event("reset", number, {"at": utc_text(now)})


def heartbeat(number: int, now: datetime) -> bytes:
    """The event by which a page knows that it is live, with the hub's time. `number` is the last change sent."""
    return event("hb", number, {"at": utc_text(now), "now_ms": int(now.timestamp() * 1000)})
