"""New sites for tests, as `madomori-hub init` makes them, with less work.

Their keys, certificates and settings are their own. The empty database is made once for a process and copied, and the
administrator's password is hashed with little work in it: together nine tenths of what making a site costs, and some
hundred tests make one. Making a database and a site in earnest: tests/hub/test_store.py, test_evidence_keys.py.
"""

import functools
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

from argon2 import PasswordHasher

from hub import site
from hub.store import users
from hub.store.engine import open_database
from hub.store.migrate import migrate

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def init(wanted: site.Wanted) -> site.Made:
    """The new site."""
    with patch.object(users, "_HASHER", CHEAP):
        wanted.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if wanted.database_url is None and not any(wanted.directory.iterdir()):
            # As an `init` leaves it that was cut off after the database was made; the next one goes on from there.
            (wanted.directory / site._HALF_MADE).touch()
            (wanted.directory / "madomori.db").write_bytes(empty_database())
        return site.init(wanted, datetime.now(UTC))


@functools.cache
def empty_database() -> bytes:
    """A SQLite file with the newest schema."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "madomori.db"
        engine = open_database(f"sqlite:///{path}")
        migrate(engine)
        engine.dispose()
        assert [one.name for one in Path(folder).iterdir()] == [path.name], "all of it is in one file"
        return path.read_bytes()
