"""A continuing case: people join contacts by the city's own number, and the next one finds what the last ones left."""

import re
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.messages import CommandType
from contract.profile import PolicyProfile
from hub.domain.case import case_number
from hub.domain.incident import Deed
from hub.domain.notices import Why
from hub.domain.permissions import Action
from hub.domain.saying import MarkName
from hub.store.schema import alert, command, timeline
from hub.web.api.deeds import DEEDS
from tests.hub_web.conftest import Hub

NUMBER = "R8-0012"


def post(hub: Hub, incident: str, deed: str, body: Any, role: str = "section_head") -> Any:
    return hub.client().post(f"/api/v1/incidents/{incident}/{deed}", json=body, headers=hub.machine(role))


def earlier(hub: Hub, **marks: str) -> str:
    """A contact of the case, two days ago by now."""
    incident = hub.press()
    assert post(hub, incident, "case", {"case": NUMBER}).status_code == 200
    hub.time.moves(days=2)
    return incident


def test_shi_35_a_linked_later_incident_shows_the_line_and_the_contacts_before(hub: Hub) -> None:
    first = earlier(hub)
    assert post(hub, first, "case_note", {"text": "回答は文書で済んでいる"}).status_code == 200
    assert post(hub, first, "case_note", {"text": "二人で聞き、三十分で終える"}).status_code == 200
    later = hub.press("counter-01")
    plain = hub.signed_in("staff").get("/companion/counter-01").text
    assert "二人で聞き" not in plain
    case = post(hub, later, "case", {"case": NUMBER}).json["case"]
    assert case["number"] == NUMBER
    assert [(one["id"], one["pressed_at"]) for one in case["contacts"]] == [(first, "2026-11-20T02:41:36.544Z")]
    assert case["note"]["text"] == "二人で聞き、三十分で終える"
    for path in (f"/incidents/{later}", "/companion/counter-01"):
        page = hub.signed_in("staff").get(path).text
        assert "これまでに 1 回の応対" in page, path
        assert "二人で聞き、三十分で終える" in page, path
        assert f"/incidents/{first}" in page, path


def test_shi_35_the_counter_sees_the_newest_contact_and_the_count_of_all(hub: Hub) -> None:
    first, second = earlier(hub), earlier(hub)
    later = hub.press("counter-01")
    post(hub, later, "case", {"case": NUMBER})
    shown = hub.signed_in("staff").get("/companion/counter-01").text
    assert "これまでに 2 回の応対" in shown
    assert f"/incidents/{second}" in shown
    assert f"/incidents/{first}" not in shown
    whole = hub.signed_in("staff").get(f"/incidents/{later}").text
    assert whole.index(f'"/incidents/{second}"') < whole.index(f'"/incidents/{first}"')


def test_shi_35_the_first_contact_does_not_count_the_later_one(hub: Hub) -> None:
    first = earlier(hub)
    later = hub.press("counter-01")
    post(hub, later, "case", {"case": NUMBER})
    shown = hub.client().get(f"/api/v1/incidents/{first}", headers=hub.machine()).json["case"]
    assert (shown["contacts"], shown["note"]) == ([], None)


def test_shi_35_drills_and_false_presses_are_no_contacts(hub: Hub) -> None:
    drill = hub.press(drill=True)
    mistaken = hub.press("counter-01")
    for incident in (drill, mistaken):
        post(hub, incident, "case", {"case": NUMBER})
    post(hub, mistaken, "mark", {"mark": "false_press"})
    hub.time.moves(hours=1)
    assert post(hub, hub.press("counter-01"), "case", {"case": NUMBER}).json["case"]["contacts"] == []


def test_a_number_can_be_set_after_the_close_changed_and_taken_off(hub: Hub) -> None:
    incident = hub.press()
    post(hub, incident, "mark", {"mark": "false_press"})
    assert post(hub, incident, "case", {"case": NUMBER}).json["state"] == "closed"
    browser = hub.signed_in()
    form = {"csrf_token": browser.csrf, "case": "", "next": "/"}
    assert browser.client.post(f"/incidents/{incident}/case", data=form).status_code == 303
    assert hub.row(incident).case_number is None
    told = [row.data for row in hub.rows(timeline, kind="case.linked")]
    assert told == [{"case": NUMBER, "before": None}, {"case": None, "before": NUMBER}]
    assert "番号を外した" in browser.get(f"/incidents/{incident}").text


def test_a_line_stays_with_the_case_it_was_written_for(hub: Hub) -> None:
    incident = hub.press()
    refused = post(hub, incident, "case_note", {"text": "二人で聞く"})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "case")
    post(hub, incident, "case", {"case": NUMBER})
    post(hub, incident, "case_note", {"text": "二人で聞く"})
    assert post(hub, incident, "case", {"case": "R8-0099"}).json["case"]["note"] is None


@pytest.mark.parametrize(("role", "links", "writes"), [
    ("supervisor", True, True), ("staff", True, False), ("general_affairs", True, False), ("auditor", False, False),
])  # fmt: skip
def test_who_may_join_and_who_may_write_the_line(hub: Hub, role: str, links: bool, writes: bool) -> None:
    incident = hub.press()
    assert (post(hub, incident, "case", {"case": NUMBER}, role).status_code == 200) is links
    post(hub, incident, "case", {"case": NUMBER})
    assert (post(hub, incident, "case_note", {"text": "二人で"}, role).status_code == 200) is writes
    page = hub.signed_in(role).get(f"/incidents/{incident}").text
    assert ("番号を変える" in page, "方針を書く" in page) == (links, writes)


@pytest.mark.parametrize("written", ["山田太郎", "", "   ", "x" * 61 + "1", "1\x00", "1\n\x1b"])
def test_a_name_is_no_case_number(hub: Hub, written: str) -> None:
    incident = hub.press()
    answer = post(hub, incident, "case", {"case": written})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "case")
    assert hub.row(incident).case_number is None


@pytest.mark.parametrize("written", ["R8-0012", "ｒ８－００１２", " r8−0012 ", "R8‐0012"])
def test_two_keyboards_write_the_same_case(hub: Hub, written: str) -> None:
    assert post(hub, hub.press(), "case", {"case": written}).json["case"]["number"] == NUMBER


@given(st.text(max_size=80))
def test_a_kept_number_is_kept_as_it_is(text: str) -> None:
    try:
        kept = case_number(text)
    except ValueError:
        return
    assert case_number(kept) == kept
    assert 0 < len(kept) <= 60


def test_shi_23_who_left_before_the_police_came_and_may_return_is_told_at_the_next_contact(hub: Hub) -> None:
    first = earlier(hub)
    second = hub.press("counter-01")
    assert post(hub, second, "case", {"case": NUMBER}).json["case"]["may_return"] is False
    post(hub, first, "mark", {"mark": "may_return", "text": "警察が来る前に帰った"})
    shown = hub.client().get(f"/api/v1/incidents/{second}", headers=hub.machine()).json
    assert shown["case"]["may_return"] is True
    for path in (f"/incidents/{second}", "/companion/counter-01"):
        assert "また来るおそれがあると記録されています" in hub.signed_in("staff").get(path).text
    own = hub.client().get(f"/api/v1/incidents/{first}", headers=hub.machine()).json
    assert own["case"]["may_return"] is False


def test_what_was_written_in_a_drill_leaves_nothing_for_the_next_contact(hub: Hub) -> None:
    def written(incident: str) -> None:
        for deed, body in (
            ("case", {"case": NUMBER}), ("mark", {"mark": "may_return"}), ("case_note", {"text": "練習の方針"})
        ):  # fmt: skip
            assert post(hub, incident, deed, body).status_code == 200
            hub.time.moves(minutes=1)

    def left() -> tuple[bool, str | None]:
        case = post(hub, hub.press("counter-01"), "case", {"case": NUMBER}).json["case"]
        return case["may_return"], case["note"] and case["note"]["text"]

    played = hub.press(hub.box(), drill=True)
    written(played)
    assert left() == (False, None)
    became = hub.press("counter-01", drill=True)
    written(became)
    assert post(hub, became, "real", {"text": "本物です"}).status_code == 200
    hub.time.moves(days=2)
    assert left() == (False, None)
    written(became)
    assert left() == (True, "練習の方針")


REFUSING = re.compile(r"block|ban(?!k)|den(?:y|ied)|reject|black|watch_?list|refuse_|turn_away|exclude|recogni|face")


def test_shi_36_nothing_in_the_product_blocks_or_refuses_a_visitor(hub: Hub) -> None:
    names = {
        *DEEDS, *get_args(MarkName), *(one.value for one in Deed), *(one.value for one in Action),
        *(one.value for one in Why), *(one.value for one in CommandType), *PolicyProfile.model_fields,
        *(rule.rule for rule in hub.app.url_map.iter_rules() if "vendor" not in rule.rule),
    }  # fmt: skip
    assert [name for name in names if REFUSING.search(name)] == []


def test_shi_36_a_case_with_a_history_changes_nothing_by_itself(hub: Hub) -> None:
    first = earlier(hub)
    post(hub, first, "mark", {"mark": "may_return"})
    later = hub.press("counter-01")
    before = hub.row(later)
    answer = post(hub, later, "case", {"case": NUMBER}).json
    assert [entry["kind"] for entry in answer["timeline"]] == ["alarm.raised", "case.linked"]
    assert hub.row(later).state == before.state == "raised"
    assert (hub.rows(command), hub.rows(alert)) == ([], [])
