"""The register of disclosure requests: every deed appended, nobody's name, and what it concerns is not deleted."""

from typing import Any

import pytest

from hub.domain.retention import Held
from hub.store import retention
from hub.store.engine import begin_write
from hub.store.schema import disclosure_entry, timeline
from tests.hub_web.conftest import Hub

SAID = {
    "received_on": "2026-11-19", "reference": "情公-0042", "kind": "resident", "wanted": "recording",
    "due_on": "2026-12-03", "handler": "田中",
}  # fmt: skip


def post(hub: Hub, path: str, body: Any, role: str = "evidence_custodian", **headers: str) -> Any:
    return hub.client().post(f"/api/v1{path}", json=body, headers={**hub.machine(role), **headers})


def over(hub: Hub) -> Any:
    """A closed incident: nothing but a request can hold it."""
    incident = hub.press(state="closed", closed_at=hub.time(), outcome="not_harassment", contact_ended_at=hub.time())
    return hub.row(incident)


def received(hub: Hub, **said: Any) -> Any:
    answer = post(hub, "/disclosures", {**SAID, **said})
    assert answer.status_code == 201, answer.text
    return answer.json


def free(hub: Hub, incident: str) -> None:
    with begin_write(hub.engine) as connection:
        retention.require_free(connection, incident)


def test_shi_27_an_open_request_blocks_deletion_until_it_is_closed(hub: Hub) -> None:
    row = over(hub)
    free(hub, row.id)
    request = received(hub, incidents=[row.number])
    with pytest.raises(Held, match=request["number"]):
        free(hub, row.id)
    path = f"/disclosures/{request['id']}"
    assert post(hub, f"{path}/close", {}).status_code == 409  # nothing was decided yet
    assert post(hub, f"{path}/decision", {"outcome": "partial", "text": "第三者の声を除く"}).status_code == 200
    assert post(hub, f"{path}/close", {}).status_code == 409  # nothing was handed over yet
    given = {"on": "2026-11-20", "what": "10:02〜10:31 の写し", "how": "閲覧"}
    assert post(hub, f"{path}/handover", given).json["stage"] == "handed_over"
    with pytest.raises(Held):
        free(hub, row.id)
    assert post(hub, f"{path}/close", {}).json["stage"] == "closed"
    free(hub, row.id)


def test_shi_27_a_request_about_a_case_holds_every_contact_of_it_also_later_ones(hub: Hub) -> None:
    first, later = over(hub), over(hub)
    link = {"case": "R8-0012"}
    assert post(hub, f"/incidents/{first.id}/case", link, "section_head").status_code == 200
    received(hub, case="R8-0012")
    for row in (first, later):
        post(hub, f"/incidents/{row.id}/case", link, "section_head")
        with pytest.raises(Held):
            free(hub, row.id)
    post(hub, f"/incidents/{first.id}/case", {"case": None}, "section_head")  # it was asked for when it belonged there
    with pytest.raises(Held):
        free(hub, first.id)


def test_shi_27_every_change_is_appended_and_nothing_is_overwritten(hub: Hub) -> None:
    row, other = over(hub), over(hub)
    request = received(hub, incidents=[row.number])
    path = f"/disclosures/{request['id']}"
    post(hub, f"{path}/amend", {"due_on": "2026-12-10", "incidents": [other.number], "text": "範囲が広がった"})
    post(hub, f"{path}/decision", {"outcome": "refused", "text": "記録がない"})
    found = post(hub, f"{path}/decision", {"outcome": "full", "text": "見つかった"}).json
    assert (found["due_on"], found["outcome"], found["stage"]) == ("2026-12-10", "full", "decided")
    assert [one["number"] for one in found["incidents"]] == [row.number, other.number]
    assert [(one["kind"], one["text"]) for one in found["entries"]] == [
        ("received", ""), ("amended", "範囲が広がった"), ("decided", "記録がない"), ("decided", "見つかった"),
    ]  # fmt: skip
    assert found["entries"][0]["data"]["due_on"] == "2026-12-03"
    assert {entry.profile_digest for entry in hub.rows(disclosure_entry)} == {hub.site.profile_digest}
    assert [entry.data["what"] for entry in hub.rows(timeline, kind="disclosure", incident=row.id)] == [
        "received", "amended", "decided", "decided",
    ]  # fmt: skip


def test_shi_27_the_incident_page_shows_the_hold_to_those_who_may_know(hub: Hub) -> None:
    row = over(hub)
    number = received(hub, incidents=[row.number])["number"]
    for role, knows in (("section_head", True), ("auditor", True), ("staff", False), ("guard", False)):
        page = hub.sees(role, f"/incidents/{row.id}").text
        assert (number in page) is knows, role
        found = hub.client().get(f"/api/v1/incidents/{row.id}", headers=hub.machine(role)).json
        assert ([hold["ref"] for hold in found["holds"]] == [number]) is knows, role
        assert ("disclosure" in {entry["kind"] for entry in found["timeline"]}) is knows, role


def test_shi_27_a_request_is_kept_from_the_pages_too(hub: Hub) -> None:
    row, browser = over(hub), hub.signed_in("general_affairs", "田中")
    form = {**SAID, "csrf_token": browser.csrf, "once": "a" * 16, "incidents": f" {row.number}、", "case": ""}
    made = browser.client.post("/disclosures", data=form)
    assert made.status_code == 303
    again = browser.client.post("/disclosures", data=form)  # a double click
    assert again.location == made.location
    assert "情公-0042" in browser.get(made.location).text
    deed = {"csrf_token": browser.csrf, "once": "b" * 16, "outcome": "withdrawn", "text": "本人から"}
    assert browser.client.post(f"{made.location}/decision", data=deed).status_code == 303
    assert "取り下げられた" in browser.get("/disclosures").text


def test_shi_27_the_due_day_is_a_task_and_in_the_calendar(hub: Hub) -> None:
    request = received(hub, incidents=[over(hub).number])
    page = hub.sees("general_affairs", "/tasks").text
    assert request["number"] in page
    feed = hub.client().get("/tasks.ics", headers=hub.machine("section_head")).text.replace("\r\n ", "")
    assert request["number"] in feed
    assert "DTSTART:20261203T000000Z" in feed  # nine in the morning in Japan
    assert "0042" not in feed
    assert request["number"] not in hub.client().get("/tasks.ics", headers=hub.machine("supervisor")).text
    own = hub.client().get("/disclosures.ics", headers=hub.machine("evidence_custodian")).text
    assert request["number"] in own  # who keeps recordings looks after nobody, and has no other list
    path = f"/disclosures/{request['id']}"
    post(hub, f"{path}/decision", {"outcome": "withdrawn", "text": "本人から"})
    post(hub, f"{path}/close", {})
    assert request["number"] not in hub.client().get("/tasks.ics", headers=hub.machine("section_head")).text


def test_who_keeps_the_register_and_who_reads_it(hub: Hub) -> None:
    found = received(hub, incidents=[over(hub).number])
    for role, reads, keeps in (
        ("evidence_custodian", True, True), ("general_affairs", True, True), ("section_head", True, True),
        ("auditor", True, False), ("supervisor", False, False), ("staff", False, False), ("guard", False, False),
        ("administrator", False, False), ("building_manager", False, False),
    ):  # fmt: skip
        listed = hub.client().get("/api/v1/disclosures", headers=hub.machine(role))
        assert (listed.status_code == 200) is reads, role
        answer = post(hub, f"/disclosures/{found['id']}/amend", {"text": "電話した"}, role)
        assert (answer.status_code == 200) is keeps, role
        page = hub.sees(role, f"/disclosures/{found['id']}")
        assert (page.status_code == 200, "終えるまで" in page.text) == (reads, reads), role
        assert ("決めたことを書く" in page.text) is keeps, role


WRONG: Any = [
    ({"reference": "山田太郎"}, "reference"),
    ({"incidents": ["2026-999999"]}, "incidents"),
    ({"incidents": [], "case": None}, "file"),
    ({"due_on": "2026-11-01"}, "due_on"),
    ({"received_on": "2027-01-01", "due_on": "2027-02-01"}, "received_on"),
    ({"name": "山田"}, "name"),
    ({"due_on": 5}, "due_on"),
]


def test_a_request_that_cannot_be_meant_is_refused(hub: Hub) -> None:
    row = over(hub)
    for change, field in WRONG:
        answer = post(hub, "/disclosures", {**SAID, "incidents": [row.number], **change})
        assert answer.status_code == 422, change
        assert field in {error["field"] for error in answer.json["errors"]}, change
    assert hub.rows(disclosure_entry) == []


def test_the_same_key_makes_one_request(hub: Hub) -> None:
    row, key, headers = over(hub), {"Idempotency-Key": "k1"}, hub.machine("section_head")
    body = {**SAID, "incidents": [row.number]}
    first, second = (hub.client().post("/api/v1/disclosures", json=body, headers=headers | key) for _ in range(2))
    assert first.json["id"] == second.json["id"]
    other = hub.client().post("/api/v1/disclosures", json={**body, "handler": "鈴木"}, headers=headers | key)
    assert (other.status_code, len(hub.rows(disclosure_entry))) == (422, 1)
    hub.time.moves(days=8)  # now the key is forgotten
    third, again = (hub.client().post("/api/v1/disclosures", json=body, headers=headers | key) for _ in range(2))
    assert first.json["id"] != third.json["id"] == again.json["id"]
