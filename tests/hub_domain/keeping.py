"""Incidents that somebody may want to delete, and whoever wants them kept: a machine that Hypothesis drives.

Requests for disclosure come, grow and are closed, incidents join and leave cases of the city, answers are promised by a
day. What must be kept is written down here a second time, in the plainest way; `hub.store.retention` and
`hub.disclosures` do with rows what is done here with lists.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hub.domain import disclosure, promise, retention
from hub.domain.course import Course, Happened
from hub.domain.disclosure import Amended, Closed, Decided, HandedOver, NotNow, Received, Stage
from hub.domain.incident import Entry, State
from hub.domain.saying import Promise

BEGUN: Final = datetime(2026, 12, 28, 3, 0, tzinfo=UTC)
NUMBERS: Final = ("2026-000001", "2026-000002", "2026-000003")
CASES: Final = ("R8-1", "R8-2")

numbers = st.lists(st.sampled_from(NUMBERS), max_size=2, unique=True)
one_of_three = st.integers(0, 2)


@dataclass(slots=True)
class Contact:
    """An incident. `promised` are tasks, each with whether it was done."""

    state: State = State.CONTACT_ENDED
    case: str | None = None
    entries: list[SimpleNamespace] = field(default_factory=list)
    promised: dict[str, bool] = field(default_factory=dict)


@dataclass(slots=True)
class Asked:
    """A request, by a reading of our own beside its entries. `concerned`: what it concerned whenever it was written."""

    case: str | None
    entries: list[SimpleNamespace] = field(default_factory=list)
    concerned: set[str] = field(default_factory=set)
    open: bool = True
    outcome: str | None = None
    given_since: bool = False


class Keeping(RuleBasedStateMachine):
    """Three incidents, and what becomes of them."""

    @initialize()
    def begin(self) -> None:
        self.now = BEGUN
        self.contacts = {number: Contact() for number in NUMBERS}
        self.requests: list[Asked] = []

    # --- what the product says ---------------------------------------------------------------------------------------

    def holds(self, number: str) -> Sequence[retention.Hold]:
        one = self.contacts[number]
        asked = [
            (str(place), f"D{place}")
            for place, kept in enumerate(self.requests)
            for found in (disclosure.request(kept.entries),)
            if found.stage is not Stage.CLOSED and found.concerns(number, one.case)
        ]
        return retention.held(one.state, asked, [left.on.isoformat() for left in promise.still_open(one.entries)])

    # --- what must be kept, read a second time -----------------------------------------------------------------------

    @invariant()
    def nothing_that_somebody_needs_is_ever_free_and_nothing_else_is_held(self) -> None:
        for number, one in self.contacts.items():
            needed = {
                ("disclosure", f"D{place}")
                for place, kept in enumerate(self.requests)
                if kept.open and (number in kept.concerned or (kept.case is not None and kept.case == one.case))
            }
            held = self.holds(number)
            assert {(hold.reason, hold.ref) for hold in held if hold.reason == "disclosure"} == needed
            assert ("incident_open" in [hold.reason for hold in held]) is (one.state is not State.CLOSED)
            promised = [hold for hold in held if hold.reason == "promise"]
            assert len(promised) == list(one.promised.values()).count(False)

    # --- what can happen ---------------------------------------------------------------------------------------------

    @rule(days=st.sampled_from([1, 30, 400, 4000]))
    def time_passes(self, days: int) -> None:
        before = {number: self.holds(number) for number in NUMBERS}
        self.now += timedelta(days=days)
        assert {number: self.holds(number) for number in NUMBERS} == before, "no day makes anything free"

    @rule(place=one_of_three, state=st.sampled_from([State.ATTENDED, State.REPORTED, State.CLOSED, State.CLOSED]))
    def an_incident_goes_on(self, place: int, state: State) -> None:
        self.contacts[NUMBERS[place]].state = state

    @rule(place=one_of_three, case=st.sampled_from([None, *CASES]))
    def it_joins_a_case_or_leaves_it(self, place: int, case: str | None) -> None:
        self.contacts[NUMBERS[place]].case = case

    @rule(place=one_of_three, days=st.integers(0, 366), what=st.sampled_from(["answer", "consult"]))
    def something_is_promised(self, place: int, days: int, what: str) -> None:
        one = self.contacts[NUMBERS[place]]
        on = (self.now + timedelta(days=days)).date().isoformat()
        said = Promise.model_validate({"what": what, "on": on, "unit": "弁護士"})
        told = tuple(Happened(entry.kind, self.now, entry.data) for entry in one.entries)
        data = promise.written(said, Course(entries=told))
        assert data["task"] not in one.promised, "each promise is a task of its own"
        one.entries.append(SimpleNamespace(kind=Entry.PROMISED.value, data=data, text="x"))
        one.promised[data["task"]] = False

    @rule(place=one_of_three, data=st.data())
    def a_promise_is_kept(self, place: int, data: st.DataObject) -> None:
        one = self.contacts[NUMBERS[place]]
        task = data.draw(st.sampled_from([*one.promised, "rest:0"]))
        one.entries.append(SimpleNamespace(kind=Entry.TASK_DONE.value, data={"task": task}, text=""))
        one.promised |= {task: True} if task in one.promised else {}

    @rule(named=numbers, case=st.sampled_from([None, *CASES]))
    def somebody_asks_for_a_disclosure(self, named: list[str], case: str | None) -> None:
        if not named and case is None:
            return
        today = self.now.date().isoformat()
        said = Received.model_validate(
            {"received_on": today, "reference": "開示8-1", "kind": "resident", "wanted": "recording",
             "incidents": named, "case": case, "due_on": today, "handler": "佐藤"}
        )  # fmt: skip
        self.requests.append(Asked(case))
        self._enter(self.requests[-1], said, named)

    @rule(data=st.data(), more=numbers)
    @precondition(lambda self: self.requests)
    def it_goes_on(self, data: st.DataObject, more: list[str]) -> None:
        one = data.draw(st.sampled_from(self.requests))
        today = self.now.date().isoformat()
        said = data.draw(
            st.sampled_from(
                [
                    Decided(outcome="full", text="x"), Decided(outcome="partial", text="x"),
                    Decided(outcome="refused", text="x"), Decided(outcome="withdrawn", text="x"),
                    HandedOver.model_validate({"on": today, "what": "写し", "how": "窓口"}),
                    Amended.model_validate({"incidents": more, "handler": "田中"}), Closed(), Closed(),
                ]
            )
        )  # fmt: skip
        given = one.outcome in ("full", "partial")
        possible = {
            "decided": one.open,
            "amended": one.open,
            "handed_over": one.open and given,
            "closed": one.open and (one.given_since if given else one.outcome is not None),
        }[said.entry]
        try:
            disclosure.check(disclosure.request(one.entries), said)
        except NotNow:
            assert not possible
            return
        assert possible, "what was granted is handed over before anything is closed, and what is closed stays so"
        self._enter(one, said, more if isinstance(said, Amended) else [])

    def _enter(self, one: Asked, said: disclosure.Told, named: Sequence[str]) -> None:
        of_case = [number for number, contact in self.contacts.items() if one.case and contact.case == one.case]
        one.concerned |= {*named, *of_case}
        ids = [*disclosure.request(one.entries).incidents, *named, *of_case]
        data: dict[str, Any] = {**disclosure.written(said), "incident_ids": list(dict.fromkeys(ids))}
        one.entries.append(SimpleNamespace(kind=said.entry, data=data))
        if isinstance(said, Decided):
            one.outcome, one.given_since = said.outcome, False
        one.given_since |= isinstance(said, HandedOver)
        one.open &= not isinstance(said, Closed)
