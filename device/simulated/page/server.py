"""Serves the page of one simulated box with the standard library: the box carries no web framework."""

import json
import queue
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any, Final

from device.core.events import ButtonName, EdgeSeen
from device.core.lamp import PATTERNS, LampState, LampView
from device.ports import Clock, Post
from device.simulated.lamp import SimulatedLamp
from device.wording import DRILL, STALE, fault_words, lamp_words

_TYPES: Final = {
    "box.html": "text/html; charset=utf-8",
    "box.css": "text/css; charset=utf-8",
    "box.js": "text/javascript; charset=utf-8",
    "box.svg": "image/svg+xml",
}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; media-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_BODY_BYTES_MAX: Final = 1024
_BEAT_S: Final = 10.0


class BoxPage:
    """The page's server. `notice_began` may be called from any thread."""

    def __init__(
        self,
        address: tuple[str, int],
        *,
        counter: str,
        notice: bytes,
        post: Post,
        clock: Clock,
        lamp: SimulatedLamp,
        buttons: bool = True,
    ) -> None:
        """Take the address. A beacon has no `buttons`.

        Raises:
            OSError: the address is in use or not this machine's.
        """
        self.counter = counter
        self.buttons = buttons
        self.notice = notice
        self.post = post
        self.clock = clock
        self.lamp = lamp
        self._listeners: list[queue.Queue[dict[str, Any]]] = []
        self._lock = threading.Lock()
        page = self

        class Handler(_Handler):
            box = page

        self._server = ThreadingHTTPServer(address, Handler)
        self._server.daemon_threads = True
        lamp.watch(lambda view: self._tell({"event": "lamp", "data": shown(view)}))

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are served."""
        host, port = self._server.server_address[:2]
        return str(host), port

    def start(self) -> None:
        """Begin to serve on a thread of its own."""
        threading.Thread(target=self._server.serve_forever, name="page", daemon=True).start()

    def close(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()

    def notice_began(self) -> None:
        """The box has begun to speak: the page lets it be heard."""
        self._tell({"event": "notice", "data": {}})

    def listen(self) -> tuple["queue.Queue[dict[str, Any]]", Callable[[], None]]:
        """A queue of what happens from now on, and how to give it back."""
        mine: queue.Queue[dict[str, Any]] = queue.Queue(maxsize=100)
        with self._lock:
            self._listeners.append(mine)

        def stop() -> None:
            with self._lock:
                self._listeners.remove(mine)

        return mine, stop

    def _tell(self, news: dict[str, Any]) -> None:
        with self._lock:
            for listener in self._listeners:
                if not listener.full():  # a page that does not read is shown the whole state when it comes back
                    listener.put_nowait(news)


def shown(view: LampView) -> dict[str, Any]:
    """A view of the lamp as the page needs it, in both languages."""
    pattern = PATTERNS[view.state]
    words = {}
    for language in ("ja", "en"):
        headline, explanation = lamp_words(view.state, view.name, language, view.others)
        beside = [STALE[language]] if view.stale else []
        beside += [DRILL[language]] if view.drill and view.state is not LampState.DRILL else []
        words[language] = {
            "headline": headline,
            "explanation": explanation,
            "faults": beside + [fault_words(fault, language) for fault in view.faults],
        }
    return {
        "state": view.state.value,
        "colour": pattern.colour.value,
        "steps": pattern.steps,
        "number": view.number,
        "name": view.name,
        "recording": view.recording,
        "drill": view.drill,
        "words": words,
    }


class _Handler(BaseHTTPRequestHandler):
    box: BoxPage
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        match self.path.split("?")[0]:
            case "/":
                self._file("box.html")
            case "/box.css" | "/box.js" | "/box.svg":
                self._file(self.path.split("?")[0][1:])
            case "/notice.wav":
                self._send(200, "audio/wav", self.box.notice)
            case "/state":
                self._json(200, self._state())
            case "/events":
                self._events()
            case _:
                self._json(404, {"title": "ありません / not found"})

    def do_POST(self) -> None:
        if self.path != "/press" or not self._same_origin():
            self._json(404 if self.path != "/press" else 403, {"title": "受け付けません / refused"})
            return
        try:
            length = int(self.headers.get("Content-Length", "0"))
            if not 0 < length <= _BODY_BYTES_MAX:
                raise ValueError("body length")
            edge = json.loads(self.rfile.read(length))
            button, pressed = ButtonName(edge["button"]), edge["pressed"]
            if not isinstance(pressed, bool):
                raise ValueError("pressed must be true or false")
        except (ValueError, KeyError, TypeError):
            self.close_connection = True
            self._json(400, {"title": "読めません / not understood"})
            return
        self.box.post(EdgeSeen(button, pressed, self.box.clock.now().mono_ms))
        self._json(200, {"ok": True})

    def _same_origin(self) -> bool:
        """Another site's page must not press the button, nor a name that somebody points at this machine."""
        host, port = self.box.address
        own = {f"{name}:{port}" for name in (host, "127.0.0.1", "localhost", "[::1]")}
        called = self.headers.get("Host")
        origin = self.headers.get("Origin")
        everywhere = host in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
        return (everywhere or called in own) and (origin is None or origin.split("://", 1)[-1] == called)

    def _state(self) -> dict[str, Any]:
        view = self.box.lamp.view
        return {
            "counter": self.box.counter,
            "buttons": self.box.buttons,
            "lamp": shown(view) if view is not None else None,
        }

    def _events(self) -> None:
        news, stop = self.box.listen()
        try:
            self.send_response(200)
            self._common("text/event-stream")
            self.end_headers()
            self.close_connection = True
            if self.box.lamp.view is not None:
                self._event("lamp", shown(self.box.lamp.view))
            while True:
                try:
                    item = news.get(timeout=_BEAT_S)
                    self._event(item["event"], item["data"])
                except queue.Empty:
                    self._event("hb", {})
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            return  # the page was closed
        finally:
            stop()

    def _event(self, event: str, data: dict[str, Any]) -> None:
        self.wfile.write(f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode())
        self.wfile.flush()

    def _file(self, name: str) -> None:
        self._send(200, _TYPES[name], files("device.simulated.page").joinpath(name).read_bytes())

    def _json(self, status: int, value: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(value, ensure_ascii=False).encode())

    def _send(self, status: int, content_type: str, content: bytes) -> None:
        self.send_response(status)
        self._common(content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _common(self, content_type: str) -> None:
        self.send_header("Content-Type", content_type)
        for name, value in _HEADERS.items():
            self.send_header(name, value)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the box's own log tells what matters."""
