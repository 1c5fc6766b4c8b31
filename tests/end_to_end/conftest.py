"""The real programs on free ports, once for all end-to-end tests, and a real browser."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from support.stage import PASSWORD, Ports, Stage, running


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running(Stage(tmp_path_factory.mktemp("stage"), Ports.free(2))) as running_stage:
        yield running_stage


class Visit:
    """A person at a browser. `foreign` gathers every request that did not go to this machine's programs."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.foreign: list[str] = []
        self.errors: list[str] = []
        context.on("request", lambda request: self._watch(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _watch(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.foreign.append(url)

    def sign_in(self, url: str, login: str) -> None:
        """Sign in; afterwards the dashboard is live."""
        self.page.goto(url + "/")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("#dashboard")


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[[], Visit]]:
    contexts: list[BrowserContext] = []
    visits: list[Visit] = []

    def arrive() -> Visit:
        contexts.append(
            chromium.new_context(locale="ja-JP", timezone_id="Asia/Tokyo", viewport={"width": 1280, "height": 900})
        )
        visits.append(Visit(contexts[-1]))
        return visits[-1]

    yield arrive
    for one in visits:
        assert one.foreign == []
        assert one.errors == []
    for context in contexts:
        context.close()


@pytest.fixture
def shots() -> Path | None:
    """Where to leave screenshots for people, when somebody asked for them."""
    wanted = os.environ.get("MADOMORI_SHOTS")
    return Path(wanted) if wanted else None
