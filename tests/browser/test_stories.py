"""The same visitor at four cities, lived by people in front of their screens: four courses.

What people do and when is the story that tests/hub_web/test_courses.py tells through the API; here everybody acts
through pages, and the course must be the same to the entry. What each sees at the moments that count is part of it.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from hub.store.schema import visit, visit_call
from hub.wording import TOKYO
from tests.browser.city import City
from tests.browser.story import API_GOLDEN, GOLDEN, OWN_OF_THE_BOX, Browsers, Person, Story

pytestmark = pytest.mark.browser

CITIES = ("shinagawa", "setagaya", "sapporo", "yurihonjo")
COUNCIL = ["所属長 鈴木", "係長級 佐藤"]


@pytest.fixture(scope="module")
def city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A running city; its stories follow each other, each at a counter of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hub.web.api.stream.HEARTBEAT_S", 0.2)  # pages learn at once that the clock was moved
        with City(tmp_path_factory.mktemp(request.param) / "site", request.param) as running:
            yield running


@pytest.fixture(scope="module")
def browsers(chromium: Browser, city: City) -> Iterator[Browsers]:
    """The screens of `city`."""
    opened = Browsers(chromium, city)
    yield opened
    opened.close()


def at(*names: str) -> pytest.MarkDecorator:
    """In which cities a story is lived."""
    return pytest.mark.parametrize("city", names, indirect=True, scope="module")


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
    supervisor.opens(f"/incidents/{story.incident}").leaves("/").sends("contact-start")
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
        told: dict[str, Any] = (
            {"announcer": "鈴木", "acknowledged": "yes"} if story.profile.ladder.stop.announcer else {}
        )
        head.sends(f"step-{step}", by_keyboard=True, **told)
    elif step == "leave":
        for place in range(story.profile.ladder.leave.count or 1):
            is_ordered_to_leave(story, first=place == 0)
    elif step == "final":
        story.at_the_incident("building_manager", "高橋").sends(f"step-{step}", by_keyboard=True)
    else:
        head.sends(f"step-{step}", by_keyboard=True)


def is_ordered_to_leave(story: Story, *, first: bool) -> None:
    """The visitor does not stop; whoever may order them to leave is told, waits the interval, and orders."""
    leave = story.profile.ladder.leave
    story.person("supervisor", "佐藤").sends("tap-cease_refused")
    if first and leave.report_first_to and leave.issuer[0] not in leave.report_first_to:
        story.at_the_incident("section_head", "鈴木").sends("manager-leave")  # the hub knows no contact to tell
    story.passes(leave.interval_minutes or 0)
    may = story.profile.roles[leave.issuer[0]]
    orders = story.at_the_incident(may, "高橋" if may == "building_manager" else "鈴木")
    story.looks(orders)
    ground: dict[str, Any] = {"ground": leave.grounds[4]} if leave.grounds else {}
    orders.sends("step-leave", **ground)


def ends(story: Story) -> None:
    """The contact is over: judged by several where the city asks for it, reported, closed."""
    head = story.at_the_incident("section_head", "鈴木")
    head.sends("contact-end")
    story.looks(story.person("staff", "田中"), head)
    judges(head, story, "harassment", COUNCIL, acts=["hold"])
    affairs = story.at_the_incident("general_affairs", "伊藤")
    to: dict[str, Any] = {} if story.profile.report.to else {"to": "所属長"}
    affairs.sends("report", **to, circumstances="窓口で、証明書の交付について", course="大声が続いた", outcome="帰った")
    head.sends("close", outcome="harassment", prevention="二人で出る")
    story.looks(head, affairs)


def judges(person: Person, story: Story, finding: str, persons: list[str], **more: Any) -> None:
    """Fill in all that this city's judgement asks for."""
    rules = story.profile.judgement
    words: dict[str, Any] = {
        str(name): "大声が続いた" for name in ("content", "manner", "time", "means") if name in rules.elements
    }
    asked = {"nuisance": "yes", "harm": "yes", "average_employee": "yes", "dropped": "no"}
    answers: dict[str, Any] = {name: said for name, said in asked.items() if name in (*rules.elements, *rules.tests)}
    if "environment" in rules.tests:
        words["environment"] = "隣の窓口も止まった"
    person.sends("judge", finding=finding, persons=persons, **words, **answers, **more)


@at(*CITIES)
def test_each_citys_course_can_be_lived_through_pages(city: City, browsers: Browsers) -> None:
    story = Story(city, browsers, "course")
    lived(story)
    told = story.is_as_agreed()
    known = json.loads((API_GOLDEN / f"{story.profile.meta.id}.json").read_text("utf-8"))
    people = [line for line in told["timeline"] if line[4:].split()[0] not in OWN_OF_THE_BOX]
    assert people == known["timeline"]
    assert (told["state"], told["outcome"]) == ("closed", "harassment")
    assert city.told_to(story.box, story.incident)[:2] == ["seen", "responder.coming"]


def test_no_two_cities_show_people_the_same() -> None:
    seen = {name: json.loads((GOLDEN / f"{name}-course.json").read_text("utf-8"))["seen"] for name in CITIES}
    assert len({tuple(lines) for lines in seen.values()}) == len(CITIES)


# --- other visitors --------------------------------------------------------------------------------------------------


def begins(city: City, browsers: Browsers, name: str, box: str, level: str = "assist") -> tuple[Story, Person, Person]:
    """A press, a worker who reads the page beside the counter, and a supervisor who has come."""
    story = Story(city, browsers, name, box)
    worker = story.at_the_counter()
    story.presses(level)
    story.looks(worker)
    supervisor = story.at_the_incident("supervisor", "佐藤").taps("向かいます").sends("contact-start")
    return story, worker, supervisor


@at("shinagawa", "setagaya")
def test_shi_19_set_09_violence_goes_to_guards_and_police_and_leaves_a_record_of_the_damage(
    city: City, browsers: Browsers
) -> None:
    level = "emergency" if city.rules.rules.meta.id == "shinagawa" else "assist"
    story, worker, supervisor = begins(city, browsers, "violence", "counter-02", level)
    supervisor.sends("act", act="violence")
    guard = story.at_the_incident("guard", "小林")
    story.looks(worker, guard)
    if level == "assist":  # the mark called everybody anew, as the button does: whoever was coming says so again
        supervisor.taps("向かいます")
    story.passes(1)
    worker.sends("police")
    story.passes(6)
    supervisor.sends("mark", mark="police_arrived").sends("mark", mark="recording_shown")
    supervisor.sends("mark", mark="removal_wished").sends("mark", mark="injury", text="右手を打った")
    story.looks(worker, supervisor)
    story.passes(3)
    supervisor.sends("mark", mark="may_return")
    worker.sends("tap-visitor_left").sends("contact-end")
    head = story.at_the_incident("section_head", "鈴木")
    story.looks(worker, head)
    story.at_the_incident("staff", "田中").sends("damage", how="カウンター越しに手をつかまれた", broken="番号札の台")
    head.sends("check-doctor_seen", text="午後に受診")
    judges(head, story, "harassment", COUNCIL)
    head.is_refused("close", "誰に共有したか", outcome="harassment", prevention="台を固定する")
    head.sends("close", outcome="harassment", prevention="台を固定する", shared_with="総務課")
    told = story.is_as_agreed()
    assert ("notified why=guards" in " ".join(told["timeline"])) == bool(story.profile.guards.alert_types)


@at("shinagawa", "sapporo")
def test_shi_25_a_refused_recording_is_decided_as_the_city_says(city: City, browsers: Browsers) -> None:
    story, worker, _ = begins(city, browsers, "refusal", "counter-03")
    worker.sends("tap-recording_refused")
    head = story.at_the_incident("section_head", "鈴木")
    story.looks(worker, head)
    outcome = "end_talk" if story.profile.recording.refusal == "end_talk" else "without_recording"
    head.sends("decide-recording", outcome=outcome, persons="所属長 鈴木")
    story.passes(2)
    worker.sends("tap-visitor_left").sends("contact-end")
    head.sends("close", outcome="not_harassment")
    story.is_as_agreed()


FILMING = {
    "shinagawa": ("permit_none", "filming_goes_on", "manager_told"),
    "yurihonjo": ("permit_none", "filming_stopped"),
    "sapporo": (),
}
"""What the visitor who films does, city by city."""


@at("shinagawa", "sapporo", "yurihonjo")
def test_shi_29_yur_04_filming_is_answered_by_the_rule_of_the_house(city: City, browsers: Browsers) -> None:
    story, worker, supervisor = begins(city, browsers, "filming", "counter-04")
    worker.sends("tap-filming")
    story.looks(worker, supervisor)
    for answer in FILMING[story.profile.meta.id]:
        supervisor.sends(f"filming-{answer}")
        story.looks(supervisor)
    if "manager_told" in FILMING[story.profile.meta.id]:
        manager = story.at_the_incident("building_manager", "高橋")
        story.looks(manager)
        manager.sends("step-leave", ground="no_permit_or_breach", reason="撮影をやめない")
        supervisor.sends("filming-filming_stopped")
        story.looks(supervisor)
    worker.sends("tap-visitor_left").sends("contact-end")
    story.at_the_incident("section_head", "鈴木").sends("close", outcome="not_harassment")
    story.is_as_agreed()


@at("setagaya")
def test_a_false_press_is_over_with_one_form_and_the_counter_is_free(city: City, browsers: Browsers) -> None:
    story = Story(city, browsers, "false-press", "counter-05")
    worker = story.at_the_counter()
    story.presses()
    supervisor = story.at_the_incident("supervisor", "佐藤")
    supervisor.sends("false-press", text="ひじが当たった")
    story.looks(worker, supervisor)
    expect(worker.page.locator(".companion__state")).to_contain_text("呼び出しはありません。")
    story.is_as_agreed()
    assert "recording.stop" in city.told_to(story.box, story.incident)


@at("shinagawa", "sapporo")
def test_shi_37_sap_05_a_hard_case_short_of_harassment_reaches_whom_the_city_names(
    city: City, browsers: Browsers
) -> None:
    story, worker, _ = begins(city, browsers, "near-miss", "counter-06")
    story.passes(20)
    worker.sends("tap-visitor_left").sends("contact-end")
    head = story.at_the_incident("section_head", "鈴木")
    judges(head, story, "near_miss", COUNCIL)
    head.is_refused("close", "同じことを繰り返さないために何をするか", outcome="near_miss")
    affairs = story.at_the_incident("general_affairs", "伊藤")
    story.looks(affairs)
    assert affairs.form("report").locator('[name="to"]').input_value() == story.profile.report.to[0]
    affairs.sends("report", circumstances="窓口で、給付について", course="同じ求めが続いた", outcome="説明して終えた")
    head.sends("close", outcome="near_miss", prevention="説明の紙を作る")
    story.looks(head)
    story.is_as_agreed()


@at("shinagawa")
def test_shi_02_shi_13_when_the_head_is_absent_deputies_decide_and_say_so(city: City, browsers: Browsers) -> None:
    story, worker, supervisor = begins(city, browsers, "absent-head", "counter-07")
    worker.sends("tap-stalemate")
    story.passes(16)
    deputies = ["庶務担当係長 佐藤", "係長級 山田"]
    said: dict[str, Any] = {
        "circumstances": list(story.profile.clock.circumstances),
        "persons": deputies,
        "outcome": "stop",
    }
    supervisor.is_refused("decide-stop", "所属長", **said)
    supervisor.sends("decide-stop", head_absent="yes", **said)
    supervisor.sends("step-stop", announcer="佐藤", acknowledged="yes", reason="すでに注意した")
    story.looks(worker, supervisor)
    worker.sends("tap-visitor_left").sends("contact-end")
    judges(supervisor, story, "harassment", deputies, acts=["hold"], head_absent="yes")
    supervisor.sends(
        "close", outcome="harassment", prevention="所属長の代わりを決めておく", not_shared="所属長が戻ってから報告する"
    )
    story.is_as_agreed()


@at("shinagawa")
def test_shi_12_a_visit_without_word_calls_the_office_until_somebody_answers(city: City, browsers: Browsers) -> None:
    story = Story(city, browsers, "visit", "counter-08")
    worker, supervisor = story.person("staff", "田中"), story.person("supervisor", "佐藤")
    agreed = (city.time.at.astimezone(TOKYO) + timedelta(minutes=20)).strftime("%Y-%m-%dT%H:%M")
    plan = worker.context.new_page()
    plan.goto(f"{city.url}/visits")
    for name, value in {"#place": "中央二丁目", "#name-0": "田中", "#name-1": "山本", "#contact": "佐藤"}.items():
        plan.locator(name).fill(value)
    plan.locator("#box").select_option(story.box)
    plan.locator("#limit").fill("30")
    plan.locator("#checkin-0").fill(agreed)
    plan.get_by_role("button", name="この予定で決める").click()
    # Chromium forgets to close a tab whose next page is only arriving; Playwright would wait for it without end
    # (microsoft/playwright#41900).
    plan.wait_for_url("**/visits/*")
    (planned,) = city.rows(visit)
    plan.close()
    worker.opens(f"/visits/{planned.id}/team").sends("tap-left").sends("tap-arrived")
    expect(worker.page.locator("#card-offsite")).to_be_visible()
    supervisor.opens("/")
    story.passes(24)
    expect(supervisor.page.locator(".call")).to_have_count(0)
    expect(worker.page.locator(".companion__state")).to_contain_text("の連絡を待っています")
    story.passes(3)
    (call,) = city.rows(visit_call)
    story.incident = call.incident
    expect(supervisor.page.locator(".call")).to_contain_text("訪問")
    supervisor.taps("確認").taps("向かいます")
    supervisor.opens(f"/visits/{planned.id}").leaves("/").taps("無事を確かめた")
    worker.sends("tap-ended").sends("tap-back")
    story.at_the_incident("supervisor", "佐藤")
    story.looks(supervisor)
    supervisor.sends("false-press", text="電話の電池が切れていた")
    story.is_as_agreed()
    assert city.told_to(story.box, story.incident) == [], "the unit's box has nothing to do with it"


@at("setagaya")
def test_set_19_set_21_a_post_is_reported_kept_and_taken_step_by_step(city: City, browsers: Browsers) -> None:
    story = Story(city, browsers, "post", "counter-09")
    worker = story.person("staff", "田中")
    found = worker.context.new_page()
    found.goto(f"{city.url}/posts")
    found.locator("#service").select_option("x")
    found.locator("#box").select_option(story.box)
    found.locator("#situation").fill("窓口の職員の姓と悪口が書かれている")
    found.get_by_role("button", name="案件を作る").click()
    found.wait_for_url("**/incidents/*")
    story.incident = found.url.rsplit("/", 1)[-1]
    found.close()
    head = story.at_the_incident("section_head", "鈴木")
    story.looks(head)
    head.sends("post-step-verify", words="本人に聞き、事実ではないと確かめた")
    head.sends("evidence-words", address="https://x.example/1", verbatim="あの窓口の田中は", provider="X 窓口")
    head.sends("post-step-preserve").sends("post-step-police", damage_report="later").sends("post-step-lawyer")
    head.sends("meeting", text="広がり方と、公表するかどうか")
    story.looks(head)
    affairs = story.person("general_affairs", "伊藤").context.new_page()
    affairs.goto(f"{city.url}/tasks")
    expect(affairs.locator("main")).to_contain_text("緊急対策会議を開くかを決める")
    affairs.close()
    story.is_as_agreed()
