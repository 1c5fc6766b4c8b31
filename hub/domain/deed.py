"""What people do with an incident: what they say, and what follows from it.

`decide` is pure: the facts and the time come in, a `Decision` goes out, `hub.deeds` writes it down. Every deed leaves
exactly one timeline entry, whether it changed the state or came second.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints

from contract.messages import CommandType
from contract.problems import Problem
from contract.profile import Act, PolicyProfile
from hub.domain.incident import Deed, Entry, Outcome, State, after
from hub.domain.permissions import Action

BACK_DATED_MAX: Final = timedelta(hours=24)
"""How long before the press a contact may have begun: a visit does not last longer than a day."""

AHEAD_MAX: Final = timedelta(seconds=60)
"""A person's PC may run a little ahead of the hub; such a time counts as now."""


class DeedRefused(ValueError):
    """What was said does not fit this incident. Nothing was changed."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.line())
        self.problem = problem


def _plain(text: str) -> str:
    if any((char < " " and char not in "\n\r\t") or char == "\x7f" or "\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("制御文字は使えません。消してください。 / must not contain control characters. Remove them.")
    return text


def _moment(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(
            "日時を文字で書いてください（例: 2026-11-20T02:41:36Z）。"
            " / must be a date and time in text (2026-11-20T02:41:36Z)."
        )
    return value


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("時差を付けてください（例: +09:00）。 / needs a time zone, like +09:00.")
    if not 2000 <= moment.year <= 2200:
        raise ValueError("日付を確かめてください。 / check the date.")
    return moment.astimezone(UTC)


Words = Annotated[str, Strict(), StringConstraints(strip_whitespace=True, max_length=4000), AfterValidator(_plain)]
SomeWords = Annotated[Words, StringConstraints(min_length=1)]
Line = Annotated[
    str, Strict(), StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_plain)
]
At = Annotated[datetime, BeforeValidator(_moment), AfterValidator(_utc)]

MarkName = Literal[
    "false_press", "stalemate", "progress", "recording_refused", "slot_announced", "repeat_long_hold", "staff_swapped",
    "guards_called", "police_called", "police_arrived", "visitor_left",
]  # fmt: skip


class Said(BaseModel):
    """Base of everything people tell the hub about an incident. Unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: ClassVar[Action]


class Acknowledge(Said):
    """I have seen it."""

    action = Action.ACKNOWLEDGE


class Respond(Said):
    """I am going there."""

    action = Action.RESPOND


class Contact(Said):
    """The talk with the visitor began or ended. `at` may lie back: the press comes later than the talk's begin."""

    action = Action.CONTACT
    what: Literal["started", "ended"] = Field(alias="action")
    at: At | None = None


class Mark(Said):
    """Something that clocks, counts and reports look at."""

    action = Action.MARK
    mark: MarkName
    at: At | None = None
    text: Words = ""


class StepTaken(Said):
    """A step of the profile's ladder was said to the visitor."""

    action = Action.STEP
    step: Line
    words: Words = ""
    ground: Line | None = None


class Note(Said):
    """Anything worth keeping, in exact words."""

    action = Action.NOTE
    text: SomeWords


class Judgement(Said):
    """What several people found together."""

    action = Action.JUDGE
    finding: Literal["harassment", "near_miss", "not_harassment"]
    acts: tuple[Act, ...] = Field(default=(), max_length=20)
    persons: tuple[Line, ...] = Field(min_length=1, max_length=20)
    text: Words = ""


class Close(Said):
    """Nothing more is to be done."""

    action = Action.CLOSE
    outcome: Outcome
    text: Words = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Who does it: a user or, for machines, a token."""

    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Facts:
    """An incident as far as deeds look at it. `said` counts each step taken so far."""

    state: State
    drill: bool
    pressed_at: datetime
    seen_by: str | None = None
    seen_name: str | None = None
    responder: str | None = None
    responder_name: str | None = None
    contact_started_at: datetime | None = None
    contact_ended_at: datetime | None = None
    said: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be written. `updates` are columns of the incident; `commands` go to its box."""

    state: State
    entry: Entry
    at: datetime
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    updates: Mapping[str, Any] = field(default_factory=dict)
    commands: tuple[tuple[CommandType, str], ...] = ()


def needed(said: Said) -> tuple[Action, ...]:
    """Every permission that saying this needs. Calling a press false ends the alarm, so it needs one more."""
    false_press = (isinstance(said, Mark) and said.mark == "false_press") or (
        isinstance(said, Close) and said.outcome is Outcome.FALSE_PRESS
    )
    return (said.action, Action.FALSE_PRESS) if false_press else (said.action,)


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
            return _marked(facts, said, now)
        case StepTaken():
            return _step(facts, said, now, profile)
        case Note():
            return Decision(after(facts.state, Deed.NOTE), Entry.NOTED, now, said.text)
        case Judgement():
            return _judged(facts, said, now, profile)
        case Close():
            return _closed(facts, said, now)
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
    return _contact_started(facts, said, at) if said.what == "started" else _contact_ended(facts, at)


def _contact_started(facts: Facts, said: Contact, at: datetime) -> Decision:
    state = after(facts.state, Deed.CONTACT_STARTED)
    if facts.contact_ended_at is not None and at > facts.contact_ended_at:
        raise DeedRefused(
            Problem("at", "", "応対の終わりより前の時刻にしてください。", "must be before the contact ended.")
        )
    known = facts.contact_started_at
    if known is not None and said.at is None:
        return Decision(state, Entry.CONTACT_STARTED, at, data={"first": False})
    return Decision(state, Entry.CONTACT_STARTED, at, data={"first": known is None}, updates={"contact_started_at": at})


def _contact_ended(facts: Facts, at: datetime) -> Decision:
    state = after(facts.state, Deed.CONTACT_ENDED)
    if facts.contact_ended_at is not None:
        return Decision(state, Entry.CONTACT_ENDED, at, data={"first": False})
    if facts.contact_started_at is not None and at < facts.contact_started_at:
        raise DeedRefused(
            Problem("at", "", "応対の始まりより後の時刻にしてください。", "must be after the contact started.")
        )
    return Decision(
        state, Entry.CONTACT_ENDED, at, data={"first": True},
        updates={"contact_ended_at": at}, commands=((CommandType.RECORDING_STOP, ""),),
    )  # fmt: skip


def _marked(facts: Facts, said: Mark, now: datetime) -> Decision:
    at = _when(said.at, facts, now)
    data = {"mark": said.mark}
    if said.mark != "false_press":
        return Decision(after(facts.state, Deed.MARK), Entry.MARKED, at, said.text, data)
    return _false_press(facts, Entry.MARKED, at, now, said.text, data)


def _false_press(
    facts: Facts, entry: Entry, at: datetime, now: datetime, text: str, data: Mapping[str, Any]
) -> Decision:
    state = after(facts.state, Deed.FALSE_PRESS)
    if facts.state is State.CLOSED:
        return Decision(state, entry, at, text, {**data, "first": False})
    return Decision(
        state, entry, at, text, {**data, "first": True},
        updates={"closed_at": now, "outcome": Outcome.FALSE_PRESS.value},
        commands=((CommandType.RECORDING_STOP, ""),),
    )  # fmt: skip


def _step(facts: Facts, said: StepTaken, now: datetime, profile: PolicyProfile) -> Decision:
    state = after(facts.state, Deed.STEP)
    steps, grounds = profile.ladder.steps, profile.ladder.leave.grounds
    if said.step not in steps:
        raise DeedRefused(
            Problem("step", "", f"{'、'.join(steps)} のどれかにしてください。", f"must be one of {', '.join(steps)}.")
        )
    if said.ground is not None and grounds and said.ground not in grounds:
        raise DeedRefused(
            Problem(
                "ground", "", f"{'、'.join(grounds)} のどれかにしてください。", f"must be one of {', '.join(grounds)}."
            )
        )
    data = {"step": said.step, "count": facts.said.get(said.step, 0) + 1}
    return Decision(state, Entry.STEP_TAKEN, now, said.words, {**data, "ground": said.ground} if said.ground else data)


def _judged(facts: Facts, said: Judgement, now: datetime, profile: PolicyProfile) -> Decision:
    state = after(facts.state, Deed.JUDGE)
    persons = tuple(dict.fromkeys(said.persons))
    least = profile.judgement.min_persons or 1
    if len(persons) < least:
        raise DeedRefused(
            Problem("persons", "", f"{least} 人以上で判断してください。", f"needs {least} persons or more.")
        )
    if said.finding == "harassment" and not said.acts:
        raise DeedRefused(Problem("acts", "", "当たる行為を一つ以上選んでください。", "name at least one act."))
    data = {"finding": said.finding, "acts": list(dict.fromkeys(said.acts)), "persons": list(persons)}
    return Decision(state, Entry.JUDGED, now, said.text, data)


def _closed(facts: Facts, said: Close, now: datetime) -> Decision:
    data = {"outcome": said.outcome.value}
    if said.outcome is Outcome.FALSE_PRESS:
        return _false_press(facts, Entry.CLOSED, now, now, said.text, data)
    if said.outcome is Outcome.DRILL and not facts.drill:
        raise DeedRefused(
            Problem(
                "outcome",
                "",
                "訓練として押されたものではありません。他の結果を選んでください。",
                "this was no drill. Choose another outcome.",
            )
        )
    state = after(facts.state, Deed.CLOSE)
    if facts.state is State.CLOSED:
        return Decision(state, Entry.CLOSED, now, said.text, {**data, "first": False})
    return Decision(
        state, Entry.CLOSED, now, said.text, {**data, "first": True},
        updates={"closed_at": now, "outcome": said.outcome.value},
    )  # fmt: skip


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
