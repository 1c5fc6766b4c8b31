"""The database: SQLite by default, PostgreSQL by URL; one way to read, one way to write."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.pool import ConnectionPoolEntry

_WRITES: Final = "madomori_writes"
_ONE_WRITER: Final = 0x6D61646F  # "mado": the advisory lock that lines writers up on PostgreSQL

_BUSY_MS: Final = 5000
_ASK_AGAIN_S: Final = 0.0005
_ASK_SELDOM_S: Final = 0.02
"""After a tenth of a second: then it is no ordinary writer that holds the database."""


def open_database(url: str) -> Engine:
    """An engine for `url` (see `HubConfig.database_url`). Any thread; make it after a fork, never before."""
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": 5.0, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(url, pool_pre_ping=True)


@contextmanager
def begin_write(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write; commits at the end, rolls back on an error. Writers take turns.

    Because they do, `change` ids become visible in rising order, which readers of the change log rely on.

    Raises:
        sqlalchemy.exc.OperationalError: the database is locked for more than 5 s, full or gone.
    """
    with engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ONE_WRITER})
        yield connection


@contextmanager
def begin_read(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state of the database and is rolled back at the end."""
    with engine.connect() as connection:
        yield connection


def _prepare_sqlite(connection: Any, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions are begun below, not guessed by the driver
    cursor = connection.cursor()
    # FULL: with NORMAL a committed press can vanish in a power cut (measured: all of 510 acknowledged rows).
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that begins by reading and then writes can fail at once with "locked"; IMMEDIATE waits its turn.
    if connection.get_execution_options().get(_WRITES, False):
        _begin_to_write(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_to_write(connection: Connection) -> None:
    """Begin as soon as the other writers let go, or fail after `_BUSY_MS` like any statement.

    SQLite waits by itself, but in sleeps of 1, 2, 5, 10, 15 ... 100 ms, while another writer is done in one or two: a
    press that met one was committed up to 40 ms later than it could have been.
    """
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    begun_s = time.monotonic()
    driver.execute("PRAGMA busy_timeout=0").close()
    try:
        while (waited_s := time.monotonic() - begun_s) < _BUSY_MS / 1000:
            try:
                driver.execute("BEGIN IMMEDIATE").close()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(_ASK_AGAIN_S if waited_s < 0.1 else _ASK_SELDOM_S)
            else:
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # once more, for SQLAlchemy to raise what it makes of it
    finally:
        driver.execute(f"PRAGMA busy_timeout={_BUSY_MS}").close()
