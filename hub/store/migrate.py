"""Bringing a database to the newest schema. A step is one transaction: killed in the middle, it has not happened."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from hub.store.engine import begin_write


def migrate(engine: Engine) -> tuple[str | None, str]:
    """Bring the database to the newest schema. (revision before, revision now); both the same when nothing was to do.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database refuses; it stands as it stood.
    """
    with begin_write(engine) as connection:
        before = _revision(connection)
        command.upgrade(_config(connection), "head")
        after = _revision(connection)
    if after is None:
        raise RuntimeError("no migrations were found beside the program")
    return before, after


def is_current(engine: Engine) -> bool:
    """Whether the database has the schema that this program needs."""
    with engine.connect() as connection:
        return _revision(connection) == ScriptDirectory.from_config(_config(connection)).get_current_head()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
