"""The real web process in front of a new site, and peers that speak to it byte by byte."""

import http.client
import select
import socket
import ssl
import time as clock
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from support import sites
from support.free_ports import free_port
from support.warm import Program

from hub.config import load, load_profile
from hub.poke import poke
from hub.site import Wanted
from hub.store.engine import open_database
from tests.hub_web.hands import PASSWORD, Hands


class Server(Hands):
    """A site whose web process can be started and stopped. `constants`: other values by their full names."""

    def __init__(self, directory: Path, change: Callable[[str], str] = str, **wanted: Any) -> None:
        self.port = free_port()
        made = sites.init(Wanted(directory, "kita", "shinagawa", http=("127.0.0.1", self.port), password=PASSWORD))
        settings = directory / "hub.toml"
        settings.write_text(change(settings.read_text("utf-8")), "utf-8")
        self.directory = directory
        self.config = load(directory)
        self.constants: dict[str, Any] = wanted.get("constants", {})
        self.process: Program | None = None
        self._peers: list[Peer] = []
        super().__init__(
            open_database(made.config.database_url),
            lambda: datetime.now(UTC),
            load_profile(self.config.places).digest,
            lambda: poke(directory, "web"),
        )

    @property
    def url(self) -> str:
        return self.config.http.url

    def start(self) -> None:
        """Start the web process and wait until it answers."""
        self.process = Program("web", str(self.directory), constants=self.constants)
        until = clock.monotonic() + 30
        while clock.monotonic() < until and self.process.poll() is None:
            if self._answers():
                return
            clock.sleep(0.02)
        raise AssertionError("the web process does not answer")

    def _answers(self) -> bool:
        try:
            return self.get("/healthz", timeout_s=2).status == 200
        except OSError:
            return False

    def get(self, path: str, timeout_s: float = 20, **headers: str) -> http.client.HTTPResponse:
        """An honest request on a connection of its own; the answer, read."""
        connection: http.client.HTTPConnection
        if self.config.http.uses_tls:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout_s, context=self._trust())
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            return answer
        finally:
            connection.close()

    def peer(self, tls: bool = False) -> "Peer":
        """Somebody with an open connection."""
        plain = socket.create_connection(("127.0.0.1", self.port), 30)
        self._peers.append(Peer(self._trust().wrap_socket(plain, server_hostname="127.0.0.1") if tls else plain))
        return self._peers[-1]

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.config.places.ca_certificate))
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # 1.3 sends tickets, which look like an answer
        return context

    def stop(self) -> None:
        """Hang up, and stop the web process."""
        for peer in self._peers:
            peer.close()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=15)


class Peer:
    """Speaks HTTP as badly as one likes."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def says(self, text: str | bytes) -> "Peer":
        self.connection.sendall(text.encode("latin-1") if isinstance(text, str) else text)
        return self

    def drips(self, piece: bytes = b"x") -> None:
        """Say `piece` again and again until there is an answer (or the test's own time limit)."""
        while not select.select([self.connection], [], [], 0.01)[0]:
            try:
                self.connection.sendall(piece)
            except OSError:
                return

    def hears(self) -> tuple[int, dict[str, str], bytes]:
        """The answer: status, headers in small letters, body."""
        with closing(http.client.HTTPResponse(self.connection)) as answer:
            answer.begin()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def is_cut(self) -> bool:
        """Whether the connection ends without an answer in HTTP (TLS may still send its own good-bye)."""
        heard = b""
        with suppress(OSError):
            while data := self.connection.recv(4096):
                heard += data
        return b"HTTP/" not in heard

    def close(self) -> None:
        self.connection.close()
