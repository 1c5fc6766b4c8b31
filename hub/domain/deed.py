"""What follows from what people tell the hub about an incident (`hub.domain.saying`).

`decide` is pure: the facts and the time come in, a `Decision` goes out, `hub.deeds` writes it down. Every deed leaves
exactly one timeline entry, whether it changed the state or came second. What is told about an incident afterwards is
decided in `hub.domain.afterwards`.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from contract.messages import CommandType, Level
from contract.problems import Problem
from contract.profile import PolicyProfile
from hub.domain import afterwards, closing, damage, deciding, drill, ladder, marks
from hub.domain.course import IN_DANGER, Course
from hub.domain.decision import Decision as Decision
from hub.domain.decision import DeedRefused as DeedRefused
from hub.domain.decision import Facts as Facts
from hub.domain.decision import Person as Person
from hub.domain.decision import given, refuse
from hub.domain.guidance import is_urgent
from hub.domain.incident import ALARMING, NOBODY, Deed, Entry, Origin, Outcome, State, after
from hub.domain.permissions import Action
from hub.domain.saying import (
    Account,
    Acknowledge,
    CaseNote,
    Close,
    Considered,
    Contact,
    Decide,
    Judgement,
    Link,
    Mark,
    Note,
    Promise,
    Report,
    Respond,
    Said,
    StepTaken,
    TaskDone,
    TurnReal,
)

BACK_DATED_MAX: Final = timedelta(hours=24)
"""How long before the press a contact may have begun: a visit does not last longer than a day."""

AHEAD_MAX: Final = timedelta(seconds=60)
"""A person's PC may run a little ahead of the hub; such a time counts as now."""


def needed(said: Said) -> tuple[Action, ...]:
    """Every permission that saying this needs. Calling a press false ends the alarm, so it needs one more.

    That the police were called may be written down by anybody who may mark at all (SHI-19).
    """
    if isinstance(said, StepTaken):
        return (Action.POLICE if said.step == ladder.POLICE else Action.STEP,)
    false_press = (isinstance(said, Mark) and said.mark == "false_press") or (
        isinstance(said, Close) and said.outcome is Outcome.FALSE_PRESS
    )
    none = isinstance(said, Mark) and said.mark == "real_call"
    return (said.action, Action.FALSE_PRESS) if false_press or none else (said.action,)


def decide(facts: Facts, said: Said, who: Person, now: datetime, profile: PolicyProfile) -> Decision:
    """What follows from `said`.

    Raises:
        NotPossible: the incident's state does not allow it.
        DeedRefused: a field does not fit the incident or the profile.
    """
    match said:
        case Acknowledge():
            return _acknowledged(facts, who, now)
        case Respond():
            return _responding(facts, who, now)
        case Contact():
            return _contact(facts, said, now)
        case Mark():
            return _marked(facts, said, who, now, profile)
        case StepTaken():
            return _step(facts, said, who, now, profile)
        case Decide():
            return _decided(facts, said, now, profile)
        case Note():
            return Decision(after(facts.state, Deed.NOTE), Entry.NOTED, now, said.text)
        case Account():
            return afterwards.account(facts, said, who, now)
        case Considered():
            return afterwards.considered(facts, said, now)
        case Judgement():
            return afterwards.judged(facts, said, now, profile)
        case Report():
            return afterwards.reported(facts, said, now)
        case Promise():
            return afterwards.promised(facts, said, now)
        case TaskDone():
            return afterwards.task_done(facts, said, now, profile)
        case Link():
            return afterwards.linked(facts, said, now)
        case CaseNote():
            return afterwards.case_noted(facts, said, now)
        case TurnReal():
            return _turned_real(facts, said, now)
        case Close():
            return closing.closed(facts, said, who, now)
        case _:
            raise TypeError(f"{type(said).__name__} is no deed")


def _acknowledged(facts: Facts, who: Person, now: datetime) -> Decision:
    state = after(facts.state, Deed.ACKNOWLEDGE)
    if facts.seen_by is not None:
        data = {"first": False, "seen_by": facts.seen_by, "seen_name": facts.seen_name}
        return Decision(state, Entry.ACKNOWLEDGED, now, data=data)
    return Decision(
        state, Entry.ACKNOWLEDGED, now, data={"first": True},
        updates=_seen(who, now), commands=((CommandType.SEEN, who.name),),
    )  # fmt: skip


def _responding(facts: Facts, who: Person, now: datetime) -> Decision:
    state = after(facts.state, Deed.RESPOND)
    if facts.responder is not None:
        data = {"first": False, "responder": facts.responder, "responder_name": facts.responder_name}
        return Decision(state, Entry.RESPONDING, now, data=data)
    seen = {} if facts.seen_by is not None else _seen(who, now)
    return Decision(
        state, Entry.RESPONDING, now, data={"first": True},
        updates={**seen, "responder": who.id, "responder_name": who.name, "responding_at": now},
        commands=((CommandType.RESPONDER_COMING, who.name),),
    )  # fmt: skip


def _seen(who: Person, now: datetime) -> dict[str, Any]:
    return {"seen_by": who.id, "seen_name": who.name, "seen_at": now}


def _contact(facts: Facts, said: Contact, now: datetime) -> Decision:
    at = _when(said.at, facts, now)
    return _contact_started(facts, said, at) if said.what == "started" else _contact_ended(facts, said, at)


def _contact_started(facts: Facts, said: Contact, at: datetime) -> Decision:
    state = after(facts.state, Deed.CONTACT_STARTED)
    if facts.contact_ended_at is not None and at > facts.contact_ended_at:
        raise DeedRefused(
            Problem("at", "", "応対の終わりより前の時刻にしてください。", "must be before the contact ended.")
        )
    known = facts.contact_started_at
    data = given(first=known is None, means=said.means, place=said.place)
    if known is not None and said.at is None:
        return Decision(state, Entry.CONTACT_STARTED, at, data=data)
    return Decision(state, Entry.CONTACT_STARTED, at, data=data, updates={"contact_started_at": at})


def _contact_ended(facts: Facts, said: Contact, at: datetime) -> Decision:
    state = after(facts.state, Deed.CONTACT_ENDED)
    if facts.course.of_kind(Entry.JUDGED):
        state = after(state, Deed.JUDGE)  # it was judged while the visitor was there
    known = facts.contact_ended_at
    data = given(first=known is None, means=said.means, place=said.place)
    if known is not None and said.at is None:
        return Decision(state, Entry.CONTACT_ENDED, at, data=data)
    if known is not None:
        data["before"] = known.isoformat()
    # A press comes during a contact. Of a visit and a post somebody may tell when it was over long since.
    pressed = facts.course.pressed_at or facts.pressed_at
    began = facts.contact_started_at or (pressed if facts.origin is Origin.COUNTER else at)
    if said.at is None:
        at = max(at, began)  # over now, also when the hub's clock has been set back meanwhile
    elif at < began:
        raise DeedRefused(
            Problem(
                "at", "", "応対の始まり（記録がなければ押した時刻）より後の時刻にしてください。",
                "must be after the contact started, or the press where nobody wrote down its start.",
            )
        )  # fmt: skip
    return Decision(
        state, Entry.CONTACT_ENDED, at, data=data, updates={"contact_ended_at": at, **_helped(facts)},
        commands=((CommandType.RECORDING_STOP, ""),) if known is None else (),
    )  # fmt: skip


def _helped(facts: Facts) -> dict[str, Any]:
    """Nobody answered anew: whoever had answered stood beside the worker when more people were called."""
    if facts.responder is not None or facts.earlier_answer is None:
        return {}
    who, at = facts.earlier_answer
    return {"responder": who.id, "responder_name": who.name, "responding_at": at}


# --- marks -----------------------------------------------------------------------------------------------------------


def _marked(facts: Facts, said: Mark, who: Person, now: datetime, profile: PolicyProfile) -> Decision:
    at = _when(said.at, facts, now)
    if said.mark == "false_press":
        return closing.false_press(facts, Entry.MARKED, at, who, now, said.text, {"mark": said.mark})
    if said.mark == "real_call":
        return closing.real_call(facts, at, who, said.text)
    refuse(marks.problems(said))
    data = given(
        mark=said.mark, minutes=said.minutes, act=said.act, visitors=said.visitors, staff=said.staff, unit=said.unit,
        card=said.card, taker=said.taker, private=said.mark in damage.PRIVATE or None,
    )  # fmt: skip
    if marks.unusual(said, profile, facts.course):
        data["outside_range"] = True  # shown, and never refused: the city's figures are guidelines (SHI-08)
    updates = marks.updates(said, at, facts.promised_until)
    if facts.state is State.CLOSED and said.mark in marks.LATER:  # facts are corrected by further entries only
        return Decision(after(facts.state, Deed.NOTE), Entry.MARKED, at, said.text, data, updates)
    told = marks.notices(said, profile, facts.course, facts.site_type)
    marked = Decision(after(facts.state, Deed.MARK), Entry.MARKED, at, said.text, data, updates, notices=told)
    level = _calls(facts, said, at, now)
    return marked if level is None else _called_anew(facts, marked, level, now)


def _calls(facts: Facts, said: Mark, at: datetime, now: datetime) -> Level | None:
    """The level at which a mark calls everybody anew: whoever has the page at hand may have no hand at the button.

    Nobody came, or whoever was coming cannot; or somebody is in danger now (SHI-19), which is more than was called for.
    """
    level = Level(facts.course.level)
    answered = facts.responder is not None or (level is Level.ASSIST and facts.seen_by is not None)
    if said.mark == "call_again":
        after(facts.state, Deed.CALL_AGAIN)
        return level if answered else None  # else the ladder climbs on
    calm = facts.state in ALARMING and level is Level.ASSIST and not facts.course.gone
    if said.mark == "act" and said.act in IN_DANGER and calm and now - at <= AHEAD_MAX:
        return Level.EMERGENCY
    return None


def _called_anew(facts: Facts, marked: Decision, level: Level, now: datetime) -> Decision:
    risen = {} if level == facts.course.level else {"level": level.value, "raised_at": now}
    return replace(
        marked,
        state=after(facts.state, Deed.CALL_AGAIN),
        data={**marked.data, "calls": level.value},
        updates={**marked.updates, **NOBODY, **risen},
        commands=((CommandType.NOBODY_AVAILABLE, ""),),
    )


# --- steps and decisions ---------------------------------------------------------------------------------------------


def _step(facts: Facts, said: StepTaken, who: Person, now: datetime, profile: PolicyProfile) -> Decision:
    state = after(facts.state, Deed.STEP)
    refuse(ladder.problems(profile, facts.site_type, facts.course, said, who.role, now))
    ordered = said.step in ladder.by_authority(profile)
    own = ladder.own_office(profile, ladder.issuers(profile, facts.site_type), who.role) if ordered else None
    issuer = said.issuer or own
    in_person = ordered and issuer is not None and profile.roles.get(issuer) == who.role
    data = given(
        step=said.step,
        count=len(facts.course.times(said.step)) + 1,
        ground=said.ground,
        issuer=issuer,
        issuer_name=said.issuer_name or (who.name if in_person else None),
        announcer=said.announcer,
        acknowledged=said.acknowledged or None,
        route=said.route,
        reason=said.reason or None,
        skipped=_left_out(facts.course, said, profile) or None,
    )
    return Decision(state, Entry.STEP_TAKEN, now, said.words, data)


def _left_out(course: Course, said: StepTaken, profile: PolicyProfile) -> list[str]:
    """What the city's order names before it and was not said (SET-08). Where the rules send people straight to the
    police, nothing was left out unless somebody says why it was (SHI-19).
    """
    straight = said.step not in profile.ladder.steps or course.level == "emergency" or is_urgent(profile, course.acts)
    return list(ladder.skipped(profile, course, said.step)) if said.reason or not straight else []


def _decided(facts: Facts, said: Decide, now: datetime, profile: PolicyProfile) -> Decision:
    state = after(facts.state, Deed.DECIDE)
    refuse(deciding.problems(said, profile))
    data = given(
        about=said.about,
        outcome=said.outcome,
        persons=list(said.persons) or None,
        head_absent=said.head_absent or None,
        namesakes=said.namesakes or None,
        circumstances=list(said.circumstances) or None,
        clock=said.clock,
        minutes=said.minutes,
    )
    return Decision(state, Entry.DECIDED, now, said.text, data)


# --- drills ----------------------------------------------------------------------------------------------------------


def _turned_real(facts: Facts, said: TurnReal, now: datetime) -> Decision:
    """A drill that is none becomes an emergency that nobody has answered: what was said before was said to a drill.

    Said once more it changes nothing. A drill that ended long ago is refused: something new needs a new call.
    """
    if facts.turned_real:
        return Decision(facts.state, Entry.DRILL_REAL, now, said.text, {"first": False})
    if facts.practice or not drill.can_turn_real(facts.drill, facts.closed_at, now):
        raise DeedRefused(
            Problem(
                "drill", "", "これはいま行っている訓練ではありません。箱のボタンか電話で助けを呼んでください。",
                "this is no drill that goes on. Press the button or telephone for help.",
            )
        )  # fmt: skip
    return Decision(
        after(facts.state, Deed.TURN_REAL), Entry.DRILL_REAL, now, said.text, {"first": True},
        updates={
            **NOBODY, "drill": False, "reach": None, "drill_ends_at": None, "level": Level.EMERGENCY.value,
            "raised_at": now, "contact_started_at": None, "contact_ended_at": None, "closed_at": None, "outcome": None,
        },
        commands=((CommandType.DRILL_REAL, ""),),
    )  # fmt: skip


# --- small parts -----------------------------------------------------------------------------------------------------


def _when(at: datetime | None, facts: Facts, now: datetime) -> datetime:
    """The time that a person gave, or now.

    Raises:
        DeedRefused: in the future, or more than a day before the press.
    """
    if at is None:
        return now
    if at > now + AHEAD_MAX:
        raise DeedRefused(Problem("at", "", "まだ来ていない時刻です。", "lies in the future."))
    if at < facts.pressed_at - BACK_DATED_MAX:
        raise DeedRefused(
            Problem(
                "at", "", "押した時刻の 24 時間前より後にしてください。", "must be within 24 hours before the press."
            )
        )
    return min(at, now)
