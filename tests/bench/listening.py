"""What reaches people: the live stream of a dashboard, and webhooks. Arrival times are monotonic seconds."""

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from support.sinks import Arrival

Key = tuple[str, str]
"""(kind of change, incident)."""


class LiveStream:
    """Reads server-sent events on a thread of its own, as light as can be: it shares the machine with what it measures.

    Comes back after an interruption with Last-Event-ID, as a browser does.
    """

    def __init__(
        self, url: str, token: str = "", take: Callable[[float, str, dict[str, Any]], None] | None = None
    ) -> None:
        address = urlsplit(url)
        self._host, self._port, self._path = address.hostname or "", address.port, address.path
        self._token = token
        self._take = take or self._note
        self._last: str | None = None
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._opened = threading.Event()
        self.arrivals: dict[Key, list[float]] = {}
        """When each incident's changes arrived."""
        self.interruptions = 0

    def start(self) -> None:
        """Begin to read; returns when the stream is open.

        Raises:
            TimeoutError: it did not open.
        """
        threading.Thread(target=self._run, name="stream", daemon=True).start()
        if not self._opened.wait(20):
            raise TimeoutError("the stream did not open")

    def stop(self) -> None:
        """Read no more (noticed at the next event)."""
        self._stopping.set()

    def first_after(self, key: Key, after_s: float, timeout_s: float) -> float | None:
        """When the first change of `key` after `after_s` arrived; None when none did in time."""

        def found() -> float | None:
            return next((at_s for at_s in self.arrivals.get(key, ()) if at_s > after_s), None)

        with self._changed:
            return self._changed.wait_for(found, timeout_s)

    def _note(self, at_s: float, kind: str, data: dict[str, Any]) -> None:
        if "incident" not in data:
            return
        with self._changed:
            self.arrivals.setdefault((kind, data["incident"]), []).append(at_s)
            self._changed.notify_all()

    def _run(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException):
                self._read()
            self.interruptions += 1
            self._stopping.wait(0.05)

    def _read(self) -> None:
        connection = http.client.HTTPConnection(self._host, self._port or 80, timeout=25)
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        if self._last is not None:
            headers["Last-Event-ID"] = self._last
        connection.request("GET", self._path, headers=headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise http.client.HTTPException(f"the stream answered {answer.status}")
        kind, data = "", ""
        while not self._stopping.is_set() and (line := answer.readline()):
            name, _, value = line.decode().rstrip("\n").partition(": ")
            match name:
                case "id":
                    self._last = value
                case "event":
                    kind = value
                case "data":
                    data = value
                case "" if data:
                    self._opened.set()
                    self._take(time.monotonic(), kind, json.loads(data))
                    kind, data = "", ""
        connection.close()


class Webhooks:
    """Remembers when which incident was first told to whom. Give `took` to the stage."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.arrivals: dict[tuple[str, str], list[float]] = {}
        """(incident, level) to arrival times."""

    def took(self, kind: str, arrival: Arrival) -> None:
        """The stage's `told`: called on the sink's threads."""
        if kind != "webhook":
            return
        with self._changed:
            for alert in arrival.data["alerts"]:
                self.arrivals.setdefault((alert["incident"], alert["level"]), []).append(arrival.at_s)
            self._changed.notify_all()

    def first(self, incident: str, level: str, timeout_s: float) -> float | None:
        """When `incident` was first told at `level`; None when it was not in time."""
        with self._changed:
            found = self._changed.wait_for(lambda: self.arrivals.get((incident, level)), timeout_s)
        return found[0] if found else None
