"""Guidance cards in a real browser: found at a glance, by keyboard, by typing, on paper."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from hub.card_files import cards
from tests.browser.conftest import Visitor
from tests.browser.test_everybody import SCREENS, sideways, violations
from tests.hub_web.serving import Server

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(server: Server, visit: Visit, scheme: str, width: int) -> None:
    visitor = visit(width, 900, color_scheme=scheme).log_in(server.person("section_head"))
    page = visitor.page
    page.goto(f"{server.url}/cards/slot")
    page.locator("#own-unit").fill("税務課")
    page.get_by_role("button", name="この言葉にする").click()
    for path in ("/cards", "/cards/slot?unit=税務課", "/cards/violence"):
        page.goto(server.url + path)
        expect(page.locator("html")).to_have_attribute("data-live", "live")
        assert violations(page) == [], path
        assert sideways(page) == 0, path
    assert visitor.errors == []


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_two_taps_lead_to_the_sentence_to_say(server: Server, visit: Visit, width: int, height: int) -> None:
    page = visit(width, height).log_in(server.person("staff")).page
    page.get_by_role("link", name="カード", exact=True).click()
    page.wait_for_url(f"{server.url}/cards")
    expect(page.locator("html")).to_have_attribute("data-live", "live")  # the line for browsers without scripts is gone
    page.get_by_role("link", name="威嚇・脅迫", exact=True).click()
    card = page.locator("#card-threat")
    for line in (card.locator(".guide__first"), card.locator("q").first):
        expect(line).to_be_in_viewport(ratio=1)
    sizes = card.evaluate(
        "node => ['q', '.guide__points li', '.guide__small'].map(one => parseFloat(getComputedStyle("
        "node.querySelector(one)).fontSize))"
    )
    assert sizes[0] > sizes[1] > sizes[2]


def test_typing_narrows_the_list_at_once_and_without_javascript_the_hub_does(server: Server, visit: Visit) -> None:
    login = server.person("staff")
    page = visit().log_in(login).page
    page.goto(f"{server.url}/cards")
    page.locator("#q").fill("警察")
    expect(page.locator(".cards__tile:visible")).to_have_count(2)
    expect(page.locator(".guide:visible")).to_have_count(2)
    expect(page.locator("#group-type")).to_be_hidden()
    page.locator("#q").fill("ありません")
    expect(page.locator("#cards-none")).to_be_visible()
    page.locator("#q").fill("")
    expect(page.locator(".guide:visible")).to_have_count(34)
    plain = visit(java_script_enabled=False).log_in(login, state=None).page
    plain.goto(f"{server.url}/cards")
    plain.locator("#q").fill("警察")
    plain.locator("#q").press("Enter")
    expect(plain.locator(".guide")).to_have_count(2)


def test_on_paper_each_card_fills_one_page_of_a5(server: Server, visit: Visit, tmp_path: Path) -> None:
    page = visit().log_in(server.person("staff")).page
    for path, pages in (("/cards", len(cards())), ("/cards/hold", 1)):
        page.goto(server.url + path)
        printed = page.pdf(prefer_css_page_size=True, print_background=True)
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) == pages
        assert {b"420", b"419"} & {size.split(b".")[0] for size in re.findall(rb"/MediaBox \[0 0 (\S+)", printed)}


def test_words_are_put_in_and_taken_back_by_form_alone(server: Server, visit: Visit) -> None:
    page = visit(java_script_enabled=False).log_in(server.person("section_head"), state=None).page
    page.goto(f"{server.url}/cards/cease")
    first = page.locator("q").first
    before = first.inner_text()
    page.locator("#own-say").fill("おやめになってください。")
    page.get_by_role("button", name="この言葉にする").click()
    expect(first).to_have_text("おやめになってください。")
    page.get_by_role("button", name="元の言葉に戻す").click()
    expect(first).to_have_text(before)
    expect(page.locator(".cards__history li").first).to_contain_text("元の言葉に戻しました。")
