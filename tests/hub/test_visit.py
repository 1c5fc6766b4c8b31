"""A visit's own rules: the plan, the states, what answers an agreed time, and its two clocks. Pure."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contract.profile import PolicyProfile, load
from hub.domain import visit_saying as saying
from hub.domain.decision import DeedRefused
from hub.domain.visit import (
    CHECKIN,
    EARLY,
    GRACE_MINUTES,
    LIMIT,
    OPEN,
    Agreed,
    Entry,
    Facts,
    NotPossible,
    State,
    Why,
    after,
    clocks,
    decide,
    plan_problems,
)

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
PROFILES = Path(__file__).parents[2] / "contract" / "profiles"
SHINAGAWA = load((PROFILES / "shinagawa.toml").read_text("utf-8"), "shinagawa.toml")
SETAGAYA = load((PROFILES / "setagaya.toml").read_text("utf-8"), "setagaya.toml")

TEAM = [{"name": "鈴木", "role": "responder"}, {"name": "田中", "role": "note_taker"}]
DEEDS: list[Any] = [
    saying.Left(), saying.Arrived(), saying.CheckIn(), saying.Ended(), saying.Back(), saying.Trouble(), saying.Safe(),
    saying.Change(reason="延びた", contact="佐藤"), saying.Cancel(), saying.Debrief(text="無事"), saying.Note(text="x"),
]  # fmt: skip


def plan(**changed: Any) -> saying.Plan:
    values: dict[str, Any] = {
        "box": "counter-01", "place": "中央二丁目", "team": TEAM, "contact": "佐藤（係長）", "limit_minutes": 60,
        "checkins": [(NOW + timedelta(minutes=30)).isoformat()],
    }  # fmt: skip
    return saying.Plan.model_validate(values | changed)


def wrong(profile: PolicyProfile = SHINAGAWA, **changed: Any) -> set[str]:
    return {one.field for one in plan_problems(plan(**changed), profile, NOW)}


def visit(state: State = State.ARRIVED, *left_s: float, **changed: Any) -> Facts:
    agreed = [Agreed(NOW + timedelta(seconds=one), one) for one in left_s]
    values: dict[str, Any] = {"state": state, "planned_at": NOW - timedelta(hours=1), "limit_minutes": 45}
    return Facts(**(values | {"agreed": agreed} | changed))


def test_shi_12_a_plan_holds_limit_roles_contact_and_checkin_before_anybody_leaves() -> None:
    assert wrong() == set()
    assert wrong(limit_minutes=61) == {"limit_minutes"}
    assert wrong(checkins=[]) == {"checkins"}
    assert wrong(team=TEAM[:1]) == {"team"}
    assert wrong(team=[one | {"name": "鈴木"} for one in TEAM]) == {"team"}
    assert wrong(team=[one | {"role": "driver"} for one in TEAM]) == {"team"}
    assert wrong(limit_minutes=90, checkins=[], team=[]) == {"limit_minutes", "checkins", "team"}
    for missing in ("contact", "place", "limit_minutes"):
        with pytest.raises(ValidationError):
            plan(**{missing: ""})


def test_a_city_without_rules_for_visits_sets_no_limit_and_asks_for_no_checkin() -> None:
    assert wrong(SETAGAYA, limit_minutes=180, checkins=[]) == set()
    assert wrong(SETAGAYA, team=TEAM[:1]) == {"team"}


@pytest.mark.parametrize("minutes", [[-1], [0], [24 * 60 + 1], [30, 30]])
def test_agreed_times_lie_ahead_within_a_day_each_once(minutes: list[int]) -> None:
    assert wrong(checkins=[(NOW + timedelta(minutes=one)).isoformat() for one in minutes]) == {"checkins"}


@given(st.lists(st.sampled_from(DEEDS), max_size=12))
def test_no_deed_ever_leads_back_and_trouble_is_always_heard(said: list[Any]) -> None:
    order = [*OPEN, State.BACK]
    facts = visit(State.PLANNED, 60.0)
    for one in said:
        try:
            found = decide(facts, one, SHINAGAWA, NOW)
        except NotPossible:
            assert not isinstance(one, saying.Trouble | saying.Safe | saying.Note), "always heard"
            continue
        if facts.state is State.CANCELLED or found.state is State.CANCELLED:
            assert found.state is State.CANCELLED
        else:
            assert order.index(found.state) >= order.index(facts.state)
        assert (found.calls is Why.TROUBLE) == isinstance(one, saying.Trouble)
        columns = {name: value for name, value in found.updates.items() if name.endswith("_at") and name[0] != "d"}
        assert all(getattr(facts, name) is None for name in columns), "the first moment counts"
        facts = visit(found.state, 60.0, **{
            name: columns.get(name, getattr(facts, name)) for name in ("left_at", "arrived_at", "ended_at", "back_at")
        })  # fmt: skip


def test_every_deed_has_an_answer_in_every_state() -> None:
    def answer(state: State, entry: Entry) -> str:
        try:
            return after(state, entry).value
        except NotPossible:
            return "-"

    deeds = (Entry.LEFT, Entry.ARRIVED, Entry.CHECKED_IN, Entry.ENDED, Entry.BACK, Entry.CANCELLED, Entry.CHANGED,
             Entry.DEBRIEFED, Entry.TROUBLE, Entry.SAFE, Entry.NOTED)  # fmt: skip
    assert {state.value: " ".join(answer(state, one) for one in deeds) for state in State} == {
        "planned": "left arrived planned ended back cancelled planned - planned planned planned",
        "left": "left arrived left ended back - left left left left left",
        "arrived": "arrived arrived arrived ended back - arrived arrived arrived arrived arrived",
        "ended": "ended ended ended ended back - ended ended ended ended ended",
        "back": "back back back back back - - back back back back",
        "cancelled": "- - - - - - - - cancelled cancelled cancelled",
    }


def test_a_visit_that_left_is_not_cancelled_but_comes_back() -> None:
    assert decide(visit(State.PLANNED), saying.Cancel(), SHINAGAWA, NOW).state is State.CANCELLED
    with pytest.raises(NotPossible):
        decide(visit(State.LEFT), saying.Cancel(), SHINAGAWA, NOW)
    assert decide(visit(State.LEFT), saying.Back(), SHINAGAWA, NOW).updates == {"back_at": NOW}


@given(st.lists(st.floats(min_value=-7200, max_value=7200), max_size=6, unique_by=round))
def test_shi_12_word_answers_what_is_past_or_near_and_nothing_later(left_s: list[float]) -> None:
    early_s = EARLY.total_seconds()
    met = decide(visit(State.ARRIVED, *left_s), saying.CheckIn(), SHINAGAWA, NOW).met
    assert set(met) == {NOW + timedelta(seconds=one) for one in left_s if one <= early_s}
    safe = decide(visit(State.ARRIVED, *left_s), saying.Safe(), SHINAGAWA, NOW).met
    assert set(safe) == {NOW + timedelta(seconds=one) for one in left_s if one <= 0}


def test_arriving_is_no_word_and_leaving_the_house_is() -> None:
    assert decide(visit(State.LEFT, 60.0), saying.Arrived(), SHINAGAWA, NOW).met == ()
    assert decide(visit(State.ARRIVED, 60.0), saying.Ended(), SHINAGAWA, NOW).met == (NOW + timedelta(seconds=60),)


@given(st.sampled_from(State), st.integers(1, 60), st.lists(st.integers(-90, 90), max_size=5, unique=True))
def test_shi_12_the_clocks_are_the_limit_from_arrival_and_each_time_without_word(
    state: State, limit: int, minutes: list[int]
) -> None:
    facts = visit(state, *(one * 60.0 for one in minutes), arrived_at=NOW, limit_minutes=limit)
    found = clocks(facts, SHINAGAWA.source)
    if state not in OPEN:
        assert found == []
        return
    times = sorted(clock.started_at for clock in found if clock.name == CHECKIN)
    assert times == sorted(NOW + timedelta(minutes=one) for one in minutes)
    assert all(clock.due_s == GRACE_MINUTES * 60 and clock.lead_s == 0 for clock in found if clock.name == CHECKIN)
    (own,) = (clock for clock in found if clock.name == LIMIT)
    assert own.due_at == NOW + timedelta(minutes=limit)
    assert own.source == "対応要領 2 参考、7 TYPE.7"


def test_the_limit_stops_when_they_took_their_leave() -> None:
    (own,) = clocks(visit(State.ENDED, arrived_at=NOW - timedelta(hours=1), ended_at=NOW), {})
    assert own.state(NOW + timedelta(hours=2)) == "ended"


def test_shi_12_the_office_changes_a_plan_with_a_reason_and_within_the_city_s_limit() -> None:
    with pytest.raises(ValidationError):
        saying.Change.model_validate({"limit_minutes": 50})
    found = decide(visit(), saying.Change(reason="話が続く", limit_minutes=60), SHINAGAWA, NOW)
    assert (found.text, found.updates) == ("話が続く", {"limit_minutes": 60})
    assert found.data["before"] == {"limit_minutes": 45}
    for said in (saying.Change(reason="x", limit_minutes=61), saying.Change(reason="x")):
        with pytest.raises(DeedRefused):
            decide(visit(), said, SHINAGAWA, NOW)
    with pytest.raises(DeedRefused):  # the last agreed time is not taken away
        decide(visit(State.ARRIVED, 60.0), saying.Change(reason="x", checkins=()), SHINAGAWA, NOW)


@pytest.mark.parametrize("minutes", [2, -60 * 26])
def test_a_moment_that_cannot_be_meant_is_refused(minutes: int) -> None:
    with pytest.raises(DeedRefused) as refused:
        decide(
            visit(State.PLANNED),
            saying.Left.model_validate({"at": (NOW + timedelta(minutes=minutes)).isoformat()}),
            SHINAGAWA,
            NOW,
        )
    assert [one.field for one in refused.value.problems] == ["at"]


def test_unknown_fields_and_roles_are_refused() -> None:
    with pytest.raises(ValidationError):
        plan(resident="山田")
    with pytest.raises(ValidationError):
        TypeAdapter(saying.Member).validate_python({"name": "鈴木", "role": "boss"})
