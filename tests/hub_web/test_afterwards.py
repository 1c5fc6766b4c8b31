"""What becomes known after the close, who may read what was written about harm, and finding a case again."""

from collections.abc import Callable
from typing import Any

import pytest

from hub.domain.marks import LATER
from hub.domain.privacy import told_to
from hub.store.schema import alert, command, timeline
from tests.hub_web.conftest import Hub


def post(hub: Hub, incident: str, deed: str, body: Any, role: str = "section_head") -> Any:
    return hub.client().post(f"/api/v1/incidents/{incident}/{deed}", json=body, headers=hub.machine(role))


def closed(hub: Hub) -> str:
    return hub.press(
        state="closed", closed_at=hub.time(), outcome="not_harassment", contact_ended_at=hub.time(), level="emergency"
    )


def test_set_09_what_becomes_known_after_the_close_is_a_further_entry_and_changes_no_state(hub: Hub) -> None:
    incident = closed(hub)
    hub.time.moves(days=2)
    for mark in LATER:
        body = {"mark": mark, "text": "後で分かった"} | ({"act": "violence"} if mark.startswith("act") else {})
        answer = post(hub, incident, "mark", body)
        assert (answer.status_code, answer.json["state"]) == (200, "closed"), mark
    entries = hub.rows(timeline, kind="marked")
    assert [entry.data["mark"] for entry in entries] == list(LATER)
    assert {(entry.text, entry.recorded_at) for entry in entries} == {("後で分かった", hub.time())}
    assert (hub.rows(alert), hub.rows(command)) == ([], [])  # nobody is called for what is over


@pytest.mark.parametrize("state", ["contact_ended", "closed"])
def test_set_03_after_the_judgement_the_act_is_named_to_the_person_and_stands_on_page_and_paper(
    make_hub: Callable[..., Hub], state: str
) -> None:
    hub = make_hub(profile="setagaya")
    incident, tap = hub.press(state="contact_ended", contact_ended_at=hub.time()), 'data-id="act-named"'
    browser = hub.signed_in("section_head")
    assert tap not in browser.get(f"/incidents/{incident}").text
    judged = {"finding": "harassment", "acts": ["hold", "abuse"], "persons": ["所属長 田中"]}
    grounds = {"nuisance": True, "harm": True, "manner": "大声", "content": "理由がない", "time": "40 分"}
    assert post(hub, incident, "judgement", judged | grounds).status_code == 200
    if state == "closed":
        assert (
            post(
                hub, incident, "close", {"outcome": "harassment", "prevention": "x", "shared_with": ["総務課"]}
            ).status_code
            == 200
        )
    browser = hub.signed_in("section_head")
    asked = browser.get(f"/incidents/{incident}").text
    assert tap in asked
    assert "まだ、伝えたという記録がありません" in asked
    hub.time.moves(days=1)
    browser = hub.signed_in("section_head")
    form = {"csrf_token": browser.csrf, "mark": "act_named", "act": "abuse", "at": "2026-11-21T09:15", "next": "/"}
    assert browser.client.post(f"/incidents/{incident}/mark", data=form).status_code == 303
    shown = browser.get(f"/incidents/{incident}").text
    assert "まだ、伝えたという記録がありません" not in shown
    assert shown.count("どの行為が当たるかを相手に伝えた") >= 1
    for form_name in ("report", "record"):
        paper = browser.get(f"/api/v1/incidents/{incident}/report.csv?form={form_name}").data.decode("utf-8-sig")
        row = paper.split("相手に伝えた行為と時刻,")[1]
        assert row.startswith('"暴言・侮辱\n2026年11月21日(土) 09:15'), row[:60]


def test_set_03_a_time_that_came_with_the_judgement_stands_on_page_and_paper_too(hub: Hub) -> None:
    incident = hub.press(state="judged", contact_ended_at=hub.time())
    judged = {
        "finding": "harassment",
        "acts": ["hold"],
        "persons": ["所属長 田中"],
        "act_named_at": hub.time().isoformat(),
    }
    hub.told(incident, "judged", source="person", actor_name="田中", actor_role="section_head", data=judged)
    browser = hub.signed_in("section_head")
    assert "どの行為が当たるかを相手に伝えた 11月20日" in " ".join(browser.get(f"/incidents/{incident}").text.split())
    paper = browser.get(f"/api/v1/incidents/{incident}/report.csv?form=record").data.decode("utf-8-sig")
    assert paper.split("相手に伝えた行為と時刻,")[1].startswith('"長時間の拘束・居座り\n2026年11月20日')


def test_an_entry_carries_the_rules_that_were_applied_and_not_those_that_the_box_had_at_the_press(hub: Hub) -> None:
    old = "sha256:" + "0" * 64
    incident = hub.press(profile_digest=old)
    assert post(hub, incident, "mark", {"mark": "cease_refused"}).status_code == 200
    assert {(one.kind, one.profile_digest) for one in hub.rows(timeline)[1:]} == {
        ("marked", hub.site.profile_digest), ("notified", hub.site.profile_digest)
    }  # fmt: skip
    assert hub.row(incident).profile_digest == old


def test_shi_25_a_refusal_that_nobody_decided_on_is_decided_before_the_close_also_on_the_page(hub: Hub) -> None:
    incident = hub.press(state="contact_ended", contact_ended_at=hub.time())
    assert post(hub, incident, "mark", {"mark": "recording_refused"}).status_code == 200
    refused = post(hub, incident, "close", {"outcome": "not_harassment"})
    assert (refused.status_code, [one["field"] for one in refused.json["errors"]]) == (422, ["decision"])
    page = hub.signed_in("section_head").get(f"/incidents/{incident}").text
    assert 'data-id="decide-recording"' in page
    assert 'data-id="decide-stop"' not in page
    decision = {"about": "recording", "outcome": "without_recording", "persons": ["所属長 鈴木"]}
    assert post(hub, incident, "decisions", decision).status_code == 200
    assert 'data-id="decide-recording"' not in hub.signed_in("section_head").get(f"/incidents/{incident}").text
    assert post(hub, incident, "close", {"outcome": "not_harassment"}).json["state"] == "closed"


def test_shi_40_pressure_by_a_group_has_no_next_step_of_the_ladder(hub: Hub) -> None:
    incident = hub.press()
    browser = hub.signed_in("section_head")
    assert "step--next" in browser.get(f"/incidents/{incident}").text
    assert post(hub, incident, "mark", {"mark": "act", "act": "organised"}).status_code == 200
    assert "step--next" not in browser.get(f"/incidents/{incident}").text


def test_set_08_what_was_left_out_before_the_police_stands_in_the_timeline(hub: Hub) -> None:
    incident = hub.press()
    assert post(hub, incident, "steps", {"step": "warn"}).status_code == 200
    data = post(hub, incident, "steps", {"step": "police"}).json["timeline"][-1]["data"]
    assert data["skipped"] == ["stop", "cease", "leave", "final"]
    assert "伝えずに進んだ段階" in hub.signed_in("section_head").get(f"/incidents/{incident}").text
    urgent = hub.press("counter-01", level="emergency")  # straight to the police is the rule there: nothing is left out
    assert "skipped" not in post(hub, urgent, "steps", {"step": "police"}).json["timeline"][-1]["data"]


def test_clocks_and_calls_are_not_marked_after_the_close(hub: Hub) -> None:
    incident = closed(hub)
    for mark in ("stalemate", "slot_announced", "filming", "urgent", "cease_refused"):
        assert post(hub, incident, "mark", {"mark": mark, "minutes": 30}).status_code == 409


def test_the_page_of_a_closed_incident_offers_what_may_become_known(hub: Hub) -> None:
    incident = closed(hub)
    post(hub, incident, "mark", {"mark": "damage"})
    browser = hub.signed_in("section_head")
    page = browser.get(f"/incidents/{incident}").text
    assert "終了の後に分かったこと" in page
    assert 'value="doctor_seen"' in page  # the checklist can still be ticked
    form = {"csrf_token": browser.csrf, "mark": "doctor_seen", "text": "", "next": "/"}
    assert browser.client.post(f"/incidents/{incident}/mark", data=form).status_code == 303
    assert hub.row(incident).state == "closed"
    assert "終了の後に分かったこと" not in hub.sees("auditor", f"/incidents/{incident}").text


HARM = (
    {"kind": "statement", "verbatim": "ばか", "how": "手が震えた", "text": "眠れない", "note_taker": "高橋"},
    {"kind": "damage", "how": "机を蹴られた", "hurt": "右手の打ち身", "broken": "いす"},
)


READS = {
    "supervisor": True, "section_head": True, "general_affairs": True, "staff": False, "guard": False,
    "building_manager": False, "evidence_custodian": False, "administrator": False, "auditor": False,
}  # fmt: skip


def test_shi_39_words_about_harm_are_for_carers_and_judges_and_others_see_that_they_exist(hub: Hub) -> None:
    incident = hub.press()
    for account in HARM:
        assert post(hub, incident, "accounts", account).status_code == 200
    for role, reads in READS.items():
        _reads(hub, incident, role, reads)


def _reads(hub: Hub, incident: str, role: str, reads: bool) -> None:
    found = hub.client().get(f"/api/v1/incidents/{incident}", headers=hub.machine(role))
    page = hub.sees(role, f"/incidents/{incident}").text.split('id="told-title"')[1]
    for words in ("手が震えた", "眠れない", "右手の打ち身"):
        assert (words in found.text) is reads, words
        assert (words in page) is reads, words
    told = [entry["data"] for entry in found.json["timeline"] if entry["kind"] == "account"]
    assert [data["kind"] for data in told] == ["statement", "damage"]
    assert ("withheld" in told[0]) is not reads
    assert "いす" in page  # what was broken is nobody's health
    assert ("支える人と判断する人だけが読めます" in page) is not reads


def test_shi_39_a_form_made_by_somebody_else_holds_no_word_about_harm(hub: Hub) -> None:
    incident = hub.press()
    for account in HARM:
        post(hub, incident, "accounts", account)
    for role, reads in (("building_manager", False), ("general_affairs", True)):
        path = f"/api/v1/incidents/{incident}/report.csv?form=police"
        text = hub.client().get(path, headers=hub.machine(role)).text
        assert ("右手の打ち身" in text) is reads, text


def test_shi_40_what_a_reader_may_not_know_is_taken_out_and_nothing_else() -> None:
    record = {"kind": "record", "how": "x", "verbatim": "y"}
    assert told_to("guard", "account", "z", record) == ("z", record)
    assert told_to("guard", "marked", "", {"mark": "doctor_seen", "private": True}) is None
    assert told_to("staff", "disclosure", "", {"number": "D2026-0001"}) is None
    assert told_to("", "account", "z", {"kind": "statement", "how": "x"}) == (
        "", {"kind": "statement", "withheld": ["text"]},
    )  # fmt: skip


def test_a_case_is_found_again_by_its_number_however_it_is_typed(hub: Hub) -> None:
    first, other = hub.press(), hub.press("counter-01")
    post(hub, first, "case", {"case": "R8-0012"})
    headers = hub.machine("staff")
    found = hub.client().get("/api/v1/incidents", query_string={"case": "ｒ８－００１２"}, headers=headers).json
    assert [one["id"] for one in found["incidents"]] == [first]
    wrong = hub.client().get("/api/v1/incidents?case=山田", headers=headers)
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "case")
    browser = hub.signed_in("staff")
    page = browser.get("/incidents?state=open,closed&case=R8-0012").text
    assert f"/incidents/{first}" in page
    assert f"/incidents/{other}" not in page
    assert f"/incidents/{other}" in browser.get("/incidents?state=open&case=").text


PARTLY = "こちらも記録していますが、全部ではありません"


@pytest.mark.parametrize(("began", "words", "card"), [
    ({"video": True, "audio": True}, "こちらも録音・録画しています", "録音と録画をしております"),
    ({"video": False, "audio": True}, PARTLY, "正確を期すため、録音しております"),
    ({"video": True, "audio": False}, PARTLY, "撮影の許可"),
    (None, "こちらも記録できます", "正確を期すため、書いて記録しております"),
])  # fmt: skip
def test_shi_31_while_the_visitor_films_the_counter_is_told_of_its_own_recording_as_it_is(
    hub: Hub, began: dict[str, bool] | None, words: str, card: str
) -> None:
    incident = hub.press(hub.box())
    if began is not None:
        hub.told(incident, "recording.started", data={"pre_roll_ms": 0, **began})
    companion, browser = "/companion/counter-01", hub.signed_in("staff")
    assert words not in browser.get(companion).text
    post(hub, incident, "mark", {"mark": "filming"}, "staff")
    page = browser.get(companion).text
    assert words in page
    assert card in page
    assert ("あなたの言葉も残り" in page, "言葉は残りません" in page) == (
        bool(began and began["audio"]), began == {"video": True, "audio": False},
    )  # fmt: skip
    assert ("録音と録画をしております" in page) is (began == {"video": True, "audio": True})
    assert "撮影の許可を受けているかを尋ねてください" in page
    post(hub, incident, "mark", {"mark": "filming_stopped"}, "staff")
    assert words not in browser.get(companion).text
