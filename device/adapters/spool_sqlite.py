"""The spool: SQLite with full sync. The box's own process is its only writer; the uplink only reads.

One writer means that a press never waits for the commit of a receipt. WAL with `synchronous=FULL` lost nothing in
power-cut simulation, `NORMAL` lost everything (facts/evidence_and_security, 1.4).
"""

import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from contract.codec import encode
from contract.messages import AlarmEnded, AlarmRaised, AlarmRepeated, AlarmTurned, Event, utc_text
from device.core.alarm import AlarmIs
from device.core.events import Persisted, PersistFailed
from device.core.standing import Standing
from device.ports import Post, SpoolError

log = logging.getLogger("madomori.spool")

_RESERVE_BYTES: Final = 2 * 1024 * 1024
"""Space taken in advance in database and log, so that a full disk still has room for thousands of events (D04)."""

_BATCH_MAX: Final = 200
_RETRY_S: Final = 1.0

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS event (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, urgent INTEGER NOT NULL, payload BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS event_by_urgency ON event (urgent, n);
CREATE TABLE IF NOT EXISTS standing (
    one INTEGER PRIMARY KEY CHECK (one = 1), incident TEXT NOT NULL, alarm TEXT NOT NULL, since TEXT NOT NULL,
    drill INTEGER NOT NULL, raised_event TEXT NOT NULL, receipted INTEGER NOT NULL DEFAULT 0,
    number TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS trial (one INTEGER PRIMARY KEY CHECK (one = 1), count INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that still needs the hub's receipt; `n` is its place in the spool."""

    n: int
    id: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class _Receipt:
    event_ids: tuple[str, ...]
    incident: str | None
    number: str | None


@dataclass(frozen=True, slots=True)
class _Trial:
    committed: threading.Event


class SpoolWriter:
    """The writing side, on a thread of its own: what came in meanwhile is committed together."""

    def __init__(self, path: Path, post: Post, beat: Callable[[], None] = lambda: None) -> None:
        """Open or create the spool at `path`. `beat` is called at least every second while the thread moves.

        A disk that refuses does not stop the box: events are answered with `PersistFailed`, go out from memory, and
        opening is tried again.
        """
        self._path = path
        self._post = post
        self._beat = beat
        self._connection: sqlite3.Connection | None = None
        self._unopened = ""
        try:
            self._connection = _open_for_writing(path)
        except SpoolError as error:
            self._unopened = str(error)
        self._queue: queue.SimpleQueue[Event | _Receipt | _Trial | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def persist(self, event: Event) -> None:
        """Make `event` durable; answered with `Persisted` or `PersistFailed`. Never blocks."""
        self._queue.put(event)

    def receipted(self, event_ids: tuple[str, ...], incident: str | None, number: str | None) -> None:
        """The hub has these: they need not be kept. Never blocks."""
        self._queue.put(_Receipt(event_ids, incident, number))

    def try_out(self, timeout_s: float) -> bool:
        """Whether a write becomes durable within `timeout_s`. Blocks; for the self-test."""
        trial = _Trial(threading.Event())
        self._queue.put(trial)
        return trial.committed.wait(timeout_s)

    def depth(self) -> int:
        """Number of events that still need a receipt. Opens its own connection: safe from any thread.

        Raises:
            sqlite3.Error: the spool cannot be read.
        """
        with closing(_connect(self._path)) as connection:
            return int(connection.execute("SELECT count(*) FROM event").fetchone()[0])

    @property
    def unopened(self) -> str:
        """Why the spool could not be opened at the start; empty when it could."""
        return self._unopened

    def resume(self) -> Standing | None:
        """The alarm that stood when the program last ended. Call before `start`."""
        if self._connection is None:
            return None
        row = self._connection.execute(
            "SELECT incident, alarm, since, drill, raised_event, receipted, number FROM standing"
        ).fetchone()
        if row is None:
            return None
        incident, alarm, since, drill, raised, receipted, number = row
        return Standing(
            incident=incident, alarm=AlarmIs(alarm), since=datetime.fromisoformat(since), drill=bool(drill),
            raised_event=raised, kept=True, hub_has=bool(receipted), number=number,
        )  # fmt: skip

    def close(self) -> None:
        """Write what is waiting and end the thread."""
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        if self._connection is not None:
            self._connection.close()

    def _run(self) -> None:
        waiting: list[Event | _Receipt | _Trial] = []
        failed = False
        while True:
            self._beat()
            ended = self._take(waiting, _RETRY_S)
            if waiting:
                failed = not self._commit(waiting)
                if not failed:
                    waiting = []
            if ended:
                return

    def _take(self, waiting: list[Event | _Receipt | _Trial], timeout_s: float) -> bool:
        """Add what is queued to `waiting`; True at the end."""
        try:
            item = self._queue.get(timeout=timeout_s)
            while True:
                if item is None:
                    return True
                waiting.append(item)
                if len(waiting) >= _BATCH_MAX:
                    return False
                item = self._queue.get_nowait()
        except queue.Empty:
            return False

    def _commit(self, batch: list[Event | _Receipt | _Trial]) -> bool:
        ids = tuple(item.id for item in batch if isinstance(item, Event))
        try:
            if self._connection is None:
                self._connection = _open_for_writing(self._path)
            with self._connection as connection:
                connection.execute("BEGIN IMMEDIATE")
                for item in batch:
                    _write(connection, item)
        except (sqlite3.Error, SpoolError) as error:
            self._post(PersistFailed(ids, f"{error}"))
            return False
        if ids:
            self._post(Persisted(ids))
        for item in batch:
            if isinstance(item, _Trial):
                item.committed.set()
        return True


class SpoolReader:
    """The reading side, for the uplink. Used from one thread."""

    def __init__(self, path: Path) -> None:
        self._connection = _connect(path)

    def pending(self, limit: int, without: Iterable[str] = (), *, urgent: bool) -> list[Pending]:
        """Up to `limit` events without a receipt, oldest first: calls for help when `urgent`, else all others.

        Raises:
            SpoolError: the spool cannot be read.
        """
        skipped = set(without)
        try:
            rows = self._connection.execute(
                "SELECT n, id, payload FROM event WHERE urgent = ? ORDER BY n LIMIT ?", (urgent, limit + len(skipped))
            ).fetchall()
        except sqlite3.Error as error:
            raise SpoolError(str(error)) from error
        return [Pending(*row) for row in rows if row[1] not in skipped][:limit]

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()


def is_urgent(event: Event) -> bool:
    """Whether an event goes before all others: calls for help, and their end."""
    return isinstance(event.body, AlarmRaised | AlarmRepeated | AlarmTurned | AlarmEnded)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=5, check_same_thread=False)
    connection.execute("PRAGMA busy_timeout=5000")
    return connection


def _open_for_writing(path: Path) -> sqlite3.Connection:
    try:
        try:
            return _prepared(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            _put_aside(path)  # not a database any more: a box that calls for help beats one that mourns its file
            return _prepared(path)
    except (sqlite3.Error, OSError) as error:
        raise SpoolError(
            f"{path}: 押された記録を保存できません（{error}）。空き容量と書き込み権限を確かめてください。 / "
            f"presses cannot be stored ({error}). Check free space and write permission."
        ) from error


def _prepared(path: Path) -> sqlite3.Connection:
    connection = _connect(path)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.executescript(_SCHEMA)
        path.chmod(0o600)
        _reserve(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _put_aside(path: Path) -> None:
    log.error("%s is damaged; put aside as *.broken, starting a new one", path)
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(part.with_name(part.name + ".broken"))


def _reserve(connection: sqlite3.Connection) -> None:
    """Grow database and log now. SQLite cuts the log when the last connection closes, so this is done at each start."""
    try:
        connection.execute("DROP TABLE IF EXISTS ballast")
        connection.execute("CREATE TABLE ballast (filling BLOB)")
        connection.execute("INSERT INTO ballast VALUES (zeroblob(?))", (_RESERVE_BYTES,))
        connection.execute("DROP TABLE ballast")  # its pages stay in the file as free ones
        connection.execute("PRAGMA wal_checkpoint(FULL)")  # the log keeps its length and is written over
    except sqlite3.OperationalError as error:
        log.error("no room to reserve space for events: %s", error)  # what room there is still serves


def _write(connection: sqlite3.Connection, item: Event | _Receipt | _Trial) -> None:
    match item:
        case Event():
            _insert(connection, item)
        case _Receipt():
            _release(connection, item)
        case _Trial():
            connection.execute("INSERT INTO trial VALUES (1, 1) ON CONFLICT (one) DO UPDATE SET count = count + 1")


def _insert(connection: sqlite3.Connection, event: Event) -> None:
    body = event.body
    urgent = is_urgent(event)
    connection.execute(
        "INSERT INTO event (id, urgent, payload) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING",
        (event.id, urgent, encode(event)),
    )
    match body:
        case AlarmRaised(incident=incident, level=level, drill=drill):
            connection.execute(
                "INSERT OR REPLACE INTO standing (one, incident, alarm, since, drill, raised_event)"
                " VALUES (1, ?, ?, ?, ?, ?)",
                (incident, level.value, utc_text(event.at), drill, event.id),
            )
        case AlarmRepeated(incident=incident, level=level):
            connection.execute("UPDATE standing SET alarm = ? WHERE incident = ?", (level.value, incident))
        case AlarmTurned(incident=incident, level=level, drill=drill):
            connection.execute(
                "UPDATE standing SET alarm = ?, drill = ? WHERE incident = ?", (level.value, drill, incident)
            )
        case AlarmEnded(incident=incident):
            connection.execute("DELETE FROM standing WHERE incident = ?", (incident,))
        case _:
            pass  # only alarms stand


def _release(connection: sqlite3.Connection, receipt: _Receipt) -> None:
    connection.executemany("DELETE FROM event WHERE id = ?", [(event_id,) for event_id in receipt.event_ids])
    marks = ",".join("?" * len(receipt.event_ids))
    connection.execute(
        "UPDATE standing SET receipted = 1, number = coalesce(?, number)"  # noqa: S608 - only question marks
        f" WHERE incident = ? OR raised_event IN ({marks})",
        (receipt.number, receipt.incident, *receipt.event_ids),
    )
