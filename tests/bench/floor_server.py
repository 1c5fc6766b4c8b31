"""The least a live stream can cost: gunicorn as the hub uses it, one stream, nothing behind it."""

import json
import queue
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from gunicorn.app.base import BaseApplication

EVERY_S = 0.01


class _Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn with the hub's kind of worker."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def load_config(self) -> None:
        chosen = {"bind": self._address, "workers": 1, "worker_class": "gthread", "threads": 4, "loglevel": "warning"}
        for name, value in (chosen | {"control_socket_disable": True}).items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return _application


def _application(_environment: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    """A stream of moments (monotonic s), put into a queue by one thread and sent by another, as the hub does it."""
    start_response("200 OK", [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache")])
    moments: queue.Queue[float] = queue.Queue()
    ended = threading.Event()

    def tick() -> None:
        while not ended.wait(EVERY_S):
            moments.put(time.monotonic())

    threading.Thread(target=tick, daemon=True).start()
    number = 0
    try:
        while True:
            moment_s = moments.get()
            number += 1
            data = json.dumps({"incident": f"{moment_s:.9f}", "box": "bench-a", "at": "2026-11-20T02:41:36.571Z"})
            yield f"id: {number}\nevent: incident\ndata: {data}\n\n".encode()
    finally:
        ended.set()


if __name__ == "__main__":
    _Server(sys.argv[1]).run()
