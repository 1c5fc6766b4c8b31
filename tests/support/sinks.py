"""Where the demo's alerts arrive: a real SMTP server and a real HTTP server, which remember when what came."""

import email
import email.policy
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that arrived. `at_s` is monotonic; `text` is everything a person would read."""

    at_s: float
    to: str
    text: str
    data: dict[str, Any]


@dataclass(slots=True)
class Pile:
    """Arrivals so far; `wait_for` blocks until one fits."""

    told: Callable[[Arrival], None] | None = None
    items: list[Arrival] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, arrival: Arrival) -> None:
        with self._changed:
            self.items.append(arrival)
            self._changed.notify_all()
        if self.told is not None:
            self.told(arrival)

    def wait_for(self, fits: Callable[[Arrival], bool], timeout_s: float) -> Arrival | None:
        def found() -> Arrival | None:
            return next((item for item in self.items if fits(item)), None)

        with self._changed:
            return self._changed.wait_for(found, timeout_s)


class Mailbox:
    """A mail server on loopback."""

    def __init__(self, port: int, told: Callable[[Arrival], None] | None = None) -> None:
        self.pile = Pile(told)
        self._controller = Controller(self, hostname="127.0.0.1", port=port)

    @property
    def port(self) -> int:
        return int(self._controller.port)

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        at_s = time.monotonic()
        message = email.message_from_bytes(bytes(envelope.original_content or b""), policy=email.policy.default)
        body = message.get_body(("plain",))
        text = f"{message['Subject']}\n{body.get_content() if body is not None else ''}"
        for to in envelope.rcpt_tos:
            self.pile.add(Arrival(at_s, to, text, {"Message-ID": message["Message-ID"], "Subject": message["Subject"]}))
        return "250 OK"


class Webhook:
    """An HTTP server on loopback that takes POSTs."""

    def __init__(self, port: int, told: Callable[[Arrival], None] | None = None) -> None:
        self.pile = Pile(told)
        pile = self.pile

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                at_s = time.monotonic()
                body = self.rfile.read(int(self.headers["Content-Length"]))
                pile.add(Arrival(at_s, self.path, body.decode(), json.loads(body)))
                self.send_response(204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
