"""The page of whom to alert, in a real browser: everybody can read it, and an absence shows at once."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from hub.wording import TOKYO
from tests.browser.conftest import Visitor
from tests.browser.test_everybody import SCREENS, sideways, violations
from tests.hub_web.serving import Server

pytestmark = pytest.mark.browser

CONTACTS = """
[alerts.email]
smtp_host = "mail.example"
sender = "m@city.example"
security = "none"
[[contacts]]
id = "shimin-kakari"
role = "supervisor"
name = "市民課 係長席"
channel = "email"
target = "chief@city.example"
[[contacts]]
id = "shimin-shusa"
role = "staff"
name = "市民課 主査"
channel = "email"
target = "senior@city.example"
deputy_for = ["shimin-kakari"]
[[contacts]]
id = "kacho"
role = "section_head"
name = "市民課長"
channel = "email"
target = "head@city.example"
[[contacts]]
id = "keibi"
role = "guard"
name = "1階 警備室"
channel = "webhook"
target = "http://guards.example/hook"
hours = ["Hol 00:00-00:01"]
near = ["counter-77"]
[[contacts]]
id = "kansa"
role = "auditor"
name = "監査委員事務局"
channel = "webhook"
target = "http://kansa.example/hook"
[[contacts]]
id = "hashira"
role = "guard"
name = "警備室の柱"
channel = "patlite"
target = "10.0.0.9:10000"
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path / "site", lambda text: text + CONTACTS)
    try:
        running.start()
        yield running
    finally:
        running.stop()
        running.engine.dispose()


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_everybody_can_read_whom_a_call_reaches(
    server: Server, visit: Callable[..., Visitor], scheme: str, width: int
) -> None:
    at = server.time() - timedelta(days=3)
    server.press(pressed_at=at, seen_at=at + timedelta(seconds=6), state="closed")
    visitor = visit(width, 900, color_scheme=scheme).log_in(server.person("supervisor"))
    page = visitor.page
    page.goto(f"{server.url}/alerts")
    expect(page.locator("html")).to_have_attribute("data-live", "live")
    assert violations(page) == []
    assert sideways(page) == 0
    page.locator("summary", has_text="不在を伝える").first.click()
    assert violations(page) == []
    assert sideways(page) == 0
    expect(page.get_by_text("全員に知らせます")).to_be_visible()
    expect(page.locator("[data-key^=warn-]")).to_have_count(2)
    assert visitor.errors == []


@pytest.mark.parametrize("script", [True, False])
def test_an_absence_is_noted_with_and_without_javascript(
    server: Server, visit: Callable[..., Visitor], script: bool
) -> None:
    visitor = visit(java_script_enabled=script).log_in(server.person("supervisor", "佐藤"), "live" if script else None)
    page = visitor.page
    page.goto(f"{server.url}/alerts")
    card = page.locator("li.contact", has_text="市民課 係長席").first
    card.locator("summary", has_text="不在を伝える").click()
    until = (server.time() + timedelta(hours=2)).astimezone(TOKYO).strftime("%Y-%m-%dT%H:%M")
    card.get_by_label("いつまで").fill(until)
    card.get_by_role("button", name="不在にする").click()
    expect(page.locator(".rung__who", has_text="市民課 係長席 の代わり").first).to_be_visible()
    expect(card.locator(".contact__state")).to_have_text(re.compile("不在"))
    card.get_by_role("button", name="不在を取り消す").click()
    expect(card.locator(".contact__state")).to_have_text(re.compile("勤務中"))
