"""A real Chromium in front of the real web process; `hub` writes what the worker would write."""

import http.client
import socket
import ssl
import subprocess
import sys
import time as clock
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from hub.config import load, load_profile
from hub.poke import poke
from hub.site import Wanted, init
from hub.store.engine import open_database
from tests.hub_web.hands import PASSWORD, Hands


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server(Hands):
    """A site whose web process can be started and stopped."""

    def __init__(self, directory: Path, change: Callable[[str], str] = str) -> None:
        self.port = free_port()
        made = init(
            Wanted(directory, "kita", "shinagawa", http=("127.0.0.1", self.port), password=PASSWORD), datetime.now(UTC)
        )
        settings = directory / "hub.toml"
        settings.write_text(change(settings.read_text("utf-8")), "utf-8")
        self.directory = directory
        self.config = load(directory)
        self.process: subprocess.Popen[bytes] | None = None
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
        self.process = subprocess.Popen([sys.executable, "-m", "hub", "web", str(self.directory)])
        until = clock.monotonic() + 30
        while clock.monotonic() < until and self.process.poll() is None:
            if self._answers():
                return
            clock.sleep(0.02)
        raise AssertionError("the web process does not answer")

    def _answers(self) -> bool:
        connection: http.client.HTTPConnection
        if self.config.http.uses_tls:
            trust = ssl.create_default_context(cafile=str(self.config.places.ca_certificate))
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=2, context=trust)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """Stop the web process."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=15)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path / "site")
    try:
        running.start()
        yield running
    finally:
        running.stop()
        running.engine.dispose()


class Visitor:
    """Somebody at a screen. Foreign requests and console errors are collected for the end of the test."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url
        self.foreign: list[str] = []
        self.errors: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        context.on("request", lambda request: self._see(request.url))

    def _see(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.foreign.append(url)

    def log_in(self, login: str, state: str | None = "live") -> "Visitor":
        """Log in and wait until the dashboard is as `state` says (None: do not wait for its scripts)."""
        self.page.goto(f"{self.url}/login")
        self.page.locator("#login").fill(login)
        self.page.locator("#password").fill(PASSWORD)
        self.page.locator("#password").press("Enter")
        self.page.wait_for_url(f"{self.url}/")
        if state is not None:
            self.page.wait_for_selector(f"html[data-live={state}]")
        return self


@pytest.fixture
def visit(chromium: Browser, server: Server) -> Iterator[Callable[..., Visitor]]:
    """Opens a browser of its own for somebody; at the end nothing foreign was asked for and nothing broke."""
    visitors: list[Visitor] = []

    def open_browser(width: int = 1280, height: int = 900, **options: object) -> Visitor:
        context = chromium.new_context(
            **{  # type: ignore[arg-type]
                "viewport": {"width": width, "height": height},
                "locale": "ja-JP",
                "timezone_id": "Asia/Tokyo",
                **options,
            }
        )
        context.set_default_timeout(10_000)
        visitors.append(Visitor(context, server.url))
        return visitors[-1]

    yield open_browser
    for visitor in visitors:
        visitor.context.close()
    for visitor in visitors:
        assert visitor.foreign == []
