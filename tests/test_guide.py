"""The operators' guide promises each city what its own rules give, and no other city's course."""

import re
from pathlib import Path
from typing import Final, get_args

import pytest

from contract.profile import Act, PolicyProfile
from hub.domain import marks
from hub.domain.course import Course, Happened
from hub.domain.incident import Origin, State
from hub.domain.notices import Why
from hub.domain.saying import Mark, MarkName
from hub.domain.tasks import Over, tasks
from tests.hub_domain.life import PRESSED, PROFILES

pytestmark = pytest.mark.check

ROOT: Final = Path(__file__).parents[1]
GUIDE: Final = {path.stem: path.read_text("utf-8") for path in sorted((ROOT / "docs" / "guide").glob("*.md"))}
PAPERS: Final = {**GUIDE, **{name: (ROOT / f"{name}.md").read_text("utf-8") for name in ("README", "README.ja")}}

PROMISED: Final = {
    "rest": re.compile(r"休んでもらう|休憩|\brest(?:,| and) checks"),
    "care_check": re.compile(r"様子見|\brest(?:,| and) checks"),
    "sns_watch": re.compile(r"見守りの日|投稿の見守り|watch for posts"),
}
"""How the papers call what only some cities' rules ask for."""

CONDITION: Final = re.compile(r"市の決まりに(?:あれば|ある分)|where\s+(?:your|the)\s+city's\s+rules\s+name\s+them")
OWN_CALENDAR: Final = re.compile(r"自分の予定表に|your\s+own\s+calendar")

NOTICES: Final = {
    Why.CEASE_REFUSED: ("求めても行為をやめない", "does not cease"),
    Why.FILMING: ("撮影・録音", "filming"),
    Why.UNPERMITTED: ("許可がない", "when there is none"),
    Why.GUARDS: ("警備への知らせ", "what guards are told"),
    Why.URGENT: ("至急の共有", "shared urgently"),
}
"""How the building manager's page calls each notice that comes there."""


def sentences(text: str) -> list[str]:
    """Items of a Japanese list and sentences of English; a line break ends neither."""
    return [part for item in re.split(r"\n(?=\d+\. |\* |\n)", text) for part in re.split(r"(?<=[a-z)*][.]) ", item)]


def asked_by(profile: PolicyProfile) -> set[str]:
    """What is to be done after a contact and after a post, by a city's rules."""
    course = Course(PRESSED, PRESSED, (Happened("marked", PRESSED, {"mark": "act", "act": "online"}),))
    return {
        task.kind
        for origin in (Origin.COUNTER, Origin.POST)
        for task in tasks(profile, Over("i", State.CONTACT_ENDED, False, False, PRESSED, origin), course)
    }


def told_to_the_building_manager(profile: PolicyProfile) -> set[Why]:
    """Every notice that some mark sends there."""
    acts = [Mark(mark="act", act=act) for act in get_args(Act)]
    said = [*acts, *(Mark(mark=name) for name in get_args(MarkName) if name != "act")]
    return {
        one.why
        for mark in said
        for one in marks.notices(mark, profile, Course(), "main")
        if "building_manager" in one.roles
    }


@pytest.mark.parametrize("task", PROMISED)
def test_what_only_some_cities_ask_for_is_promised_with_that_condition(task: str) -> None:
    cities = [city for city, profile in PROFILES.items() if task in asked_by(profile)]
    assert 0 < len(cities) < len(PROFILES), "every city asks for it now: promise it to all"
    promises = [(name, one) for name, text in PAPERS.items() for one in sentences(text) if PROMISED[task].search(one)]
    assert {name for name, _ in promises} >= {"general_affairs"}
    assert [(name, one) for name, one in promises if not CONDITION.search(one)] == []


@pytest.mark.parametrize("page", ["supervisor", "general_affairs"])
def test_who_reminds_where_the_rules_name_nothing_is_said_in_both_languages(page: str) -> None:
    for tongue in GUIDE[page].split("\n---\n"):
        assert OWN_CALENDAR.search(tongue)


def test_the_building_managers_page_names_every_notice_that_comes_there_and_what_hangs_on_the_rules() -> None:
    by_city = [told_to_the_building_manager(profile) for profile in PROFILES.values()]
    assert set.union(*by_city) == set(NOTICES)
    for page, place in zip(GUIDE["building_manager"].split("\n---\n"), (0, 1), strict=True):
        always, sometimes = re.split(r"市の決まりにあれば|where\s+your\s+city's\s+rules\s+name\s+them", page)
        for why, words in NOTICES.items():
            said = always if all(why in city for city in by_city) else sometimes
            assert words[place] in " ".join(said.split()), why


def test_who_is_told_the_acts_stands_in_both_languages_of_the_page_about_alerts() -> None:
    notice = next(
        one for one in marks.notices(Mark(mark="act", act="violence"), PROFILES["shinagawa"], Course(), "main")
    )
    assert notice.roles == ("guard", "building_manager")
    japanese, english = (ROOT / "docs" / "alerts.md").read_text("utf-8").split("\n---\n")
    assert "庁舎管理者にも、行為の名前を付けて" in japanese
    assert "to the building manager too, with the acts" in english
