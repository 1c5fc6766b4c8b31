"""The hub as an outside program sees it: bearer token, JSON, and the live stream."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx


@dataclass(frozen=True, slots=True)
class News:
    """One message of the live stream. `at_s` is monotonic."""

    at_s: float
    id: int | None
    event: str
    data: dict[str, Any]


class Api:
    """Requests with one bearer token."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.headers = {"Authorization": f"Bearer {token}"}

    def request(self, method: str, path: str, timeout_s: float = 10, **parts: Any) -> httpx.Response:
        """One request to /api/v1`path`, on a connection of its own."""
        headers = {**self.headers, **parts.pop("headers", {})}
        return httpx.request(method, f"{self.url}/api/v1{path}", headers=headers, timeout=timeout_s, **parts)

    def get(self, path: str, **params: Any) -> Any:
        """The JSON at /api/v1`path`."""
        answer = self.request("GET", path, params=params)
        answer.raise_for_status()
        return answer.json()

    def do(self, incident: str, deed: str, **body: Any) -> dict[str, Any]:
        """A person's deed; the incident as it then stands."""
        headers = {"Idempotency-Key": str(uuid4())}
        answer = self.request("POST", f"/incidents/{incident}/{deed}", json=body, headers=headers)
        answer.raise_for_status()
        return dict(answer.json())

    def incident(self, incident: str) -> dict[str, Any]:
        """One incident with everything."""
        return dict(self.get(f"/incidents/{incident}"))

    def incidents(self) -> list[dict[str, Any]]:
        """All incidents, page after page."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = self.get("/incidents", limit=100, **({"cursor": cursor} if cursor else {}))
            found += page["incidents"]
            cursor = page["next"]
            if not cursor:
                return found

    def recording(self, incident: str, reason: str, byte_range: str | None = None) -> httpx.Response:
        """The recording, or a range of it."""
        headers = {"Range": byte_range} if byte_range else {}
        path = f"/incidents/{incident}/recording.mp4"
        return self.request("GET", path, 60, params={"reason": reason}, headers=headers)


@dataclass(slots=True)
class Stream:
    """Listens to the live stream on a thread, and comes back after an interruption with Last-Event-ID."""

    api: Api
    news: list[News] = field(default_factory=list)
    opened: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _last: int | None = None
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to listen; returns when the stream is open."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        with self._changed:
            if not self._changed.wait_for(lambda: self.opened > 0, 20):
                raise TimeoutError("the stream did not open")

    def stop(self) -> None:
        """Listen no more; waits for the connection to end."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(15)

    def wait_for(self, fits: Callable[[News], bool], timeout_s: float) -> News | None:
        """The first message that fits, or None when none came in time."""
        with self._changed:
            return self._changed.wait_for(lambda: next((item for item in self.news if fits(item)), None), timeout_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except (httpx.HTTPError, OSError):
                self._stopping.wait(0.2)

    def _listen(self) -> None:
        headers = dict(self.api.headers)
        if self._last is not None:
            headers["Last-Event-ID"] = str(self._last)
        timeout = httpx.Timeout(10, read=25)
        with httpx.stream("GET", self.api.url + "/api/v1/stream", headers=headers, timeout=timeout) as answer:
            answer.raise_for_status()
            with self._changed:
                self.opened += 1
                self._changed.notify_all()
            fields: dict[str, str] = {}
            for line in answer.iter_lines():
                if self._stopping.is_set():
                    return
                if line:
                    name, _, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")
                elif fields:
                    self._take(time.monotonic(), fields)
                    fields = {}

    def _take(self, at_s: float, fields: dict[str, str]) -> None:
        if "event" not in fields:
            return  # `retry:` alone
        number = int(fields["id"]) if fields.get("id") else None
        with self._changed:
            self._last = number if number is not None else self._last
            self.news.append(News(at_s, number, fields["event"], json.loads(fields.get("data") or "{}")))
            self._changed.notify_all()
