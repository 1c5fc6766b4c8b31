"""A real Chromium in front of the real web process; `hub` writes what the worker would write."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.hub_web.hands import PASSWORD
from tests.hub_web.serving import Server


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

    def log_in(self, login: str, state: str | None = "live", *, typed: bool = False) -> "Visitor":
        """Log in and wait until the dashboard is as `state` says (None: do not wait for its scripts).

        Without `typed` the form is sent without being shown: a page less to draw in each test that is about another.
        """
        if typed:
            self.page.goto(f"{self.url}/login")
            self.page.locator("#login").fill(login)
            self.page.locator("#password").fill(PASSWORD)
            self.page.locator("#password").press("Enter")
            self.page.wait_for_url(f"{self.url}/")
        else:
            form: dict[str, str | float | bool] = {"login": login, "password": PASSWORD}
            answer = self.context.request.post(f"{self.url}/login", form=form, max_redirects=0)
            assert answer.status in (302, 303), answer.text()
            self.page.goto(f"{self.url}/")
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
