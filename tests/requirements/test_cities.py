"""What each city's document asks for, through the front door of the domain: the same visitor, other rules."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.profile import PolicyProfile
from hub.domain import ladder
from hub.domain.course import Course
from hub.domain.guidance import Situation, cards_now, is_urgent
from hub.domain.incident import State
from hub.domain.permissions import Action
from hub.domain.policy_clock import clocks
from hub.domain.saying import Decide, Judgement, Mark, MarkName, StepTaken
from hub.domain.tasks import Over, tasks
from tests.hub.test_findings import FOUND
from tests.hub.test_steps import HEAD, MANAGER, PEOPLE, PROFILES, Case

SETAGAYA, SAPPORO, YURIHONJO = (PROFILES[name] for name in ("setagaya", "sapporo", "yurihonjo"))
NOW = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)


def judged(case: Case, **changed: Any) -> dict[str, Any]:
    case.state = State.CONTACT_ENDED
    return case.says(Judgement(**{**FOUND, **changed}))


def lacking(case: Case, **changed: Any) -> set[str]:
    case.state = State.CONTACT_ENDED
    return case.refused(Judgement(**{**FOUND, **changed}))


def up_to_leaving(case: Case) -> Case:
    """Setagaya's way to the order to leave."""
    case.says(StepTaken(step="cease"))
    case.says(StepTaken(step="announce_stop"))
    looked_at = tuple(SETAGAYA.clock.circumstances)
    case.says(Decide(about="stop", outcome="stop", persons=("所属長 鈴木",), circumstances=looked_at))
    case.says(StepTaken(step="stop_and_urge"))
    return case


def test_set_01_one_head_may_judge_alone_in_setagaya_and_not_in_shinagawa() -> None:
    alone = ("所属長 鈴木",)
    assert judged(Case(SETAGAYA), persons=alone)["persons"] == list(alone)
    assert lacking(Case(), persons=alone) == {"persons"}


@pytest.mark.parametrize("field", ["nuisance", "harm"])
def test_set_02_one_element_alone_is_refused(field: str) -> None:
    assert lacking(Case(SETAGAYA), **{field: False}) == {field}
    assert lacking(Case(SETAGAYA), **{field: None}) == {field}
    assert judged(Case(SETAGAYA))["finding"] == "harassment"


def test_set_09_setagaya_s_locked_in_worker_reads_of_the_police_before_anything_polite() -> None:
    cards = [guide.card for guide in cards_now(SETAGAYA, Situation(acts=frozenset({"confine"})))]
    assert cards[0] == "police"
    assert "hear" not in cards
    assert cards.index("confine") < cards.index("cease")
    assert is_urgent(SETAGAYA, ["confine"])


def test_set_05_setagayas_slot_is_shorter_and_meant_for_repeat_visits() -> None:
    def outside(profile: PolicyProfile, *before: MarkName) -> dict[int, bool]:
        case = Case(profile)
        for mark in before:
            case.says(Mark(mark=mark))
        told = (10, 15, 30, 45)
        return {one: case.says(Mark(mark="slot_announced", minutes=one)).get("outside_range", False) for one in told}

    nowhere = dict.fromkeys((10, 15, 30, 45), False)
    assert outside(SETAGAYA, "repeat_visit") == {10: True, 15: False, 30: False, 45: True}
    assert outside(SETAGAYA) == nowhere == outside(SETAGAYA, "long_hold_expected")
    shinagawa = PROFILES["shinagawa"]
    assert outside(shinagawa, "long_hold_expected") == {10: True, 15: True, 30: False, 45: False}
    assert outside(shinagawa, "repeat_visit") == nowhere


def test_set_07_the_head_orders_only_after_the_manager_was_told() -> None:
    case = up_to_leaving(Case(SETAGAYA))
    assert case.refused(StepTaken(step="leave"), HEAD) == {"manager_told"}
    case.says(Mark(mark="manager_told"))
    assert case.says(StepTaken(step="leave"), HEAD)["issuer"] == "所属長"
    assert Case(SETAGAYA).refused(StepTaken(step="leave"), MANAGER) >= {"issuer"}


def test_set_08_three_orders_then_the_announcement_then_the_call() -> None:
    case = up_to_leaving(Case(SETAGAYA))
    case.says(Mark(mark="manager_told"))
    for count in (1, 2, 3):
        assert case.refused(StepTaken(step="announce_police")) == {"reason"}, "the orders come first"
        assert case.says(StepTaken(step="leave"), HEAD)["count"] == count
        case.passes(5)
    course = Course(entries=tuple(case.entries))
    assert ladder.next_step(SETAGAYA, course.counts, in_building=True) == "announce_police"
    case.says(StepTaken(step="announce_police"))
    course = Course(entries=tuple(case.entries))
    assert ladder.next_step(SETAGAYA, course.counts, in_building=True) == "police"


def test_sap_02_off_topic_talk_has_half_an_hour_to_an_hour_once_it_is_marked() -> None:
    case = Case(SAPPORO)
    case.says(Mark(mark="offtopic"))
    course = Course(contact_started_at=NOW, entries=tuple(case.entries))
    clock = {one.name: one for one in clocks(SAPPORO, course)}["offtopic"]
    states = [clock.state(NOW + timedelta(minutes=minutes)) for minutes in (29, 30, 59, 60)]
    assert states == ["running", "lead", "lead", "due"]
    assert clocks(PROFILES["shinagawa"], course)[0].name != "offtopic"


@pytest.mark.parametrize("acts", [("baseless", "repeat"), ("demand",), ("authority",), ("personal",)])
def test_sap_06_acts_can_be_grounds_of_content_too(acts: tuple[str, ...]) -> None:
    assert judged(Case(SAPPORO), acts=acts, persons=("係長 佐藤",))["acts"] == [*acts]


def test_yur_01_thirty_minutes_hold_only_for_those_who_hold_people_again_and_again() -> None:
    course = Course(contact_started_at=NOW)
    assert clocks(YURIHONJO, course) == []
    case = Case(YURIHONJO)
    case.says(Mark(mark="repeat_long_hold"))
    found = clocks(YURIHONJO, Course(contact_started_at=NOW, entries=tuple(case.entries)))
    assert [(clock.name, clock.minutes) for clock in found] == [("contact_cap", 30)]
    case.says(Decide(about="limit", clock="contact_cap", minutes=50, text="内容が重いため"))
    found = clocks(YURIHONJO, Course(contact_started_at=NOW, entries=tuple(case.entries)))
    assert found[0].minutes == 50


def test_yur_05_a_post_becomes_a_task_to_tell_the_police() -> None:
    case = Case(YURIHONJO)
    case.says(Mark(mark="act", act="online"))
    over = Over("1", State.CONTACT_ENDED, False, False, NOW)
    course = Course(entries=tuple(case.entries))
    assert "police_report" in {task.kind for task in tasks(YURIHONJO, over, course)}
    assert "police_report" not in {task.kind for task in tasks(SETAGAYA, over, course)}


@pytest.mark.parametrize("mark", ["superior_joined", "staff_swapped"])
def test_yur_07_that_a_superior_joins_or_swaps_is_an_entry_with_its_time(mark: str) -> None:
    case = Case(YURIHONJO)
    assert case.says(Mark(mark=mark))["mark"] == mark  # type: ignore[arg-type]
    assert case.says(StepTaken(step="superior"))["count"] == 1
    assert case.entries[0].at == case.now


@pytest.mark.parametrize("mark", ["cautioned", "legal_step"])
def test_sug_04_steps_against_the_doer_are_entries_too(mark: str) -> None:
    case = Case(PROFILES["default"])
    case.says(Mark(mark=mark, text="口頭で注意した"))  # type: ignore[arg-type]
    assert case.entries[-1].data["mark"] == mark
    assert case.state is State.ATTENDED


def test_set_23_the_health_desk_is_named_as_soon_as_the_contact_is_over() -> None:
    found = tasks(SETAGAYA, Over("1", State.CONTACT_ENDED, False, False, NOW), Course())
    assert [(task.kind, task.due_at) for task in found] == [("rest", NOW), ("report", None)]
    assert SETAGAYA.aftercare.immediate == ("health_desk",)


def test_shi_36_nothing_that_people_can_say_refuses_or_blocks_anybody() -> None:
    case = Case()
    for role in ("supervisor", "building_manager"):
        for name in ("refuse", "block", "ban"):
            assert case.refused(StepTaken(step=name), PEOPLE[role]) == {"step"}
    words = {word for action in Action for word in action.value.split(".")}
    assert not words & {"block", "ban", "refuse", "deny"}
