"""Guidance cards on pages and by the API: under the rules of the site, in its own words, for everybody signed in."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import render_template
from sqlalchemy import insert

from hub.card_files import cards
from hub.domain.card import STEPS, TYPES
from hub.domain.permissions import Role
from hub.store.engine import begin_read, begin_write
from hub.store.schema import card_wording
from hub.web import card_labels
from hub.web.card_reading import Reader, read_cards
from hub.web.citations import cite
from tests.hub_web.conftest import Browser, Hub
from tests.hub_web.test_description import check, description

JAPANESE = re.compile(r"[\u3040-\u30fa\u4e00-\u9fff]")


def reword(browser: Browser, card: str, *say: str, **fields: str) -> Any:
    """What the form on a card's page sends."""
    data = {"language": "ja", "unit": "", "say": "\r\n".join(say), "csrf_token": browser.csrf, **fields}
    return browser.client.post(f"/cards/{card}", data=data)


def said(page: str) -> list[str]:
    """The sentences to say on a page, of its first card."""
    return re.findall(r"<q>(.*?)</q>", page.split("</article>")[0])


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_whoever_is_signed_in_may_read_every_card(hub: Hub, role: Role) -> None:
    browser = hub.signed_in(role.value)
    page = browser.get("/cards").text
    for name in (*TYPES, *STEPS):
        assert page.count(f'id="card-{name}"') == 1
        assert f'href="#card-{name}"' in page
    assert browser.get("/cards/abuse").status_code == 200


def test_what_to_say_stands_before_what_to_do_and_the_law_comes_last(hub: Hub) -> None:
    page = hub.signed_in("staff").get("/cards/threat").text
    order = [
        page.index(mark)
        for mark in ("guide__first", "guide__say", "すること", "しないこと", "刑法222条", "もとにした資料")
    ]
    assert order == sorted(order)


def test_shi_21_the_card_of_violence_asks_for_safety_first(hub: Hub) -> None:
    page = hub.signed_in("staff").get("/cards/violence").text
    assert page.index("安全ですか") < page.index("<q>")


@pytest.mark.parametrize(("asked", "found"), [
    ("警察", ["police", "police_arrival"]),
    ("  警 察 ", ["police", "police_arrival"]),
    ("そんな見出し", []),
    ("％", []),
])  # fmt: skip
def test_cards_are_found_by_their_heading(hub: Hub, asked: str, found: list[str]) -> None:
    page = hub.signed_in().get("/cards", query_string={"q": asked}).text
    assert re.findall(r'id="card-(\w+)"', page) == found
    assert ('id="cards-none" hidden' in page) is bool(found)


def test_an_unknown_card_is_not_found(hub: Hub) -> None:
    browser = hub.signed_in("section_head")
    assert browser.get("/cards/nothing").status_code == 404
    assert reword(browser, "nothing", "x").status_code == 404
    assert browser.get("/cards/../abuse").status_code == 404
    assert browser.get("/api/v1/cards/nothing").status_code == 404


@pytest.mark.parametrize(("profile", "words", "not_words"), [
    ("shinagawa", "お話を続けられません", "責任者に確かめますので"),
    ("default", "責任者に確かめますので", "お話を続けられません"),
])  # fmt: skip
def test_shi_25_the_page_shows_the_card_of_this_city(
    make_hub: Callable[..., Hub], profile: str, words: str, not_words: str
) -> None:
    page = make_hub(profile=profile).signed_in("staff").get("/cards/refusal").text
    assert words in page
    assert not_words not in page


def test_the_pages_of_cards_speak_english(hub: Hub) -> None:
    browser = hub.signed_in("section_head", "Sato")
    reword(browser, "abuse", "落ち着いてください。")
    browser.post("/preferences", data={"language": "en", "next": "/"})
    reword(browser, "abuse", "Please calm down.", language="en")
    for path in ("/cards", *(f"/cards/{name}" for name in cards())):
        page = browser.get(path).text.split("<body")[1]
        shown = re.sub(r'<(\w+)[^>]*lang="ja".*?</\1>', "", page, flags=re.DOTALL)
        assert set(JAPANESE.findall(shown)) == set(), path
    assert said(browser.get("/cards/abuse").text) == ["Please calm down."]


def test_every_document_is_named_in_words() -> None:
    keys = {key for card in cards().values() for _, line in card.lines() for key in line.source}
    for key in keys:
        for language in ("ja", "en"):
            named = cite(language, key)
            assert named != key, key
            assert bool(JAPANESE.search(named)) is (language == "ja"), key
    assert cite("en", "Shin 6(3)エ") == "Shinagawa, procedure 6(3)(d)"
    assert cite("ja", "Sugi A3") == "杉並区 衛生講話 A3（参考）"
    assert cite("ja", "unknown") == "unknown"


def test_every_cue_and_every_word_has_a_label() -> None:
    cues = {line.cue for card in cards().values() for _, line in card.lines()} - {""}
    assert cues == set(card_labels.CUES)


def test_a_card_can_be_shown_on_any_page_with_its_reason_and_as_a_drill(hub: Hub) -> None:
    with hub.app.test_request_context("/"), begin_read(hub.engine) as connection:
        reader = Reader("ja", words={"counter": "市民課 1番"})
        [police] = read_cards(connection, hub.site, reader, ["police", "no such card"])
        shown = render_template("cards/_card.html", card=police, why="緊急の呼び出し", drill=True)
    assert "<h3" in shown
    assert "場所は市民課 1番です。" in shown
    assert "緊急の呼び出し" in shown
    assert "警察には本当にはかけません" in shown


# --- the site's own words ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_only_a_section_head_or_an_administrator_changes_words(hub: Hub, role: Role) -> None:
    browser, may = hub.signed_in(role.value), role in (Role.SECTION_HEAD, Role.ADMINISTRATOR)
    assert ('name="say"' in browser.get("/cards/warn").text) is may
    assert reword(browser, "warn", "おやめください。").status_code == (303 if may else 403)
    assert len(hub.rows(card_wording)) == may


def test_own_words_take_the_place_of_ours_and_ours_stand_beside_them(hub: Hub) -> None:
    browser = hub.signed_in("section_head", "佐藤")
    before = said(browser.get("/cards/warn").text)
    answer = reword(browser, "warn", "その行為はおやめください。", "", "  続けば終わります。 ")
    assert (answer.status_code, answer.location) == (303, "/cards/warn")
    page = browser.get("/cards/warn").text
    assert said(page) == ["その行為はおやめください。", "続けば終わります。"]
    assert all(text in page.split("元の言葉")[1] for text in before)
    assert "この庁舎の言葉" in page.split("</article>")[0]
    assert said(browser.get("/cards/stop").text) == said(hub.signed_in("staff").get("/cards/stop").text)
    assert "この庁舎の言葉" in hub.signed_in("staff").get("/cards/warn").text


def test_a_unit_s_words_come_before_those_of_the_whole_site(hub: Hub) -> None:
    browser = hub.signed_in("section_head")
    ours = said(browser.get("/cards/cease").text)
    reword(browser, "cease", "全体の言葉。")
    answer = reword(browser, "cease", "税務課の言葉。", unit="税務課")
    assert answer.location.startswith("/cards/cease?unit=")

    def shown(unit: str) -> list[str]:
        return said(browser.get("/cards/cease", query_string={"unit": unit}).text)

    assert [shown("税務課"), shown("市民課"), shown("")] == [["税務課の言葉。"], ["全体の言葉。"], ["全体の言葉。"]]
    reword(browser, "cease", unit="税務課", reset="1")
    assert shown("税務課") == ["全体の言葉。"]
    reword(browser, "cease", reset="1")
    assert shown("税務課") == ours


def test_nothing_is_overwritten_and_every_change_is_told_with_its_author(hub: Hub) -> None:
    browser = hub.signed_in("section_head", "佐藤")
    reword(browser, "warn", "一つめ。")
    reword(browser, "warn", "一つめ。")  # a second click changes nothing
    hub.time.moves(minutes=1)
    reword(hub.signed_in("administrator", "田中"), "warn", "二つめ。")
    reword(browser, "warn", reset="1")
    rows = hub.rows(card_wording)
    assert [(row.say, row.changed_name) for row in rows] == [
        (["一つめ。"], "佐藤"),
        (["二つめ。"], "田中"),
        ([], "佐藤"),
    ]
    assert rows[1].changed_at == hub.time()
    history = hub.signed_in("auditor").get("/cards/warn").text.split("言葉を直した記録")[1]
    order = [history.index(mark) for mark in ("元の言葉に戻しました。", "二つめ。", "一つめ。")]
    assert order == sorted(order)
    assert {"佐藤", "田中"} <= set(re.findall(r"<bdi>(.*?)</bdi>", history))


def test_the_other_language_keeps_our_words(hub: Hub) -> None:
    browser = hub.signed_in("section_head")
    reword(browser, "warn", "おやめください。")
    card = browser.get("/api/v1/cards/warn").json
    assert (card["ja"]["adapted"], card["en"]["adapted"]) == (True, False)
    assert card["en"]["say"][0]["sources"]


def test_own_words_may_ask_for_facts_too(hub: Hub) -> None:
    browser = hub.signed_in("section_head")
    reword(browser, "slot", "[{slot_range}分の間で|少し]伺います。", "[{minutes}分|少し]お待ちください。")
    assert said(browser.get("/cards/slot").text) == ["30–60分の間で伺います。", "少しお待ちください。"]


@pytest.mark.parametrize(("fields", "field"), [
    ({"say": ""}, "say"),
    ({"say": " \r\n \r\n"}, "say"),
    ({"say": "\r\n".join("123456789")}, "say"),
    ({"say": "あ" * 201}, "say.0"),
    ({"say": "鐘\x07が鳴る"}, "say.0"),
    ({"say": "二\tつ"}, "say.0"),
    ({"say": "[{name}さん|]どうぞ。"}, "say.0"),
    ({"say": "{minutes}分です。"}, "say.0"),
    ({"say": "どうぞ。", "language": "fr"}, "language"),
    ({"say": "どうぞ。", "unit": "課" * 64}, "unit"),
    ({"say": "どうぞ。", "unit": "税務\n課"}, "unit"),
])  # fmt: skip
def test_words_that_cannot_be_shown_or_read_are_refused(hub: Hub, fields: dict[str, str], field: str) -> None:
    browser = hub.signed_in("section_head")
    answer = reword(browser, "warn", **fields)
    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert f"<strong>{field}</strong>" in answer.text
    assert hub.rows(card_wording) == []


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{ 7*7 }}", "100%(x)s", "\u202egnp.exe"])
def test_whatever_words_are_put_in_they_are_shown_as_text(hub: Hub, text: str) -> None:
    browser = hub.signed_in("section_head")
    refused = "{" in text
    assert reword(browser, "warn", text, unit=text).status_code == (422 if refused else 303)
    for path in ("/cards", "/cards/warn"):
        page = browser.get(path, query_string={"unit": text})
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "\u202e" not in page.text


def test_a_change_needs_the_page_s_own_token(hub: Hub) -> None:
    browser = hub.signed_in("section_head")
    assert reword(browser, "warn", "どうぞ。", csrf_token="forged").status_code == 403
    assert hub.rows(card_wording) == []


def test_words_for_a_card_that_is_no_more_are_passed_over(hub: Hub) -> None:
    with begin_write(hub.engine) as connection:
        connection.execute(
            insert(card_wording).values(
                unit="", card="gone", language="ja", say=["x"], changed_at=hub.time(), changed_by="y", changed_name="z"
            )
        )
    assert hub.signed_in().get("/cards").status_code == 200


# --- the API ----------------------------------------------------------------------------------------------------------


def test_the_api_gives_all_cards_in_both_languages(hub: Hub) -> None:
    described, headers = description(hub), hub.machine("staff")
    answer = hub.client().get("/api/v1/cards", headers=headers)
    check(described, "/api/v1/cards", "get", answer)
    found = answer.json["cards"]
    assert [card["id"] for card in found] == [*TYPES, *STEPS]
    for card in found:
        for part in ("first", "say", "do", "dont", "law"):
            assert [line["sources"] for line in card["ja"][part]] == [line["sources"] for line in card["en"][part]]
        one = hub.client().get(f"/api/v1/cards/{card['id']}", headers=headers)
        check(described, "/api/v1/cards/{card_id}", "get", one)
        assert one.json == card
    check(described, "/api/v1/cards/{card_id}", "get", hub.client().get("/api/v1/cards/none", headers=headers))


def test_the_api_knows_a_unit_s_words(hub: Hub) -> None:
    reword(hub.signed_in("section_head"), "cease", "税務課の言葉。", unit="税務課")
    headers = hub.machine("staff")
    for unit, adapted in (("税務課", True), ("", False)):
        answer = hub.client().get("/api/v1/cards", query_string={"unit": unit}, headers=headers).json
        card = next(card for card in answer["cards"] if card["id"] == "cease")
        assert (answer["unit"], card["ja"]["adapted"]) == (unit, adapted)
    assert hub.client().get("/api/v1/cards?unit=" + "x" * 64, headers=headers).status_code == 422
    assert hub.client().get("/api/v1/cards?q=x", headers=headers).status_code == 422
