"""Gunicorn's threaded worker, made to bear peers that send slowly, wrongly or not at all (faults U09).

Gunicorn gives a thread to everybody whose request has begun to come, for as long as it takes, and it says good-bye in
the thread that accepts. Here every wait for a peer is on a list: waits end when they take too long in all (not only
between two bytes), and when there are many, those of the address that has most of them end first.
"""

import io
import json
import secrets
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from gunicorn import util
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker
from werkzeug.exceptions import BadRequest, ClientDisconnected, RequestTimeout

from hub.web.gate import security_headers
from hub.web.problems import MEDIA_TYPE, Trouble, document

HEAD_S: Final = 15.0
"""From the first byte to the end of the head, TLS handshake included."""

BODY_S: Final = 30.0
BODY_BYTES_PER_S: Final = 512
"""A body may take `BODY_S`, and longer while it comes at this rate: a segment over a link of 1 kB/s gets through."""

PIECE_BYTES: Final = 8 * 1024
"""What a view gets at once at most, so that progress is seen often enough on a slow link."""

WAITS_MAX: Final = 256
"""Requests that may be on their way at once, each in a thread: more than boxes ever upload at the same time. Complete
requests and open streams do not count."""

_STATUSES: Final = {
    errors.LimitRequestLine: 414,
    errors.ExpectationFailed: 417,
    errors.LimitRequestHeaders: 431,
    errors.UnsupportedTransferCoding: 501,
}
_OURS: Final = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName, errors.ConfigurationProblem)
_KINDS: Final = {408: "too-slow", 414: "too-large", 431: "too-large", 500: "internal"}


@dataclass(eq=False)
class Wait:
    """What one peer has yet to send. Times in monotonic seconds; `ended` once it was cut."""

    connection: Any
    address: str
    since: float
    limit_s: float
    received: int = 0
    head: bool = True
    ended: bool = False

    def deadline(self) -> float:
        """When it has taken too long: moves on with what comes of a body."""
        return self.merit() + self.limit_s

    def merit(self) -> float:
        """When it began, moved on with what came: the lowest has kept us waiting longest for least."""
        return self.since + self.received / BODY_BYTES_PER_S

    def expect_body(self, now: float) -> None:
        """The head is here."""
        self.since, self.limit_s, self.head = now, BODY_S, False


class Waits:
    """Everybody who is waited for. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: set[Wait] = set()

    @contextmanager
    def during(self, wait: Wait) -> Iterator[None]:
        """On the list while this lasts."""
        with self._lock:
            self._all.add(wait)
            if len(self._all) > WAITS_MAX:
                self._end(self._least_worth())
        try:
            yield
        finally:
            with self._lock:
                self._all.discard(wait)

    @contextmanager
    def suspended(self, wait: Wait) -> Iterator[None]:
        """Off the list while this lasts: it is our turn."""
        with self._lock:
            self._all.discard(wait)
        try:
            yield
        finally:
            with self._lock:
                self._all.add(wait)

    def end_late(self, now: float, heads: bool = False) -> None:
        """End those that have taken too long; with `heads` also all whose request has not begun to be served."""
        with self._lock:
            for wait in [one for one in self._all if one.deadline() <= now or (heads and one.head)]:
                self._end(wait)

    def _least_worth(self) -> Wait:
        """Of the address that has most, the one of least merit: who just came or sends steadily is spared.

        Not the one whose end is nearest: a head has less time than a body, so that would be who just came.
        """
        held = Counter(wait.address for wait in self._all)
        return min(self._all, key=lambda wait: (-held[wait.address], wait.merit()))

    def _end(self, wait: Wait) -> None:
        # Only the reading side, beneath TLS: the thread that waits wakes, finds `ended` true and can still say why.
        wait.ended = True
        try:
            socket.socket.shutdown(wait.connection.sock, socket.SHUT_RD)
        except OSError:  # taken over by TLS at this moment, or gone: the next look sees
            wait.ended = False
        else:
            self._all.discard(wait)


class _Body(io.RawIOBase):
    """A request's body as it comes. What is wrong with it becomes an answer to the peer, not an error of ours."""

    def __init__(self, request: Any, wait: Wait, waits: Waits) -> None:
        self._request = request
        self._body = request.body
        self._wait = wait
        self._waits = waits

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            with self._waits.during(self._wait):
                data: bytes = self._body.read(min(len(buffer), PIECE_BYTES))
        except errors.ParseException as error:
            raise self._spoilt(BadRequest()) from error
        except BlockingIOError as error:  # silent for `server.SILENCE_S`
            raise self._spoilt(RequestTimeout()) from error
        except OSError as error:
            raise self._spoilt(RequestTimeout() if self._wait.ended else ClientDisconnected()) from error
        if self._wait.ended:
            raise self._spoilt(RequestTimeout())
        self._wait.received += len(data)
        buffer[: len(data)] = data
        return len(data)

    def _spoilt(self, error: Exception) -> Exception:
        self._request.force_close()  # where the next request would begin is unknown
        return error


class Worker(ThreadWorker):
    """See the module. `accept`, `finish_request` and `murder_…` run in the main thread, `handle…` in any other."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._waits = Waits()

    def accept(self, listener: Any) -> None:
        """When the house is full, the one that has been idle longest leaves; a browser comes back by itself."""
        super().accept(listener)
        if self.nr_conns >= self.worker_connections:
            idle = self.pending_conns or self.keepalived_conns
            if idle:
                idle[0].timeout = 0.0
                self.murder_pending()
                self.murder_keepalived()

    def murder_keepalived(self, force: bool = False) -> None:
        """Called every second, and when something happens."""
        super().murder_keepalived(force or not self.alive)

    def murder_pending(self) -> None:
        """Called like the other. A worker that ends waits for nobody who has not asked anything."""
        if not self.alive:
            for connection in self.pending_conns:
                connection.timeout = 0.0
        super().murder_pending()
        self._waits.end_late(time.monotonic(), heads=not self.alive)

    def handle(self, conn: Any) -> Any:
        """One request, from its first byte to the good-bye."""
        address = str(conn.client[0]) if conn.client else ""
        conn.wait = wait = Wait(conn, address, time.monotonic(), HEAD_S)
        with self._waits.during(wait):
            kept = super().handle(conn)
            if not kept:
                self._part(conn, wait)
        return kept

    def handle_request(self, req: Any, conn: Any) -> bool:
        """From the end of the head to the end of the answer."""
        wait: Wait = conn.wait
        wait.expect_body(time.monotonic())
        body, req.body = req.body, _Body(req, wait, self._waits)
        try:
            with self._waits.suspended(wait):
                return bool(super().handle_request(req, conn))
        finally:
            req.body = body
            wait.expect_body(time.monotonic())  # gunicorn reads what nobody wanted

    def _part(self, conn: Any, wait: Wait) -> None:
        """Close, here instead of in the thread that accepts. Who still sends gets two seconds to read the answer."""
        if wait.ended and wait.head:
            self._refuse(conn.sock, 408)
        if self.alive and not wait.ended:
            util.close_graceful(conn.sock)
        else:
            util.close(conn.sock)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """After `handle`: keep the connection, or forget it."""
        if conn.sock.fileno() < 0:
            self.nr_conns -= 1
        else:
            super().finish_request(conn, fs)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer a request that never came as far as the pages."""
        if isinstance(exc, ssl.SSLError):
            self.log.debug("TLS: %s", exc)  # there is no common language to say anything in
        elif isinstance(exc, errors.ParseException) and not isinstance(exc, _OURS):
            self.log.warning("Invalid request from ip=%s: %s", addr[0] if addr else "", exc)
            self._refuse(client, _STATUSES.get(type(exc), 400))
        else:
            number = secrets.token_hex(4)
            self.log.exception("Error handling request, number %s", number)
            self._refuse(client, 500, {"id": number})

    def _refuse(self, client: Any, status: int, facts: dict[str, object] | None = None) -> None:
        with suppress(OSError):  # it has gone, or takes nothing
            util.write_nonblock(client, refusal(status, self.cfg.is_ssl, facts or {}))


def refusal(status: int, tls: bool, facts: dict[str, object]) -> bytes:
    """A whole answer with the words and the headers that all our answers have."""
    trouble = Trouble(_KINDS.get(status, "bad-request"), facts, status=status)
    body = json.dumps(document(trouble), ensure_ascii=False).encode()
    headers = {
        **security_headers(tls),
        "Cache-Control": "no-store",
        "Connection": "close",
        "Content-Type": MEDIA_TYPE,
        "Content-Length": str(len(body)),
    }
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
