"""A form that is sent again after its answer was lost: the same words are one deed, better words are never lost."""

import re
from typing import Any

import pytest

from hub.store.schema import disclosure, incident, timeline, visit, visit_entry
from tests.hub_web.conftest import Browser, Hub
from tests.hub_web.test_disclosures import SAID
from tests.hub_web.test_posts import FOUND
from tests.hub_web.test_visits import form as plan

REUSED = "urn:madomori:problem:key-reused"
BY_SCRIPT = {"X-Requested-With": "madomori"}
ONCE = "a" * 16
PERSONS = ["所属長 田中", "係長級 佐藤"]
FIRST, BETTER = "「殴るぞ」と言った", "「殴るぞ」と言い、机をたたいた"


def send_again(browser: Browser, page: str, path: str) -> Any:
    """One tap on the button of the page that refused."""
    inside = re.findall(rf'<form method="post" action="{path}" class="stack">(.*?)</form>', page, re.DOTALL)[0]
    again: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', inside):
        again.setdefault(name, []).append(value)
    return browser.client.post(path, data=again)


def test_words_improved_after_a_lost_answer_are_refused_aloud_and_not_passed_for_sent(hub: Hub) -> None:
    call, browser = hub.press(), hub.signed_in()

    def send(text: str, **headers: str) -> Any:
        return browser.post(f"/incidents/{call}/notes", data={"once": ONCE, "text": text}, headers=headers)

    assert [send(FIRST, **BY_SCRIPT).status_code for _ in range(2)] == [204, 204], "the same words are one deed"
    refused = send(BETTER, **BY_SCRIPT)
    assert (refused.status_code, refused.json["type"]) == (422, REUSED)
    assert refused.json["ja"]["title"] == "先に送った内容が、もう届いています"
    assert "has not been taken" in refused.json["en"]["detail"]
    assert [row.text for row in hub.rows(timeline, kind="noted")] == [FIRST]


def test_without_a_script_the_page_keeps_the_refused_words_and_sends_them_with_one_tap(hub: Hub) -> None:
    call, browser = hub.press(), hub.signed_in()
    where = f"/incidents/{call}/judgement"
    said = {"once": ONCE, "next": f"/incidents/{call}", "finding": "not_harassment", "persons": PERSONS}
    assert browser.post(where, data={**said, "content": FIRST}).status_code == 303
    refused = browser.post(where, data={**said, "content": BETTER})
    assert (refused.status_code, refused.mimetype) == (422, "text/html")
    assert BETTER in re.findall(r"<bdi>(.*?)</bdi>", refused.text)
    assert f'<a href="/incidents/{call}">' in refused.text
    assert send_again(browser, refused.text, where).location == f"/incidents/{call}"
    judged = [row.data for row in hub.rows(timeline, kind="judged")]
    assert [(one["content"], one["persons"]) for one in judged] == [(FIRST, PERSONS), (BETTER, PERSONS)]


def test_a_key_of_one_form_does_not_pass_another_form_for_done(hub: Hub) -> None:
    first, second = hub.press(), hub.press()
    browser = hub.signed_in()
    assert browser.post(f"/incidents/{first}/respond", data={"once": ONCE}, headers=BY_SCRIPT).status_code == 204
    refused = browser.post(f"/incidents/{second}/respond", data={"once": ONCE}, headers=BY_SCRIPT)
    assert refused.json["type"] == REUSED
    assert hub.row(second).state == "raised"


def _visit(hub: Hub) -> tuple[str, dict[str, Any], dict[str, Any], Any]:
    return "/visits", plan(hub), {"place": "本町一丁目"}, visit


def _visit_note(hub: Hub) -> tuple[str, dict[str, Any], dict[str, Any], Any]:
    made = hub.signed_in("staff").post("/visits", data=plan(hub, once="plan"))
    return f"{made.location}/notes", {"text": FIRST}, {"text": BETTER}, visit_entry


def _post(hub: Hub) -> tuple[str, dict[str, Any], dict[str, Any], Any]:
    hub.box()
    return "/posts", {**FOUND, "found_at": "2026-11-20T11:00"}, {"situation": BETTER}, incident


def _disclosure(hub: Hub) -> tuple[str, dict[str, Any], dict[str, Any], Any]:
    return "/disclosures", {**SAID, "incidents": hub.row(hub.press()).number}, {"handler": "鈴木"}, disclosure


@pytest.mark.parametrize("page", [_visit, _visit_note, _post, _disclosure])
def test_every_page_with_forms_tells_better_words_from_a_repeat_and_takes_them_at_the_next_try(
    hub: Hub, page: Any
) -> None:
    path, said, changed, table = page(hub)
    browser, before = hub.signed_in("section_head"), len(hub.rows(table))
    tries: list[dict[str, Any]] = [{}, {}, changed]
    first, again, better = (browser.post(path, data={**said, **more, "once": ONCE}) for more in tries)
    assert (first.status_code, again.status_code, again.location) == (303, 303, first.location)
    assert (better.status_code, len(hub.rows(table))) == (422, before + 1)
    assert all(f"<bdi>{value}</bdi>" in better.text for value in changed.values())
    assert send_again(browser, better.text, path).status_code == 303
    assert len(hub.rows(table)) == before + 2
