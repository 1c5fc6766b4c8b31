"""The ladder as arithmetic: who is alerted when, and when nobody is."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from contract.profile import Alert, AlertStage
from hub.domain.escalation import Call, Due, due, first, next_due_s, unheard
from hub.domain.incident import ALARMING, State

AT = datetime(2026, 11, 20, tzinfo=UTC)
ROLES = ("supervisor", "section_head", "building_manager", "guard")


@dataclass(frozen=True)
class Person:
    id: str
    role: str
    channel: str = "email"
    target: str = "a@b"
    shows_only: bool = False
    near: tuple[str, ...] = ()


PEOPLE = [Person(f"{role}-{number}", role) for role in ROLES for number in (1, 2)]
DEFAULT = Alert(
    assist=(
        AlertStage(after_s=0, roles=("supervisor",)),
        AlertStage(after_s=30, roles=("section_head",)),
        AlertStage(after_s=60, roles=("building_manager", "guard")),
    ),
    emergency=(AlertStage(after_s=0, roles=ROLES),),
    repeat_s=30,
)

_SOME = [some for number in range(1, len(ROLES) + 1) for some in combinations(ROLES, number)]
_later = st.lists(st.tuples(st.integers(1, 300), st.sampled_from(_SOME)), max_size=3, unique_by=lambda stage: stage[0])
_stages = st.tuples(st.sampled_from(_SOME), _later).map(
    lambda drawn: tuple(
        AlertStage(after_s=after_s, roles=roles) for after_s, roles in ((0, drawn[0]), *sorted(drawn[1]))
    )
)
_rules = st.builds(Alert, assist=_stages, emergency=_stages, repeat_s=st.integers(5, 120))
_levels = st.sampled_from(["assist", "emergency"])


def call(elapsed_s: float, level: str = "assist", state: State = State.RAISED, **answer: datetime) -> Call:
    return Call("incident-1", level, state, elapsed_s, answer.get("seen_at"), answer.get("responding_at"))


def live(rules: Alert, level: str, looks_s: list[float]) -> list[tuple[float, Due]]:
    """Everything that goes out when the ladder is looked at in these moments."""
    sent = [(0.0, one) for one in first(rules, "incident-1", level, PEOPLE)]
    known = {one.key for _, one in sent}
    for look_s in looks_s:
        for one in due(rules, call(look_s, level), known, PEOPLE):
            assert one.key not in known
            known.add(one.key)
            sent.append((look_s, one))
    return sent


def awake(rules: Alert, level: str, end_s: float) -> list[float]:
    """The moments in which an engine that sleeps exactly as long as it is told looks."""
    looks, now = [], 0.0
    while (wait := next_due_s(rules, call(now, level))) is not None and now + wait <= end_s:
        now += wait
        looks.append(now)
    return looks


def test_the_default_ladder() -> None:
    sent = live(DEFAULT, "assist", awake(DEFAULT, "assist", 90))
    table = {(at_s, one.contact.id, one.round) for at_s, one in sent if one.contact.id.endswith("1")}
    assert table == {
        (0, "supervisor-1", 0),
        (30, "supervisor-1", 1),
        (30, "section_head-1", 0),
        (60, "supervisor-1", 2),
        (60, "section_head-1", 2),
        (60, "building_manager-1", 0),
        (60, "guard-1", 0),
        (90, "supervisor-1", 3),
        (90, "section_head-1", 3),
        (90, "building_manager-1", 3),
        (90, "guard-1", 3),
    }


def test_an_emergency_reaches_everyone_at_once_and_again_each_round() -> None:
    sent = live(DEFAULT, "emergency", awake(DEFAULT, "emergency", 60))
    assert {(at_s, one.round) for at_s, one in sent} == {(0, 0), (30, 1), (60, 2)}
    assert len(sent) == 3 * len(PEOPLE)


@given(_rules, _levels)
def test_every_stage_goes_out_exactly_on_time_when_somebody_is_awake(rules: Alert, level: str) -> None:
    sent = live(rules, level, awake(rules, level, 400))
    ladder = rules.assist if level == "assist" else rules.emergency
    for stage in ladder:
        for person in PEOPLE:
            if person.role in stage.roles:
                times = [at_s for at_s, one in sent if one.contact is person]
                assert any(abs(at_s - stage.after_s) < 1e-6 for at_s in times)
    assert all(one.late_s < 1e-6 for _, one in sent)


@given(_rules, _levels, st.lists(st.floats(0, 2000), max_size=30))
def test_however_it_is_looked_at_nothing_goes_out_twice_or_early(
    rules: Alert, level: str, looks_s: list[float]
) -> None:
    sent = live(rules, level, sorted(looks_s))
    assert len({one.key for _, one in sent}) == len(sent)
    for at_s, one in sent:
        assert one.stage_s <= at_s
        assert one.round * rules.repeat_s <= at_s
        assert one.late_s >= 0


@given(_rules, _levels, st.floats(0, 5000))
def test_after_an_absence_each_person_hears_once_and_no_stage_is_forgotten(
    rules: Alert, level: str, away_s: float
) -> None:
    known = {one.key for one in first(rules, "incident-1", level, PEOPLE)}
    late: list[Due] = []
    while found := due(rules, call(away_s, level), known, PEOPLE):
        known |= {one.key for one in found}
        late += found
    contacts = [one.contact.id for one in late]
    assert len(set(contacts)) == len(contacts)
    stages = rules.assist if level == "assist" else rules.emergency
    reached = {role for stage in stages if stage.after_s <= away_s for role in stage.roles}
    heard = {person.role for person in PEOPLE if any(f":{person.id}" in key for key in known)}
    assert reached <= heard
    stage_times = {person.id: [stage.after_s for stage in stages if person.role in stage.roles] for person in PEOPLE}
    for one in late:
        first_s = max(after_s for after_s in stage_times[one.contact.id] if after_s <= away_s)
        if first_s > 0:  # never heard before: late since its own stage, not since the newest repeat
            assert abs(one.late_s - (away_s - first_s)) < 1e-6
    newest = int(away_s // rules.repeat_s)
    assert {one.round for one in late} <= {0, newest}


@given(_rules, _levels, st.floats(0, 5000), st.sampled_from(State))
def test_an_answer_or_the_end_makes_it_quiet(rules: Alert, level: str, elapsed_s: float, state: State) -> None:
    coming = call(elapsed_s, level, state, responding_at=AT)
    assert due(rules, coming, set(), PEOPLE) == []
    assert next_due_s(rules, coming) is None
    if state not in ALARMING:
        assert due(rules, call(elapsed_s, level, state), set(), PEOPLE) == []


def test_seeing_answers_an_assist_call_but_not_an_emergency() -> None:
    assert due(DEFAULT, call(31, "assist", State.SEEN, seen_at=AT), set(), PEOPLE) == []
    assert due(DEFAULT, call(31, "emergency", State.SEEN, seen_at=AT), set(), PEOPLE)


def test_a_raise_starts_the_emergency_ladder_under_keys_of_its_own() -> None:
    assist = {one.key for one in first(DEFAULT, "incident-1", "assist", PEOPLE)}
    emergency = {one.key for one in first(DEFAULT, "incident-1", "emergency", PEOPLE)}
    assert len(emergency) == len(PEOPLE)
    assert not assist & emergency


@given(_rules, _levels)
def test_keys_fit_their_column(rules: Alert, level: str) -> None:
    long = [Person("x" * 60, role) for role in ROLES]
    id = "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a02"
    asked = Call(id, level, State.RAISED, 10**7)
    assert all(len(one.key) <= 120 for one in due(rules, asked, set(), long))


@given(_rules, _levels, st.floats(0, 5000))
def test_the_worker_is_told_that_nobody_answers_only_after_the_whole_ladder_was_climbed_and_repeated(
    rules: Alert, level: str, elapsed_s: float
) -> None:
    ladder = rules.emergency if level == "emergency" else rules.assist
    climbed_s = ladder[-1].after_s + rules.repeat_s
    assert unheard(rules, call(elapsed_s, level)) is (elapsed_s >= climbed_s)
    assert not unheard(rules, call(elapsed_s, level, State.SEEN, seen_at=AT))
    assert not unheard(rules, call(elapsed_s, level, State.ATTENDED, responding_at=AT))


@given(_rules, _levels)
def test_an_engine_that_sleeps_as_it_is_told_is_awake_soon_after_that_moment(rules: Alert, level: str) -> None:
    ladder = rules.emergency if level == "emergency" else rules.assist
    climbed_s = ladder[-1].after_s + rules.repeat_s
    looks = awake(rules, level, climbed_s + rules.repeat_s)
    assert any(climbed_s <= look_s <= climbed_s + rules.repeat_s for look_s in looks)
