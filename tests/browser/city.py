"""One city's hub in this process, on a real socket, with a clock that is moved by hand.

The same application, database, writer and engine as a running hub; only MQTT is left out: a box's event is given to the
writer's intake as it came from the wire. Pages follow the moved clock by the hub's own heartbeats, so no time is faked
in the browser: what ticks there ticks by the hub's time.
"""

import json
import threading
import uuid
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flask import g, has_request_context, request
from support.hubs import make_site
from support.writer import Memory
from werkzeug.serving import WSGIRequestHandler, make_server

from hub import receipts
from hub.config import load_profile
from hub.engine import Engine
from hub.ingest import Ingest
from hub.link import Incoming
from hub.poke import Listener, poke
from hub.store.engine import begin_write, open_database
from hub.store.ids import new_id
from hub.store.schema import box, command, timeline
from hub.web import create_app
from hub.web.api import stream
from hub.web.site import KEY, Site
from tests.hub.rounds import Wire, Writer
from tests.hub_web.conftest import Time
from tests.hub_web.hands import Hands


class _Quiet(WSGIRequestHandler):
    """Says nothing about each request."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing."""


class City(Hands):
    """A hub that follows `profile`, its boxes and its clock."""

    time: Time

    def __init__(self, directory: Path, profile: str) -> None:
        self.config = make_site(directory, profile=profile)
        database = open_database(self.config.database_url)
        self.rules = load_profile(self.config.places)
        clock = Time()
        self._begun = clock.at
        super().__init__(database, clock, self.rules.digest, lambda: poke(directory, "web"))
        self.app = create_app(self.config, database, clock)
        self.site: Site = replace(
            self.app.extensions[KEY], now=self._now, monotonic_s=lambda: self._seconds(self._now())
        )
        self.app.extensions[KEY] = self.site
        self._writer = Ingest(
            self.config, self.rules, database, receipts.load(self.config.places), self.poke, self.poke
        )
        self._writer._link = Memory()  # type: ignore[assignment]
        self._turned = Engine(
            self.config, self.rules, database, lambda: None, self.site.rules.of, self.site.rules.digest_at
        )
        self.wire, self._heard = Wire(), Writer()
        self._turned._link, self._turned._ingest = self.wire, self._heard  # type: ignore[assignment]
        self._boot, self._events = str(uuid.uuid4()), 0
        self._alive = threading.Event()
        # The moved clock stands still between two minutes and the page's runs on: told often, they differ by less than
        # the second that the page allows for (hubtime.js).
        self._beats = patch.object(stream, "HEARTBEAT_S", 0.5)
        self._server = make_server("127.0.0.1", self.config.http.port, self.app, threaded=True, request_handler=_Quiet)

    @property
    def monotonic_s(self) -> float:
        """The other clock, read off the first."""
        return self._seconds(self.time.at)

    def _seconds(self, at: datetime) -> float:
        return 1_000.0 + (at - self._begun).total_seconds()

    def _now(self) -> datetime:
        """The time of a request: one for all of it, as no minute passes between two of its lines in earnest."""
        if not has_request_context() or request.path == "/api/v1/stream":
            return self.time.at
        at: datetime = g.setdefault("began_at", self.time.at)
        return at

    @property
    def url(self) -> str:
        return self.config.http.url

    def __enter__(self) -> "City":
        self._beats.start()
        self._alive.set()
        self._listener = Listener(self.config.places.directory, "web")
        self._threads = [
            self.site.broadcaster.start(self._listener, self._alive.is_set),
            threading.Thread(target=self._server.serve_forever, args=(0.05,), name="city", daemon=True),
        ]
        self._threads[1].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._alive.clear()
        self.site.broadcaster.stop()
        self.site.setter.stop()
        self._server.shutdown()
        for thread in self._threads:
            thread.join(5)
        self._server.server_close()
        self._listener.close()
        self._beats.stop()
        self.engine.dispose()

    def counter(self, name: str, counter: str) -> str:
        """A box that is on line, follows this city's rules, and is ready."""
        return self.box(name, counter, profile_id=self.rules.rules.meta.id)

    def tells(self, name: str, type: str, **body: Any) -> None:
        """An event of the box `name`, as it comes from the wire."""
        self._events += 1
        event = {
            "v": 1, "id": new_id(), "type": type, "site": self.config.site, "box": name, "boot": self._boot,
            "seq": self._events, "at": self.time.at.isoformat().replace("+00:00", "Z"),
            "mono_ms": round(self.monotonic_s * 1000), "clock": "synced",
            "profile": {"id": self.rules.rules.meta.id, "digest": self.rules.digest}, "body": body,
        }  # fmt: skip
        topic = f"madomori/v1/{self.config.site}/box/{name}/event"
        sorted_ = self._writer._sort([Incoming(topic, json.dumps(event).encode(), False, 1, self._events, 1)])
        with begin_write(self.engine) as connection:
            written = self._writer._in_transaction(connection, sorted_, self.time.at)
        assert [one.event for one in written.durable] == [event["id"]], sorted_.refused
        self.poke()
        self.turns()

    def pressed(self, name: str, level: str = "assist") -> str:
        """A press at the counter, its notice and the start of its recording; the incident."""
        incident = new_id()
        gesture = {"assist": "short", "emergency": "long"}[level]
        self.tells(name, "alarm.raised", incident=incident, level=level, gesture=gesture, drill=False)
        self.tells(name, "notice.played", incident=incident, notice="recording", ok=True, duration_ms=4_200)
        self.tells(name, "recording.started", incident=incident, pre_roll_ms=8_000, video=True, audio=True)
        return incident

    def turns(self) -> None:
        """One round of the engine."""
        self._heard.heard = dict.fromkeys((row.name for row in self.rows(box)), self.monotonic_s)
        self._turned.cycle(self.time.at, self.monotonic_s)

    def passes(self, minutes: int) -> None:
        """Minute by minute, as the worker looks; the web process notes who still has a page open."""
        for _ in range(minutes):
            self.time.moves(minutes=1)
            self.turns()
            self.site.presence.look(write=True)

    def told_to(self, name: str, incident: str) -> list[str]:
        """The commands that the hub has for the box `name` about `incident`, in order."""
        rows = self.rows(command, box=name, incident=incident)
        return [row.type for row in sorted(rows, key=lambda row: (row.created_at, row.id))]

    def entries(self, incident: str) -> int:
        """How many entries its timeline has by now."""
        return len(self.rows(timeline, incident=incident))
