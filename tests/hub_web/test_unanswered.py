"""A call that nobody answers for days: its page stays short and quick, and says how often who was told."""

import re
from typing import Any

import pytest
from sqlalchemy import func, select

from hub.contacts import Contact
from hub.domain import escalation
from hub.domain.escalation import Call
from hub.store import alerts
from hub.store.engine import begin_write
from hub.store.ids import new_id
from hub.store.schema import alert
from hub.web.alert_readings import NEWEST
from tests.hub_web.conftest import Hub

CHIEF = Contact(id="chief", role="supervisor", channel="email", target="chief@city.example")
GUARD = Contact(id="guard", role="guard", channel="webhook", target="http://127.0.0.1:9/")


def ring(hub: Hub, call: str, rounds: range, late_s: float = 0.0, failed: str = "") -> None:
    """What the worker writes while nobody answers; the contact `failed` is never reached."""
    rules, known, repeat_s = hub.site.profile.alert, set[str](), hub.site.profile.alert.repeat_s
    with begin_write(hub.engine) as connection:
        for number in rounds:
            seconds = number * repeat_s + late_s
            due = escalation.due(rules, Call(call, "emergency", "raised", seconds), known, [CHIEF, GUARD])
            known |= {one.key for one in due}
            rows = escalation.alert_rows(due, new_id, hub.time())
            entry = escalation.alerted_entry(call, due, hub.time(), hub.site.profile_digest)
            alerts.add(connection, rows, entry)
            for lost in (True, False):
                ids = [row["id"] for row in rows if (row["contact"] == failed) is lost]
                if lost:
                    alerts.failed(connection, ids, "connection refused", None)
                else:
                    alerts.sent(connection, ids, hub.time())
            hub.time.moves(seconds=repeat_s)


def read(hub: Hub, call: str) -> Any:
    return hub.client().get(f"/api/v1/incidents/{call}", headers=hub.machine()).json


def text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_page_of_a_call_of_hours_is_no_longer_than_of_one_of_minutes(hub: Hub) -> None:
    short, long = hub.press(level="emergency"), hub.press(level="emergency")
    ring(hub, short, range(10))
    ring(hub, long, range(300))
    for path in ("/incidents/", "/fragments/incidents/"):
        few, many = (hub.sees("supervisor", path + call).text for call in (short, long))
        assert len(many) < len(few) * 1.05, path
        assert "くり返しの知らせが 298 回あります" in many


def test_the_page_says_of_each_contact_how_far_the_newest_and_all_messages_got(hub: Hub) -> None:
    call = hub.press(level="emergency")
    ring(hub, call, range(1200), failed="guard")
    hub.alerted(call, "guard", "due", contact="guard", channel="webhook", why="guards", sent_at=None)
    page = hub.sees("supervisor", f"/incidents/{call}").text
    lines = [text(one) for one in re.findall(r'<li class="alert alert--.*?</li>', page, re.DOTALL)]
    assert lines == [
        "警備 guard （Webhook） 警備を呼ぶ これから送る",
        "警備 guard （Webhook） 送れなかった connection refused これまでの 1,200 通： 送れなかった 1,200",
        "係長級 chief （メール） 送った 21:41:06 これまでの 1,200 通：送った 1,200",
    ]


def test_what_people_did_stands_between_the_rounds_before_and_after_it(hub: Hub) -> None:
    call = hub.press(level="emergency")
    ring(hub, call, range(20))
    hub.told(call, "noted", source="person", actor_name="佐藤", text="誰も来ない")
    hub.time.moves(seconds=30)
    ring(hub, call, range(20, 50), late_s=3)
    kinds = [(one["kind"], (one["repeats"] or {}).get("count")) for one in read(hub, call)["timeline"]]
    assert kinds == [
        ("alarm.raised", None), ("alerted", None), ("alerted", 18), ("noted", None), ("alerted", None), ("alerted", 28),
    ]  # fmt: skip
    page = text(hub.sees("supervisor", f"/incidents/{call}").text)
    assert re.search(r"28 回あります（.*? から）。 うち 28 回は予定より遅れました（最大 3.0 秒）", page)
    assert page.index("28 回あります") < page.index("誰も来ない") < page.index("18 回あります"), "the newest first"


def test_the_api_tells_the_newest_messages_one_by_one_and_counts_all(hub: Hub) -> None:
    call = hub.press(level="emergency")
    hub.alerted(call, "staff", contact="near", why="urgent")
    hub.time.moves(seconds=1)
    ring(hub, call, range(150), failed="guard")
    shown = read(hub, call)
    with hub.engine.connect() as connection:
        total = connection.execute(select(func.count()).select_from(alert).where(alert.c.incident == call)).scalar_one()
    assert (len(shown["alerts"]), shown["alerts_total"], total) == (NEWEST, 301, 301)
    assert shown["alerts"] == sorted(shown["alerts"], key=lambda one: (one["created_at"], one["stage_s"]))
    assert shown["alerts"][-1]["round"] == 149
    counts = {(one["contact"], one["why"]): (one["total"], one["sent"], one["failed"]) for one in shown["delivery"]}
    assert counts == {("chief", "call"): (150, 150, 0), ("guard", "call"): (150, 0, 150), ("near", "urgent"): (1, 1, 0)}
    assert [one["newest"]["state"] for one in shown["delivery"] if one["contact"] == "near"] == ["sent"], "long ago"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_counts_are_told_in_both_languages(hub: Hub, language: str) -> None:
    call, browser = hub.press(level="emergency"), hub.signed_in()
    browser.post("/preferences", data={"language": language, "next": "/"})
    ring(hub, call, range(40), late_s=3)
    page = text(browser.get(f"/incidents/{call}").text)
    said = {
        "ja": ("くり返しの知らせが 38 回あります", "うち 38 回は予定より遅れました", "これまでの 40 通：送った 40"),
        "en": ("there were 38 repeats (since", "38 of them came late (by 3.0 s", "All 40 so far"),
    }
    for words in said[language]:
        assert words in page, words
