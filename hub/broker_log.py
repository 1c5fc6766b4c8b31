"""Reads the log of the broker that runs here, and writes down what concerns boxes: counters, never a row per line.

Reading must not wait for anything, because the broker waits for its reader. So the database has a thread of its own.
"""

import fcntl
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import IO, Final

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from contract import topics
from hub import broker
from hub.clock import now_utc
from hub.config import HubConfig
from hub.domain.broker_log import BrokerLog
from hub.poke import poke
from hub.store import boxes, changes
from hub.store.engine import begin_write, open_database

_log = structlog.get_logger()

READ_BYTES: Final = 64 * 1024
PIPE_BYTES: Final = 1024 * 1024
REST_S: Final = 0.02
"""Between two looks at a log that says little: the pipe holds what comes meanwhile. Measured against waking for each
line: a fifth of the work, and the broker as fast as without debug messages."""

LOOK_EVERY_S: Final = 1.0
TOLD_EVERY_S: Final = 60.0
"""A box is written down and logged no more often, however much it is refused."""


class Watch:
    """Follows the broker through its restarts. `follow` is called with the log of each new process."""

    def __init__(self, config: HubConfig, tell: Callable[[bytes], object] = lambda text: _pass_on(text)) -> None:
        self._config, self._tell = config, tell
        self._lock = threading.Lock()
        self._refused: Counter[str] = Counter()
        self._shared: set[str] = set()
        self._told_s: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write_down, name="broker-log", daemon=True)

    def start(self) -> None:
        """Begin to write down."""
        self._thread.start()

    def stop(self, timeout_s: float = 1.0) -> None:
        """Write down what is left."""
        self._stop.set()
        self._thread.join(timeout_s)

    def follow(self, log: IO[bytes]) -> None:
        """Read `log` to its end, on a thread of its own."""
        try:
            fcntl.fcntl(log.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        except OSError as error:  # the system allows less
            _log.info("broker.small_pipe", reason=error.strerror)
        threading.Thread(target=self._read, args=(log,), name="broker-log-reader", daemon=True).start()

    def _read(self, log: IO[bytes]) -> None:
        site = self._config.site
        reader = BrokerLog(
            lambda box: {topics.box_topic(site, box, kind) for kind in broker.BOX_WRITES}, broker.CUT_KEEPALIVE_S
        )
        with log:
            while piece := os.read(log.fileno(), READ_BYTES):
                try:
                    self._take(reader, piece)
                except Exception:  # noqa: BLE001 - the broker stands still when nobody reads what it writes
                    _log.exception("broker.log_not_understood")
                if len(piece) < READ_BYTES // 4:
                    time.sleep(REST_S)

    def _take(self, reader: BrokerLog, piece: bytes) -> None:
        text = reader.take(piece, time.monotonic())
        if reader.refused or reader.shared:
            with self._lock:
                self._refused.update(reader.refused)
                self._shared |= reader.shared
            reader.refused.clear()
            reader.shared.clear()
        if text:
            self._tell(text)

    def _write_down(self) -> None:
        database = open_database(self._config.database_url)
        try:
            while not self._stop.wait(LOOK_EVERY_S):
                self._look(database, time.monotonic())
            self._look(database, float("inf"))
        finally:
            database.dispose()

    def _look(self, database: Engine, now_s: float) -> None:
        """Write down what is new about boxes that were not written down a moment ago."""
        with self._lock:
            names = {*self._refused, *self._shared}
            due = {name for name in names if now_s - self._told_s.get(name, -TOLD_EVERY_S) >= TOLD_EVERY_S}
            refused = {name: self._refused.pop(name) for name in due if name in self._refused}
            shared = self._shared & due
            self._shared -= due
        if not due:
            return
        try:
            self._store(database, refused, shared)
        except SQLAlchemyError as error:
            _log.error("broker.refusals_not_written", reason=str(getattr(error, "orig", None) or error))
            with self._lock:
                self._refused.update(refused)
                self._shared |= shared
            return
        self._told_s |= dict.fromkeys(due, now_s)
        for name in sorted(due):
            _log.warning("broker.suspicious", box=name, refused=refused.get(name, 0), shared=name in shared)
        poke(self._config.places.directory, "web")

    def _store(self, database: Engine, refused: dict[str, int], shared: set[str]) -> None:
        now = now_utc()
        with begin_write(database) as connection:
            known = {name for name, count in refused.items() if boxes.refused(connection, name, count, now)}
            known |= set(boxes.shared(connection, shared, now))
            changes.add(connection, [("box", None, name) for name in sorted(known)], now)


def _pass_on(text: bytes) -> None:
    try:
        os.write(sys.stderr.fileno(), text)
    except OSError:  # nobody reads our log any more, so there is nobody to tell
        return
