"""What a visit's deeds do, said exactly: the machine in `trip.py` shows that no order of them does harm."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.problems import Problem
from contract.profile import PolicyProfile
from hub.domain import visit_saying as saying
from hub.domain.decision import DeedRefused
from hub.domain.policy_clock import Clock
from hub.domain.visit import (
    LEVELS,
    Agreed,
    Decision,
    Entry,
    Facts,
    NotPossible,
    State,
    Why,
    after,
    clocks,
    decide,
    names,
    plan_problems,
)
from tests.hub_domain.life import PROFILES

NOW = datetime(2026, 12, 31, 14, 58, tzinfo=UTC)
SHINAGAWA, SETAGAYA = PROFILES["shinagawa"], PROFILES["setagaya"]
TEAM = [{"name": "鈴木", "role": "responder"}, {"name": "田中", "role": "note_taker"}]


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def agreed(minutes: float, *, met: float | None = None, missed: float | None = None) -> Agreed:
    met_at, missed_at = (None if one is None else at(one) for one in (met, missed))
    return Agreed(at(minutes), minutes * 60, met_at, missed_at)


def visit(*times: Agreed, state: State = State.ARRIVED, **known: Any) -> Facts:
    values: dict[str, Any] = {"planned_at": at(-60), "limit_minutes": 45, "team": TEAM, "contact": "佐藤"}
    return Facts(state, agreed=times, **(values | known))


def said(kind: Any, facts: Facts, profile: PolicyProfile = SHINAGAWA, **fields: Any) -> Decision:
    return decide(facts, kind.model_validate(fields), profile, NOW)


def refused(kind: Any, facts: Facts, profile: PolicyProfile = SHINAGAWA, **fields: Any) -> list[str]:
    with pytest.raises(DeedRefused) as error:
        said(kind, facts, profile, **fields)
    assert str(error.value).count("\n") == len(error.value.problems) - 1
    return fields_of(error.value.problems)


def fields_of(problems: Iterable[Problem]) -> list[str]:
    """Which fields are asked for; each problem is said in both languages."""
    found = list(problems)
    assert all(not one.ja.isascii() and one.en.isascii() for one in found)
    return [one.field for one in found]


def texts(*minutes: float) -> list[str]:
    return [at(one).isoformat() for one in minutes]


# --- the times agreed ------------------------------------------------------------------------------------------------


def test_shi_12_a_time_that_has_come_without_word_is_not_taken_away_by_a_change_of_those_to_come() -> None:
    """Else the office would wait for a word that it was never told is missing."""
    facts = visit(agreed(-4), agreed(0), agreed(20), agreed(-30, missed=-25), agreed(-50, met=-50))
    found = said(saying.Change, facts, reason="話が続く", checkins=texts(30))
    assert found.checkins == (at(-4), at(0), at(30))
    assert found.data["checkins"] == texts(30)
    assert found.data["before"] == {"checkins": texts(20)}
    assert said(saying.Change, visit(agreed(0.5 / 60)), reason="x", checkins=texts(30)).checkins == (at(30),)


def test_shi_12_a_time_is_agreed_once_and_the_city_that_wants_one_keeps_one() -> None:
    known = (agreed(-30, missed=-25), agreed(5, met=0), agreed(8, met=0))
    assert refused(saying.Change, visit(*known), reason="x", checkins=texts(5, 8)) == ["checkins"]
    assert said(saying.Change, visit(*known), reason="x", checkins=[]).checkins == ()
    assert refused(saying.Change, visit(agreed(5)), reason="x", checkins=[]) == ["checkins"]
    assert said(saying.Change, visit(agreed(5)), SETAGAYA, reason="x", checkins=[]).checkins == ()
    assert said(saying.Change, visit(agreed(-1)), reason="x", checkins=[]).checkins == (at(-1),)
    assert said(saying.Change, visit(agreed(5)), reason="x", contact="田中").checkins is None


@pytest.mark.parametrize(
    ("minutes", "fits"), [([0], False), ([1 / 60], True), ([24 * 60], True), ([24 * 60 + 1], False), ([3, 3], False)]
)
def test_an_agreed_time_lies_ahead_within_a_day(minutes: list[float], fits: bool) -> None:
    plan = saying.Plan.model_validate(
        {"box": "x", "place": "x", "team": TEAM, "contact": "x", "limit_minutes": 45, "checkins": texts(*minutes)}
    )
    assert fields_of(plan_problems(plan, SHINAGAWA, NOW)) == ([] if fits else ["checkins"])


def test_shi_12_word_says_which_times_it_answers_and_whether_the_office_was_called_for_one() -> None:
    facts = visit(agreed(-30, missed=-25), agreed(10), agreed(10.1), agreed(-50, met=-50))
    word = said(saying.CheckIn, facts, text="変わりなし")
    assert (word.met, word.data) == ((at(-30), at(10)), {"answers": texts(-30, 10), "late": True})
    assert (word.entry, word.state, word.text, word.at) == (Entry.CHECKED_IN, State.ARRIVED, "変わりなし", NOW)
    assert said(saying.CheckIn, visit(agreed(-3), agreed(60, missed=0))).data == {"answers": texts(-3)}
    assert said(saying.CheckIn, visit()).data == {}


def test_shi_12_found_safe_answers_what_has_come_and_nothing_that_lies_ahead() -> None:
    safe = said(saying.Safe, visit(agreed(-3), agreed(0), agreed(1)), text="電話で話した")
    assert (safe.entry, safe.met, safe.text) == (Entry.SAFE, (at(-3), at(0)), "電話で話した")
    assert safe.data == {"answers": texts(-3, 0), "late": True}
    assert said(saying.Safe, visit(agreed(1)), text="").data == {}


@pytest.mark.parametrize("kind", [saying.Ended, saying.Back])
def test_shi_12_taking_leave_is_word_and_arriving_is_none(kind: Any) -> None:
    late = said(kind, visit(agreed(-6, missed=-1), agreed(30)))
    assert (late.met, late.data) == ((at(-6),), {"answers": texts(-6), "late": True, "first": True})
    for other in (saying.Left, saying.Arrived):
        found = said(other, visit(agreed(-6), state=State.PLANNED))
        assert (found.met, found.data) == ((), {"first": True})


# --- the way ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "state", "column", "after"),
    [
        (saying.Left, State.PLANNED, "left_at", State.LEFT),
        (saying.Arrived, State.LEFT, "arrived_at", State.ARRIVED),
        (saying.Ended, State.ARRIVED, "ended_at", State.ENDED),
        (saying.Back, State.ENDED, "back_at", State.BACK),
    ],
)
def test_a_step_of_the_way_may_be_told_late_and_counts_once(kind: Any, state: State, column: str, after: State) -> None:
    first = said(kind, visit(state=state), at=at(-7).isoformat(), text="x")
    assert (first.state, first.at, first.text) == (after, at(-7), "x")
    assert (first.updates, first.data) == ({column: at(-7)}, {"first": True})
    assert first.entry.value == kind.__name__.lower()
    again = said(kind, visit(state=after, **{column: at(-7)}))
    assert (again.state, again.at, again.updates, again.data) == (after, NOW, {}, {"first": False})


def test_who_comes_back_without_having_said_that_they_left_is_back() -> None:
    assert said(saying.Back, visit(state=State.PLANNED)).updates == {"back_at": NOW}
    late = said(saying.Left, visit(state=State.ARRIVED), at=at(-20).isoformat())
    assert (late.state, late.updates, late.at) == (State.ARRIVED, {}, at(-20))


@pytest.mark.parametrize(("minutes", "fits"), [(1, True), (60.5 / 60, False), (-25 * 60, True), (-25 * 60 - 1, False)])
def test_a_moment_lies_within_a_minute_ahead_and_a_day_before_the_plan(minutes: float, fits: bool) -> None:
    when = at(minutes).isoformat()
    if not fits:
        assert refused(saying.Left, visit(state=State.PLANNED), at=when) == ["at"]
        return
    assert said(saying.Left, visit(state=State.PLANNED), at=when).at == min(NOW, at(minutes))


def test_every_deed_has_an_answer_in_every_state_and_only_a_plan_can_be_called_off() -> None:
    def reached(state: State, entry: Entry) -> str:
        try:
            return after(state, entry).value
        except NotPossible:
            return "-"

    open_, told_back = [State.PLANNED, State.LEFT, State.ARRIVED, State.ENDED], [*State][:5]
    for state in State:
        assert {reached(state, one) for one in (Entry.TROUBLE, Entry.SAFE, Entry.NOTED)} == {state.value}
        assert reached(state, Entry.CANCELLED) == ("cancelled" if state is State.PLANNED else "-")
        assert reached(state, Entry.CHANGED) == (state.value if state in open_ else "-")
        assert reached(state, Entry.DEBRIEFED) == (state.value if state in told_back[1:] else "-")
        assert reached(state, Entry.CHECKED_IN) == (state.value if state in told_back else "-")
        for place, entry in enumerate((Entry.LEFT, Entry.ARRIVED, Entry.ENDED, Entry.BACK), start=1):
            later = told_back[max(place, told_back.index(state))].value if state in told_back else "-"
            assert reached(state, entry) == later


# --- what the office says --------------------------------------------------------------------------------------------


def test_shi_12_a_change_says_what_it_was_before() -> None:
    found = said(
        saying.Change, visit(agreed(10)), reason="交代", limit_minutes=60, contact="田中（係長）",
        team=[TEAM[0], {"name": "山本", "role": "driver"}], checkins=texts(20),
    )  # fmt: skip
    new = [TEAM[0], {"name": "山本", "role": "driver"}]
    assert found.updates == {"limit_minutes": 60, "contact": "田中（係長）", "team": new}
    assert found.data == {
        "limit_minutes": 60, "contact": "田中（係長）", "team": new, "checkins": texts(20),
        "before": {"limit_minutes": 45, "contact": "佐藤", "team": TEAM, "checkins": texts(10)},
    }  # fmt: skip
    assert (found.entry, found.text, found.checkins) == (Entry.CHANGED, "交代", (at(20),))
    assert refused(saying.Change, visit(), reason="x") == ["limit_minutes"]
    assert said(saying.Change, visit(), reason="x", limit_minutes=60).updates == {"limit_minutes": 60}
    assert said(saying.Change, visit(), reason="x", team=new).updates == {"team": new}
    alone: dict[str, Any] = {"limit_minutes": 61, "team": [TEAM[1]], "checkins": []}
    assert refused(saying.Change, visit(), reason="x", **alone) == ["limit_minutes", "team", "team", "checkins"]


def test_nobody_goes_alone_whatever_a_profile_says_and_a_city_may_want_more() -> None:
    def wrong(profile: PolicyProfile, team: list[dict[str, str]]) -> bool:
        values = {"box": "x", "place": "x", "contact": "x", "limit_minutes": 30, "checkins": texts(5), "team": team}
        return "team" in fields_of(plan_problems(saying.Plan.model_validate(values), profile, NOW))

    three = [*TEAM, {"name": "山本", "role": "driver"}]
    for least, enough in ((1, TEAM), (2, TEAM), (3, three)):
        staffing = SHINAGAWA.staffing.model_copy(update={"min": least})
        city = SHINAGAWA.model_copy(update={"staffing": staffing})
        assert not wrong(city, enough)
        assert wrong(city, enough[:-1])
    assert not wrong(SHINAGAWA, three)
    assert wrong(SHINAGAWA, [one | {"role": "driver"} for one in TEAM])
    assert names(TEAM) == "鈴木・田中"


def test_shi_12_trouble_calls_everybody_and_a_missed_time_whoever_is_there() -> None:
    assert {why.value: level.value for why, level in LEVELS.items()} == {"missed": "assist", "trouble": "emergency"}
    for state in State:
        found = said(saying.Trouble, visit(agreed(-9), state=state), text="帰してもらえない")
        assert (found.entry, found.calls, found.text) == (Entry.TROUBLE, Why.TROUBLE, "帰してもらえない")
        assert (found.state, found.met, found.updates) == (state, (), {})


def test_what_is_kept_of_a_plan_that_is_off_of_a_debrief_and_of_words() -> None:
    off = said(saying.Cancel, visit(state=State.PLANNED), text="先方の都合")
    assert (off.state, off.entry, off.text, off.data) == (State.CANCELLED, Entry.CANCELLED, "先方の都合", {})
    told = said(saying.Debrief, visit(state=State.BACK), text="大声だけ")
    assert (told.entry, told.text, told.updates, told.data) == (
        Entry.DEBRIEFED, "大声だけ", {"debriefed_at": NOW}, {},
    )  # fmt: skip
    note = said(saying.Note, visit(state=State.CANCELLED), text="x")
    assert (note.entry, note.text, note.updates, note.calls) == (Entry.NOTED, "x", {}, None)
    with pytest.raises(TypeError, match="Plan is no deed"):
        said(saying.Plan, visit(), box="x", place="x", team=TEAM, contact="x", limit_minutes=30)
    with pytest.raises(NotPossible, match="cancelled is not possible while the visit is left"):
        said(saying.Cancel, visit(state=State.LEFT))


def test_a_visits_clocks_say_where_they_come_from_and_come_in_the_order_in_which_they_are_due() -> None:
    facts = visit(agreed(2), agreed(40), agreed(-3, met=-3), arrived_at=at(-15), limit_minutes=20)
    limit, word, later = clocks(facts, SHINAGAWA.source)
    assert [one.name for one in (limit, word, later)] == ["visit", "checkin", "checkin"]
    assert limit == Clock("visit", at(-15), 20, 5, None, SHINAGAWA.source["clock.visit.max_minutes"])
    assert word == Clock("checkin", at(2), 5, 5, None, SHINAGAWA.source["clock.visit.checkin"])
    assert {one.source for one in clocks(facts, {})} == {""}
    (short,) = clocks(visit(arrived_at=NOW, limit_minutes=3), {})
    assert (short.lead_minutes, short.due_at) == (2, at(3))
    together = clocks(visit(agreed(0), arrived_at=at(-15), limit_minutes=20), {})
    assert [(one.name, one.due_at) for one in together] == [("checkin", at(5)), ("visit", at(5))]


def test_the_words_of_a_visit_are_its_own() -> None:
    """Programs that read the entries rely on them; those of an incident are others."""
    assert [one.value for one in State] == ["planned", "left", "arrived", "ended", "back", "cancelled"]
    assert [one.value for one in Entry] == [
        "planned", "left", "arrived", "checked.in", "ended", "back", "trouble", "safe", "changed", "cancelled",
        "debriefed", "noted", "limit.lead", "limit.due", "checkin.asked", "checkin.missed",
    ]  # fmt: skip
