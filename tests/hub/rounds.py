"""An engine that is turned by hand, with a wire and a writer that only remember."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine as Database
from sqlalchemy import insert, select, update

from contract.messages import Command
from hub import authority
from hub.config import HubConfig, load_profile
from hub.domain.flood import Meter
from hub.domain.presence import Doubles
from hub.engine import Engine
from hub.store import boxes
from hub.store.engine import begin_read, begin_write, open_database
from hub.store.ids import new_id
from hub.store.schema import alert, incident

CONTACTS = """
[[contacts]]
id = "chief"
role = "supervisor"
channel = "webhook"
target = "http://127.0.0.1:9/chief"
[[contacts]]
id = "head"
role = "section_head"
channel = "webhook"
target = "http://127.0.0.1:9/head"
"""


class Publication:
    def wait_for_publish(self, _timeout_s: float) -> None:
        """Nothing."""

    def is_published(self) -> bool:
        return True


class Wire:
    """A link that remembers."""

    connected = True

    def __init__(self) -> None:
        self.commands: list[tuple[str, Command]] = []
        self.presence: list[tuple[int, int, bool]] = []
        self.meter = Meter()

    def publish(self, topic: str, payload: bytes) -> Publication:
        self.commands.append((topic, Command.model_validate_json(payload)))
        return Publication()

    def publish_presence(self, beat: int, responders: int, *, listening: bool) -> None:
        self.presence.append((beat, responders, listening))


class Writer:
    """A writer that listens or not."""

    def __init__(self) -> None:
        self.heard: dict[str, float] = {}
        self.listening = True
        self.doubles = Doubles()


class Round:
    """An engine that is turned by hand. `at` is the wall clock, `mono_s` the other one; `passes` moves both."""

    def __init__(self, config: HubConfig) -> None:
        self.config = config
        self.database: Database = open_database(config.database_url)
        self.at, self.mono_s = datetime.now(UTC), time.monotonic()
        self.profile = load_profile(config.places)
        self.wire, self.writer = Wire(), Writer()
        self.starts()
        with begin_write(self.database) as connection:
            issued = authority.Issued("1", b"", b"", datetime(2040, 1, 1, tzinfo=UTC))
            boxes.enrol(connection, "counter-01", "窓口", issued, self.at)

    def starts(self) -> None:
        """A new program, which knows what the database holds."""
        self.engine = Engine(self.config, self.profile, self.database, lambda: None)
        self.engine._link, self.engine._ingest = self.wire, self.writer  # type: ignore[assignment]

    def passes(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.mono_s += seconds

    def cycle(self) -> float:
        return self.engine.cycle(self.at, self.mono_s)

    def call(self, **columns: Any) -> str:
        id = new_id()
        row = {
            "id": id, "number": id[:20], "box": "counter-01", "counter": "窓口", "level": "assist", "state": "raised",
            "pressed_at": self.at, "clock": "synced", "received_at": self.at, "raised_at": self.at,
            "profile_id": "default", "profile_digest": "x", "changed_at": self.at,
        }  # fmt: skip
        with begin_write(self.database) as connection:
            connection.execute(insert(incident).values(**(row | columns)))
        return id

    def answer(self, call: str, **columns: Any) -> None:
        with begin_write(self.database) as connection:
            connection.execute(update(incident).where(incident.c.id == call).values(**columns))

    def rows(self, table: Any, *where: Any) -> list[Any]:
        with begin_read(self.database) as connection:
            return list(connection.execute(select(table).where(*where)))

    def alerted(self, call: str) -> list[tuple[str, int]]:
        return sorted((row.contact, row.round) for row in self.rows(alert, alert.c.incident == call))
