"""Scenarios as data, and the course of one as a pure function of the product's timeline."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.problems import Refused
from hub import enrol
from hub.domain.practice import SPEED, box_name, is_practice, profile_of, speed
from hub.domain.scenario import Happened, Scenario, load, play
from hub.scenario_files import FOLDER, rules, rules_at, scenarios

AT = datetime(2026, 11, 20, tzinfo=UTC)
ALL = list(scenarios().values())
PERSON = "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a01"


def wanted(scenario: Scenario) -> list[Happened]:
    """The timeline of somebody who does everything in order."""
    return [
        Happened(scene.wants.kind, AT + timedelta(seconds=place), dict(scene.wants.data))
        for place, scene in enumerate(scenario.scenes)
    ]


@pytest.mark.parametrize("scenario", ALL, ids=lambda one: one.id)
def test_whoever_does_all_in_order_comes_to_the_end(scenario: Scenario) -> None:
    position = play(scenario, wanted(scenario), {})
    assert position.scene is None
    assert [told.how for told in position.told] == ["done"] * len(scenario.scenes)


_courses = st.sampled_from(ALL).flatmap(
    lambda one: st.tuples(
        st.just(one),
        st.lists(st.sampled_from([*wanted(one), Happened("noted", AT, {})]), max_size=30),
        st.sets(st.sampled_from([scene.id for scene in one.scenes])),
    )
)


@given(_courses, st.integers(0, 30))
def test_more_entries_never_lead_back_and_each_ends_one_scene(
    course: tuple[Scenario, list[Happened], set[str]], cut: int
) -> None:
    scenario, entries, over = course
    passed = dict.fromkeys(over, AT)
    before, after = play(scenario, entries[:cut], passed), play(scenario, entries, passed)
    assert len(after.told) >= len(before.told)
    for early, late in zip(before.told, after.told, strict=False):
        assert early.scene is late.scene
        assert early.how == late.how or (early.how, late.how) == ("passed", "later")
    assert [told.scene for told in after.told] == list(scenario.scenes[: len(after.told)])
    assert sum(told.how != "passed" for told in after.told) <= len(entries)
    assert all((told.how in ("passed", "later")) == (told.scene.id in over) for told in after.told)


def test_what_was_done_before_it_was_asked_for_is_told_as_such() -> None:
    scenario = scenarios()["shinagawa-danger"]
    press, act, police, *_ = wanted(scenario)
    position = play(scenario, [press, police, act], {})
    assert [(told.scene.id, told.how) for told in position.told] == [
        ("press", "done"), ("act", "done"), ("police", "early"),
    ]  # fmt: skip
    assert position.scene is not None
    assert position.scene.id == "safe"


def test_each_city_has_a_long_case_and_a_dangerous_one_and_they_take_different_courses() -> None:
    by_city: dict[str, set[str]] = {}
    for scenario in ALL:
        steps = {scene.wants.data.get("step", "") for scene in scenario.scenes} - {""}
        by_city.setdefault(scenario.profile, set()).update(steps)
        assert steps - {"police"} <= set(rules(scenario.profile).profile.ladder.steps)
    assert by_city["shinagawa"] == {"warn", "stop", "cease", "leave", "police"}
    assert by_city["setagaya"] == {"cease", "announce_stop", "stop_and_urge", "leave", "police"}


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('mark = "stalemate" }\n[scenes.choices.label]', 'mark = "boredom" }\n[scenes.choices.label]', "mark"),
        ('press = "assist"', 'press = "loud"', "press"),
        ('id = "warn"\n[scenes.title]', 'id = "press"\n[scenes.title]', "file"),
        ("minutes = 10", "minutes = 10\nblame = true", "blame"),
    ],
)
def test_a_scenario_with_a_mistake_is_refused_with_field_and_remedy(old: str, new: str, field: str) -> None:
    text = (FOLDER / "shinagawa-long-claim.toml").read_text("utf-8")
    assert old in text
    with pytest.raises(Refused, match=field):
        load(text.replace(old, new, 1), "x.toml")


def test_a_practice_box_is_known_by_its_name_follows_its_scenario_and_no_box_can_take_it(tmp_path: Path) -> None:
    name = box_name("setagaya", PERSON)
    assert (is_practice(name), profile_of(name), speed(name)) == (True, "setagaya", SPEED)
    assert (is_practice("counter-01"), profile_of("counter-01"), speed("counter-01")) == (False, None, 1)
    practised = rules_at(name)
    assert practised is not None
    assert practised.profile.meta.id == "setagaya"
    assert rules_at("counter-01") is None
    assert rules_at("practice-atlantis-0123456789ab") is None
    with pytest.raises(enrol.NotEnrolled, match="practice-"):
        enrol._check(name, "窓口", tmp_path / "bundle")
