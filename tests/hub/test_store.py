"""The database: schema and migrations, one writer at a time, the change log's order. On SQLite, and on PostgreSQL when
MADOMORI_TEST_DB_URL names an empty one."""

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, insert
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from support.hubs import postgresql_url

from hub.authority import Issued
from hub.config import HubConfig
from hub.domain.intake import incident_year
from hub.places import Places
from hub.store import beats, boxes, changes, counters, figures, quarantine, tokens, users
from hub.store.engine import begin_read, begin_write, open_database
from hub.store.ids import new_id
from hub.store.migrate import is_current, migrate
from hub.store.schema import beat, incident, metadata

NOW = datetime(2026, 11, 20, 2, 41, tzinfo=UTC)
POSTGRESQL = os.environ.get("MADOMORI_TEST_DB_URL", "")


def databases() -> list[object]:
    skip = pytest.mark.skipif(not POSTGRESQL, reason="MADOMORI_TEST_DB_URL names no PostgreSQL database")
    return ["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgresql, skip])]


@pytest.fixture(params=databases())
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = "sqlite:///hub.db" if request.param == "sqlite" else postgresql_url()
    config = HubConfig.model_validate({"site": "kita", "database": {"url": url}})
    config._places = Places(tmp_path)
    database = open_database(config.database_url)
    yield database
    database.dispose()


@pytest.fixture
def store(engine: Engine) -> Engine:
    migrate(engine)
    return engine


def test_the_migrations_end_at_exactly_the_schema(engine: Engine) -> None:
    assert not is_current(engine)
    assert migrate(engine)[0] is None
    assert is_current(engine)
    assert migrate(engine)[0] == migrate(engine)[1]
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_sqlite_keeps_what_it_has_committed(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'hub.db'}")
    with database.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    database.dispose()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_changes_become_visible_in_rising_order(store: Engine) -> None:
    """A reader that has seen number N never misses a smaller one, however many write at once."""
    stop = threading.Event()

    def write(name: str) -> None:
        for _ in range(25):
            with begin_write(store) as connection:
                changes.add(connection, [("box", None, name)], NOW)

    seen: list[int] = []

    def read() -> None:
        while not stop.is_set() or not seen or seen[-1] < 100:
            with begin_read(store) as connection:
                seen.extend(row.id for row in changes.after(connection, seen[-1] if seen else 0, 50))

    writers = [threading.Thread(target=write, args=(f"box-{number}",)) for number in range(4)]
    reader = threading.Thread(target=read)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    reader.join(20)
    with begin_read(store) as connection:
        assert changes.latest(connection) == seen[-1]
    assert len(seen) == 100
    assert seen == sorted(seen)


def test_a_failed_transaction_leaves_nothing(store: Engine) -> None:
    def fail() -> None:
        with begin_write(store) as connection:
            counters.bump(connection, "incident:2026", 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with begin_write(store) as connection:
        assert counters.bump(connection, "incident:2026", 2) == 2
        assert counters.bump(connection, "incident:2026", 1) == 3
        assert counters.bump(connection, "incident:2027", 1) == 1


def test_a_moment_without_a_time_zone_is_refused_and_others_come_back_in_utc(store: Engine) -> None:
    japan = NOW.astimezone(timezone(timedelta(hours=9)))
    with begin_write(store) as connection:
        beats.put(connection, "worker", japan, {})
        beats.put(connection, "worker", japan, {"again": True})
    with begin_read(store) as connection:
        row = beats.every(connection)["worker"]
    assert (row.at, row.at.tzinfo, row.data) == (NOW, UTC, {"again": True})
    with pytest.raises(StatementError), begin_write(store) as connection:
        connection.execute(insert(beat).values(name="x", at=NOW.replace(tzinfo=None), data={}))


def test_foreign_keys_hold(store: Engine) -> None:
    row = {
        "id": new_id(),
        "number": "2026-000001",
        "box": "nobody",
        "counter": "x",
        "level": "assist",
        "state": "raised",
        "clock": "synced",
        "profile_id": "default",
        "profile_digest": "x",
    } | dict.fromkeys(("pressed_at", "received_at", "raised_at", "changed_at"), NOW)
    with pytest.raises(IntegrityError), begin_write(store) as connection:
        connection.execute(insert(incident).values(**row))


def test_quarantine_is_bounded_and_counted(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "ROWS_MAX", 10)
    with begin_write(store) as connection:
        for number in range(30):
            quarantine.add(connection, [quarantine.row("t", "box-1", f"reason {number}", b"\x00" * 9000, NOW)])
    with begin_read(store) as connection:
        rows = quarantine.newest(connection, 100)
        assert [row.reason for row in rows] == [f"reason {number}" for number in range(29, 19, -1)]
        assert (len(rows[0].payload), rows[0].size_bytes) == (4096, 9000)
        assert figures.read(connection).quarantined == 30


def test_accounts(store: Engine) -> None:
    with begin_write(store) as connection:
        users.add(connection, login="sato", name="佐藤", role="supervisor", password="correct horse", now=NOW)
    with begin_read(store) as connection:
        row = users.by_login(connection, "sato")
    assert row is not None
    assert row.password_hash.startswith("$argon2id$")
    assert users.password_holds(row.password_hash, "correct horse")
    assert not users.password_holds(row.password_hash, "wrong horse")
    assert not users.password_holds("nonsense", "wrong horse")
    with begin_write(store) as connection:
        assert users.set_password(connection, "sato", "battery staple")
        assert users.disable(connection, "sato", NOW)
        assert not users.disable(connection, "nobody", NOW)
    with begin_read(store) as connection:
        row = users.by_login(connection, "sato")
    assert row is not None
    assert row.disabled_at == NOW
    assert users.password_holds(row.password_hash, "battery staple")
    with pytest.raises(IntegrityError), begin_write(store) as connection:
        users.add(connection, login="sato", name="x", role="staff", password="correct horse", now=NOW)


def test_only_the_hash_of_a_token_is_kept(store: Engine) -> None:
    with begin_write(store) as connection:
        id, bearer = tokens.add(connection, name="board", role="supervisor", now=NOW)
    with begin_read(store) as connection:
        row = tokens.by_bearer(connection, bearer)
        assert row is not None
        assert row.id == id
        assert bearer not in str(tuple(row))
        assert tokens.by_bearer(connection, bearer + "x") is None


def test_enrolling_again_revokes_and_running_out_leaves_the_list(store: Engine) -> None:
    issued = [Issued(f"{number:x}", b"", b"", NOW + timedelta(days=number)) for number in (10, 20, 30)]
    with begin_write(store) as connection:
        assert not boxes.enrol(connection, "counter-01", "1番", issued[0], NOW)
        assert boxes.enrol(connection, "counter-01", "2番", issued[1], NOW)
        assert [one.serial for one in boxes.revoked_certificates(connection, NOW)] == ["a"]
        assert boxes.revoked_certificates(connection, NOW + timedelta(days=11)) == []
        assert boxes.revoke(connection, "counter-01", NOW)
        assert len(boxes.revoked_certificates(connection, NOW)) == 2
        assert boxes.enrol(connection, "counter-01", "2番", issued[2], NOW)
        assert boxes.named(connection, ["counter-01", "nobody"])["counter-01"].revoked_at is None


def test_ids_are_uuid7_in_the_order_of_their_making() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(id[14] == "7" and id[19] in "89ab" and len(id) == 36 for id in ids)
    assert [id[:13] for id in ids] == sorted(id[:13] for id in ids)


def test_the_year_of_a_number_is_japans() -> None:
    assert incident_year(datetime(2026, 12, 31, 14, 59, tzinfo=UTC)) == 2026
    assert incident_year(datetime(2026, 12, 31, 15, 0, tzinfo=UTC)) == 2027


def test_h05_a_locked_database_is_an_error_that_is_tried_again(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'hub.db'}")
    migrate(database)
    impatient = open_database(f"sqlite:///{tmp_path / 'hub.db'}")
    with impatient.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=50")
    with begin_write(database), pytest.raises(OperationalError, match="locked"), begin_write(impatient):
        raise AssertionError("two writers at once")
    with begin_write(impatient) as connection:
        assert counters.bump(connection, "x", 1) == 1
    database.dispose()
    impatient.dispose()
