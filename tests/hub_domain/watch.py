"""A call that climbs its ladder while people come and go and the hub sleeps or dies: a machine that Hypothesis drives.

It keeps its own account of who was to hear when, in the plainest way: a moment for each stage and each repeat.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contract.profile import Alert, AlertStage
from hub.domain.escalation import LATE_S, Call, Due, alerted_entry, due, first, next_due_s, unheard
from hub.domain.incident import ALARMING, State

AT: Final = datetime(2026, 11, 20, tzinfo=UTC)
ROLES: Final = ("supervisor", "section_head", "building_manager", "guard")


@dataclass(frozen=True)
class Person:
    """Somebody to be alerted."""

    id: str
    role: str
    channel: str = "email"
    target: str = "a@city.example"
    shows_only: bool = False
    near: tuple[str, ...] = ()


EVERYBODY: Final = [Person(f"{role}-{number}", role) for role in ROLES for number in (1, 2)]
DEPUTY: Final = Person("supervisor-1", "section_head")
"""The first supervisor again, in the place of an absent head."""

_SOME: Final = [some for number in range(1, len(ROLES) + 1) for some in combinations(ROLES, number)]
_later = st.lists(st.tuples(st.integers(1, 120), st.sampled_from(_SOME)), max_size=3, unique_by=lambda stage: stage[0])
_stages = st.tuples(st.sampled_from(_SOME), _later).map(
    lambda drawn: tuple(AlertStage(after_s=after_s, roles=some) for after_s, some in ((0, drawn[0]), *sorted(drawn[1])))
)
ladders = st.builds(Alert, assist=_stages, emergency=_stages, repeat_s=st.integers(5, 60))


class Watch(RuleBasedStateMachine):
    """One call, and an engine that looks at it when somebody lets it. `elapsed_s` counts from the last raise."""

    @initialize(rules=ladders, level=st.sampled_from(["assist", "emergency"]))
    def called(self, rules: Alert, level: str) -> None:
        self.city, self.people = rules, list(EVERYBODY)
        self.state = State.RAISED
        self.seen_at: datetime | None = None
        self.responding_at: datetime | None = None
        self.known: set[str] = set()
        self._raised_to(level)

    def _raised_to(self, level: str) -> None:
        self.level, self.elapsed_s = level, 0.0
        self.heard: dict[Person, float] = {}
        self._sent(first(self.city, "incident-1", level, self.people))

    @property
    def call(self) -> Call:
        return Call("incident-1", self.level, self.state, self.elapsed_s, self.seen_at, self.responding_at)

    @property
    def answered(self) -> bool:
        seen = self.level == "assist" and self.seen_at is not None
        return seen or self.responding_at is not None or self.state not in ALARMING

    @property
    def stages(self) -> tuple[AlertStage, ...]:
        return self.city.emergency if self.level == "emergency" else self.city.assist

    def moments(self, person: Person) -> list[float]:
        """When this person was to hear of the call so far: at their stages, and at each repeat after the first."""
        own = [float(stage.after_s) for stage in self.stages if person.role in stage.roles]
        own = [moment for moment in own if moment <= self.elapsed_s]
        if not own:
            return []
        rounds = range(1, int(self.elapsed_s // self.city.repeat_s) + 1)
        repeats = [float(number * self.city.repeat_s) for number in rounds]
        return sorted({*own, *(moment for moment in repeats if moment > min(own))})

    def _sent(self, found: list[Due]) -> None:
        keys = [one.key for one in found]
        assert len(set(keys)) == len(keys)
        assert not self.known & set(keys), "never two alerts with one key"
        for one in found:
            assert isinstance(one.contact, Person)
            assert one.stage_s in [stage.after_s for stage in self.stages if one.contact.role in stage.roles]
            assert one.stage_s <= self.elapsed_s, "nobody is called before their time"
            self._late_is_told(one, one.contact)
        for one in found:
            (stage,) = (stage for stage in self.stages if stage.after_s == one.stage_s)
            both = [
                person for person in (*EVERYBODY, DEPUTY) if person.id == one.contact.id and person.role in stage.roles
            ]
            self.heard |= dict.fromkeys(both, self.elapsed_s)  # called in two roles: one alert is for both
        self.known |= set(keys)
        if found:
            data = alerted_entry("incident-1", found, AT, "sha256:x")["data"]
            late_s = max(one.late_s for one in found)
            assert data.get("late_ms") == (round(late_s * 1000) if late_s > LATE_S else None)
            assert set(data["contacts"]) == {one.contact.id for one in found}

    def _late_is_told(self, one: Due, person: Person) -> None:
        """Who hears late is told to have heard late, and since when at the least.

        The most is the time since their stage: after a second sleep the ladder may not know that they heard between.
        """
        last = self.heard.get(person, -1.0)
        missed = [moment for moment in self.moments(person) if moment > last]
        assert missed, "nobody hears twice of the same moment"
        assert self.elapsed_s - missed[-1] - 1e-6 <= one.late_s <= self.elapsed_s - one.stage_s + 1e-6
        if last < one.stage_s:
            assert one.late_s >= self.elapsed_s - one.stage_s - 1e-6, "the first time counts from their own stage"

    # --- what can happen ---------------------------------------------------------------------------------------------

    @rule()
    def the_engine_sleeps_as_it_was_told(self) -> None:
        wait_s = next_due_s(self.city, self.call)
        if self.answered:
            assert wait_s is None
            return
        assert wait_s is not None
        assert 0 < wait_s <= self.city.repeat_s, "a call that stands is looked at again in every round"
        waited_for = [moment for person in self.people for moment in self.moments(person)]
        self.elapsed_s += wait_s
        now = [moment for person in self.people for moment in self.moments(person)]
        missed = [moment for moment in set(now) - set(waited_for) if moment < self.elapsed_s - 1e-6]
        assert not missed, "nobody was to be called while it slept"
        self.the_engine_looks()

    @rule()
    def the_engine_looks(self) -> None:
        found = due(self.city, self.call, self.known, self.people)
        if self.answered:
            assert found == []
            return
        self._sent(found)
        assert due(self.city, self.call, self.known, self.people) == [], "looking again finds nothing new"
        for person in self.people:
            moments = self.moments(person)
            assert not moments or self.heard[person] >= moments[-1], "whose time has come has heard"

    @rule(seconds=st.floats(0.1, 200))
    def nobody_keeps_watch(self, seconds: float) -> None:
        self.elapsed_s += seconds

    @rule()
    def somebody_sees_it(self) -> None:
        self.seen_at = self.seen_at or AT
        self.state = State.SEEN if self.state is State.RAISED else self.state

    @rule()
    @precondition(lambda self: self.elapsed_s > 60)
    def somebody_comes(self) -> None:
        self.responding_at = self.responding_at or AT
        self.state = State.ATTENDED if self.state in ALARMING else self.state

    @rule()
    @precondition(lambda self: self.elapsed_s > 100)
    def the_contact_ends(self) -> None:
        self.state = State.CONTACT_ENDED

    @rule()
    @precondition(lambda self: self.level == "assist" and self.state in ALARMING)
    def it_becomes_an_emergency(self) -> None:
        self._raised_to("emergency")

    @rule(place=st.integers(0, len(EVERYBODY) - 1))
    def somebody_goes_off_duty(self, place: int) -> None:
        if place < len(self.people):
            self.people.pop(place)

    @rule()
    def the_first_supervisor_stands_in_for_the_head(self) -> None:
        if DEPUTY not in self.people:
            self.people.append(DEPUTY)

    # --- what holds at every moment ----------------------------------------------------------------------------------

    @invariant()
    def an_answered_call_is_quiet_and_an_unanswered_one_never_gives_up(self) -> None:
        assert (next_due_s(self.city, self.call) is None) is self.answered
        climbed = self.elapsed_s >= max(stage.after_s for stage in self.stages) + self.city.repeat_s
        assert unheard(self.city, self.call) is (climbed and not self.answered and self.seen_at is None)
