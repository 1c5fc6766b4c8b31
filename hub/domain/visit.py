"""A visit away from the office: planned, left, arrived, took leave, back (SHI-12; Shin 2 参考, T7). Pure.

Planned before they leave: who with which role, who in the office waits, the limit, the times at which they give word.
The limit prompts and ends nothing. An agreed time without word calls the office, and so does trouble; people decide.
A late or repeated deed is kept as an entry and changes no state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from contract.messages import Level
from contract.problems import Problem
from contract.profile import PolicyProfile
from hub.domain.decision import DeedRefused
from hub.domain.policy_clock import LEAD_MINUTES, Clock
from hub.domain.visit_saying import (
    Arrived,
    Back,
    Cancel,
    Change,
    CheckIn,
    Debrief,
    Deed,
    Ended,
    Left,
    Member,
    Note,
    Plan,
    Safe,
    Trouble,
)

GRACE_MINUTES: Final = 5
"""How long after an agreed time word is waited for before the office is called (our choice; no document says)."""

EARLY: Final = timedelta(minutes=10)
"""Word that comes so long before an agreed time answers it; earlier word does not (our choice)."""

TEAM_MIN: Final = 2
"""Nobody goes alone, whatever a profile says (Shin T7: several staff)."""

AHEAD_MAX: Final = timedelta(seconds=60)
"""A person's PC may run a little ahead of the hub; such a time counts as now."""

LONGEST: Final = timedelta(hours=24)
"""No agreed time lies further ahead, and no deed is told later than this."""

LIMIT, CHECKIN = "visit", "checkin"
"""The two clocks of a visit, by name."""


class State(StrEnum):
    """How far a visit has come."""

    PLANNED = "planned"
    LEFT = "left"
    ARRIVED = "arrived"
    ENDED = "ended"
    BACK = "back"
    CANCELLED = "cancelled"


class Entry(StrEnum):
    """Kinds of entries of a visit; the last four are the hub's own."""

    PLANNED = "planned"
    LEFT = "left"
    ARRIVED = "arrived"
    CHECKED_IN = "checked.in"
    ENDED = "ended"
    BACK = "back"
    TROUBLE = "trouble"
    SAFE = "safe"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    DEBRIEFED = "debriefed"
    NOTED = "noted"
    LIMIT_LEAD = "limit.lead"
    LIMIT_DUE = "limit.due"
    CHECKIN_ASKED = "checkin.asked"
    CHECKIN_MISSED = "checkin.missed"


class Why(StrEnum):
    """Why a visit calls the office."""

    MISSED = "missed"
    TROUBLE = "trouble"


LEVELS: Final = {Why.MISSED: Level.ASSIST, Why.TROUBLE: Level.EMERGENCY}
"""A missed time calls until somebody has seen it, trouble until a named person goes or has them fetched."""

OPEN: Final = (State.PLANNED, State.LEFT, State.ARRIVED, State.ENDED)
"""States in which an agreed time is waited for. A plan whose team forgot to say that it left is among them."""

_ORDER: Final = {state: place for place, state in enumerate((*OPEN, State.BACK))}

_REACHES: Final = {
    Entry.LEFT: State.LEFT,
    Entry.ARRIVED: State.ARRIVED,
    Entry.ENDED: State.ENDED,
    Entry.BACK: State.BACK,
    Entry.CANCELLED: State.CANCELLED,
}

_ONLY_IN: Final = {
    Entry.CANCELLED: (State.PLANNED,),
    Entry.CHANGED: OPEN,
    Entry.DEBRIEFED: (*OPEN[1:], State.BACK),
}

_ALWAYS: Final = (Entry.TROUBLE, Entry.SAFE, Entry.NOTED)
"""What may be said in every state: nothing stands between a team and its office."""


class NotPossible(ValueError):
    """The deed does not fit the state. Nothing was changed."""

    def __init__(self, entry: Entry, state: State) -> None:
        super().__init__(f"{entry} is not possible while the visit is {state}")
        self.state = state


@dataclass(frozen=True, slots=True)
class Agreed:
    """A time at which word was agreed. `left_s`: seconds until it, on a clock that nobody sets."""

    at: datetime
    left_s: float
    met_at: datetime | None = None
    missed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """A visit as far as deeds and clocks look at it."""

    state: State
    planned_at: datetime
    limit_minutes: int
    arrived_at: datetime | None = None
    ended_at: datetime | None = None
    left_at: datetime | None = None
    back_at: datetime | None = None
    agreed: Sequence[Agreed] = ()
    team: Sequence[Mapping[str, str]] = ()
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be written. `met`: the agreed times that this word answers; `checkins` replaces all those that nobody
    answered and nobody was told of.
    """

    state: State
    entry: Entry
    at: datetime
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    updates: Mapping[str, Any] = field(default_factory=dict)
    met: tuple[datetime, ...] = ()
    checkins: tuple[datetime, ...] | None = None
    calls: Why | None = None


def after(state: State, entry: Entry) -> State:
    """The state after a deed; never an earlier one than `state`.

    Raises:
        NotPossible: the deed makes no sense in this state.
    """
    if entry in _ALWAYS:
        return state
    if state not in _ONLY_IN.get(entry, (*OPEN, State.BACK)):
        raise NotPossible(entry, state)
    reached = _REACHES.get(entry, state)
    return reached if reached is State.CANCELLED or _ORDER[reached] > _ORDER[state] else state


def clocks(visit: Facts, source: Mapping[str, str]) -> list[Clock]:
    """Its limit, once they arrived, and every agreed time that still waits for word. `source`: of the profile."""
    over = visit.state not in OPEN
    found = [
        Clock(CHECKIN, one.at, GRACE_MINUTES, GRACE_MINUTES, one.met_at, source.get("clock.visit.checkin", ""))
        for one in visit.agreed
        if not over and one.met_at is None
    ]
    if visit.arrived_at is not None and not over:
        minutes = visit.limit_minutes
        lead, since = min(LEAD_MINUTES, minutes - 1), visit.arrived_at
        found.append(Clock(LIMIT, since, minutes, lead, visit.ended_at, source.get("clock.visit.max_minutes", "")))
    return sorted(found, key=lambda clock: clock.due_at)


def plan_problems(plan: Plan, profile: PolicyProfile, now: datetime) -> list[Problem]:
    """Everything that keeps this plan from being one; a limit above the city's is refused, not warned about."""
    return [
        *_team_problems(plan.team, profile),
        *_limit_problems(plan.limit_minutes, profile),
        *_time_problems(plan.checkins, now, needed=_checkin_needed(profile)),
    ]


def decide(visit: Facts, said: Deed, profile: PolicyProfile, now: datetime) -> Decision:
    """What `said` does to `visit`.

    Raises:
        NotPossible: it makes no sense in this state.
        DeedRefused: a field does not fit.
    """
    match said:
        case Left() | Arrived() | Ended() | Back():
            return _on_the_way(visit, said, now)
        case CheckIn():
            met = _answered(visit, EARLY)
            late = any(one.missed_at for one in visit.agreed if one.at in met)
            return _said(visit, Entry.CHECKED_IN, now, said.text, _met_data(met, late), met=met)
        case Trouble():
            return _said(visit, Entry.TROUBLE, now, said.text, {}, calls=Why.TROUBLE)
        case Safe():
            met = _answered(visit, timedelta(0))
            return _said(visit, Entry.SAFE, now, said.text, _met_data(met, late=bool(met)), met=met)
        case Change():
            return _changed(visit, said, profile, now)
        case Cancel():
            return _said(visit, Entry.CANCELLED, now, said.text, {})
        case Debrief():
            return _said(visit, Entry.DEBRIEFED, now, said.text, {}, updates={"debriefed_at": now})
        case Note():
            return _said(visit, Entry.NOTED, now, said.text, {})
        case _:
            raise TypeError(f"{type(said).__name__} is no deed")


_STEPS: Final[Mapping[type, tuple[Entry, str]]] = {
    Left: (Entry.LEFT, "left_at"),
    Arrived: (Entry.ARRIVED, "arrived_at"),
    Ended: (Entry.ENDED, "ended_at"),
    Back: (Entry.BACK, "back_at"),
}


def _on_the_way(visit: Facts, said: Left | Arrived | Ended | Back, now: datetime) -> Decision:
    """A step of the way. The first one counts; a second tap is kept and moves nothing. Leaving the house is word."""
    entry, column = _STEPS[type(said)]
    state = after(visit.state, entry)
    at = _moment(said.at, visit, now)
    first = getattr(visit, column) is None and state is not visit.state
    met = _answered(visit, EARLY) if isinstance(said, Ended | Back) else ()
    data = _met_data(met, any(one.missed_at for one in visit.agreed if one.at in met)) | {"first": first}
    return Decision(state, entry, at, said.text, data, {column: at} if first else {}, met)


def _said(
    visit: Facts,
    entry: Entry,
    now: datetime,
    text: str,
    data: Mapping[str, Any],
    *,
    updates: Mapping[str, Any] | None = None,
    met: tuple[datetime, ...] = (),
    calls: Why | None = None,
) -> Decision:
    return Decision(after(visit.state, entry), entry, now, text, data, updates or {}, met, calls=calls)


def _answered(visit: Facts, early: timedelta) -> tuple[datetime, ...]:
    """The agreed times that word given now answers: those that have passed, and those within `early`."""
    return tuple(one.at for one in visit.agreed if one.met_at is None and one.left_s <= early.total_seconds())


def _met_data(met: Sequence[datetime], late: bool) -> dict[str, Any]:
    return {"answers": [at.isoformat() for at in met], **({"late": True} if late else {})} if met else {}


def _changed(visit: Facts, said: Change, profile: PolicyProfile, now: datetime) -> Decision:
    state = after(visit.state, Entry.CHANGED)
    pending = [one for one in visit.agreed if one.met_at is None and one.missed_at is None and one.left_s > 0]
    kept = [one for one in visit.agreed if one not in pending]
    problems: list[Problem] = []
    if all(part is None for part in (said.limit_minutes, said.checkins, said.contact, said.team)):
        problems.append(Problem("limit_minutes", "", "何を変えるかを書いてください。", "say what is to be changed."))
    if said.limit_minutes is not None:
        problems += _limit_problems(said.limit_minutes, profile)
    if said.team is not None:
        problems += _team_problems(said.team, profile)
    if said.checkins is not None:
        problems += _time_problems(said.checkins, now, needed=_checkin_needed(profile) and not kept)
        problems += [
            _problem("checkins", "前に約束した時刻と重なっています。", "one of these times was agreed before.")
            for at in said.checkins
            if at in {one.at for one in kept}
        ][:1]
    if problems:
        raise DeedRefused(*problems)
    updates = {name: value for name in ("limit_minutes", "contact") if (value := getattr(said, name)) is not None}
    before: dict[str, Any] = {name: getattr(visit, name) for name in updates}
    data: dict[str, Any] = dict(updates)
    if said.team is not None:
        updates["team"] = data["team"] = members(said.team)
        before["team"] = list(visit.team)
    if said.checkins is not None:
        data["checkins"] = [at.isoformat() for at in said.checkins]
        before["checkins"] = [one.at.isoformat() for one in pending]
    data |= {"before": before}
    checkins = None if said.checkins is None else (*_awaited(kept), *said.checkins)
    return Decision(state, Entry.CHANGED, now, said.reason, data, updates, checkins=checkins)


def _awaited(agreed: Sequence[Agreed]) -> list[datetime]:
    """Times that have come without word: a change of those to come must not silence them. Only word answers them."""
    return [one.at for one in agreed if one.met_at is None and one.missed_at is None]


def members(team: Sequence[Member]) -> list[dict[str, str]]:
    """The team as it is kept."""
    return [{"name": one.name, "role": one.role} for one in team]


def names(team: Sequence[Mapping[str, str]]) -> str:
    """Who is out, in one line."""
    return "・".join(one["name"] for one in team)


def _moment(said: datetime | None, visit: Facts, now: datetime) -> datetime:
    """When it happened: now, or earlier as somebody says."""
    if said is None:
        return now
    if said > now + AHEAD_MAX:
        raise DeedRefused(_problem("at", "まだ来ていない時刻です。", "lies ahead. Check the time."))
    if said < visit.planned_at - LONGEST:
        raise DeedRefused(_problem("at", "予定の一日以上前です。", "is a day before the plan. Check the date."))
    return min(said, now)


def _team_problems(team: Sequence[Member], profile: PolicyProfile) -> list[Problem]:
    least = max(TEAM_MIN, profile.staffing.min)
    found = []
    if len({one.name for one in team}) < least:
        found.append(
            _problem(
                "team", f"{least} 人以上で行きます。姓か符号を、別々に書いてください。",
                f"at least {least} people go. Write each one's surname or code.",
            )
        )  # fmt: skip
    if not any(one.role == "responder" for one in team):
        found.append(
            _problem("team", "応対する人を決めてください。", "settle who speaks with the resident (responder).")
        )
    return found


def _limit_problems(minutes: int, profile: PolicyProfile) -> list[Problem]:
    most = profile.clock.visit.max_minutes if profile.clock.visit else None
    if most is None or minutes <= most:
        return []
    return [
        _problem(
            "limit_minutes", f"市の決まりでは {most} 分までです。短くしてください。",
            f"the city's rules allow {most} minutes at the most.",
        )
    ]  # fmt: skip


def _checkin_needed(profile: PolicyProfile) -> bool:
    return profile.clock.visit is not None and profile.clock.visit.checkin


def _time_problems(times: Sequence[datetime], now: datetime, *, needed: bool) -> list[Problem]:
    rules: tuple[tuple[bool, str, str], ...] = (
        (
            needed and not times,
            "庁舎に連絡する時刻を一つ以上決めてください。",
            "agree on at least one time at which they give word.",
        ),
        (len(set(times)) < len(times), "同じ時刻が二つあります。", "the same time stands there twice."),
        (any(at <= now for at in times), "連絡の時刻は、これからの時刻にしてください。", "must lie ahead."),
        (any(at > now + LONGEST for at in times), "一日より先の時刻です。", "lies more than a day ahead."),
    )
    return [_problem("checkins", ja, en) for wrong, ja, en in rules if wrong]


def _problem(field: str, ja: str, en: str) -> Problem:
    return Problem(field, "", ja, en)
