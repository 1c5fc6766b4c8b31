"""The ladder of alerts to the second, and what is written down of it."""

from datetime import UTC, datetime
from itertools import count

import pytest

from contract.profile import Alert, AlertStage
from hub.domain.escalation import (
    LATE_S,
    Call,
    Due,
    alert_rows,
    alerted_entry,
    due,
    first,
    next_due_s,
    plan,
    roles,
    unheard,
    unheard_entry,
)
from hub.domain.incident import State
from tests.hub_domain.watch import Person

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
CHIEF, HEAD, GUARD = Person("chief", "supervisor"), Person("head", "section_head"), Person("guard", "guard")
EVERYBODY = [CHIEF, HEAD, GUARD]
RULES = Alert(
    assist=(AlertStage(after_s=0, roles=("supervisor",)), AlertStage(after_s=30, roles=("section_head", "guard"))),
    emergency=(AlertStage(after_s=0, roles=("supervisor", "guard")), AlertStage(after_s=10, roles=("section_head",))),
    repeat_s=20,
)


def call(elapsed_s: float, level: str = "assist", state: str = "raised", **answers: datetime) -> Call:
    return Call("call-1", level, state, elapsed_s, answers.get("seen_at"), answers.get("responding_at"))


def heard(found: list[Due]) -> list[tuple[str, int, int, float]]:
    return [(one.contact.id, one.stage_s, one.round, one.late_s) for one in found]


def keys(elapsed_s: float) -> set[str]:
    """What has gone out when the engine looked in every second until then."""
    known = {one.key for one in first(RULES, "call-1", "assist", EVERYBODY)}
    for second in range(int(elapsed_s) + 1):
        known |= {one.key for one in due(RULES, call(second), known, EVERYBODY)}
    return known


def test_a_call_tells_at_once_the_first_stage_of_its_level_and_nobody_else() -> None:
    assert heard(first(RULES, "call-1", "assist", EVERYBODY)) == [("chief", 0, 0, 0.0)]
    assert heard(first(RULES, "call-1", "emergency", EVERYBODY)) == [("chief", 0, 0, 0.0), ("guard", 0, 0, 0.0)]
    (one,) = first(RULES, "call-1", "assist", [CHIEF])
    assert (one.key, one.incident, one.contact) == ("call-1:assist:0:0:chief", "call-1", CHIEF)


def test_a_level_nobody_knows_is_called_like_an_assist() -> None:
    assert heard(first(RULES, "call-1", "whatever", EVERYBODY)) == [("chief", 0, 0, 0.0)]
    assert call(5, "whatever", seen_at=AT).answered_at == AT


@pytest.mark.parametrize(
    ("elapsed_s", "found"),
    [
        (0, []),
        (19, []),
        (20, [("chief", 0, 1, 0.0)]),
        (29, []),
        (30, [("head", 30, 0, 0.0), ("guard", 30, 0, 0.0)]),
        (39, []),
        (40, [("chief", 0, 2, 0.0), ("head", 30, 2, 0.0), ("guard", 30, 2, 0.0)]),
        (41, []),
    ],
)
def test_each_stage_and_each_repeat_comes_in_its_own_second(
    elapsed_s: int, found: list[tuple[str, int, int, float]]
) -> None:
    known = keys(elapsed_s - 1) if elapsed_s else keys(0)
    assert heard(due(RULES, call(elapsed_s), known, EVERYBODY)) == found


@pytest.mark.parametrize(
    ("elapsed_s", "found"),
    [
        (29.5, [("chief", 0, 1, 9.5)]),
        (33.0, [("chief", 0, 1, 13.0), ("head", 30, 0, 3.0), ("guard", 30, 0, 3.0)]),
        (47.0, [("chief", 0, 2, 7.0), ("head", 30, 2, 17.0), ("guard", 30, 2, 17.0)]),
    ],
)
def test_after_a_sleep_a_stage_counts_as_late_since_its_time_and_a_repeat_since_the_newest(
    elapsed_s: float, found: list[tuple[str, int, int, float]]
) -> None:
    assert heard(due(RULES, call(elapsed_s), keys(0), EVERYBODY)) == found


def test_who_first_heard_late_is_late_at_the_next_repeat_only_since_that_repeat() -> None:
    known = keys(0)
    known |= {one.key for one in due(RULES, call(47), known, EVERYBODY)}
    assert heard(due(RULES, call(63), known, EVERYBODY)) == [
        ("chief", 0, 3, 3.0), ("head", 30, 3, 3.0), ("guard", 30, 3, 3.0),
    ]  # fmt: skip


def test_somebody_called_in_two_roles_hears_of_a_stage_once() -> None:
    both = [Person("head", "section_head"), Person("head", "guard")]
    found = due(RULES, call(30), set(), both)
    assert [one.key for one in found] == ["call-1:assist:0:30:head"]


@pytest.mark.parametrize(
    ("one", "wait_s"),
    [
        (call(0), 20.0),
        (call(19.5), 0.5),
        (call(20), 10.0),
        (call(25), 5.0),
        (call(30), 10.0),
        (call(40), 20.0),
        (call(5, "emergency"), 5.0),
        (call(5, seen_at=AT), None),
        (call(5, "emergency", seen_at=AT), 5.0),
        (call(5, "emergency", responding_at=AT), None),
        (call(5, state="contact_ended"), None),
        (call(5, state="closed"), None),
    ],
)
def test_the_engine_may_sleep_until_the_next_stage_or_repeat_and_forever_once_it_is_answered(
    one: Call, wait_s: float | None
) -> None:
    assert next_due_s(RULES, one) == wait_s


def test_that_somebody_comes_answers_before_that_somebody_looked() -> None:
    later = datetime(2026, 11, 20, 3, 5, tzinfo=UTC)
    assert call(5, seen_at=AT, responding_at=later).answered_at == later
    assert call(5, seen_at=AT).answered_at == AT
    assert call(5, "emergency", seen_at=AT).answered_at is None
    assert call(5).answered_at is None


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (call(49.9), False),
        (call(50), True),
        (call(50, state="seen", seen_at=AT), False),
        (call(30, "emergency"), True),
        (call(29.9, "emergency"), False),
        (call(30, "emergency", seen_at=AT), False),
        (call(50, responding_at=AT), False),
        (call(50, state="contact_ended"), False),
    ],
)
def test_nobody_available_is_said_when_the_whole_ladder_was_climbed_and_repeated(one: Call, told: bool) -> None:
    assert unheard(RULES, one) is told


def test_the_plan_shows_whom_each_stage_reaches() -> None:
    assert [(stage.after_s, found) for stage, found in plan(RULES, "assist", EVERYBODY)] == [
        (0, [CHIEF]), (30, [HEAD, GUARD]),
    ]  # fmt: skip
    assert [(stage.after_s, found) for stage, found in plan(RULES, "emergency", EVERYBODY)] == [
        (0, [CHIEF, GUARD]), (10, [HEAD]),
    ]  # fmt: skip
    assert roles(RULES, "assist") == {"supervisor", "section_head", "guard"}
    assert roles(RULES.model_copy(update={"assist": RULES.assist[:1]}), "assist") == {"supervisor"}


def test_an_alert_waits_as_a_row_that_says_whom_how_where_and_why() -> None:
    ids = count(1)
    found = due(RULES, call(40), keys(39), [CHIEF, HEAD])
    rows = alert_rows(found, lambda: f"alert-{next(ids)}", AT)
    assert rows[1] == {
        "id": "alert-2", "incident": "call-1", "key": "call-1:assist:2:30:head", "stage_s": 30, "round": 2,
        "contact": "head", "role": "section_head", "channel": "email", "target": "a@city.example", "state": "due",
        "tries": 0, "created_at": AT, "next_at": AT,
    }  # fmt: skip
    assert [row["contact"] for row in rows] == ["chief", "head"]


def late(late_s: float) -> Due:
    return Due("key", "call-1", 0, 0, CHIEF, late_s)


@pytest.mark.parametrize(
    ("late_s", "late_ms"), [(0.0, None), (2.0, None), (2.0004, 2000), (2.5, 2500), (61.2345, 61234)]
)
def test_that_an_alert_came_late_is_written_down_from_two_seconds_on(late_s: float, late_ms: int | None) -> None:
    assert LATE_S == 2.0
    assert alerted_entry("call-1", [late(0.0), late(late_s)], AT, "sha256:x")["data"].get("late_ms") == late_ms


def test_the_timeline_says_who_was_alerted_and_that_nobody_could_come() -> None:
    found = [*due(RULES, call(30), keys(29), [GUARD, HEAD]), *due(RULES, call(20), keys(0), [CHIEF])]
    entry = alerted_entry("call-1", found, AT, "sha256:x")
    assert entry == {
        "incident": "call-1", "at": AT, "recorded_at": AT, "kind": "alerted", "source": "hub", "text": "",
        "data": {
            "stage_s": 30, "round": 1, "contacts": ["guard", "head", "chief"],
            "roles": ["guard", "section_head", "supervisor"],
        },
        "profile_digest": "sha256:x",
    }  # fmt: skip
    assert unheard_entry("call-1", AT, "sha256:x") == {**entry, "kind": "nobody.available", "data": {}}


def test_a_state_in_which_the_alarm_stands_is_called_on() -> None:
    assert [state for state in State if call(5, state=state).calling] == ["raised", "seen", "attended"]
