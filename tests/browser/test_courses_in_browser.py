"""The same visitor at four cities, lived by people in front of their screens: four courses.

What people do and when is the story that tests/hub_web/test_courses.py tells through the API; here everybody acts through
pages, and the course must be the same to the entry. What each sees at the moments that count is part of it.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.city import City
from tests.browser.story import API_GOLDEN, GOLDEN, OWN_OF_THE_BOX, Browsers, Story

pytestmark = pytest.mark.browser

CITIES = ("shinagawa", "setagaya", "sapporo", "yurihonjo")
COUNCIL = ["所属長 鈴木", "係長級 佐藤"]


@pytest.fixture
def city(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[City]:
    monkeypatch.setattr("hub.web.api.stream.HEARTBEAT_S", 0.2)  # pages learn at once that the clock was moved
    with City(tmp_path / "site", request.param) as running:
        yield running


@pytest.fixture
def browsers(chromium: Browser, city: City) -> Iterator[Browsers]:
    """The screens of `city`."""
    opened = Browsers(chromium, city)
    yield opened
    opened.close()


def lived(story: Story) -> None:
    """A visitor who is stuck, shouts and does not leave, and people who keep to the city's rules."""
    worker = story.at_the_counter()
    story.presses()
    story.looks(worker)
    arrives(story)
    story.passes(5)
    is_stuck(story)
    for minutes in (10, 5, 10, 5, 1):
        story.passes(minutes)
        if minutes > 1:
            story.looks(worker, story.at_the_incident("section_head", "鈴木"))
    for step in story.profile.ladder.steps:
        climb(story, step)
        story.passes(2)
    worker.sends("tap-visitor_left")
    story.looks(worker)
    ends(story)


def arrives(story: Story) -> None:
    """The supervisor answers on the dashboard and goes there; the worker reads who comes."""
    worker, supervisor = story.person("staff", "田中"), story.person("supervisor", "佐藤")
    supervisor.opens("/")
    supervisor.taps("確認")
    expect(worker.page.locator(".companion__state")).to_contain_text("佐藤 さんが見ました。")
    supervisor.taps("向かいます")
    expect(worker.page.locator(".companion__state")).to_contain_text("佐藤 さんが向かっています。")
    supervisor.opens(f"/incidents/{story.incident}").sends("contact-start")
    story.looks(worker, supervisor)


def is_stuck(story: Story) -> None:
    worker, supervisor = story.person("staff", "田中"), story.person("supervisor", "佐藤")
    if story.profile.clock.slot:
        worker.sends("tap-slot_announced30")
    else:
        supervisor.sends("slot", minutes=30)
    supervisor.sends("act", act="abuse")
    supervisor.sends("mark", mark="repeat_long_hold")
    worker.sends("tap-stalemate")
    story.looks(worker, supervisor)


def climb(story: Story, step: str) -> None:
    """Say one step, as the page asks for it."""
    head = story.at_the_incident("section_head", "鈴木")
    if step == "police":
        story.person("staff", "田中").sends("police")
    elif step in ("stop", "end", "stop_and_urge"):
        expect(head.page.locator(f'[data-key="{step}"] .hint')).to_contain_text("先に")
        circumstances = list(story.profile.clock.circumstances)
        head.sends("decide-stop", circumstances=circumstances, persons=COUNCIL, outcome="stop")
        story.looks(head)
        told = {"announcer": "鈴木", "acknowledged": "yes"} if story.profile.ladder.stop.announcer else {}
        head.sends(f"step-{step}", by_keyboard=True, **told)
    elif step == "leave":
        for _ in range(story.profile.ladder.leave.count or 1):
            is_ordered_to_leave(story)
    else:
        head.sends(f"step-{step}", by_keyboard=True)


def is_ordered_to_leave(story: Story) -> None:
    """The visitor does not stop; whoever may order them to leave is told, waits the interval, and orders."""
    leave = story.profile.ladder.leave
    story.person("supervisor", "佐藤").sends("tap-cease_refused")
    story.passes(leave.interval_minutes or 0)
    may = story.profile.roles[leave.issuer[0]]
    orders = story.at_the_incident(may, "高橋" if may == "building_manager" else "鈴木")
    story.looks(orders)
    orders.sends("step-leave", **({"ground": leave.grounds[4]} if leave.grounds else {}))


def ends(story: Story) -> None:
    """The contact is over: judged by several where the city asks for it, reported, closed."""
    head = story.at_the_incident("section_head", "鈴木")
    head.sends("contact-end")
    story.looks(story.person("staff", "田中"), head)
    rules = story.profile.judgement
    words = {name: "大声が続いた" for name in ("content", "manner", "time", "means") if name in rules.elements}
    asked = {"nuisance": "yes", "harm": "yes", "average_employee": "yes", "dropped": "no"}
    answers = {name: said for name, said in asked.items() if name in (*rules.elements, *rules.tests)}
    if "environment" in rules.tests:
        words["environment"] = "隣の窓口も止まった"
    head.sends("judge", finding="harassment", acts=["hold"], persons=COUNCIL, **words, **answers)
    affairs = story.at_the_incident("general_affairs", "伊藤")
    to = {} if story.profile.report.to else {"to": "所属長"}
    affairs.sends("report", **to, circumstances="窓口で、証明書の交付について", course="大声が続いた", outcome="帰った")
    head.sends("close", outcome="harassment", prevention="二人で出る")
    story.looks(head, affairs)


@pytest.mark.parametrize("city", CITIES, indirect=True)
def test_each_citys_course_can_be_lived_through_pages(city: City, browsers: Browsers) -> None:
    story = Story(city, browsers, "course")
    lived(story)
    told = story.is_as_agreed()
    known = json.loads((API_GOLDEN / f"{story.profile.meta.id}.json").read_text("utf-8"))
    people = [line for line in told["timeline"] if line[4:].split()[0] not in OWN_OF_THE_BOX]
    assert people == known["timeline"]
    assert (told["state"], told["outcome"]) == ("closed", "harassment")
    assert city.told_to(story.box, story.incident)[:2] == ["seen", "responder.coming"]


def test_no_two_cities_show_people_the_same(subtests: None = None) -> None:
    seen = {name: json.loads((GOLDEN / f"{name}-course.json").read_text("utf-8"))["seen"] for name in CITIES}
    assert len({tuple(lines) for lines in seen.values()}) == len(CITIES)
