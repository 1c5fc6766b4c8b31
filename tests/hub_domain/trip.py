"""One visit away from the office, whatever its team and its office say and however long the hub sleeps: a machine that
Hypothesis drives.

The agreed times are kept here a second time, in the plainest way: what waits for word, what got word, what was told as
missed, what people took back. The hub's own part is played by `looks`, which does what `hub.limits` does with clocks:
each prompt of each clock once, however late.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hub.domain import visit_saying as saying
from hub.domain.decision import DeedRefused
from hub.domain.policy_clock import Clock
from hub.domain.visit import (
    CHECKIN,
    LIMIT,
    OPEN,
    Agreed,
    Decision,
    Entry,
    Facts,
    NotPossible,
    State,
    Why,
    clocks,
    decide,
    members,
    plan_problems,
)
from tests.hub_domain.life import PROFILES

PLANNED: Final = datetime(2026, 12, 31, 14, 30, tzinfo=UTC)  # the new year begins in Japan while they are out
GRACE, EARLY = timedelta(minutes=5), timedelta(minutes=10)
WAY: Final = ["planned", "left", "arrived", "ended", "back"]
TEAM: Final = (saying.Member(name="鈴木", role="responder"), saying.Member(name="田中", role="lookout"))
QUIET: Final = (saying.Left(), saying.Arrived(), saying.CheckIn(), saying.Ended(), saying.Back(), saying.Trouble(),
                saying.Safe(), saying.Cancel(), saying.Debrief(text="x"), saying.Note(text="x"))  # fmt: skip
"""Deeds in which no time is named."""

steps = st.sampled_from([saying.Left, saying.Arrived, saying.Ended, saying.Back])
minutes_ago = st.none() | st.sampled_from([-2, 0, 1, 4, 6, 45, 61, 26 * 60])
ahead = st.lists(st.sampled_from([-1, 0, 1, 5, 6, 9, 11, 20, 30, 60, 24 * 60 + 1]), max_size=3)


def said(times: Iterable[datetime]) -> list[str]:
    """Moments as a form gives them."""
    return [at.isoformat() for at in times]


class Trip(RuleBasedStateMachine):
    """A visit from its plan on. `now` is moved by hand; what was decided is written down as `hub.store.visits` does."""

    @initialize(city=st.sampled_from(sorted(PROFILES)), limit=st.integers(1, 60), minutes=ahead)
    def planned(self, city: str, limit: int, minutes: list[int]) -> None:
        self.profile, self.now = PROFILES[city], PLANNED
        wanted = tuple(sorted({PLANNED + timedelta(minutes=one) for one in minutes if 0 < one <= 60}))
        times = wanted or (PLANNED + timedelta(minutes=30),)
        plan = saying.Plan.model_validate(
            {"box": "x", "place": "x", "team": TEAM, "contact": "佐藤", "limit_minutes": limit, "checkins": said(times)}
        )
        assert plan_problems(plan, self.profile, PLANNED) == []
        self.row = Facts(State.PLANNED, PLANNED, limit, team=members(TEAM), contact="佐藤")
        self.agreed: dict[datetime, Agreed] = {at: Agreed(at, 0.0) for at in times}
        self.prompted: set[tuple[str, str]] = set()
        self.told: Counter[tuple[str, datetime]] = Counter()  # by the agreed time, or the limit's start
        # What people agreed, by a reading of our own: waiting, word, missed or taken back.
        self.stands = dict.fromkeys(times, "waiting")
        self.told_at: dict[datetime, datetime] = {}

    # --- what the product sees ---------------------------------------------------------------------------------------

    def facts(self) -> Facts:
        times = [replace(one, left_s=(one.at - self.now).total_seconds()) for one in self.agreed.values()]
        return replace(self.row, agreed=sorted(times, key=lambda one: one.at))

    def running(self) -> list[Clock]:
        return clocks(self.facts(), self.profile.source)

    def verdicts(self) -> list[Any]:
        """The state that each deed leads to now; None where it is not possible."""
        found: list[Any] = []
        for said in QUIET:
            try:
                found.append(decide(self.facts(), said, self.profile, self.now).state)
            except NotPossible:
                found.append(None)
        return found

    # --- saying something --------------------------------------------------------------------------------------------

    def says(self, said: saying.Deed) -> Decision | None:
        before = self.facts()
        try:
            decision = decide(before, said, self.profile, self.now)
        except (NotPossible, DeedRefused) as error:
            refused = error
        else:
            self._heard(said, before, decision)
            return decision
        assert not isinstance(said, saying.Trouble | saying.Safe | saying.Note), "always heard"
        if isinstance(refused, NotPossible):
            assert refused.state is before.state
            return None
        assert all(one.field in type(said).model_fields and one.ja and one.en for one in refused.problems)
        return None

    def _heard(self, said: saying.Deed, before: Facts, decision: Decision) -> None:
        if decision.state is not State.CANCELLED:
            assert WAY.index(decision.state) >= WAY.index(before.state), "a visit only goes on"
        assert (decision.calls is Why.TROUBLE) == isinstance(said, saying.Trouble)
        assert decision.at <= self.now
        self._words_answer(said, decision)
        self._write(decision)

    def _words_answer(self, said: saying.Deed, decision: Decision) -> None:
        early = timedelta(0) if isinstance(said, saying.Safe) else EARLY
        is_word = isinstance(said, saying.CheckIn | saying.Safe | saying.Ended | saying.Back)
        answered = [
            at for at, stands in self.stands.items()
            if is_word and stands in ("waiting", "missed") and at <= self.now + early
        ]  # fmt: skip
        assert sorted(decision.met) == sorted(answered), "word answers what has passed or is near, and nothing else"
        if not isinstance(said, saying.Safe):
            assert decision.data.get("late", False) == any(self.stands[at] == "missed" for at in answered)
        self.stands |= dict.fromkeys(answered, "word")

    def _write(self, decision: Decision) -> None:
        for name in ("left_at", "arrived_at", "ended_at", "back_at"):
            assert name not in decision.updates or getattr(self.row, name) is None, "the first moment counts"
        known = {name: value for name, value in decision.updates.items() if name in Facts.__slots__}
        self.row = replace(self.row, state=decision.state, **known)
        for at in decision.met:
            self.agreed[at] = replace(self.agreed[at], met_at=self.now)
        if decision.checkins is not None:
            self.agreed = {at: one for at, one in self.agreed.items() if one.met_at or one.missed_at}
            assert not set(decision.checkins) & set(self.agreed), "a time is agreed once"
            self.agreed |= {at: Agreed(at, 0.0) for at in decision.checkins}
        if "limit_minutes" in decision.updates:
            self.prompted = {one for one in self.prompted if not one[0].startswith(LIMIT)}
            self.told = Counter({one: n for one, n in self.told.items() if one[0] == CHECKIN})

    # --- what holds at every moment ----------------------------------------------------------------------------------

    @invariant()
    def what_waits_for_word_is_what_people_agreed_on(self) -> None:
        waiting = sorted(clock.started_at for clock in self.running() if clock.name == CHECKIN)
        open_ = self.row.state in OPEN
        assert waiting == sorted(at for at, one in self.stands.items() if open_ and one in ("waiting", "missed"))

    @invariant()
    def the_limit_runs_from_the_arrival_until_the_leave_whatever_the_hour(self) -> None:
        found = [(one.started_at, one.minutes, one.ended_at) for one in self.running() if one.name == LIMIT]
        row = self.row
        there = row.arrived_at is not None and row.state in OPEN
        assert found == ([(row.arrived_at, row.limit_minutes, row.ended_at)] if there else [])

    @invariant()
    def whoever_is_out_can_always_call(self) -> None:
        called = decide(self.facts(), saying.Trouble(), self.profile, self.now)
        assert (called.calls, called.entry, called.state) == (Why.TROUBLE, Entry.TROUBLE, self.row.state)

    # --- what can happen ---------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0, 1, 59, 60, 240, 299, 300, 301, 600, 1800, 5400, 30 * 3600]), awake=st.booleans())
    def time_passes(self, seconds: int, awake: bool) -> None:
        """However many clocks run out: nothing changes and nothing becomes allowed or forbidden."""
        facts, before, running = self.row, self.verdicts(), self.running()
        self.now += timedelta(seconds=seconds)
        assert (self.row, self.verdicts(), self.running()) == (facts, before, running)
        if awake:
            self.looks()

    @rule()
    def looks(self) -> None:
        """The hub looks, at last: each prompt that has come and was not told is told."""
        state, waiting = self.row.state, [at for at, one in self.stands.items() if one == "waiting"]
        for clock in self.running():
            for phase in clock.phases((self.now - clock.started_at).total_seconds()):
                if (clock.key, phase) not in self.prompted:
                    self.prompted.add((clock.key, phase))
                    self._tell(clock, phase)
        assert self.row.state is state
        if state in OPEN:
            overdue = {at for at in waiting if at + GRACE <= self.now}
            assert overdue == {at for at in waiting if self.told_at.get(at) == self.now}, "none is passed over"

    def _tell(self, clock: Clock, phase: str) -> None:
        assert self.row.state in OPEN, "nobody is asked who is back"
        if phase == "lead":
            return
        at = clock.started_at
        self.told[clock.name, at] += 1
        assert self.told[clock.name, at] == 1, "a missed time is told once, and so is a limit"
        if clock.name == CHECKIN:
            assert at + GRACE <= self.now, "nobody is called before the time of grace is over"
            assert self.stands[at] == "waiting"
            self.stands[at], self.told_at[at] = "missed", self.now
            self.agreed[at] = replace(self.agreed[at], missed_at=self.now)

    @rule(step=steps, ago=minutes_ago)
    def they_go_on(self, step: Any, ago: int | None) -> None:
        at = None if ago is None else (self.now - timedelta(minutes=ago)).isoformat()
        decision = self.says(step.model_validate({"at": at}))
        if decision is not None and decision.data["first"]:
            assert decision.at == min(self.now, self.now - timedelta(minutes=ago or 0))

    @rule(step=steps)
    def they_go_on_and_say_so_at_once(self, step: Any) -> None:
        self.says(step())

    @rule(said=st.sampled_from(QUIET))
    def somebody_says_something(self, said: Any) -> None:
        self.says(said)

    @rule()
    def they_give_word(self) -> None:
        self.says(saying.CheckIn())

    @rule(minutes=st.lists(st.sampled_from([1, 5, 6, 9, 11, 20]), min_size=1, max_size=2, unique=True))
    def other_times_are_agreed_on(self, minutes: list[int]) -> None:
        self.the_office_settles_it_otherwise(minutes, None)

    @rule(minutes=ahead, limit=st.none() | st.integers(1, 90))
    def the_office_settles_it_otherwise(self, minutes: list[int], limit: int | None) -> None:
        """Only times that still lie ahead can be taken back: one that has come without word waits for word."""
        times = [self.now + timedelta(minutes=one) for one in minutes]
        change = {"reason": "話が続く", "limit_minutes": limit, "checkins": said(times)}
        still = {at for at, one in self.stands.items() if one == "waiting" and at <= self.now}
        decision = self.says(saying.Change.model_validate(change))
        if decision is None:
            return
        assert all(self.now < at <= self.now + timedelta(hours=24) for at in times)
        for at in [at for at, one in self.stands.items() if one == "waiting" and at not in still]:
            self.stands[at] = "taken back"
        self.stands |= dict.fromkeys(times, "waiting")
