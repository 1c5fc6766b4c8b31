"""Visits on the pages and in the API: planned before they leave, told by one tap, shown to those on duty."""

import re
from datetime import timedelta
from typing import Any

import pytest

from hub.domain import report
from hub.domain.form import Row, Term
from hub.domain.permissions import Role
from hub.store.schema import alert, command, incident, timeline, visit, visit_entry
from hub.web import reports
from tests.hub_web.conftest import Browser, Hub

TEAM = [{"name": "鈴木", "role": "responder"}, {"name": "田中", "role": "note_taker"}]


def planned(hub: Hub, **changed: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "box": hub.box(), "place": "中央二丁目", "team": TEAM, "contact": "佐藤（内線 123）", "limit_minutes": 45,
        "checkins": [(hub.time() + timedelta(minutes=30)).isoformat()],
    }  # fmt: skip
    return said | changed


def post(hub: Hub, path: str, body: Any = None, role: str = "staff", key: str | None = None, **machine: Any) -> Any:
    headers = machine.get("headers") or hub.machine(role, "鈴木")
    headers = headers | ({"Idempotency-Key": key} if key else {})
    return hub.client().post(f"/api/v1/visits{path}", json=body or {}, headers=headers)


def plan(hub: Hub, **changed: Any) -> str:
    answer = post(hub, "", planned(hub, **changed))
    assert answer.status_code == 200, answer.text
    return str(answer.json["id"])


def tell(hub: Hub, id: str, deed: str, role: str = "staff", **said: Any) -> Any:
    answer = post(hub, f"/{id}/{deed}", said, role)
    assert answer.status_code == 200, answer.text
    return answer.json


def main(page: Any) -> str:
    assert page.status_code == 200, page.text
    return str(page.text.split("<main")[1])


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_shi_12_a_plan_is_refused_with_every_problem_at_once(hub: Hub) -> None:
    answer = post(hub, "", planned(hub, limit_minutes=90, checkins=[], team=TEAM[:1]))
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json["errors"]} == {"limit_minutes", "checkins", "team"}
    assert post(hub, "", planned(hub, box="nowhere")).json["errors"][0]["field"] == "box"
    assert hub.rows(visit) == []


def test_a_visit_goes_from_plan_to_debrief_and_keeps_every_word(hub: Hub) -> None:
    id = plan(hub)
    for deed in ("left", "arrived", "checkin", "ended"):
        hub.time.moves(minutes=8)
        tell(hub, id, deed)
    shown = tell(hub, id, "back")
    assert shown["state"] == "back"
    assert [one["state"] for one in shown["checkins"]] == ["met"]
    shown = tell(hub, id, "debrief", "supervisor", text="玄関先で話を聞いた")
    assert [one["kind"] for one in shown["entries"]] == [
        "planned", "left", "arrived", "checked.in", "ended", "back", "debriefed"
    ]  # fmt: skip
    assert shown["entries"][-1]["text"] == "玄関先で話を聞いた"
    assert {row.profile_digest for row in hub.rows(visit_entry)} == {hub.site.profile_digest}
    assert post(hub, f"/{id}/cancel").json["type"].endswith("visit-state")


def test_asking_twice_with_one_key_is_one_plan_and_one_deed(hub: Hub) -> None:
    said, machine = planned(hub), hub.machine("staff")
    first, again = (post(hub, "", said, key="k1", headers=machine).json["id"] for _ in range(2))
    assert first == again
    for _ in range(2):
        post(hub, f"/{first}/trouble", key="k2", headers=machine)
    assert len(hub.rows(visit)) == len(hub.rows(incident)) == 1
    assert post(hub, "", planned(hub, place="別"), key="k1", headers=machine).status_code == 422


@pytest.mark.parametrize(
    ("deed", "roles"),
    [
        ("", {"staff", "supervisor", "section_head", "building_manager", "administrator"}),
        ("/checkin", {"staff", "supervisor", "section_head", "building_manager", "guard", "administrator"}),
        ("/change", {"supervisor", "section_head", "administrator"}),
    ],
)
def test_who_may_plan_tell_and_change(hub: Hub, deed: str, roles: set[str]) -> None:
    id = plan(hub)
    body = {"": planned(hub), "/change": {"reason": "延びた", "limit_minutes": 50}}.get(deed)
    allowed = {role.value for role in Role if post(hub, f"/{id}{deed}" if deed else "", body, role.value).status_code
               == 200}  # fmt: skip
    assert allowed == roles


@pytest.mark.parametrize("somebody_else_s_key_came", [False, True])
def test_a_plan_s_key_is_free_for_another_plan_after_a_week(hub: Hub, somebody_else_s_key_came: bool) -> None:
    machine = hub.machine("staff", "鈴木")
    first = post(hub, "", planned(hub), key="k1", headers=machine).json["id"]
    hub.time.moves(days=8)
    if somebody_else_s_key_came:
        post(hub, f"/{first}/cancel", key="k2", role="supervisor")
    said = planned(hub, place="別の所")
    later, again = (post(hub, "", said, key="k1", headers=machine) for _ in range(2))
    assert (later.status_code, later.json["place"]) == (200, "別の所")
    assert first != later.json["id"] == again.json["id"]
    assert len(hub.rows(visit)) == 2


def test_shi_12_trouble_from_the_phone_is_an_emergency_with_recall_and_debrief_to_do(hub: Hub) -> None:
    id = plan(hub)
    phone = hub.signed_in("staff", "鈴木")
    assert phone.post(f"/visits/{id}/trouble", data={"next": f"/visits/{id}/team"}).status_code == 303
    (call,) = hub.rows(incident)
    assert (call.origin, call.level, call.state, call.counter) == ("visit", "emergency", "raised", "中央二丁目")
    tasks = hub.signed_in("supervisor")
    shown = text(main(tasks.get("/tasks")))
    assert "訪問先から呼び戻す" in shown
    assert "戻った職員から話を聞く" in shown
    tell(hub, id, "back")
    assert "訪問先から呼び戻す" not in text(main(tasks.get("/tasks"))).split("済んだこと")[0]
    tell(hub, id, "debrief", text="無事")
    open_, done = text(main(tasks.get("/tasks"))).split("済んだこと")
    assert "戻った職員から話を聞く" not in open_
    assert "戻った職員から話を聞く" in done


def test_nobody_is_ordered_out_of_a_home_and_the_police_can_always_be_called(hub: Hub) -> None:
    call = tell(hub, plan(hub), "trouble")["calls"][0]["incident"]
    page = hub.signed_in("section_head").get(f"/incidents/{call}").text
    steps = {one["step"]: one["offered"] for one in hub.client().get(
        f"/api/v1/incidents/{call}", headers=hub.machine("section_head")).json["steps"]}  # fmt: skip
    assert steps == {"warn": True, "stop": True, "cease": True, "leave": False, "final": False, "police": True}
    assert 'id="step-leave"' not in page
    assert "電話や訪問では、この段階はありません。" in page
    assert "form=sns" not in page
    refused = hub.client().post(
        f"/api/v1/incidents/{call}/steps", json={"step": "leave"}, headers=hub.machine("building_manager")
    )
    assert (refused.status_code, [one["field"] for one in refused.json["errors"]]) == (422, ["step"])
    police = hub.client().post(f"/api/v1/incidents/{call}/steps", json={"step": "police"}, headers=hub.machine("staff"))
    assert police.status_code == 200, police.text


def test_the_tasks_of_trouble_can_be_done_from_the_list(hub: Hub) -> None:
    id = plan(hub)
    call = tell(hub, id, "trouble")["calls"][0]["incident"]
    headers = hub.machine("supervisor")
    answer = hub.client().post(f"/api/v1/incidents/{call}/tasks", json={"task": "recall:0"}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert [one.data["kind"] for one in hub.rows(timeline, incident=call, kind="task.done")] == ["recall"]


def test_shi_12_found_safe_is_said_by_a_person_and_answers_the_call(hub: Hub) -> None:
    id = plan(hub)
    tell(hub, id, "trouble")
    tell(hub, id, "safe", "supervisor", text="電話で話した")
    (call,) = hub.rows(incident)
    assert (call.state, call.seen_name) == ("seen", "鈴木")
    told = [(one.kind, one.data.get("said"), one.data.get("mark")) for one in hub.rows(timeline, incident=call.id)]
    assert ("visit.told", "safe", None) in told
    assert ("marked", None, "safe") in told


def test_the_unit_s_box_stays_dark_and_is_told_nothing(hub: Hub) -> None:
    id = plan(hub)
    tell(hub, id, "trouble")
    tell(hub, id, "safe", "supervisor")
    assert hub.rows(command) == []
    boxes = hub.client().get("/api/v1/boxes", headers=hub.machine()).json["boxes"]
    assert [one["incident"] for one in boxes] == [None]
    assert "異常なし" in main(hub.signed_in().get("/"))


def test_those_on_duty_see_who_is_out_since_when_and_when_word_comes(hub: Hub) -> None:
    id = plan(hub)
    tell(hub, id, "left")
    hub.time.moves(minutes=10)
    tell(hub, id, "arrived")
    shown = text(main(hub.signed_in().get("/")))
    assert "中央二丁目" in shown
    assert "鈴木・田中" in shown
    assert "次の連絡" in shown
    assert "切り上げまで 45:00" in shown
    tell(hub, id, "back")
    assert "鈴木・田中" not in text(main(hub.signed_in().get("/")))


def test_the_incident_says_that_it_is_a_visit_and_leads_there(hub: Hub) -> None:
    id = plan(hub)
    call = tell(hub, id, "trouble")["calls"][0]["incident"]
    found = hub.client().get(f"/api/v1/incidents/{call}", headers=hub.machine()).json
    assert (found["origin"], found["visit"]) == ("visit", id)
    page = main(hub.signed_in().get(f"/incidents/{call}"))
    assert f'href="/visits/{id}"' in page
    for wrong in ("押した時刻", "箱の録画", "この案件の録画は"):
        assert wrong not in page
    assert 'id="card-offsite"' in page
    assert "に押下" not in main(hub.signed_in().get("/"))


def test_the_forms_say_that_no_button_was_pressed_and_that_it_was_outside(hub: Hub) -> None:
    call = tell(hub, plan(hub), "trouble")["calls"][0]["incident"]
    with hub.client() as client:  # it keeps who asked for as long as it lasts
        client.get(f"/api/v1/incidents/{call}", headers=hub.machine())
        made = report.record(reports.case(call), hub.time())
    rows = {row.name: row for row in made.sections[0].parts if isinstance(row, Row)}
    assert rows["pressed_at"].warning == "of_visit"
    assert rows["place_kind"].values == (Term("PLACES", "offsite"),)


def form(hub: Hub, **changed: Any) -> dict[str, Any]:
    local = (hub.time() + timedelta(hours=9, minutes=30)).strftime("%Y-%m-%dT%H:%M")
    return {
        "box": hub.box(), "place": "中央二丁目", "name": ["鈴木", "田中", ""],
        "role": ["responder", "note_taker", "lookout"], "contact": "佐藤", "limit_minutes": "45",
        "checkins": [local, ""], "once": "abc",
    } | changed  # fmt: skip


def test_the_form_plans_a_visit_and_says_beside_itself_what_is_missing(hub: Hub) -> None:
    browser = hub.signed_in("staff")
    answer = browser.post("/visits", data=form(hub, limit_minutes="90", name=["鈴木"], role=["responder"]))
    assert answer.status_code == 422
    page = text(answer.text.split("<main")[1])
    assert "行く人と役割 ：2 人以上で行きます" in page
    assert "60 分まで" in page
    assert 'value="中央二丁目"' in answer.text, "what was written is not lost"
    answer = browser.post("/visits", data=form(hub))
    assert answer.status_code == 303
    page = text(main(browser.get(answer.headers["Location"])))
    assert "佐藤" in page
    assert "鈴木 （応対する人）" in page


def test_the_team_s_page_needs_no_typing(hub: Hub) -> None:
    id = plan(hub)
    browser = hub.signed_in("staff", "鈴木")
    steps = {"left": "着きました", "arrived": "訪問先を出ました", "ended": "庁舎に戻りました"}
    for deed, offered in steps.items():
        assert browser.post(f"/visits/{id}/{deed}", data={"next": f"/visits/{id}/team"}).status_code == 303
        page = main(browser.get(f"/visits/{id}/team"))
        assert offered in page
        assert "助けて" in page
        assert not re.search(r'<(textarea|input (?!type="hidden"))', page)
        assert "二人で伺い" in page, "what to say at the door is at hand"


def test_a_change_by_the_office_stands_with_its_reason(hub: Hub) -> None:
    id = plan(hub)
    office: Browser = hub.signed_in("supervisor")
    data = {"limit_minutes": "60", "reason": "話が終わらない", "checkins": ["", ""]}
    assert office.post(f"/visits/{id}/change", data=data).status_code == 303
    page = text(main(office.get(f"/visits/{id}")))
    assert "話が終わらない" in page
    assert "45 → 60 分" in page
    assert post(hub, f"/{id}/change", {"limit_minutes": 61, "reason": "x"}, "supervisor").status_code == 422


def test_nothing_of_the_resident_is_asked_for_and_unknown_fields_are_refused(hub: Hub) -> None:
    assert post(hub, "", planned(hub, resident="山田")).status_code == 422
    page = main(hub.signed_in("staff").get("/visits"))
    assert "住所や相手の名前は書きません" in page
    names = set(re.findall(r'name="(\w+)"', page)) - {"csrf_token", "once", "next"}
    assert names == {"box", "place", "case", "about", "name", "role", "contact", "limit_minutes", "checkins"}


def test_a_visit_counts_once_in_the_figures_and_names_no_place(hub: Hub) -> None:
    tell(hub, plan(hub), "trouble")
    page = main(hub.signed_in("section_head").get("/statistics"))
    assert "訪問" in page
    assert "中央二丁目" not in page


def test_the_case_of_the_visit_is_the_case_of_its_call(hub: Hub) -> None:
    tell(hub, plan(hub, case="R8-12"), "trouble")
    (call,) = hub.rows(incident)
    assert call.case_number == "R8-12"
    assert hub.rows(alert) == []  # this site has no contacts; the pages show it
