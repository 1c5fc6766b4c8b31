"""Where a city's rules name no number of persons, the forms ask for several, and one name does not pass unnoticed."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.hub_web.conftest import Browser, Hub

ASKED = "この市の決まりに人数はありません"
ALONE = "一人の名前だけで残っています"
STOP = {"about": "stop", "outcome": "go_on"}
JUDGED = {"finding": "not_harassment", "text": "短い苦情で終わった"}


def panel(browser: Browser, incident: str, title: str) -> str:
    return browser.get(f"/incidents/{incident}").text.split(f'id="{title}"')[1].split("</section>")[0]


def sends(browser: Browser, incident: str, deed: str, form: dict[str, Any], *persons: str) -> None:
    data = {**form, "persons": list(persons), "csrf_token": browser.csrf}
    answer = browser.client.post(f"/incidents/{incident}/{deed}", data=data)
    assert answer.status_code == 303, answer.text


@pytest.mark.parametrize(
    ("city", "circumstances"),
    [("sapporo", ["individual"]), ("setagaya", ["work", "relationship"]), ("yurihonjo", ["content"])],
)
def test_shi_07_one_name_for_stopping_is_shown_where_the_rules_name_no_number(
    make_hub: Callable[..., Hub], city: str, circumstances: list[str]
) -> None:
    hub = make_hub(profile=city)
    incident, browser = hub.press(), hub.signed_in("section_head")
    shown = panel(browser, incident, "decide-title")
    assert (ASKED in shown, ALONE in shown) == (True, False)
    asked = {**STOP, "circumstances": circumstances}
    sends(browser, incident, "decisions", asked, "所属長 田中", "田中")
    assert ALONE in panel(browser, incident, "decide-title")
    sends(browser, incident, "decisions", asked, "所属長 田中", "係長 佐藤")
    assert ALONE not in panel(browser, incident, "decide-title")


@pytest.mark.parametrize(
    ("city", "marked", "more"),
    [
        ("sapporo", True, ()),
        ("yurihonjo", True, ()),
        ("setagaya", False, ()),  # one head judges there: the document says so (SET-01)
        ("shinagawa", False, ("係長 佐藤",)),
    ],
)
def test_shi_07_one_name_for_a_judgement_is_shown_only_where_the_rules_name_no_number(
    make_hub: Callable[..., Hub], city: str, marked: bool, more: tuple[str, ...]
) -> None:
    hub = make_hub(profile=city)
    incident = hub.press(state="contact_ended", contact_ended_at=hub.time())
    browser = hub.signed_in("section_head")
    assert (ASKED in panel(browser, incident, "judge-title")) is marked
    sends(browser, incident, "judgement", JUDGED, "所属長 田中", *more)
    assert (ALONE in panel(browser, incident, "judge-title")) is marked
