"""The hub's writer in this process, with a link that remembers."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from hub import authority, receipts
from hub.config import HubConfig, load_profile
from hub.ingest import Ingest
from hub.link import Incoming
from hub.store import boxes
from hub.store.engine import begin_read, begin_write, open_database
from hub.store.ids import new_id


class Memory:
    """A link that remembers what it was told to do."""

    connected = alive = True
    overflowed = 0

    def __init__(self) -> None:
        self.acked: list[int] = []
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def ack(self, messages: list[Incoming]) -> None:
        self.acked += [message.mid for message in messages]

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.sent.append((topic, json.loads(payload) if payload else {}))


class Bench:
    """A running writer, and presses put into its inbox by hand."""

    def __init__(self, config: HubConfig) -> None:
        self.config = config
        self.database: Engine = open_database(config.database_url)
        with begin_write(self.database) as connection:
            issued = authority.Issued("1", b"", b"", datetime(2040, 1, 1, tzinfo=UTC))
            boxes.enrol(connection, "counter-01", "窓口", issued, datetime.now(UTC))
        self.link = Memory()
        profile, signer = load_profile(config.places), receipts.load(config.places)
        self.woken: list[str] = []
        self.writer = Ingest(config, profile, self.database, signer, lambda: self.woken.append("engine"), lambda: None)
        self.mid = 0

    def start(self) -> None:
        self.writer.start(self.link)  # type: ignore[arg-type]

    def put(self, payload: str | None = None) -> int:
        """A message; its number."""
        self.mid += 1
        text = payload if payload is not None else self.press()
        topic = "madomori/v1/kita/box/counter-01/event"
        self.writer.inbox.put(Incoming(topic, text.encode(), False, 1, self.mid, 1))
        return self.mid

    def press(self) -> str:
        body = {"incident": new_id(), "level": "assist", "gesture": "short", "drill": False}
        return self._event("alarm.raised", body)

    def hold(self, incident: str) -> str:
        return self._event("alarm.repeated", {"incident": incident, "level": "emergency", "gesture": "long"})

    def _event(self, type: str, body: dict[str, Any]) -> str:
        return json.dumps(
            {
                "v": 1, "id": new_id(), "type": type, "site": "kita", "box": "counter-01", "boot": new_id(),
                "seq": 1, "at": "2026-11-20T02:41:36.544Z", "mono_ms": 1, "clock": "synced",
                "profile": {"id": "default", "digest": "x"}, "body": body,
            }
        )  # fmt: skip

    def rows(self, table: Any) -> list[Any]:
        with begin_read(self.database) as connection:
            return list(connection.execute(table.select()))
