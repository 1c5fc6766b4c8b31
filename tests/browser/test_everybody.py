"""Everybody can use the pages: keyboard only, screen readers, narrow screens, either language, light or dark."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect
from support.waiting import until

from tests.browser.conftest import Visitor
from tests.hub_web.serving import Server

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]
SCREENS = [(1280, "light"), (320, "dark")]
"""Both widths and both schemes; colours do not depend on the width."""

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def furnish(server: Server) -> str:
    """Every state that a screen can show; an emergency that nobody has seen."""
    now = server.time()
    server.box("counter-01", counter="市民課 1番", recording="recording")
    server.box("counter-02", counter="市民課 2番")
    server.box("counter-03", counter="国民健康保険課", profile_digest="sha256:" + "0" * 64)
    server.box("counter-04", counter="税務課 相談室", presence="offline", heard_at=now - timedelta(minutes=3))
    server.box("counter-05", counter="生活福祉課 3番")
    server.box("counter-06", counter="子育て支援課", faults=["camera", "new.fault"], recording="failed")
    server.press("counter-02", state="attended", seen_by="x", seen_name="田中", responder="x", responder_name="高橋",
                 seen_at=now, responding_at=now)  # fmt: skip
    server.press("counter-03", state="contact_ended", contact_ended_at=now)
    server.press("counter-06", state="closed", outcome="false_press", closed_at=now)
    server.press("counter-01", drill=True)
    emergency = server.press("counter-05", level="emergency", presses=2)
    server.alerted(emergency)
    server.alerted(emergency, "guard", state="failed", error="connection refused", tries=10)
    return emergency


def violations(page: Page) -> list[tuple[str, list[str]]]:
    # axe tells all of what is wrong, and of the rest one example: all of it was half of the work.
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]})
    assert found.response["passes"], "axe looked at nothing"
    return [(one["id"], [str(node["target"]) for node in one["nodes"]]) for one in found.response["violations"]]


def sideways(page: Page) -> int:
    """Pixels by which a page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(server: Server, visit: Visit, scheme: str, width: int) -> None:
    emergency = furnish(server)
    visitor = visit(width, 900, color_scheme=scheme)
    page = visitor.page
    page.goto(f"{server.url}/login")
    assert violations(page) == []
    visitor.log_in(server.person("supervisor"), typed=True)
    for path in ("/", f"/incidents/{emergency}", "/incidents", "/boxes", "/profile"):
        page.goto(server.url + path)
        expect(page.locator("html")).to_have_attribute("data-live", "live")
        assert violations(page) == [], path
        assert sideways(page) == 0, path
    assert visitor.errors == []


def test_targets_are_big_enough_for_a_hurried_finger(server: Server, visit: Visit) -> None:
    furnish(server)
    page = visit(390, 844).log_in(server.person()).page
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        if box is not None and button.is_visible():
            assert box["height"] >= 43.5, button.inner_text()


def test_the_keyboard_alone_is_enough(server: Server, visit: Visit) -> None:
    server.box("counter-01", counter="窓口1")
    incident = server.press("counter-01")
    page = visit().log_in(server.person(name="佐藤"), typed=True).page
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    wanted = page.locator(f'[data-key="{incident}"]').get_by_role("button", name="向かいます")
    for _ in range(20):
        page.keyboard.press("Tab")
        if wanted.evaluate("node => node === document.activeElement"):
            break
    outline = wanted.evaluate("node => getComputedStyle(node).outlineWidth")
    assert int(outline.removesuffix("px")) >= 2
    page.keyboard.press("Enter")
    expect(page.locator(f'[data-key="{incident}"] .call__state')).to_contain_text("対応中（佐藤）")
    page.locator(".menu__button").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".menu__sheet")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".menu__sheet")).to_be_hidden()
    expect(page.locator(".menu__button")).to_be_focused()


def test_a_change_elsewhere_takes_neither_focus_nor_half_written_words(server: Server, visit: Visit) -> None:
    server.box("counter-01", counter="窓口1")
    incident = server.press("counter-01")
    page = visit().log_in(server.person()).page
    page.goto(f"{server.url}/incidents/{incident}")
    expect(page.locator("html")).to_have_attribute("data-live", "live")
    page.locator("#note").fill("まだ書いている")
    server.told(incident, "notice.played")
    expect(page.locator(".told")).to_contain_text("お知らせを流しました")
    expect(page.locator("#note")).to_be_focused()
    expect(page.locator("#note")).to_have_value("まだ書いている")


def test_half_written_words_stay_when_somebody_else_ends_the_contact_and_the_page_is_set_out_anew(
    server: Server, visit: Visit
) -> None:
    server.box("counter-01", counter="窓口1")
    incident = server.press("counter-01")
    page = visit().log_in(server.person("section_head")).page
    page.goto(f"{server.url}/incidents/{incident}")
    expect(page.locator("html")).to_have_attribute("data-live", "live")
    page.locator("#note").fill("まだ書いている")
    page.get_by_text("応対の途中で判断する").click()
    page.locator('[data-id="judge"] [name="finding"][value="not_harassment"]').check()
    page.locator("#judge-content").fill("言い方だけが強かった")
    expect(page.locator('[data-id="report"]')).to_have_count(0)
    ended = page.request.post(
        f"{server.url}/api/v1/incidents/{incident}/contact",
        data={"action": "ended"},
        headers=server.machine("supervisor"),
    )
    assert ended.status == 200
    expect(page.locator('[data-id="report"]')).to_have_count(1)
    expect(page.locator("#note")).to_have_value("まだ書いている")
    expect(page.locator("#judge-content")).to_have_value("言い方だけが強かった")
    expect(page.locator('[data-id="judge"] [value="not_harassment"]')).to_be_checked()
    expect(page.locator("#judge-content")).to_be_visible()


def test_a_button_waits_until_the_page_shows_what_it_did(server: Server, visit: Visit) -> None:
    """A look at the hub that was on its way before the deed shows what was before it, and asks for what was then."""
    server.box("counter-01", counter="窓口1")
    incident = server.press("counter-01")
    page = visit().log_in(server.person("supervisor")).page
    page.goto(f"{server.url}/incidents/{incident}")
    expect(page.locator("html")).to_have_attribute("data-live", "live")
    source = page.locator("#live").get_attribute("data-source")
    held: list[Route] = []

    def asked() -> bool:
        page.wait_for_timeout(20)  # lets Playwright hand the request over
        return bool(held)

    page.route(f"**{source}", lambda route: held.append(route))
    path, headers = f"{server.url}/api/v1/incidents/{incident}/notes", server.machine("supervisor")
    assert page.request.post(path, data={"text": "まえ"}, headers=headers).status == 200
    until(asked, what="the look before the deed, which hears nothing yet")
    page.locator("#note").fill("わたし")
    button = page.locator('[data-id="note"] button')
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        button.click()
    held.pop().continue_()
    until(asked, what="the look after it")
    expect(button).to_have_attribute("aria-disabled", "true")
    held.pop().continue_()
    expect(button).not_to_have_attribute("aria-disabled", "true")
    expect(page.locator(".told")).to_contain_text("わたし")


def test_the_language_switches_and_stays(server: Server, visit: Visit) -> None:
    server.box("counter-01", counter="窓口1")
    page = visit().log_in(server.person()).page
    page.locator(".menu__button").click()
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Calls")
    expect(page).to_have_title("Counters now｜Madomori")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_forced_colours_keep_states_apart_by_word_and_shape(server: Server, visit: Visit) -> None:
    furnish(server)
    page = visit(forced_colors="active").log_in(server.person()).page
    expect(page.locator(".call--emergency .call__level")).to_contain_text("緊急")
    for state in page.locator(".card__state").all():
        assert state.inner_text().strip()
        expect(state.locator("svg").first).to_be_visible()


def test_it_works_without_javascript(server: Server, visit: Visit) -> None:
    server.box("counter-01", counter="窓口1")
    incident = server.press("counter-01")
    visitor = visit(java_script_enabled=False)
    page = visitor.log_in(server.person(name="佐藤"), state=None, typed=True).page
    expect(page.get_by_text("この画面は自動では更新されません。")).to_be_visible()
    page.locator(f'[data-key="{incident}"]').get_by_role("button", name="確認").click()
    expect(page.locator(".call__state")).to_contain_text("確認済み（佐藤）")
    page.goto(f"{server.url}/incidents/{incident}")
    page.locator("#note").fill("紙に書いたとおり")
    page.get_by_role("button", name="書き留める").click()
    expect(page.locator(".told")).to_contain_text("紙に書いたとおり")


def test_a_refusal_is_said_where_people_look(server: Server, visit: Visit) -> None:
    server.box("counter-01", counter="窓口1")
    incident = server.press("counter-01")
    page = visit().log_in(server.person()).page
    page.goto(f"{server.url}/incidents/{incident}")
    expect(page.locator("html")).to_have_attribute("data-live", "live")
    page.locator("#started-at").evaluate("node => { node.removeAttribute('max'); node.value = '2099-01-01T00:00' }")
    page.locator("[data-id=contact-start] button").click()
    expect(page.locator("#trouble")).to_be_visible()
    expect(page.locator("#trouble")).to_contain_text("まだ来ていない時刻です。")


def test_words_improved_after_a_lost_answer_stay_on_the_page_and_are_sent_by_the_next_tap(
    server: Server, visit: Visit
) -> None:
    server.box("counter-01", counter="窓口1")
    incident = server.press("counter-01")
    page = visit().log_in(server.person()).page
    page.goto(f"{server.url}/incidents/{incident}")
    expect(page.locator("html")).to_have_attribute("data-live", "live")

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/notes", lose_the_answer, times=1)
    page.locator("#note").fill("「殴るぞ」と言った")
    note = page.locator('[data-id="note"]')
    note.get_by_role("button").click()
    expect(page.locator("#trouble")).to_contain_text("送れませんでした")
    page.locator("#note").fill("「殴るぞ」と言い、机をたたいた")
    note.get_by_role("button").click()
    expect(page.locator("#trouble")).to_contain_text("今の内容は、まだ受け取っていません")
    expect(page.locator("#note")).to_have_value("「殴るぞ」と言い、机をたたいた")
    note.get_by_role("button").click()
    expect(page.locator("#note")).to_have_value("")
    expect(page.locator("#trouble")).to_be_hidden()
    words = page.locator(".told .told__words")
    expect(words).to_have_text(["「殴るぞ」と言い、机をたたいた", "「殴るぞ」と言った"])
