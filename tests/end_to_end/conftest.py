"""The real programs on free ports, once for all end-to-end tests, and a real browser."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from support.stage import PASSWORD, Ports, Stage, running


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running(Stage(tmp_path_factory.mktemp("stage"), Ports.free(2))) as running_stage:
        yield running_stage


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("chromium がありません（.ci/prepare --test） / chromium is missing: run .ci/prepare --test")
    arguments = ["--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses to start as root without it; tests only
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield launched
        launched.close()


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
def visit(browser: Browser) -> Iterator[Callable[[], Visit]]:
    contexts: list[BrowserContext] = []
    visits: list[Visit] = []

    def arrive() -> Visit:
        contexts.append(
            browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo", viewport={"width": 1280, "height": 900})
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
