"""A site's database with calls and alerts in it, and servers that misbehave."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, insert

from hub import authority
from hub.alerts.dispatch import ChannelWorker, Dispatch
from hub.config import HubConfig
from hub.store import boxes
from hub.store.engine import begin_read, begin_write, open_database
from hub.store.ids import new_id
from hub.store.schema import alert, incident


@contextmanager
def raw_server(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP server that does `serve` with each connection; its port."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)

        def accept() -> None:
            while not stop.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    continue
                connection.settimeout(20)
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

        def handle(connection: socket.socket) -> None:
            with connection:
                try:
                    serve(connection)
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        stop.set()
        thread.join(5)


def silent(connection: socket.socket) -> None:
    connection.recv(1000)
    connection.recv(1000)


@dataclass
class Desk:
    """A site's database with calls and alerts in it."""

    config: HubConfig

    def __post_init__(self) -> None:
        self.database: Engine = open_database(self.config.database_url)
        with begin_write(self.database) as connection:
            issued = authority.Issued("1", b"", b"", datetime(2040, 1, 1, tzinfo=UTC))
            boxes.enrol(connection, "counter-01", "窓口", issued, datetime.now(UTC))

    def call(self, **columns: Any) -> str:
        id, now = new_id(), datetime.now(UTC)
        row = {
            "id": id,
            "number": f"2026-{len(self.rows(incident)) + 1:06d}",
            "box": "counter-01",
            "counter": "窓口",
            "level": "assist",
            "state": "raised",
            "pressed_at": now,
            "clock": "synced",
            "received_at": now,
            "raised_at": now,
            "profile_id": "default",
            "profile_digest": "sha256:x",
            "changed_at": now,
        }
        with begin_write(self.database) as connection:
            connection.execute(insert(incident).values(**(row | columns)))
        return id

    def alert(self, call: str, target: str, channel: str = "webhook") -> str:
        id, now = new_id(), datetime.now(UTC)
        with begin_write(self.database) as connection:
            connection.execute(
                insert(alert).values(
                    id=id, incident=call, key=id, stage_s=0, round=0, contact="chief", role="supervisor",
                    channel=channel, target=target, state="due", created_at=now, next_at=now,
                )
            )  # fmt: skip
        return id

    def rows(self, table: Any, *where: Any) -> list[Any]:
        with begin_read(self.database) as connection:
            return list(connection.execute(table.select().where(*where)))

    def state(self, id: str) -> str:
        return str(self.rows(alert, alert.c.id == id)[0].state)


@contextmanager
def working(desk: Desk, channel: Any, name: str = "webhook") -> Iterator[ChannelWorker]:
    worker = ChannelWorker(name, channel, desk.config, desk.database)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
        for thread in worker._threads:
            thread.join(10)


class Channels:
    """All channels of a site, as its worker runs them."""

    def __init__(self, config: HubConfig, database: Engine) -> None:
        self.dispatch = Dispatch(config, database)
        self.dispatch.start()

    def wake(self) -> None:
        self.dispatch.wake()

    def stop(self) -> None:
        """End them, and wait until none uses the database any more."""
        self.dispatch.stop()
        threads = [thread for channel in self.dispatch._channels for thread in channel._threads]
        for thread in [*threads, *(minder.thread for minder in self.dispatch._towers._minders)]:
            thread.join(10)
