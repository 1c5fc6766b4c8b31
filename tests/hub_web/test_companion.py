"""The page beside the counter: what the box shows, how long still, what to say, one tap each."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from hub.store.schema import command, timeline
from tests.hub_web.at_the_counter import does, first_card, one_tap, shown, taps
from tests.hub_web.conftest import Hub

CIRCUMSTANCES = ("age", "disability", "situation", "first_or_continuing")


def test_the_worker_reads_what_the_box_shows(hub: Hub) -> None:
    hub.box()
    assert "呼び出しはありません" in shown(hub) or "画面を見ている人がいません" in shown(hub)
    incident = hub.press("counter-01")
    assert "まだ誰も見ていません" in shown(hub)
    does(hub, incident, "acknowledge")
    assert "佐藤 さんが見ました" in shown(hub)
    does(hub, incident, "respond")
    assert "佐藤 さんが向かっています" in shown(hub)
    does(hub, incident, "contact", action="ended")
    assert "佐藤" not in shown(hub).split("<main")[1]


def test_a_box_that_is_cut_off_says_to_use_the_telephone(hub: Hub) -> None:
    hub.box(presence="offline")
    assert "電話で助けを呼んでください" in shown(hub)


def test_sug_01_an_emergency_asks_first_whether_the_person_is_safe(hub: Hub) -> None:
    hub.box()
    hub.press("counter-01", level="emergency")
    page = shown(hub)
    assert first_card(page) in ("police", "violence")
    first = re.search(r'class="guide__first">([^<]+)<', page)
    assert first is not None
    assert "離れ" in first.group(1) or "安全" in first.group(1)


def test_shi_25_a_refusal_of_recording_shows_its_card_after_one_tap(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    browser = hub.signed_in("staff")
    form = {"csrf_token": browser.csrf, "mark": "recording_refused", "next": "/companion/counter-01"}
    assert browser.client.post(f"/incidents/{incident}/mark", data=form).status_code == 303
    assert first_card(browser.get("/companion/counter-01").text) == "refusal"


def test_the_minutes_left_are_shown_and_the_limit_asks_for_people(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    does(hub, incident, "mark", mark="stalemate")
    assert "あと 15 分" in shown(hub)
    hub.time.moves(minutes=14, seconds=30)
    assert "あと 1 分" in shown(hub)
    hub.time.moves(minutes=1)
    assert "上司と決めてください" in shown(hub)


def test_nothing_on_the_page_needs_typing(hub: Hub) -> None:
    hub.box()
    hub.press("counter-01")
    page = shown(hub).split("<main")[1]
    assert re.findall(r'<(?:input type="text"|input name|textarea|select)', page) == []
    assert page.count("<button") > 8


def test_shi_19_one_tap_notes_that_the_police_were_called(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    browser = hub.signed_in("staff")
    form = {"csrf_token": browser.csrf, "step": "police"}
    assert browser.client.post(f"/incidents/{incident}/steps", data=form).status_code == 303
    assert hub.rows(timeline, incident=incident, kind="step.taken")[0].data["step"] == "police"


@pytest.mark.parametrize("name", ["no-such-box", "..", "a b", "x" * 80])
def test_a_counter_that_does_not_exist_is_not_found(hub: Hub, name: str) -> None:
    assert hub.signed_in().get(f"/companion/{name}").status_code in (404, 308)


def test_every_counter_can_be_chosen(hub: Hub) -> None:
    hub.box("counter-01", "市民課 1番")
    hub.box("counter-02", "国保 2番")
    page = hub.signed_in("staff").get("/companion").text
    assert {"/companion/counter-01", "/companion/counter-02"} <= set(re.findall(r'href="([^"]+)"', page))


def test_shi_13_the_words_that_end_a_talk_wait_until_people_have_decided(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    does(hub, incident, "mark", mark="stalemate")
    hub.time.moves(minutes=16)
    page = shown(hub)
    assert first_card(page) == "stop"
    assert "まだ言わないでください" in page
    assert "上司と決めてください" in page
    decision = {"about": "stop", "persons": ["所属長 鈴木", "係長級 佐藤"], "circumstances": list(CIRCUMSTANCES)}
    does(hub, incident, "decisions", "section_head", outcome="stop", **decision)
    page = shown(hub)
    assert first_card(page) == "stop"
    assert "まだ言わないでください" not in page
    assert "上司と決めてください" not in page


def test_shi_09_when_the_time_that_was_told_is_over_the_words_that_end_it_come_first(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    does(hub, incident, "mark", mark="slot_announced", minutes=30)
    hub.time.moves(minutes=31)
    said = re.search(r"<q>([^<]+)</q>", shown(hub))
    assert said is not None
    assert "お約束の時間になりました" in said.group(1)


def test_after_the_visitor_left_one_tap_ends_the_contact_and_no_clock_runs(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    does(hub, incident, "mark", mark="stalemate")
    assert 'data-id="contact-end"' not in shown(hub)
    does(hub, incident, "mark", mark="visitor_left")
    page = shown(hub)
    assert "foremost" not in page
    assert 'data-id="contact-end"' in page


@pytest.mark.parametrize("danger", [{"mark": "act", "act": "violence"}, {"mark": "act", "act": "danger"}])
def test_shi_19_danger_after_the_visitor_left_brings_the_police_card_back(hub: Hub, danger: dict[str, str]) -> None:
    hub.box()
    incident = hub.press("counter-01")
    does(hub, incident, "mark", mark="visitor_left")
    assert first_card(shown(hub)) == "debrief"
    hub.time.moves(seconds=20)
    does(hub, incident, "mark", **danger)
    page = shown(hub)
    assert first_card(page) == "violence"
    assert page.index("panel--police") < page.index("companion__taps")


def test_shi_23_violence_that_nobody_told_the_police_of_is_not_over_when_the_visitor_left(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01", level="emergency")
    does(hub, incident, "mark", mark="act", act="violence")
    hub.time.moves(seconds=20)
    does(hub, incident, "mark", mark="visitor_left")
    page = shown(hub)
    assert first_card(page) == "police"
    assert "card-violence" in page
    assert page.index("panel--police") < page.index("companion__taps")
    assert {"tap-may_return", "tap-visitor_back"} <= set(taps(page))
    does(hub, incident, "steps", step="police")
    assert first_card(shown(hub)) == "police_arrival"


def test_who_came_back_is_there_again(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    does(hub, incident, "mark", mark="stalemate")
    does(hub, incident, "mark", mark="visitor_left")
    assert 'data-id="tap-visitor_back"' in shown(hub)
    hub.time.moves(minutes=1)
    does(hub, incident, "mark", mark="visitor_back")
    page = shown(hub)
    assert "foremost" in page
    assert 'data-id="tap-visitor_left"' in page
    assert first_card(page) != "debrief"


def test_one_tap_on_a_card_keeps_its_words_and_tells_how_often_they_were_said(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    words = one_tap(shown(hub), "hear")
    for count in (1, 2):
        hub.time.moves(minutes=1)
        does(hub, incident, "mark", mark="said", card="hear", text=words)
        at = (hub.time.at + timedelta(hours=9)).strftime("%H:%M")
        assert f"<span>{count} 回目 {at}" in shown(hub)
    entry = hub.rows(timeline, kind="marked")[-1]
    assert (entry.data["card"], entry.text) == ("hear", words)


def test_shi_28_one_tap_writes_no_words_down_that_may_not_have_been_said(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    does(hub, incident, "mark", mark="act", act="abuse")
    does(hub, incident, "mark", mark="apology_demanded")
    page = shown(hub)
    assert one_tap(page, "hear").split("　") == [
        "初めから、順にお聞かせください。",
        "ご不便をおかけしました。お気持ちはお察しいたします。",
    ]
    assert one_tap(page, "abuse").split("　") == [
        "お声は届いております。落ち着いてお話しいただけますか。",
        "乱暴な言葉を使わずに、お話しください。",
    ]
    assert "誤り" not in one_tap(page, "apology")
    does(hub, incident, "mark", mark="slot_announced", minutes=30)
    hub.time.moves(minutes=31)
    assert one_tap(shown(hub), "slot") == "お約束の時間になりました。今日はお帰りください。"


def test_shi_28_the_record_names_the_card_whose_words_were_said(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    does(hub, incident, "mark", mark="said", card="swap")
    name = "担当を替わる"
    said = hub.sees("supervisor", f"/incidents/{incident}").text.split("カードの言葉を言った")[1].split("told__who")[0]
    assert f'<span class="tag">{name}</span>' in said
    head = hub.machine("section_head")
    table = hub.client().get(f"/api/v1/incidents/{incident}/report.csv?form=record", headers=head).text
    assert name in next(line for line in table.replace("\n", " ").split("\r") if "カードの言葉を言った" in line)


def test_words_that_are_a_step_are_written_down_as_that_step(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    does(hub, incident, "mark", mark="act", act="abuse")
    page = shown(hub)
    assert not re.search(r'name="card" value="(warn|stop|cease|leave|final|police)"', page)
    form = re.search(r'data-id="said-warn".*?name="step" value="(\w+)".*?name="words" value="([^"]+)"', page, re.DOTALL)
    assert form is not None
    does(hub, incident, "steps", step=form.group(1), words=form.group(2))
    assert hub.rows(timeline, kind="step.taken")[-1].text == form.group(2)


def test_shi_27_who_talks_while_both_sides_record_reads_that_their_own_words_can_be_disclosed(hub: Hub) -> None:
    hub.box(recording="recording")
    incident = hub.press("counter-01")
    does(hub, incident, "mark", mark="filming")
    notice = shown(hub).split('id="card-notice"')[1].split("</article>")[0]
    assert "職員の言葉も記録され、開示の求めの対象になる" in notice
    browser = hub.signed_in("staff", "Sato")
    browser.post("/preferences", data={"language": "en", "next": "/"})
    for path in ("/companion/counter-01", f"/incidents/{incident}", "/cards/notice"):
        assert "words are recorded too, and can be disclosed" in browser.get(path).text, path


def test_shi_22_when_the_police_come_the_card_says_what_to_tell_and_each_part_of_it_is_kept(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    does(hub, incident, "mark", mark="act", act="violence")
    assert "card-police_arrival" not in shown(hub)
    does(hub, incident, "steps", "staff", step="police", route="110")
    done = ("police_arrived", "recording_shown", "removal_wished")
    for mark in done:
        page = shown(hub)
        assert first_card(page) in ("violence", "police_arrival")
        card = page.split('id="card-police_arrival"')[1].split("</article>")[0]
        for words in (
            "〇〇がありました",
            "この場でお見せできます",
            "庁舎から出してください。注意も",
            "誰に見せたかを書き残す",
        ):
            assert words in card
        hub.time.moves(minutes=1)
        does(hub, incident, "mark", "staff", mark=mark)
    does(hub, incident, "mark", mark="visitor_left")
    assert first_card(shown(hub)) == "police_arrival", "whether they may return is still to be said"
    does(hub, incident, "contact", action="ended")
    does(hub, incident, "close", "section_head", outcome="not_harassment")
    does(hub, incident, "mark", mark="removal_wished")  # what was said to them may be written down later
    marks = [row.data["mark"] for row in hub.rows(timeline, kind="marked") if row.data["mark"] in done]
    assert marks == [*done, "removal_wished"]
    path = f"/api/v1/incidents/{incident}/report.csv?form=police"
    sheet = hub.client().get(path, headers=hub.machine("section_head")).text
    arrived = (hub.time.at + timedelta(hours=9, minutes=-2)).strftime("%H:%M")
    assert re.search(rf"警察が来た時刻[^\n]*{arrived}", sheet)


def test_the_words_of_a_card_are_not_among_the_marks_to_choose(hub: Hub) -> None:
    incident = hub.press(hub.box())
    page = hub.sees("supervisor", f"/incidents/{incident}").text
    assert '<option value="visitor_back">' in page
    assert '<option value="said">' not in page


def test_a_card_that_does_not_exist_was_not_said(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    for card in ({}, {"card": "nonsense"}):
        answer = hub.client().post(
            f"/api/v1/incidents/{incident}/mark", json={"mark": "said", **card}, headers=hub.machine("staff")
        )
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "card")


def test_shi_18_each_way_to_the_police_has_a_tap_of_its_own(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    routes = hub.site.profile.police.routes
    assert len(routes) == 3
    page = shown(hub)
    found = re.findall(r'data-id="police\d*".*?name="route" value="([^"]+)"', page)
    assert found == list(routes)
    does(hub, incident, "steps", "staff", step="police", route=found[1])
    (entry,) = hub.rows(timeline, kind="step.taken")
    assert entry.data["route"] == routes[1]


def test_shi_32_who_counts_more_visitors_than_staff_reads_to_call_for_help(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    assert {"tap-head_count3-1", "tap-head_count2-2"} <= set(taps(shown(hub)))
    for visitors, staff, short in ((1, 2, False), (3, 2, True), (2, 2, False), (1, 1, True)):
        hub.time.moves(minutes=1)
        does(hub, incident, "mark", "staff", mark="head_count", visitors=visitors, staff=staff)
        assert ("職員が足りません" in shown(hub)) is short, (visitors, staff)


def test_shi_08_a_talk_that_will_be_long_brings_the_card_that_sets_a_time(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    assert "tap-long_hold_expected" in taps(shown(hub))
    assert "card-slot" not in shown(hub)
    does(hub, incident, "mark", "staff", mark="long_hold_expected")
    assert "card-slot" in shown(hub)
    does(hub, incident, "mark", "staff", mark="slot_announced", minutes=30)
    assert "card-slot" not in shown(hub)


def test_shi_19_who_marks_danger_at_the_page_calls_everybody_and_who_waits_calls_again(hub: Hub) -> None:
    incident = hub.press()
    assert "tap-call_again" not in taps(shown(hub)), "nobody has answered: the ladder climbs"
    headers = hub.machine("supervisor", name="佐藤")
    assert hub.client().post(f"/api/v1/incidents/{incident}/respond", json={}, headers=headers).status_code == 200
    assert "tap-call_again" in taps(shown(hub))
    does(hub, incident, "mark", mark="act", act="danger")
    row = hub.row(incident)
    assert (row.level, row.state, row.responder, row.seen_by) == ("emergency", "raised", None, None)
    page = shown(hub)
    assert "まだ誰も見ていません" in page
    assert "tap-call_again" not in taps(page)
    hub.client().post(f"/api/v1/incidents/{incident}/respond", json={}, headers=headers)
    does(hub, incident, "mark", mark="call_again")
    assert (hub.row(incident).state, hub.row(incident).responder) == ("raised", None)
    page = hub.signed_in("supervisor").get(f"/incidents/{incident}").text
    assert (page.count("緊急として、全員を呼んだ"), page.count("もう一度、全員を呼んだ")) == (1, 1)
    assert [one.type for one in hub.rows(command)] == ["nobody.available"]
    answered_at = next(one.at for one in reversed(hub.rows(timeline, incident=incident)) if one.kind == "responding")
    does(hub, incident, "contact", action="ended")
    row = hub.row(incident)
    assert (row.responder_name, row.responding_at) == ("佐藤", answered_at), "who had answered stood there"


def test_a_false_press_that_was_none_is_opened_again_on_its_page(hub: Hub) -> None:
    incident = hub.press()
    does(hub, incident, "mark", mark="false_press")
    browser = hub.signed_in("staff")
    assert 'data-id="real-call"' in browser.get(f"/incidents/{incident}").text
    does(hub, incident, "mark", mark="real_call")
    assert (hub.row(incident).state, hub.row(incident).outcome) == ("contact_ended", None)
    assert 'data-id="real-call"' not in browser.get(f"/incidents/{incident}").text
    head = hub.machine("section_head")
    for outcome in ("not_harassment", "near_miss"):
        body = {"outcome": outcome, "prevention": "二人で出る", "text": "聞き直した", "shared_with": ["総務課"]}
        assert hub.client().post(f"/api/v1/incidents/{incident}/close", json=body, headers=head).status_code == 200
    page = hub.signed_in("section_head").get(f"/incidents/{incident}").text
    assert "改めた。前は「当たらない」" in page
    assert 'data-id="correct"' in page
    assert hub.row(incident).outcome == "near_miss"


def test_shi_23_after_the_police_and_the_visitor_left_one_tap_says_that_they_may_return(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    asks = 'aria-labelledby="return-title"'

    def page() -> str:
        return str(hub.signed_in("supervisor", "佐藤").get(f"/incidents/{incident}").text)

    does(hub, incident, "mark", mark="visitor_left")
    assert "tap-may_return" not in taps(shown(hub))
    assert asks not in page()
    hub.time.moves(minutes=1)
    does(hub, incident, "mark", mark="visitor_back")
    does(hub, incident, "steps", step="police")
    assert asks not in page()
    hub.time.moves(minutes=1)
    does(hub, incident, "mark", mark="visitor_left")
    assert "tap-may_return" in taps(shown(hub))
    assert asks in page()
    does(hub, incident, "contact", action="ended")
    assert asks in page()
    does(hub, incident, "mark", mark="may_return")
    assert asks not in page()


@pytest.mark.parametrize(
    ("city", "marks"),
    [
        ("shinagawa", {"demand_refused", "long_hold_expected"}),
        ("setagaya", {"repeat_visit"}),
        ("sapporo", {"offtopic"}),
        ("yurihonjo", {"repeat_long_hold"}),
        ("default", set()),
    ],
)
def test_sap_02_yur_01_what_the_city_has_a_limit_for_is_one_tap_at_the_counter(
    make_hub: Callable[..., Hub], city: str, marks: set[str]
) -> None:
    hub = make_hub(profile=city)
    hub.press(hub.box())
    every = {"offtopic", "demand_refused", "repeat_long_hold", "long_hold_expected", "repeat_visit"}
    found = {one.removeprefix("tap-") for one in taps(shown(hub))}
    assert found & every == marks


def test_shi_27_as_long_as_the_box_records_the_counter_reads_that_its_own_words_are_kept(hub: Hub) -> None:
    hub.box()
    incident = hub.press("counter-01")
    warned = "あなたの言葉も残り、開示の求めの対象になります"
    assert warned not in shown(hub)
    hub.told(incident, "recording.started", data={"pre_roll_ms": 0, "video": False, "audio": True})
    page = shown(hub)
    assert page.index("guide__say") < page.index(warned) < page.index("companion__taps")
    hub.time.moves(minutes=1)
    hub.told(incident, "recording.closed", data={"count": 3})
    assert warned not in shown(hub)
