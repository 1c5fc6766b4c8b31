"""One incident in the hands of people, at any hour, under any city's rules: a machine that Hypothesis drives.

What a city's rules ask is read off the profile here a second time, in the plainest way, and not with the product's own
functions: two readings that differ show which one is wrong.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, Final, get_args

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contract import profile as policy
from contract.messages import CommandType
from hub.domain import marks, saying
from hub.domain.course import Course
from hub.domain.deed import Decision, DeedRefused, Facts, Person, decide, needed
from hub.domain.incident import ALARMING, NOBODY, NotPossible, Outcome, State
from hub.domain.permissions import Role, allows
from hub.domain.policy_clock import Clock, clocks

PRESSED: Final = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)
FOLDER: Final = Path(policy.__file__).parent / "profiles"
PROFILES: Final = {path.stem: policy.load(path.read_text("utf-8"), path.name) for path in FOLDER.glob("*.toml")}
PEOPLE: Final = {role.value: Person(role.value, "佐藤", role.value) for role in Role}
LIFE: Final = ["raised", "seen", "attended", "contact_ended", "judged", "reported", "closed"]
AFTERWARDS: Final = (
    saying.Note,
    saying.Judgement,
    saying.Account,
    saying.Link,
    saying.CaseNote,
    saying.TaskDone,
    saying.Close,
)
"""What may still be said when an incident is closed, beside that the press was false."""

BESIDE_THE_FORM: Final = {"decision", "manager_told", "case"}
"""What a refusal may ask for that is said in another deed."""

SURNAMES: Final = ("佐藤", "田中", "鈴木")
MARKS: Final = get_args(saying.MarkName)
FINDINGS: Final = ("harassment", "near_miss", "not_harassment")

roles = st.sampled_from(["section_head", "supervisor", "building_manager", "staff", *sorted(PEOPLE)])
yes = st.booleans()
minutes_ago = st.none() | st.integers(-5, 26 * 60)


class Life(RuleBasedStateMachine):
    """An incident from its press on. `now` is moved by hand; what was accepted is written down as `hub.deeds` does."""

    @initialize(
        city=st.sampled_from(sorted(PROFILES)), site_type=st.sampled_from(["main", "branch"]), drill=yes,
        level=st.sampled_from(["assist", "emergency"]), origin=st.sampled_from(["counter", "visit"]),
        far=st.integers(0, 4), reachable=yes,
    )  # fmt: skip
    def pressed(
        self, city: str, site_type: str, drill: bool, level: str, origin: str, far: int, reachable: bool
    ) -> None:
        self.reachable = reachable
        self.profile, self.site_type, self.now = PROFILES[city], site_type, PRESSED
        self.state = State.RAISED
        self.row = SimpleNamespace(
            box="counter-01", pressed_at=PRESSED, received_at=PRESSED, clock="synced",
            contact_started_at=None, contact_ended_at=None, closed_at=None,
            level=level, drill=drill, origin=origin, seen_by=None, seen_name=None, responder=None,
            responder_name=None, case_number=None, outcome=None,
        )  # fmt: skip
        self.entries: list[SimpleNamespace] = []
        self.commands: Counter[CommandType] = Counter()
        # What the machine remembers by itself, beside the product's own reading of the timeline.
        self.taken: Counter[str] = Counter()
        self.orders: list[datetime] = []
        self.told: set[str] = set()
        self.asked_anew = 0
        self.stop: str | None = None
        self.own_limits: dict[str, int] = {}
        self.in_building = origin == "counter"
        begun, over = ({"action": what, "at": None} for what in ("started", "ended"))
        usual = (saying.Acknowledge(), saying.Respond(), *map(saying.Contact.model_validate, (begun, over)))
        for said in usual[:far]:
            self.says(said, "supervisor")

    # --- what the product sees ---------------------------------------------------------------------------------------

    def facts(self) -> Facts:
        row = self.row
        return Facts(
            self.state, row.drill, PRESSED, row.seen_by, row.seen_name, row.responder, row.responder_name,
            row.contact_started_at, row.contact_ended_at, Course.of(row, self.entries), self.site_type, row.case_number,
            closed_at=row.closed_at, outcome=Outcome(row.outcome) if row.outcome else None,
        )  # fmt: skip

    def running(self) -> list[Clock]:
        return clocks(self.profile, self.facts().course)

    def verdict(self, said: saying.Said, role: str = "supervisor") -> Any:
        """What `said` would lead to now: the state, or the fields that are asked for, or that it is not possible."""
        try:
            return decide(self.facts(), said, PEOPLE[role], self.now, self.profile).state
        except NotPossible:
            return "not possible"
        except DeedRefused as refusal:
            return frozenset(problem.field for problem in refusal.problems)

    # --- saying something --------------------------------------------------------------------------------------------

    def says(self, said: saying.Said, role: str) -> None:
        if not all(allows(action, role) for action in needed(said)):
            return  # the gate lets nobody through who may not
        before = self.facts()
        closed_to = self._closed_to(said)
        try:
            decision = decide(before, said, PEOPLE[role], self.now, self.profile)
        except (NotPossible, DeedRefused) as error:
            refused = error
        else:
            assert not closed_to
            self._write(said, decision, PEOPLE[role])
            return
        assert self.facts() == before, "a refusal changes nothing"
        if isinstance(refused, NotPossible):
            assert closed_to
            assert refused.state is self.state
            return
        assert refused.problems
        for problem in refused.problems:
            assert problem.field in BESIDE_THE_FORM | set(type(said).model_fields), problem
            assert problem.ja
            assert problem.en

    def _closed_to(self, said: saying.Said) -> bool:
        """Whether the incident's state lets nobody say this, whatever is said with it."""
        if isinstance(said, saying.TaskDone):
            return False
        false_press = (isinstance(said, saying.Mark) and said.mark == "false_press") or (
            isinstance(said, saying.Close) and said.outcome is Outcome.FALSE_PRESS
        )
        if false_press or (isinstance(said, saying.Mark) and said.mark == "real_call"):
            return False
        if isinstance(said, saying.Mark) and said.mark == "call_again" and self.state not in ALARMING:
            return True
        if self.state is State.CLOSED:
            later = isinstance(said, saying.Mark) and said.mark in marks.LATER
            return not (later or isinstance(said, AFTERWARDS))
        after_contact = isinstance(said, saying.Report | saying.Close)
        return after_contact and self.state in (State.RAISED, State.SEEN, State.ATTENDED)

    def _write(self, said: saying.Said, decision: Decision, who: Person) -> None:
        before, was_closed = self.state, self.state is State.CLOSED
        anew, opened = decision.asks_again, decision.data.get("mark") == "real_call"
        self.asked_anew += anew
        if anew:
            assert before in ALARMING, "nobody is called to what is over"
            assert decision.state is State.RAISED
            assert decision.updates.items() >= NOBODY.items()
        elif opened:
            assert (self.row.outcome, decision.state) == ("false_press", State.CONTACT_ENDED)
        else:
            assert LIFE.index(decision.state) >= LIFE.index(before), "an incident's life only goes on"
        assert PRESSED - timedelta(hours=24) <= decision.at <= self.now
        if was_closed and not opened:
            corrected = {"outcome"} if isinstance(said, saying.Close) else set()
            assert set(decision.updates) <= {"case_number"} | corrected, "a closed incident gets notes only"
            assert not decision.commands
            assert not decision.notices
        ended_again = isinstance(said, saying.Contact) and said.at is not None
        once = [*(() if anew else ("seen_by", "responder")), *(() if opened else ("closed_at",))]
        for name in [*once, *(() if ended_again or opened else ("contact_ended_at",))]:
            if getattr(self.row, name) is not None:
                assert name not in decision.updates, "the first one counts"
        match said:
            case saying.StepTaken():
                self._step_kept_the_rules(said, decision, who)
            case saying.Judgement():
                rules = self.profile.judgement
                self._could_decide(said.persons, said.head_absent, rules.min_persons or 1, rules.required_roles)
            case saying.Decide(about="stop"):
                stop = self.profile.ladder.stop
                self._could_decide(said.persons, said.head_absent, stop.min_persons or 1, stop.roles)
                assert set(self.profile.clock.circumstances) <= set(said.circumstances)
            case saying.Decide(about="limit"):
                assert self.profile.clock.case_adjustable
                assert said.text, "another limit has a reason"
        stops = CommandType.RECORDING_STOP in [kind for kind, _ in decision.commands]
        assert not stops or isinstance(said, saying.Contact | saying.Mark | saying.Close)
        self.commands.update(kind for kind, _ in decision.commands)
        self.state = decision.state
        for name, value in decision.updates.items():
            setattr(self.row, name, value)
        kept = MappingProxyType(dict(decision.data))  # whoever changes what was written stumbles
        self.entries.append(SimpleNamespace(kind=decision.entry.value, at=decision.at, data=kept))
        for notice in decision.notices:
            told = {"why": notice.why, "contacts": ["desk"] if self.reachable else []}
            self.entries.append(SimpleNamespace(kind="notified", at=self.now, data=MappingProxyType(told)))
            if self.reachable:
                self.entries.append(SimpleNamespace(kind="notice.sent", at=self.now, data=MappingProxyType(told)))
        self._remember(said, decision)

    def _remember(self, said: saying.Said, decision: Decision) -> None:
        match said:
            case saying.StepTaken():
                self.taken[said.step] += 1
                if said.step == "leave":
                    self.orders.append(self.now)
            case saying.Mark():
                self.told.add(said.mark)
            case saying.Decide(about="stop"):
                self.stop = said.outcome
            case saying.Decide(about="limit"):
                assert said.clock is not None
                assert said.minutes is not None
                self.own_limits[said.clock] = said.minutes
            case saying.Contact(what="started", means=means) if means is not None:
                said_before = [
                    one for one in self.entries[:-1] if one.kind == "contact.started" and "means" in one.data
                ]
                if decision.at >= max((one.at for one in said_before), default=decision.at):
                    self.in_building = means == "counter"

    # --- the city's rules, read a second time ------------------------------------------------------------------------

    def _could_decide(self, persons: tuple[str, ...], head_absent: bool, least: int, offices: tuple[str, ...]) -> None:
        rules = self.profile.judgement
        named = {" ".join(person.split()) for person in persons}
        if head_absent and rules.deputy_roles:
            offices, least = rules.deputy_roles, max(least, rules.deputy_min_persons or 1)
        else:
            assert not (head_absent and offices), "where no deputy is named, nobody decides in the head's place"
        assert len(named) >= least
        assert not offices or any(person.startswith(office) for person in named for office in offices)

    def _step_kept_the_rules(self, said: saying.StepTaken, decision: Decision, who: Person) -> None:
        ladder, data = self.profile.ladder, decision.data
        assert decision.state is self.state, "no step ends anything by itself"
        assert not decision.updates
        assert not decision.commands
        assert data["count"] == self.taken[said.step] + 1, "each step is numbered, from one, without a gap"
        if said.step == "police":
            return
        assert said.step in ladder.steps
        left_out = [
            step for step in ladder.steps[: ladder.steps.index(said.step)]
            if self.taken[step] < (ladder.leave.count or 1 if step == "leave" else 1)
            and step != "ask_leave"  # a request that may be made, and no order on the way (YUR-08)
            and not (not self.in_building and step in ("leave", "final", "announce_police"))
        ]  # fmt: skip
        assert said.reason or not left_out, "a step is left out only with a reason"
        assert data.get("skipped", []) == left_out
        if said.step in ("leave", "ask_leave", "final"):  # the final warning of these cities is their third order
            self._order_kept_the_rules(said, data, who)
        if said.step == "leave" and not said.reason and self.orders:
            assert self.now - self.orders[-1] >= timedelta(minutes=ladder.leave.interval_minutes or 0)
            assert len(self.orders) < (ladder.leave.max or 1000)
        if said.step in ("stop", "end", "stop_and_urge"):
            if ladder.stop.min_persons or ladder.stop.roles or self.profile.clock.circumstances:
                assert self.stop == "stop", "who stops the response has decided it with others before"
            if ladder.stop.announcer:
                assert data["announcer"]
                assert data["acknowledged"] is True

    def _order_kept_the_rules(self, said: saying.StepTaken, data: Any, who: Person) -> None:
        leave = self.profile.ladder.leave
        offices = leave.issuer_branch if self.site_type == "branch" and leave.issuer_branch else leave.issuer
        assert self.in_building, "there is nobody to leave"
        if offices:
            assert data["issuer"] in offices, "only the offices of this kind of site order people to leave"
            assert data["issuer_name"], "an order has somebody who gave it"
            if self.profile.roles[data["issuer"]] != who.role:
                assert said.issuer_name, "nobody else's order without their name"
        if said.step == "final" and self.orders:
            return  # on the ground of the orders, and after they were told of
        assert not leave.grounds or data["ground"] in leave.grounds
        own_head = self.profile.meta.id == "shinagawa" and self.site_type == "branch"
        if leave.report_first_to and data.get("issuer") not in leave.report_first_to and not own_head:
            assert "manager_told" in self.told or (self.reachable and "cease_refused" in self.told)

    # --- what holds at every moment ----------------------------------------------------------------------------------

    @invariant()
    def the_police_can_be_called_by_whoever_is_there(self) -> None:
        if self.state is State.CLOSED:
            return
        for route in (None, *self.profile.police.routes):
            assert self.verdict(saying.StepTaken(step="police", route=route), "staff") is self.state
        assert self.verdict(saying.Mark(mark="police_called"), "guard") is self.state

    @invariant()
    def every_clock_is_the_citys_or_was_set_by_people(self) -> None:
        rules, running = self.profile.clock, self.running()
        lengths = {
            "stalemate": rules.stalemate and rules.stalemate.minutes,
            "contact_cap": rules.contact_cap and rules.contact_cap.minutes,
            "offtopic": rules.offtopic and rules.offtopic.max_minutes,
            "special_demand": rules.special_demand and rules.special_demand.minutes,
            "overrun": rules.slot and rules.slot.overrun_minutes,
            "leave_interval": self.profile.ladder.leave.interval_minutes,
        }
        assert len({clock.name for clock in running}) == len(running)
        over = self.row.contact_ended_at or self.row.closed_at
        for clock in running:
            assert clock.ended_at == over, "a clock ends with the contact, which people end"
            assert clock.adjusted == (clock.name in self.own_limits)
            if clock.adjusted:
                assert clock.minutes == self.own_limits[clock.name]
            elif clock.name != "slot":
                assert clock.minutes == lengths[clock.name]
            assert clock.source

    # --- what can happen ---------------------------------------------------------------------------------------------

    @rule(minutes=st.sampled_from([0, 1, 4, 5, 6, 10, 30, 61]), role=roles)
    def time_passes(self, minutes: int, role: str) -> None:
        """However many clocks run out: nothing changes, and nothing is allowed or forbidden that was not before."""
        asked = [
            saying.StepTaken(step=step, reason=reason) for step in self.profile.ladder.steps for reason in ("", "急")
        ]
        asked_too = [saying.Close(outcome=Outcome.NOT_HARASSMENT), saying.Acknowledge(), saying.Respond()]
        probes: list[saying.Said] = [*asked, *asked_too]
        before, running = [self.verdict(said, role) for said in probes], self.running()
        self.now += timedelta(minutes=minutes)
        assert self.running() == running
        for said, was in zip(probes, before, strict=True):
            now = self.verdict(said, role)
            if isinstance(said, saying.StepTaken) and said.step == "leave" and not said.reason and now != was:
                now = now | {"reason"} if isinstance(now, frozenset) else frozenset({"reason"})  # the interval is over
            assert now == was

    @rule(role=roles, coming=yes)
    def somebody_answers(self, role: str, coming: bool) -> None:
        self.says(saying.Respond() if coming else saying.Acknowledge(), role)

    @rule(
        role=roles,
        what=st.sampled_from(["started", "ended"]),
        ago=minutes_ago,
        means=st.none() | st.sampled_from(["counter", "phone"]),
    )
    def the_contact(self, role: str, what: str, ago: int | None, means: str | None) -> None:
        self.says(saying.Contact.model_validate({"action": what, "at": self._at(ago), "means": means}), role)

    @rule(
        role=roles, mark=st.sampled_from(MARKS), ago=minutes_ago, minutes=st.none() | st.integers(1, 90),
        act=st.none() | st.sampled_from(["violence", "abuse", "online"]),
    )  # fmt: skip
    def somebody_marks(self, role: str, mark: Any, ago: int | None, minutes: int | None, act: Any) -> None:
        self.says(saying.Mark.model_validate({"mark": mark, "at": self._at(ago), "minutes": minutes, "act": act}), role)

    @rule(
        role=roles,
        mark=st.sampled_from(
            [
                "stalemate",
                "progress",
                "slot_announced",
                "demand_refused",
                "demand_dropped",
                "offtopic",
                "repeat_long_hold",
                "manager_told",
            ]
        ),
    )
    def a_clock_starts_or_is_taken_back(self, role: str, mark: Any) -> None:
        self.says(saying.Mark(mark=mark, minutes=30), role)

    @rule(data=st.data(), role=roles)
    def a_step_is_taken(self, data: st.DataObject, role: str) -> None:
        ladder = self.profile.ladder
        self.says(
            saying.StepTaken(
                step=data.draw(st.sampled_from([*ladder.steps, *ladder.steps, "police", "leave", "shout"])),
                reason=data.draw(st.sampled_from(["", "", "急ぐため"])),
                ground=data.draw(st.sampled_from([None, "noise", *ladder.leave.grounds])),
                issuer=data.draw(
                    st.sampled_from([None, None, *ladder.leave.issuer, *ladder.leave.issuer_branch, "係長"])
                ),
                issuer_name=data.draw(st.sampled_from([None, "山本"])),
                announcer=data.draw(st.sampled_from([None, "鈴木"])),
                acknowledged=data.draw(yes),
                route=data.draw(st.sampled_from([None, "119", *self.profile.police.routes])),
            ),
            role,
        )

    @rule(role=roles, data=st.data())
    def the_steps_are_taken_as_the_city_wants(self, role: str, data: st.DataObject) -> None:
        """Without this most lives would never come far."""
        leave, steps = self.profile.ladder.leave, self.profile.ladder.steps
        issuer = leave.issuer_branch if self.site_type == "branch" and leave.issuer_branch else leave.issuer
        for step in steps[: data.draw(st.integers(1, len(steps)))]:
            self.says(saying.Mark(mark="manager_told"), role)
            persons = tuple(f"{office} 佐藤" for office in self.profile.roles)
            looked_at = self.profile.clock.circumstances
            self.says(
                saying.Decide(about="stop", outcome="stop", persons=persons, circumstances=looked_at), "supervisor"
            )
            said = saying.StepTaken(
                step=step, announcer="鈴木", acknowledged=True, ground=next(iter(leave.grounds), None),
                issuer=next(iter(issuer), None), issuer_name="山本",
            )  # fmt: skip
            for _ in range(leave.count or 1 if step == "leave" else 1):
                self.says(said, role)
                self.now += timedelta(minutes=leave.interval_minutes or 0)

    @rule(role=roles, data=st.data(), head_absent=yes, outcome=st.sampled_from(["stop", "go_on"]), wholly=yes)
    def several_decide_whether_to_stop(
        self, role: str, data: st.DataObject, head_absent: bool, outcome: Any, wholly: bool
    ) -> None:
        looked_at = self.profile.clock.circumstances
        self.says(
            saying.Decide(
                about="stop", outcome=outcome, persons=data.draw(self._persons()), head_absent=head_absent,
                circumstances=looked_at if wholly else looked_at[1:],
            ),
            role,
        )  # fmt: skip

    @rule(
        role=roles,
        clock=st.sampled_from(["stalemate", "contact_cap", "slot", "leave_interval", None]),
        minutes=st.none() | st.integers(1, 90),
        text=st.sampled_from(["", "通訳を待つ"]),
    )
    def a_case_gets_a_limit_of_its_own(self, role: str, clock: str | None, minutes: int | None, text: str) -> None:
        self.says(saying.Decide(about="limit", clock=clock, minutes=minutes, text=text), role)

    @rule(role=roles, data=st.data(), finding=st.sampled_from(FINDINGS), head_absent=yes, wholly=yes)
    def several_judge(self, role: str, data: st.DataObject, finding: Any, head_absent: bool, wholly: bool) -> None:
        grounds: dict[str, Any] = {
            "acts": ("abuse",), "content": "x", "manner": "x", "time": "x", "means": "x", "environment": "x",
            "nuisance": True, "harm": True, "average_employee": True, "dropped": False,
        }  # fmt: skip
        persons = data.draw(self._persons().filter(bool))
        self.says(
            saying.Judgement(finding=finding, persons=persons, head_absent=head_absent, **grounds if wholly else {}),
            role,
        )

    @rule(
        role=roles,
        what=st.sampled_from(["note", "record", "report", "link", "unlink", "case", "rest:0", "police_report:0"]),
    )
    def something_is_written(self, role: str, what: str) -> None:
        said: dict[str, saying.Said] = {
            "note": saying.Note(text="x"),
            "record": saying.Account(kind="record", verbatim="x"),
            "report": saying.Report(to=("総務課",), circumstances="x", outcome="x", course="x"),
            "link": saying.Link.model_validate({"case": "R8-123"}),
            "unlink": saying.Link(),
            "case": saying.CaseNote(text="x"),
        }
        self.says(said.get(what) or saying.TaskDone(task=what), role)

    @rule(
        role=roles,
        outcome=st.sampled_from(Outcome),
        prevention=st.sampled_from(["", "二人で出る"]),
        why=st.sampled_from(["", "係の中で話した"]),
    )
    @precondition(lambda self: len(self.entries) > 6)
    def somebody_closes_it(self, role: str, outcome: Outcome, prevention: str, why: str) -> None:
        self.says(saying.Close(outcome=outcome, prevention=prevention, not_shared=why), role)

    def teardown(self) -> None:
        if not hasattr(self, "commands"):
            return
        assert self.commands[CommandType.SEEN] <= 1 + self.asked_anew
        assert self.commands[CommandType.RESPONDER_COMING] <= 1 + self.asked_anew
        assert self.commands[CommandType.RECORDING_STOP] <= 2

    def _at(self, ago: int | None) -> str | None:
        return None if ago is None else (self.now - timedelta(minutes=ago)).isoformat()

    def _persons(self) -> st.SearchStrategy[tuple[str, ...]]:
        one = st.builds("{} {}".format, st.sampled_from([*self.profile.roles, "主任"]), st.sampled_from(SURNAMES))
        return st.lists(one, max_size=3).map(tuple)
