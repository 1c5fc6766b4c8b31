"""An answer promised by a day, and whom to consult: tasks of an incident that the next contact finds too."""

import re
from typing import Any

from hub.store.schema import timeline
from tests.hub_web.conftest import Hub


def post(hub: Hub, incident: str, deed: str, body: Any, role: str = "supervisor") -> Any:
    return hub.client().post(f"/api/v1/incidents/{incident}/{deed}", json=body, headers=hub.machine(role))


ANSWER = {"what": "answer", "on": "2026-11-30", "text": "文書で答える"}
CONSULT = {"what": "consult", "on": "2026-11-24", "unit": "弁護士"}


def test_shi_38_a_promised_answer_is_a_task_with_its_day_also_while_the_contact_goes_on(hub: Hub) -> None:
    incident = hub.press()
    browser = hub.signed_in("section_head")
    form = {"csrf_token": browser.csrf, "next": "/", "unit": "", **ANSWER}
    assert browser.client.post(f"/incidents/{incident}/promises", data=form).status_code == 303
    (entry,) = hub.rows(timeline, kind="promised")
    assert (entry.text, entry.data) == ("文書で答える", {"task": "answer:1", "what": "answer", "on": "2026-11-30"})
    assert "約束した回答をする" in browser.get("/tasks").text.split('id="coming"')[1]
    assert "2026年11月30日 まで" in browser.get(f"/incidents/{incident}").text
    feed = hub.client().get("/tasks.ics", headers=hub.machine("section_head")).text
    assert "DTSTART:20261130T000000Z" in feed
    assert "文書で" not in feed
    hub.time.moves(days=10)
    overdue = hub.sees("section_head", "/tasks").text.split('id="coming"')[0]
    assert "約束した回答をする" in overdue


def test_shi_38_a_consultation_names_its_office_and_is_done_like_other_tasks(hub: Hub) -> None:
    incident = hub.press(state="closed", closed_at=hub.time(), outcome="not_harassment", contact_ended_at=hub.time())
    assert post(hub, incident, "promises", {"what": "consult", "on": "2026-11-24"}).json["errors"][0]["field"] == "unit"
    assert post(hub, incident, "promises", CONSULT).json["state"] == "closed"
    page = hub.sees("supervisor", "/tasks").text
    assert "相談する" in page.split('id="coming"')[1]
    assert "弁護士" in page
    held = hub.client().get(f"/api/v1/incidents/{incident}", headers=hub.machine()).json["holds"]
    assert [(hold["reason"], hold["ref"]) for hold in held] == [("promise", "2026-11-24")]
    after = post(hub, incident, "tasks", {"task": "consult:1"}).json
    assert after["holds"] == []
    assert "弁護士" not in hub.sees("supervisor", "/tasks").text.split('id="done"')[0].split('id="load')[0]


def test_shi_38_the_next_contact_of_the_case_finds_what_was_promised(hub: Hub) -> None:
    first = hub.press()
    for deed, body in (("case", {"case": "R8-0012"}), ("promises", ANSWER), ("promises", CONSULT)):
        assert post(hub, first, deed, body).status_code == 200
    assert post(hub, first, "tasks", {"task": "consult:2"}).status_code == 200
    hub.time.moves(days=2)
    later = hub.press("counter-01")
    case = post(hub, later, "case", {"case": "R8-0012"}).json["case"]
    assert [(one["what"], one["on"], one["incident"]) for one in case["promises"]] == [("answer", "2026-11-30", first)]
    for path in (f"/incidents/{later}", "/companion/counter-01"):
        assert "文書で答える" in hub.sees("staff", path).text


def test_shi_38_after_threats_the_page_names_whom_to_consult_and_takes_a_day_for_it(hub: Hub) -> None:
    incident, asked = hub.press(), "次の先への相談を考え"
    for act in ("threat", "sexual", "repeat"):
        post(hub, incident, "mark", {"mark": "act", "act": act})
    assert asked not in hub.sees("supervisor", f"/incidents/{incident}").text, "first the contact"
    post(hub, incident, "contact", {"action": "ended"})
    browser = hub.signed_in("supervisor")
    page = browser.get(f"/incidents/{incident}").text
    assert asked in page
    forms = re.findall(
        r'data-id="consult-\d".*?name="what" value="(\w+)".*?name="unit" value="([^"]+)"', page, re.DOTALL
    )
    assert forms == [("consult", unit) for unit in ("警察", "コンプライアンス推進指導員", "外部弁護士")]
    assert "route--now" in page
    for what, unit in forms[:2]:
        form = {"csrf_token": browser.csrf, "next": "/", "what": what, "unit": unit, "on": "2026-11-24"}
        assert browser.client.post(f"/incidents/{incident}/promises", data=form).status_code == 303
    assert asked not in browser.get(f"/incidents/{incident}").text
    assert [row.data["unit"] for row in hub.rows(timeline, kind="promised")] == [unit for _, unit in forms[:2]]


def test_a_promise_lies_within_a_year_of_the_press(hub: Hub) -> None:
    incident = hub.press()
    for on in ("2026-11-20", "2027-11-21"):
        assert post(hub, incident, "promises", {**ANSWER, "on": on}).status_code == 200, on
    refused: tuple[Any, ...] = ("2026-11-19", "2027-11-22", "soon", 5)
    for wrong in refused:
        answer = post(hub, incident, "promises", {**ANSWER, "on": wrong})
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "on"), wrong


def test_shi_38_a_promise_in_a_drill_is_no_task_and_holds_nothing(hub: Hub) -> None:
    incident = hub.press(drill=True, state="closed", closed_at=hub.time(), outcome="drill")
    assert post(hub, incident, "promises", ANSWER).json["holds"] == []
    assert "約束した回答をする" not in hub.sees("section_head", "/tasks").text


def test_who_may_promise(hub: Hub) -> None:
    incident = hub.press()
    for role, may in (("staff", True), ("guard", True), ("general_affairs", True), ("auditor", False)):
        assert (post(hub, incident, "promises", ANSWER, role).status_code == 200) is may, role
