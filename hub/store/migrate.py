"""Bringing a database to the newest schema. A step is one transaction: killed in the middle, it has not happened.

Revisions are files `NNNN_what.py` in one line; the highest number is the newest.
"""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from hub.store.engine import begin_read, begin_write

_FOLDER: Final = Path(__file__).parent / "migrations"


def migrate(engine: Engine) -> tuple[str | None, str]:
    """Bring the database to the newest schema. (revision before, revision now); both the same when nothing was to do.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database refuses; it stands as it stood.
    """
    with begin_write(engine) as connection:
        before, newest = _revision(connection), _newest()
        if before != newest:
            _upgrade(connection)
        return before, newest


def is_current(engine: Engine) -> bool:
    """Whether the database has the schema that this program needs."""
    with begin_read(engine) as connection:
        return _revision(connection) == _newest()


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _newest() -> str:
    return max(path.stem.partition("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*_*.py"))
