"""The page of what is left to do, and who sees what of it."""

from collections.abc import Callable
from typing import Any

import icalendar
import pytest

from hub.store.schema import timeline
from tests.hub_web.conftest import Hub


def ended(hub: Hub, **columns: Any) -> str:
    incident = hub.press()
    headers = hub.machine("section_head")
    hub.client().post(f"/api/v1/incidents/{incident}/contact", json={"action": "ended"}, headers=headers)
    return incident


def done(hub: Hub, incident: str, task: str, role: str = "section_head") -> Any:
    return hub.client().post(f"/api/v1/incidents/{incident}/tasks", json={"task": task}, headers=hub.machine(role))


def test_shi_39_rest_is_asked_for_as_soon_as_the_contact_is_over(hub: Hub) -> None:
    incident, browser = ended(hub), hub.signed_in("section_head")
    page = browser.get("/tasks").text
    assert "対応した職員に休んでもらう" in page.split('id="coming"')[0]
    form = {"csrf_token": browser.csrf, "task": "rest:0", "next": "/tasks"}
    assert browser.client.post(f"/incidents/{incident}/tasks", data=form).status_code == 303
    assert "対応した職員に休んでもらう" not in browser.get("/tasks").text.split('id="coming"')[0]
    hub.time.moves(days=3)
    assert "職員の様子を見る" in hub.signed_in("section_head").get("/tasks").text.split('id="coming"')[0]


def test_shi_39_what_concerns_health_is_shown_to_carers_only(hub: Hub) -> None:
    incident = ended(hub)
    assert done(hub, incident, "care_check:3").status_code == 200
    assert len(hub.rows(timeline, kind="task.done")) == 1
    for role, sees in (("supervisor", True), ("general_affairs", True), ("guard", False), ("auditor", False)):
        answer = hub.client().get(f"/api/v1/incidents/{incident}", headers=hub.machine(role)).json
        assert ("task.done" in {entry["kind"] for entry in answer["timeline"]}) is sees, role
        assert ("するべきことを済ませました" in hub.signed_in(role).get(f"/incidents/{incident}").text) is sees, role


@pytest.mark.parametrize("role", ["staff", "guard", "building_manager", "auditor", "evidence_custodian"])
def test_who_looks_after_nobody_has_no_list(hub: Hub, role: str) -> None:
    incident = ended(hub)
    browser = hub.signed_in(role)
    assert browser.get("/tasks").status_code == 403
    assert "/tasks" not in browser.get("/").text
    assert done(hub, incident, "rest:0", role).status_code == 403


def test_set_20_the_watch_for_posts_goes_on_until_somebody_says_that_it_ends(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(profile="setagaya")
    incident = ended(hub)
    post = {"mark": "act", "act": "online"}
    hub.client().post(f"/api/v1/incidents/{incident}/mark", json=post, headers=hub.machine("section_head"))
    look = "投稿が広がっていないか見る"
    for days in (59, 108):  # each time the last look that is known then, long after eight weeks
        hub.time.moves(days=56)
        assert look in hub.signed_in("general_affairs").get("/tasks").text.split('id="done"')[0]
        assert done(hub, incident, f"sns_watch:{days}", "general_affairs").status_code == 200
    browser = hub.signed_in("general_affairs")
    assert "押すまで、週ごとの見守りは続きます" in browser.get("/tasks").text
    form = {"csrf_token": browser.csrf, "task": "watch_end:0", "next": "/tasks"}
    assert browser.client.post(f"/incidents/{incident}/tasks", data=form).status_code == 303
    assert look not in browser.get("/tasks").text.split('id="done"')[0]
    assert "投稿の見守りを終える" in browser.get(f"/incidents/{incident}").text


def test_a_task_that_the_incident_does_not_have_is_refused(hub: Hub) -> None:
    incident = ended(hub)
    answer = done(hub, incident, "care_check:4")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "task")
    assert done(hub, hub.press(), "rest:0").status_code == 422


def test_the_calendar_holds_what_is_open_and_no_word_about_anybody(hub: Hub) -> None:
    incident = ended(hub)
    note = {"text": "山田さんが大声を出した"}
    hub.client().post(f"/api/v1/incidents/{incident}/notes", json=note, headers=hub.machine("section_head"))
    answer = hub.client().get("/tasks.ics", headers=hub.machine("section_head"))
    assert answer.mimetype == "text/calendar"
    assert answer.text.count("BEGIN:VEVENT") == 4
    assert "職員の様子を見る" in answer.text
    assert "山田" not in answer.text
    assert hub.client().get("/tasks.ics", headers=hub.machine("guard")).status_code == 403


def test_set_13_a_report_without_a_day_is_asked_for_now_and_done_once_somebody_wrote_it_down(
    make_hub: Callable[..., Hub],
) -> None:
    """Setagaya's handbook asks for the report and names no day (SET-23 beside it: rest, and no dates of checks)."""
    hub = make_hub(profile="setagaya")
    incident, browser = ended(hub), hub.signed_in("section_head")
    now = browser.get("/tasks").text.split('id="coming"')[0]
    assert "報告" in now
    assert "期限の決まりはありません" in now
    feed = icalendar.Calendar.from_ical(browser.get("/tasks.ics").text)
    [todo] = feed.walk("VTODO")
    assert "DUE" not in todo
    assert str(todo["SUMMARY"]).startswith("報告を出す")
    assert len(feed.walk("VEVENT")) == 1
    hub.time.moves(days=100)  # nobody has closed it: without a day it does not go away by itself either
    browser = hub.signed_in("section_head")
    assert "期限の決まりはありません" in browser.get("/tasks").text
    report = {"to": ["総務課"], "circumstances": "窓口で", "course": "大声", "outcome": "帰った"}
    path = f"/api/v1/incidents/{incident}/report"
    assert hub.client().post(path, json=report, headers=hub.machine("section_head")).status_code == 200
    page = browser.get("/tasks").text
    assert "期限の決まりはありません" not in page
    assert "報告を出す" in page.split('id="done"')[1]
    assert "VTODO" not in browser.get("/tasks.ics").text


@pytest.mark.parametrize(("profile", "weeks", "task"), [
    ("yurihonjo", 12, "投稿を警察に知らせる"), ("setagaya", 12, "投稿が広がっていないか見る"),
    ("setagaya", 5, "投稿が広がっていないか見る"),
])  # fmt: skip
def test_yur_05_set_20_a_post_that_is_found_long_after_the_contact_leaves_its_tasks(
    make_hub: Callable[..., Hub], profile: str, weeks: int, task: str
) -> None:
    hub = make_hub(profile=profile)
    incident = hub.press(state="closed", outcome="not_harassment", contact_ended_at=hub.time(), closed_at=hub.time())
    hub.time.moves(weeks=weeks)
    assert task not in hub.signed_in("section_head").get("/tasks").text
    post = {"mark": "act", "act": "online"}
    path = f"/api/v1/incidents/{incident}/mark"
    assert hub.client().post(path, json=post, headers=hub.machine("section_head")).status_code == 200
    for _ in range(2):
        assert task in hub.signed_in("section_head").get("/tasks").text
        hub.time.moves(weeks=8)
