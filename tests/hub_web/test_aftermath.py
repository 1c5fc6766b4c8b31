"""After a contact, on the pages: whom to tell, the damage, where to turn, and what comes next while somebody films."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from hub.domain.permissions import Role
from hub.store.schema import alert, timeline
from tests.hub_web.conftest import Hub

DAMAGE = 'data-id="damage"'
CHECKLIST = 'id="check-doctor_seen"'


def post(hub: Hub, incident: str, deed: str, body: Any, role: str = "section_head") -> Any:
    answer = hub.client().post(f"/api/v1/incidents/{incident}/{deed}", json=body, headers=hub.machine(role))
    assert answer.status_code == 200, answer.text
    return answer.json


def page(hub: Hub, incident: str, role: str = "section_head") -> str:
    return str(hub.signed_in(role).get(f"/incidents/{incident}").text)


@pytest.mark.parametrize(("profile", "offices"), [
    ("setagaya", ["総務課長", "関係所属", "広報広聴課", "施設管理者", "地域生活安全課", "法務担当副参事"]),
    ("shinagawa", ["コンプライアンス推進指導員", "外部弁護士"]),
    ("sapporo", ["行政監察担当課"]),
])  # fmt: skip
def test_set_16_after_the_contact_the_offices_of_the_city_are_offered_and_one_tap_records_it(
    make_hub: Callable[..., Hub], profile: str, offices: list[str]
) -> None:
    hub = make_hub(profile=profile)
    incident = hub.press()
    assert "誰に知らせるか" not in page(hub, incident)
    post(hub, incident, "contact", {"action": "ended"})
    shown = page(hub, incident)
    for office in offices:
        assert f'name="unit" value="{office}"' in shown
    browser = hub.signed_in("section_head")
    form = {"csrf_token": browser.csrf, "mark": "referred", "unit": offices[0], "text": "対応が難しいとき", "next": "/"}
    assert browser.client.post(f"/incidents/{incident}/mark", data=form).status_code == 303
    entry = hub.rows(timeline, kind="marked")[0]
    assert (entry.data, entry.text) == ({"mark": "referred", "unit": offices[0]}, "対応が難しいとき")
    assert f'name="unit" value="{offices[0]}"' not in page(hub, incident)


@pytest.mark.parametrize("what", [
    ("mark", {"mark": "act", "act": "violence"}), ("mark", {"mark": "act", "act": "threat"}),
    ("mark", {"mark": "act", "act": "crime"}), ("mark", {"mark": "act", "act": "confine"}),
    ("steps", {"step": "police"}), ("mark", {"mark": "police_called"}), ("mark", {"mark": "injury"}),
])  # fmt: skip
def test_set_09_a_plainly_unlawful_act_or_the_police_opens_the_form_for_the_damage(
    make_hub: Callable[..., Hub], what: tuple[str, dict[str, str]]
) -> None:
    hub = make_hub(profile="setagaya")
    incident = hub.press()
    post(hub, incident, "mark", {"mark": "act", "act": "abuse"})
    assert DAMAGE not in page(hub, incident)
    deed, body = what
    post(hub, incident, deed, body, "supervisor")
    assert DAMAGE in page(hub, incident, "staff")
    assert DAMAGE not in page(hub, incident, "auditor")


def test_set_09_the_damage_is_kept_as_written_and_asks_for_nobodys_words(hub: Hub) -> None:
    incident = hub.press()
    post(hub, incident, "mark", {"mark": "act", "act": "violence"})
    browser = hub.signed_in("staff")
    form = {"csrf_token": browser.csrf, "kind": "damage", "how": "椅子を投げた", "hurt": "", "broken": "窓口の板"}
    assert browser.client.post(f"/incidents/{incident}/accounts", data=form).status_code == 303
    data = hub.rows(timeline, kind="account")[0].data
    assert data == {"kind": "damage", "how": "椅子を投げた", "broken": "窓口の板", "note_taker": "佐藤"}
    shown = page(hub, incident)
    assert "窓口の板" in shown
    assert "そのままの形では残っていません" not in shown


def test_set_10_the_checklist_is_ticked_with_a_word_and_health_is_for_carers_only(hub: Hub) -> None:
    incident = hub.press()
    assert CHECKLIST not in page(hub, incident)
    post(hub, incident, "mark", {"mark": "injury", "text": "手首"})
    shown = page(hub, incident)
    for name in ("doctor_seen", "damage_reported", "accident_reported"):
        assert f'data-id="check-{name}"' in shown
        post(hub, incident, "mark", {"mark": name, "text": "本人と相談した"})
    assert CHECKLIST not in page(hub, incident)
    for role, sees in (("supervisor", True), ("general_affairs", True), ("guard", False), ("staff", False)):
        answer = hub.client().get(f"/api/v1/incidents/{incident}", headers=hub.machine(role)).json
        marks = {entry["data"].get("mark") for entry in answer["timeline"]}
        assert "damage_reported" in marks
        assert ({"doctor_seen", "accident_reported"} <= marks) is sees, role
        assert ("公務災害" in page(hub, incident, role)) is sees, role


def test_sug_03_carers_find_where_to_turn_and_outside_bodies_as_a_reference(hub: Hub) -> None:
    shown = hub.signed_in("general_affairs").get("/tasks").text
    inside, outside = shown.split("庁内で")[1].split("庁外で")
    for name in ("健康相談の窓口", "産業医", "カウンセリング", "職員団体・労働組合", "人事の担当"):
        assert name in inside
    assert "参考" in outside.split("<ul>")[0]
    assert "都道府県労働局" in outside
    assert "かどうかは、それぞれに確かめてください" in outside


def test_shi_41_steps_and_contacts_for_posts_stand_ready(hub: Hub) -> None:
    posts = hub.signed_in("section_head").get("/tasks").text.split("投稿されたとき")[1]
    for words in (
        "削除の申し出",
        "開示",
        "市としての説明",
        "法務局",
        "違法・有害情報相談センター",
        "誹謗中傷ホットライン",
    ):
        assert words in posts
    assert "参考" in posts


def test_shi_29_the_page_leads_through_the_permit_rule_and_keeps_the_terms(hub: Hub) -> None:
    incident = hub.press()
    assert "許可を受けているか" not in page(hub, incident)
    post(hub, incident, "mark", {"mark": "filming"})
    assert "許可を受けているか" in page(hub, incident, "staff")
    post(hub, incident, "mark", {"mark": "permit_none"})
    shown = page(hub, incident)
    assert "経理課長の許可が要る" in shown
    assert "経理課を案内" in shown
    post(hub, incident, "mark", {"mark": "permit_shown", "text": "一階の展示だけ、午前中"})
    assert "一階の展示だけ、午前中" in page(hub, incident)


PERMITS = """
[[contacts]]
id = "keiri"
role = "building_manager"
channel = "webhook"
target = "http://a.example/"
"""


def told_of(hub: Hub, *marks: str) -> list[str]:
    """Why somebody was told, of an incident with these marks; `act` is filming seen as an act."""
    incident = hub.press()
    for mark in marks:
        hub.time.moves(seconds=10)
        post(hub, incident, "mark", {"mark": mark, **({"act": "filming"} if mark == "act" else {})}, "staff")
    sent = sorted(hub.rows(alert, incident=incident), key=lambda row: row.created_at)
    assert {row.contact for row in sent} <= {"keiri"}
    return [row.why for row in sent]


def test_shi_16_who_looks_at_permits_hears_of_filming_and_once_more_when_there_is_none(
    make_hub: Callable[..., Hub],
) -> None:
    hub = make_hub(more=PERMITS)
    seen, none = "filming", "unpermitted"
    assert told_of(hub, "filming", "act", "permit_none", "permit_none") == [seen, none]
    assert told_of(hub, "filming", "permit_shown", "within_terms", "filming", "act") == [seen]
    assert told_of(hub, "filming", "permit_shown", "within_terms", "beyond_terms") == [seen, none]
    assert told_of(hub, "filming", "permit_none", "permit_shown", "beyond_terms") == [seen, none, none]
    assert told_of(hub, "filming", "permit_none", "filming_stopped", "filming", "permit_none") == [seen, none] * 2
    assert told_of(hub, "permit_none") == [none]
    assert told_of(hub, "act", "act") == [seen]


def test_where_the_city_has_no_rule_about_filming_nobody_is_told_of_it(make_hub: Callable[..., Hub]) -> None:
    assert told_of(make_hub(profile="setagaya", more=PERMITS), "filming", "act", "permit_none", "beyond_terms") == []


def test_yur_04_the_page_asks_for_both_exceptions_of_the_ban(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(profile="yurihonjo")
    incident = hub.press()
    post(hub, incident, "mark", {"mark": "filming"})
    shown = page(hub, incident, "staff")
    assert 'data-id="filming-permit_shown"' in shown
    assert 'data-id="filming-no_hindrance"' in shown


@pytest.mark.parametrize("profile", ["setagaya", "sapporo"])
def test_shi_29_a_city_without_a_rule_has_a_tap_for_the_end_of_filming_and_its_words_then_go_away(
    make_hub: Callable[..., Hub], profile: str
) -> None:
    hub = make_hub(profile=profile)
    incident, stopped = hub.press(hub.box()), 'name="mark" value="filming_stopped"'
    post(hub, incident, "mark", {"mark": "filming"})
    words = "撮影の決まりが、市の決まりに見当たりません"
    at_the_counter = hub.sees("staff", "/companion/counter-01").text
    assert stopped in page(hub, incident, "staff")
    assert stopped in at_the_counter
    assert words in at_the_counter
    post(hub, incident, "mark", {"mark": "filming_stopped"}, "staff")
    at_the_counter = hub.sees("staff", "/companion/counter-01").text
    assert words not in at_the_counter
    assert "許可がいるか" not in at_the_counter
    assert "お話を伺います" in at_the_counter


def test_set_10_what_tells_of_health_is_in_no_paper_and_no_figure(hub: Hub) -> None:
    incident = hub.press()
    post(hub, incident, "accounts", {"kind": "damage", "how": "椅子を投げた", "hurt": "職員一人が手首を打った"})
    for name in ("injury", "doctor_seen", "damage_reported", "accident_reported"):
        post(hub, incident, "mark", {"mark": name})
    head = hub.machine("section_head")
    paper = hub.client().get(f"/api/v1/incidents/{incident}/report.csv?form=record", headers=head).text
    assert "手首を打った" in paper
    assert "被害届を出した" in paper
    assert "医師に診てもらった" not in paper
    assert "公務災害" not in paper
    figures = hub.client().get("/api/v1/statistics", headers=head).text
    assert "damage_reported" in figures
    assert "doctor_seen" not in figures
    assert "accident_reported" not in figures


def test_sug_05_a_hard_case_is_closed_in_one_form_that_knows_who_heard_of_it(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(profile="setagaya")
    incident, asked = hub.press(), ('name="shared_with"', 'name="not_shared"')
    post(hub, incident, "contact", {"action": "ended"})
    shown = page(hub, incident)
    assert all(field in shown for field in asked)
    said = {"outcome": "near_miss", "prevention": "二人で出る"}
    headers = hub.machine("section_head")
    refused = hub.client().post(f"/api/v1/incidents/{incident}/close", json=said, headers=headers)
    assert refused.status_code == 422
    assert [(one["field"], bool(one["ja"] and one["en"])) for one in refused.json["errors"]] == [("shared_with", True)]
    post(hub, incident, "mark", {"mark": "referred", "unit": "広報広聴課"})
    shown = page(hub, incident).split('id="close-title"')[1]
    assert not any(field in shown for field in asked)
    assert "共有した先: <bdi>広報広聴課" in shown
    browser = hub.signed_in("section_head")
    form = {"csrf_token": browser.csrf, **said, "next": "/"}
    assert browser.client.post(f"/incidents/{incident}/close", data=form).status_code == 303


def test_sug_05_why_nobody_heard_of_it_stands_in_the_story_and_on_the_paper(hub: Hub) -> None:
    incident = hub.press()
    post(hub, incident, "contact", {"action": "ended"})
    browser = hub.signed_in("section_head")
    form = {"csrf_token": browser.csrf, "outcome": "near_miss", "prevention": "二人で出る", "shared_with": "",
            "not_shared": "係の中で話した", "next": "/"}  # fmt: skip
    assert browser.client.post(f"/incidents/{incident}/close", data=form).status_code == 303
    assert "共有しなかった理由 <q><bdi>係の中で話した" in page(hub, incident)
    paper = hub.sees("section_head", f"/api/v1/incidents/{incident}/report.csv?form=record").text
    assert "係の中で話した" in paper


def test_the_damage_never_stands_in_for_the_record_of_the_contact(hub: Hub) -> None:
    incident = hub.press()
    post(hub, incident, "accounts", {"kind": "record", "how": "三十分、同じ話", "verbatim": "出てこい"})
    post(hub, incident, "accounts", {"kind": "damage", "how": "椅子を投げた"})
    head = hub.machine("section_head")
    paper = hub.client().get(f"/api/v1/incidents/{incident}/report.csv?form=record", headers=head).text
    assert "三十分、同じ話" in paper


# --- where to turn ----------------------------------------------------------------------------------------------------

CARE = """
[[care]]
name = "健康相談室"
telephone = "内線 2345"
hours = "平日 9:00-17:00"
note = "本庁舎 3 階。予約は要りません"
[[care]]
name = "職員組合"
note = "別館 1 階へ"
"""
BLAME = ("落ち度", "責任", "原因", "ミス", "なぜ", "反省", "judg", "blame", "fault", "why")


def care_of(page: str) -> str:
    """The panel with the people to turn to; empty when the page has none."""
    return page.partition('aria-labelledby="care-title"')[2].partition("</section>")[0]


@pytest.mark.parametrize("role", list(Role))
def test_sug_03_after_the_contact_everybody_finds_whom_to_ring_without_opening_a_form(
    make_hub: Callable[..., Hub], role: Role
) -> None:
    hub = make_hub(more=CARE)
    incident = hub.press()
    for path in (f"/incidents/{incident}", "/companion/counter-01"):
        assert not care_of(hub.sees(role, path).text), "while they are there, the words of the moment come first"
    post(hub, incident, "contact", {"action": "ended"})
    for path in (f"/incidents/{incident}", f"/fragments/incidents/{incident}", "/companion/counter-01"):
        panel = care_of(hub.sees(role, path).text)
        seen = panel.partition("<details")[0]
        for words in ("健康相談室", "内線 2345", "平日 9:00-17:00", "本庁舎 3 階", "職員組合", "別館 1 階へ"):
            assert words in seen, (path, words)
        assert "<form" not in panel
        assert "参考" in panel.partition("<details")[2]
        assert "都道府県労働局" in panel.partition("<details")[2]


def test_sug_03_the_words_blame_nobody_in_either_language_and_stand_above_the_forms(
    make_hub: Callable[..., Hub],
) -> None:
    hub = make_hub(more=CARE)
    incident = hub.press()
    post(hub, incident, "contact", {"action": "ended"})
    browser = hub.signed_in("section_head")
    for language in ("ja", "en"):
        browser.post("/preferences", data={"language": language})
        page = browser.get(f"/incidents/{incident}").text
        assert not [word for word in BLAME if word in re.sub(r"<[^>]*>", "", care_of(page)).lower()]
        assert page.index("care-title") < page.index('data-id="account-record"')


def test_sug_03_while_an_emergency_waits_for_the_police_their_telephone_comes_before_it(hub: Hub) -> None:
    incident = hub.press(level="emergency")
    post(hub, incident, "contact", {"action": "ended"})
    page = hub.sees("staff", f"/incidents/{incident}").text
    assert page.index("panel--police") < page.index("care-title")
    post(hub, incident, "steps", {"step": "police"})
    page = hub.sees("staff", f"/incidents/{incident}").text
    assert page.index("care-title") < page.index("panel--police")


def test_sug_03_without_numbers_the_names_stand_there_and_say_whom_to_ask(hub: Hub) -> None:
    incident = hub.press()
    post(hub, incident, "contact", {"action": "ended"})
    panel = care_of(hub.sees("staff", f"/incidents/{incident}").text)
    assert "健康相談の窓口" in panel
    assert "上司か総務に尋ねてください" in panel


def test_sug_03_the_page_at_the_counter_tells_it_for_the_rest_of_the_day_and_not_of_a_press_by_mistake(
    make_hub: Callable[..., Hub],
) -> None:
    hub = make_hub(more=CARE)
    page = "/companion/counter-01"
    mistake = hub.press()
    post(hub, mistake, "mark", {"mark": "false_press"})
    assert not care_of(hub.sees("staff", page).text)
    assert not care_of(hub.sees("staff", f"/incidents/{mistake}").text)
    incident = hub.press()
    post(hub, incident, "contact", {"action": "ended"})
    assert f'href="/incidents/{incident}"' in hub.sees("staff", page).text
    hub.time.moves(hours=7)
    assert care_of(hub.sees("staff", page).text)
    hub.time.moves(hours=2)
    assert not care_of(hub.sees("staff", page).text)
    assert care_of(hub.sees("staff", f"/incidents/{incident}").text), "who opens the incident finds it later too"
    hub.press()
    assert not care_of(hub.sees("staff", page).text)


def test_sug_03_other_programs_can_show_it_too(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(more=CARE)
    found = hub.client().get("/api/v1/care", headers=hub.machine("staff")).json
    assert found["places"] == [
        {
            "name": "健康相談室",
            "telephone": "内線 2345",
            "hours": "平日 9:00-17:00",
            "note": "本庁舎 3 階。予約は要りません",
        },
        {"name": "職員組合", "telephone": None, "hours": None, "note": "別館 1 階へ"},
    ]
    assert "都道府県労働局" in found["outside"]
    assert "健康相談室" in hub.sees("general_affairs", "/tasks").text.split("庁外で")[0]
