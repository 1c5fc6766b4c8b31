"""The simulated box's page: pressed by mouse and keyboard, held, read in both languages, and refused to strangers."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from support.api import Api
from support.stage import Stage

pytestmark = [pytest.mark.end_to_end, pytest.mark.browser, pytest.mark.timeout(180)]

Visit = Any
SLOW_MS = 20_000
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


@pytest.fixture
def box(stage: Stage, visit: Callable[[], Visit]) -> Iterator[Page]:
    """The second box's page, with nothing standing before and after."""
    page: Page = visit().page
    page.goto(stage.boxes[1].url)
    expect(page.locator("#headline")).to_have_text(re.compile("待機中"), timeout=SLOW_MS)
    yield page
    api = Api(stage.url, stage.token("supervisor"))
    for incident in api.incidents():
        if incident["contact_ended_at"] is None:
            api.do(incident["id"], "contact", action="ended")


def newest(stage: Stage) -> dict[str, Any]:
    api = Api(stage.url, stage.token("supervisor"))
    return api.incident(api.incidents()[0]["id"])


def test_axe_finds_nothing_in_light_and_dark(box: Page) -> None:
    for scheme in ("light", "dark"):
        box.emulate_media(color_scheme=scheme)
        found = Axe().run(box, options=RULES)
        assert found.response["passes"], "axe looked at nothing"
        assert found.violations_count == 0, found.generate_report()


def test_it_fits_a_phone_and_a_magnified_screen(box: Page) -> None:
    box.set_viewport_size({"width": 320, "height": 640})
    assert box.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_tap_on_the_space_key_is_an_assist_and_holding_it_an_emergency(box: Page, stage: Stage) -> None:
    box.locator("#main").focus()
    box.keyboard.press("Space")
    expect(box.locator("#headline")).to_have_text("通報が届きました", timeout=SLOW_MS)
    first = newest(stage)
    assert (first["level"], first["presses"]) == ("assist", 1)
    box.keyboard.down("Space")
    stage.wait_until(lambda: newest(stage)["level"] == "emergency", 20, "holding on raises the call")
    box.keyboard.up("Space")
    assert newest(stage)["id"] == first["id"]


def test_it_speaks_english_when_asked_and_remembers(box: Page) -> None:
    box.get_by_role("button", name="English").click()
    expect(box.locator("#main strong")).to_have_text("Call for help")
    box.reload()
    expect(box.locator("#main strong")).to_have_text("Call for help")
    expect(box.locator("html")).to_have_attribute("lang", "en")
    box.get_by_role("button", name="日本語").click()
    expect(box.locator("#main strong")).to_have_text("助けを呼ぶ")


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"button":"main","pressed":false}', {}, 200),  # the clean case: a release presses nothing
        (b'{"button":"main","pressed":false}', {"Origin": "http://evil.example"}, 403),
        (b'{"button":"main","pressed":false}', {"Host": "evil.example"}, 403),
        (b'{"button":"third","pressed":true}', {}, 400),
        (b'{"button":"main","pressed":1}', {}, 400),
        (b"[]", {}, 400),
        (b"", {}, 400),
        (b"x" * 5000, {}, 400),
    ],
)
def test_strangers_and_nonsense_press_nothing(stage: Stage, body: bytes, headers: dict[str, str], status: int) -> None:
    url = stage.boxes[1].url + "press"
    assert httpx.post(url, content=body, headers=headers, timeout=5).status_code == status
    assert httpx.get(stage.boxes[1].url + "box.py", timeout=5).status_code == 404
