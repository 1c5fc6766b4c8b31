"""Presses and records on one disk until the power goes. Arguments: disk, file for what was called durable, [nosync]."""

import os
import sys
import threading
from itertools import count
from pathlib import Path
from typing import Any

from support.desk import Desk
from support.segments import SealedLives

from device.adapters import spool_sqlite
from device.adapters.spool_sqlite import SpoolWriter
from device.core.events import Persisted

said_lock = threading.Lock()


def main(disk: Path, keys: Path, said: int, synced: bool) -> None:
    """Press and record for ever."""
    if not synced:
        os.fsync = lambda _handle: None  # type: ignore[assignment]
        prepared = spool_sqlite._prepared

        def without_sync(path: Path) -> Any:
            connection = prepared(path)
            connection.execute("PRAGMA synchronous=OFF")
            return connection

        spool_sqlite._prepared = without_sync
    folder = disk / "box"
    folder.mkdir(exist_ok=True)

    def say(kind: str, what: object) -> None:
        with said_lock:
            os.write(said, f"{kind} {what}\n".encode())

    def told(answer: Any) -> None:
        if isinstance(answer, Persisted):
            for one in answer.event_ids:
                say("event", one)

    spool_sqlite._RESERVE_BYTES = 64 * 1024  # type: ignore[misc]
    writer = SpoolWriter(folder / "spool.db", told)
    writer.start()
    lives, desk, kept = SealedLives(folder, keys), Desk(), 0

    def numbers() -> Any:
        nonlocal kept
        for number in count():
            desk.tap()
            for event in desk.events()[kept:]:
                writer.persist(event)
            kept = len(desk.events())
            yield number

    for number in numbers():
        lives.record([number], lambda seq: say("segment", seq))


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        Path(sys.argv[2]).parent / "keys",
        os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND),
        "nosync" not in sys.argv[3:],
    )
