"""A TCP proxy that breaks what passes through it, and counts what it did (faults, section 4: PRX)."""

import queue
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Final

_CHUNK: Final = 4096


@dataclass(slots=True)
class Proxy:
    """Forwards 127.0.0.1:`port` to `target`. The switches may be turned at any time, from any thread."""

    target: int
    hole: bool = False
    """Both sides stay open and nothing passes: no FIN, no RST."""
    bytes_per_second: int | None = None
    delay_s: float = 0.0
    """Everything arrives so much later; nothing overtakes."""
    refuse: bool = False
    accepted: int = 0
    swallowed: int = 0
    passed: int = 0
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _open: list[socket.socket] = field(default_factory=list)
    _closed: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        """Where to connect."""
        return int(self._listener.getsockname()[1])

    def start(self) -> "Proxy":
        """Begin to forward."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def stop(self) -> None:
        """Close everything."""
        self._closed.set()
        self._listener.close()
        self.reset()

    def reset(self) -> None:
        """Cut every connection there is."""
        for one in list(self._open):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it was closed by its own side
        for one in list(self._open):
            one.close()
        self._open.clear()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.refuse:
                client.close()
                continue
            self.accepted += 1
            try:
                server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            self._open += [client, server]
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        under_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        threading.Thread(target=self._deliver, args=(under_way, one, other), daemon=True).start()
        while not self._closed.is_set():
            try:
                chunk = one.recv(_CHUNK if self.bytes_per_second is None else 256)
                if not chunk:
                    break
                if self.hole:
                    self.swallowed += len(chunk)
                    continue
                if self.bytes_per_second is not None:
                    time.sleep(len(chunk) / self.bytes_per_second)  # the rate is the fault
                under_way.put((time.monotonic() + self.delay_s, chunk))
            except OSError:
                break
        under_way.put((0.0, b""))

    def _deliver(
        self, under_way: "queue.SimpleQueue[tuple[float, bytes]]", one: socket.socket, other: socket.socket
    ) -> None:
        while True:
            due_s, chunk = under_way.get()
            if not chunk:
                break
            self._closed.wait(max(0.0, due_s - time.monotonic()))  # the delay is the fault
            try:
                other.sendall(chunk)
            except OSError:
                break
            self.passed += len(chunk)
        if not self.hole:
            one.close()
            other.close()
