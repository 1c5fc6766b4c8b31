"""People's deeds on visits: the pure decision, written down in the caller's one write transaction (`hub.domain.visit`).

The caller commits, then pokes `web` and `worker`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from contract.problems import Problem
from contract.profile import PolicyProfile
from hub import deeds
from hub.deeds import Once, SiteRules
from hub.domain.decision import DeedRefused, Person
from hub.domain.incident import Entry as IncidentEntry
from hub.domain.incident import State as IncidentState
from hub.domain.practice import is_practice
from hub.domain.saying import Acknowledge, Mark
from hub.domain.visit import Decision, Entry, State, decide, members, plan_problems
from hub.domain.visit_saying import Deed, Plan
from hub.store import boxes, visit_calls, visits
from hub.store.ids import new_id
from hub.store.opening import Holding
from hub.store.visits import Machine

_TOLD: Final = (Entry.LEFT, Entry.ARRIVED, Entry.CHECKED_IN, Entry.ENDED, Entry.BACK, Entry.SAFE)
"""Word that a call in progress must show: whoever looks for them sees it there."""


class UnknownVisit(LookupError):
    """There is no visit with this id."""


@dataclass(frozen=True, slots=True)
class VisitRules:
    """What holds at this site. `of_box` gives the rules of a box's counter; `holding` is what a call needs."""

    of_box: Callable[[str], tuple[PolicyProfile, str]]
    holding: Holding


def plan(
    connection: Connection, said: Plan, who: Person, now: datetime, rules: VisitRules, once: Once | None = None
) -> str:
    """The new visit's id; the same again when `once` came before.

    Raises:
        KeyUsedDifferently: see there.
        DeedRefused: the plan does not fit the city's rules: every problem at once.
    """
    if once is not None and deeds.came_before(connection, who, once, now):
        return deeds.made(connection, who, once)
    known = None if is_practice(said.box) else boxes.named(connection, {said.box}).get(said.box)
    if known is None or known.revoked_at is not None:
        raise DeedRefused(Problem("box", "", "登録された窓口を選んでください。", "must be a counter that is enrolled."))
    profile, _ = rules.of_box(said.box)
    problems = plan_problems(said, profile, now)
    if problems:
        raise DeedRefused(*problems)
    settled: dict[str, Any] = {
        "box": said.box,
        "place": said.place,
        "case_number": said.case,
        "about": said.about,
        "team": members(said.team),
        "contact": said.contact,
        "limit_minutes": said.limit_minutes,
    }
    id = new_id()
    if once is not None:
        deeds.keep_made(connection, who, once, id)
    values = {
        **settled,
        "id": id,
        "state": State.PLANNED.value,
        "planned_at": now,
        "profile_digest": rules.holding.digest,
        "changed_at": now,
    }
    visits.add(connection, values, said.checkins)
    row = visits.one(connection, id)
    data = {**settled, "checkins": [at.isoformat() for at in said.checkins]}
    visits.enter(connection, row, Entry.PLANNED, now, now, data=data, who=who)
    return id


def perform(
    connection: Connection,
    visit_id: str,
    said: Deed,
    who: Person,
    now: datetime,
    rules: VisitRules,
    machine: Machine,
    once: Once | None = None,
) -> bool:
    """Write what follows from `said`; False when `once` was written before, and nothing is done a second time.

    Raises:
        UnknownVisit: no such visit.
        KeyUsedDifferently: see there.
        NotPossible, DeedRefused: from the decision.
    """
    row = visits.one(connection, visit_id, lock=True)
    if row is None:
        raise UnknownVisit(visit_id)
    if once is not None and deeds.came_before(connection, who, once, now):
        return False
    times = visits.agreed(connection, [row.id])[row.id]
    facts = visits.facts(row, times, visits.anchors(connection, [row.id], machine.boot), now, machine)
    decision = decide(facts, said, rules.of_box(row.box)[0], now)
    if decision.calls is not None:
        incident, new = visit_calls.call(connection, row, decision.calls, now, rules.holding, who, decision.text)
        decision = _with(decision, incident=incident, new=new)
    visits.write(connection, row, decision, who, now)
    _tell_calls(connection, row, decision, who, now, rules)
    return True


def _with(decision: Decision, **data: Any) -> Decision:
    return Decision(
        decision.state, decision.entry, decision.at, decision.text, {**decision.data, **data}, decision.updates,
        decision.met, decision.checkins, decision.calls,
    )  # fmt: skip


def _tell_calls(
    connection: Connection, row: Any, decision: Decision, who: Person, now: datetime, rules: VisitRules
) -> None:
    """Let the calls of this visit show what was said; found safe by the office is seen by that person."""
    if decision.entry in _TOLD:
        said = {"visit": row.id, **({"late": True} if decision.data.get("late") else {})}
        for one in visit_calls.standing(connection, row.id):
            visit_calls.tell(
                connection, one.id, decision.entry.value, now, said, row.profile_digest, who, decision.text
            )
            if decision.entry is Entry.SAFE:
                _answer(connection, one, who, now, rules)
    done = {Entry.BACK: ("recall",), Entry.DEBRIEFED: ("recall", "debrief")}.get(decision.entry, ())
    for incident in visit_calls.of_trouble(connection, row.id) if done else ():
        for task in done:
            data = {"task": f"{task}:0", "kind": task}
            visit_calls.tell(
                connection, incident, task, now, data, row.profile_digest, who, kind=IncidentEntry.TASK_DONE
            )


def _answer(connection: Connection, call: Any, who: Person, now: datetime, rules: VisitRules) -> None:
    """The office has spoken to them: a person answers for it. What is an emergency still needs one who is coming."""
    site = SiteRules(rules.of_box, lambda _box: rules.holding.digest, rules.holding.roster)
    if IncidentState(call.state) is IncidentState.RAISED:
        deeds.perform(connection, call.id, Acknowledge(), who, now, site)
    deeds.perform(connection, call.id, Mark(mark="safe"), who, now, site)
