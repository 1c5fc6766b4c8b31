"""The flow when a visitor films: each branch of a rule is reached, nothing is offered beyond its reach."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import profile as policy
from hub.domain.course import Course, Happened
from hub.domain.filming import ANSWERS, Prompt, answers, filming
from hub.domain.saying import MarkName
from hub.web.filming_words import ANSWERS as WORDS
from hub.web.filming_words import PROMPTS

NOW = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)
FOLDER = Path(policy.__file__).parent / "profiles"
PROFILES = {path.stem: policy.load(path.read_text("utf-8"), path.name) for path in FOLDER.glob("*.toml")}
STEPS = ("leave", "ask_leave", "police")


def course(*names: str, **contact: str) -> Course:
    """Marks and steps, a minute apart; `contact` is what was said at its begin."""
    entries = [Happened("contact.started", NOW, contact)] if contact else []
    for place, name in enumerate(names):
        at = NOW + timedelta(minutes=place + 1)
        kind, field = ("step.taken", "step") if name in STEPS else ("marked", "mark")
        entries.append(Happened(kind, at, {field: name}))
    return Course(entries=tuple(entries))


def after(profile: str, *names: str, **contact: str) -> Any:
    return filming(PROFILES[profile], course(*names, **contact))


@pytest.mark.parametrize(("names", "prompt"), [
    ((), None),
    (("filming",), "ask_permit"),
    (("filming", "permit_shown"), "check_document"),
    (("filming", "permit_none"), "explain_permit"),
    (("filming", "permit_none", "permit_asked"), "guide_to_desk"),
    (("filming", "no_hindrance"), "allowed"),
    (("filming", "permit_none", "filming_stopped"), "ended"),
    (("filming", "permit_none", "filming_goes_on"), "report"),
    (("filming", "permit_shown", "within_terms"), "allowed"),
    (("filming", "permit_shown", "within_terms", "filming_goes_on"), "allowed"),
    (("filming", "permit_shown", "filming_goes_on"), "check_document"),
    (("filming", "permit_shown", "beyond_terms"), "explain_permit"),
    (("filming", "permit_shown", "within_terms", "beyond_terms", "filming_goes_on"), "report"),
    (("filming", "no_hindrance", "filming_goes_on"), "allowed"),
    (("filming", "within_terms"), "ask_permit"),
    (("filming", "permit_none", "filming_goes_on", "manager_told"), "order"),
    (("filming", "permit_none", "manager_told", "filming_goes_on"), "order"),
    (("filming", "filming_goes_on", "manager_told", "leave"), "look"),
    (("filming", "filming_goes_on", "manager_told", "leave", "filming_stopped"), "ended"),
    (("filming", "filming_goes_on", "manager_told", "leave", "filming_goes_on"), "police"),
    (("filming", "filming_goes_on", "manager_told", "leave", "filming_goes_on", "police"), "with_police"),
    (("filming", "police"), "with_police"),
    (("filming", "visitor_left"), "ended"),
    (("filming", "filming_goes_on", "manager_told", "filming_stopped", "filming"), "ask_permit"),
    (("filming", "stalemate"), "ask_permit"),
])  # fmt: skip
def test_shi_29_each_branch_of_the_permit_rule_is_reached(names: tuple[str, ...], prompt: str | None) -> None:
    assert after("shinagawa", *names) == prompt


@pytest.mark.parametrize("contact", [{"means": "phone"}, {"means": "visit"}, {"place": "outside"}])
def test_shi_29_outside_the_building_nothing_is_offered(contact: dict[str, str]) -> None:
    assert after("shinagawa", "filming", **contact) is None
    assert after("shinagawa", "filming", means="counter", place="open") == "ask_permit"


def test_shi_29_that_filming_was_seen_as_an_act_begins_the_flow_too() -> None:
    seen = Course(entries=(Happened("marked", NOW, {"mark": "act", "act": "filming"}),))
    other = Course(entries=(Happened("marked", NOW, {"mark": "act", "act": "abuse"}),))
    assert (filming(PROFILES["shinagawa"], seen), filming(PROFILES["shinagawa"], other)) == ("ask_permit", None)


@pytest.mark.parametrize(("names", "prompt"), [
    (("filming",), "ask_exceptions"),
    (("filming", "permit_shown"), "check_document"),
    (("filming", "no_hindrance"), "allowed"),
    (("filming", "permit_none"), "explain_ban"),
    (("filming", "no_hindrance", "beyond_terms"), "explain_ban"),
    (("filming", "permit_none", "filming_goes_on"), "report"),
    (("filming", "filming_goes_on", "manager_told", "ask_leave", "filming_goes_on"), "police"),
])  # fmt: skip
def test_yur_04_the_ban_has_its_two_exceptions(names: tuple[str, ...], prompt: str) -> None:
    assert after("yurihonjo", *names) == prompt


def test_yur_04_both_exceptions_are_offered_and_no_other_city_gets_one_it_does_not_have() -> None:
    assert {"permit_shown", "no_hindrance"} <= set(answers(PROFILES["yurihonjo"], "ask_exceptions"))
    assert "no_hindrance" not in answers(PROFILES["default"], "ask_permit")
    assert after("default", "filming", "no_hindrance") == "ask_permit"


def test_a_city_without_a_rule_is_told_so_and_nobody_is_sent_away() -> None:
    for names in (("filming",), ("filming", "filming_goes_on"), ("filming", "permit_none", "leave")):
        assert after("setagaya", *names) == "no_rule"


@pytest.mark.parametrize("profile", sorted(PROFILES))
@pytest.mark.parametrize("end", ["filming_stopped", "visitor_left"])
def test_filming_that_stopped_is_over_in_every_city_until_somebody_films_again(profile: str, end: str) -> None:
    begun = after(profile, "filming")
    assert after(profile, "filming", "stalemate", end) == "ended"
    assert after(profile, "filming", end, "permit_none") == "ended"
    assert after(profile, "filming", end, "filming") == begun


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_wherever_filming_may_be_asked_about_someone_can_lead_on_by_a_tap(profile: str) -> None:
    assert answers(PROFILES[profile], after(profile, "filming"))


NAMES = st.sampled_from(sorted({*(name for name in get_args(MarkName)), *STEPS}))


@given(st.sampled_from(sorted(PROFILES)), st.lists(NAMES, max_size=12))
def test_the_flow_never_breaks_and_always_has_its_words(profile: str, names: list[str]) -> None:
    prompt = after(profile, *names)
    assert (prompt is None) is ("filming" not in names)
    if prompt is not None:
        assert prompt in PROMPTS
        assert set(answers(PROFILES[profile], prompt)) <= set(WORDS)


def test_every_prompt_has_words_and_every_answer_leads_somewhere() -> None:
    assert set(PROMPTS) == set(get_args(Prompt))
    assert {name for names in ANSWERS.values() for name in names} == set(WORDS) <= set(get_args(MarkName))
