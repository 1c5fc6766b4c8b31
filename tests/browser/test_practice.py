"""A new worker at one PC walks through a scenario to its end, and one tap makes a drill real."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from hub.scenario_files import scenarios
from hub.store.schema import incident
from tests.browser.conftest import Visitor
from tests.browser.test_everybody import sideways, violations
from tests.hub_web.serving import Server

pytestmark = pytest.mark.browser


def test_a_new_worker_walks_through_a_scenario_and_looks_back(server: Server, visit: Callable[..., Visitor]) -> None:
    scenario = scenarios()["setagaya-danger"]
    visitor = visit(360, 800, color_scheme="dark").log_in(server.person("staff", "新人"))
    page = visitor.page
    page.goto(f"{server.url}/drills/scenarios")
    page.locator(f'form[action$="{scenario.id}"] button').click()
    scenes = iter(scenario.scenes)
    for scene in scenes:
        expect(page.locator("#scene-title")).to_have_text(scene.title.ja)
        if scene.id == "act":
            break
        expect(page.locator('[aria-disabled="true"]')).to_have_count(0)
        page.get_by_role("button", name=scene.choices[0].label.ja).click()
    assert violations(page) == []
    assert sideways(page) == 0
    (row,) = server.rows(incident)
    expect(page.locator("html")).to_have_attribute("data-live", "live")
    server.told(row.id, "marked", source="person", data={"mark": "act", "act": "threat"})  # on the product's own page
    for scene in scenes:
        expect(page.locator("#scene-title")).to_have_text(scene.title.ja)
        expect(page.locator('[aria-disabled="true"]')).to_have_count(0)  # what was tapped before has arrived
        page.get_by_role("button", name=scene.choices[0].label.ja).click()
    expect(page.locator("h1")).to_have_text("練習の振り返り")
    expect(page.locator(".review__scene--done")).to_have_count(len(scenario.scenes))
    assert violations(page) == []
    assert server.row(row.id).outcome == "drill"


def test_one_tap_on_the_dashboard_makes_a_drill_a_real_call(server: Server, visit: Callable[..., Visitor]) -> None:
    call = server.press(server.box(), drill=True, reach="first", drill_ends_at=server.time() + timedelta(minutes=15))
    page = visit().log_in(server.person("guard", "中村")).page
    expect(page.locator(".call--drill")).to_have_count(1)
    assert violations(page) == []
    page.get_by_role("button", name="訓練ではない。全員を呼ぶ").click()
    expect(page.locator(".call--emergency.call--raised")).to_have_count(1)
    expect(page.locator(".call--drill")).to_have_count(0)
    assert (server.row(call).drill, server.row(call).level) == (False, "emergency")
