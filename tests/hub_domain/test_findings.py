"""What each city's judgement must look at, said exactly; the system asks, and never gives a verdict."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain import findings
from hub.domain.saying import Judgement
from tests.hub_domain.life import PROFILES

GROUNDS: dict[str, Any] = {
    "content": "求めに理由がない", "manner": "大声", "time": "三度目", "means": "机をたたいた", "nuisance": True,
    "harm": True, "environment": "窓口が止まった", "average_employee": True, "dropped": False,
}  # fmt: skip
PERSONS = ("所属長 鈴木", "施設長 田中")

ASKED = {
    "default": ["content", "manner", "time", "environment", "average_employee", "dropped"],
    "sapporo": ["content", "means"],
    "setagaya": ["nuisance", "harm", "manner", "content", "time"],
    "shinagawa": ["content", "manner", "time", "environment", "average_employee", "dropped"],
    "yurihonjo": ["content", "means"],
}
"""By the documents (Shin 3(5), 4; Seta 2(2); Sapp; Yuri): not read off the profiles."""


def lacking(city: str, **said: Any) -> list[str]:
    judgement = Judgement.model_validate({"finding": "harassment", "acts": ["abuse"], "persons": PERSONS, **said})
    return [one.field for one in findings.problems(judgement, PROFILES[city])]


@pytest.mark.parametrize("city", sorted(PROFILES))
def test_shi_03_set_02_whoever_finds_harassment_has_looked_at_what_the_city_asks_and_at_nothing_else(city: str) -> None:
    asked = ASKED[city]
    assert lacking(city, **GROUNDS) == []
    assert lacking(city) == asked
    for name in GROUNDS:
        rest = {key: value for key, value in GROUNDS.items() if key != name}
        assert lacking(city, **rest) == ([name] if name in asked else [])
    assert lacking(city, acts=[], **GROUNDS) == ["acts"]
    assert lacking(city, persons=["主任 山田"], **GROUNDS)[:1] == (
        [] if city in ("sapporo", "yurihonjo") else ["persons"]
    )


@pytest.mark.parametrize("city", sorted(PROFILES))
@pytest.mark.parametrize("finding", ["near_miss", "not_harassment"])
def test_shi_03_what_is_found_to_be_no_harassment_needs_persons_and_one_ground_in_words(
    city: str, finding: str
) -> None:
    none: dict[str, Any] = {"finding": finding, "acts": []}
    assert lacking(city, **none) == ["text"]
    assert lacking(city, **none, nuisance=False, harm=False, average_employee=False, dropped=True) == ["text"]
    for words in ("content", "manner", "time", "means", "environment", "text"):
        assert lacking(city, **none, **{words: "言い方だけが強かった"}) == []


def test_set_02_an_element_that_was_looked_at_and_not_found_is_not_there() -> None:
    for element in ("nuisance", "harm"):
        assert lacking("setagaya", **{**GROUNDS, element: False}) == [element]
    assert lacking("shinagawa", **{**GROUNDS, "dropped": True}) == []


@pytest.mark.parametrize("city", sorted(PROFILES))
def test_shi_03_what_would_not_disturb_an_average_employee_counts_with_a_reason_only(city: str) -> None:
    asked = ["text"] if "average_employee" in ASKED[city] else []
    assert lacking(city, **{**GROUNDS, "average_employee": False}) == asked
    assert lacking(city, **{**GROUNDS, "average_employee": False}, text="新人が一人で受けた") == []


@pytest.mark.parametrize("city", sorted(PROFILES))
@pytest.mark.parametrize(
    ("acts", "fields"),
    [
        (["baseless"], ["acts"]),
        (["nearmiss"], ["acts"]),
        (["baseless", "nearmiss"], ["acts"]),
        (["organised"], ["acts"]),
        (["organised", "abuse"], ["acts"]),
        (["organised", "baseless"], ["acts", "acts"]),
        (["baseless", "hold"], []),
        (["nearmiss", "demand"], []),
    ],
)
def test_shi_03_shi_40_no_harassment_rests_on_a_claim_without_merit_a_hard_case_or_pressure_by_a_group(
    city: str, acts: list[str], fields: list[str]
) -> None:
    assert lacking(city, **GROUNDS, acts=acts) == fields
    for finding in ("near_miss", "not_harassment"):
        assert "acts" not in lacking(city, **GROUNDS, acts=acts, finding=finding)


@given(st.fixed_dictionaries({}, optional={name: st.just(value) for name, value in GROUNDS.items()}))
def test_what_was_looked_at_is_written_down_and_silence_is_none(said: dict[str, Any]) -> None:
    judgement = Judgement.model_validate({"finding": "near_miss", "persons": PERSONS, **said})
    assert findings.grounds(judgement) == dict.fromkeys(GROUNDS) | said
