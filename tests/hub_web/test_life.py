"""An incident's life, whatever people do and in whatever order."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from contract import profile as policy
from contract.messages import CommandType
from hub.domain import saying
from hub.domain.deed import DeedRefused, Facts, Person, decide, needed
from hub.domain.incident import Deed, NotPossible, Outcome, State, after
from hub.domain.permissions import Action
from hub.domain.saying import Said

NOW = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)
PROFILES = Path(policy.__file__).parent / "profiles"
SHINAGAWA = policy.load((PROFILES / "shinagawa.toml").read_text("utf-8"), "shinagawa.toml")
SATO, TANAKA = Person("1", "佐藤", "supervisor"), Person("2", "田中", "section_head")
ORDER = list(State)

deeds: st.SearchStrategy[Said] = st.one_of(
    st.just(saying.Acknowledge()),
    st.just(saying.Respond()),
    st.builds(lambda what, ago: _contact(what, ago), st.sampled_from(["started", "ended"]), st.integers(-10, 2000)),
    st.sampled_from(["false_press", "stalemate", "progress"]).map(lambda mark: saying.Mark(mark=mark)),  # type: ignore[arg-type]
    st.sampled_from(["warn", "leave", "legal"]).map(lambda step: saying.StepTaken(step=step)),
    st.just(saying.Note(text="x")),
    st.just(saying.Judgement(finding="near_miss", persons=("所属長 佐藤", "係長 田中"))),
    st.sampled_from(Outcome).map(lambda outcome: saying.Close(outcome=outcome)),
)


def _contact(what: str, minutes_ago: int) -> saying.Contact:
    at = (NOW - timedelta(minutes=minutes_ago)).isoformat()
    return saying.Contact.model_validate({"action": what, "at": at})


def lived(facts: Facts, updates: Mapping[str, Any], state: State) -> Facts:
    """The facts after a decision was written."""
    kept = {name: getattr(facts, name) for name in Facts.__slots__}
    if updates.get("outcome"):
        updates = {**updates, "outcome": Outcome(updates["outcome"])}
    return Facts(**{**kept, **{name: value for name, value in updates.items() if name in kept}, "state": state})


@given(st.lists(st.tuples(deeds, st.sampled_from([SATO, TANAKA]), st.integers(0, 600)), max_size=25), st.booleans())
def test_a_life_only_goes_forward_and_every_deed_leaves_one_entry(
    life: list[tuple[Said, Person, int]], drill: bool
) -> None:
    facts, now = Facts(State.RAISED, drill, NOW), NOW
    commands: list[CommandType] = []
    for said, who, seconds in life:
        now += timedelta(seconds=seconds)
        try:
            decision = decide(facts, said, who, now, SHINAGAWA)
        except (NotPossible, DeedRefused):
            continue
        assert ORDER.index(decision.state) >= ORDER.index(facts.state)
        assert decision.at <= now
        if facts.state is State.CLOSED:
            assert set(decision.updates) <= {"outcome"}, "how it ended may be corrected"
            assert not decision.commands
        for once in ("seen_by", "responder"):
            if getattr(facts, once) is not None:
                assert once not in decision.updates, "the first one counts"
        commands += [kind for kind, _ in decision.commands]
        facts = lived(facts, decision.updates, decision.state)
        if facts.contact_started_at and facts.contact_ended_at:
            assert facts.contact_started_at <= facts.contact_ended_at
    for kind in (CommandType.SEEN, CommandType.RESPONDER_COMING):
        assert commands.count(kind) <= 1
    assert commands.count(CommandType.RECORDING_STOP) <= 2


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("what", Deed)
def test_every_deed_has_an_answer_in_every_state(state: State, what: Deed) -> None:
    try:
        reached = after(state, what)
    except NotPossible:
        return
    if what in (Deed.TURN_REAL, Deed.CALL_AGAIN):  # who answered has not answered this call
        assert reached is State.RAISED
        return
    if what is Deed.REOPEN:
        assert (state, reached) == (State.CLOSED, State.CONTACT_ENDED)
        return
    assert ORDER.index(reached) >= ORDER.index(state)


def test_a_drill_can_end_as_a_drill_and_a_real_press_cannot() -> None:
    over = {"state": State.CONTACT_ENDED, "pressed_at": NOW}
    close = saying.Close(outcome=Outcome.DRILL)
    assert decide(Facts(drill=True, **over), close, SATO, NOW, SHINAGAWA).state is State.CLOSED  # type: ignore[arg-type]
    with pytest.raises(DeedRefused):
        decide(Facts(drill=False, **over), close, SATO, NOW, SHINAGAWA)  # type: ignore[arg-type]


@pytest.mark.parametrize("said", [saying.Mark(mark="false_press"), saying.Close(outcome=Outcome.FALSE_PRESS)])
def test_calling_a_press_false_needs_its_own_permission(said: Said) -> None:
    assert Action.FALSE_PRESS in needed(said)
    assert needed(saying.Note(text="x")) == (Action.NOTE,)


@given(st.datetimes(timezones=st.timezones(), allow_imaginary=False))
def test_any_moment_people_give_is_utc_or_refused(moment: datetime) -> None:
    try:
        read = TypeAdapter(saying.At).validate_python(moment.isoformat())
    except ValueError:
        return
    assert read.utcoffset() == timedelta(0)
    assert read == moment.astimezone(UTC)  # the hour that comes twice equals nothing in another zone
