"""Who is alerted when: the profile's ladder, counted from the moment the level was last raised, until a person answers.

An assist call is answered when somebody has seen it, an emergency only when a named person is coming. Until then every
role that the ladder has reached is alerted again each `repeat_s`. Nothing is throttled. After a time in which nobody
kept watch everybody who should have heard hears once, not once for each time that was missed.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from contract.messages import IdSource, Level
from contract.profile import Alert, AlertStage
from hub.domain.drill import Reach
from hub.domain.incident import ALARMING, State

LATE_S: Final = 2.0
"""An alert that comes later than this after its time is marked late."""


class Contact(Protocol):
    """Somebody to be alerted, as `hub.toml` names them."""

    @property
    def id(self) -> str:
        """Its name in the settings."""

    @property
    def role(self) -> str:
        """Whom it stands for."""

    @property
    def channel(self) -> str:
        """How it is reached."""

    @property
    def target(self) -> str:
        """Where."""


ContactT = TypeVar("ContactT", bound=Contact)


@dataclass(frozen=True, slots=True)
class Call:
    """What the ladder must know of an incident. `elapsed_s` counts from the last raise, on a clock that never jumps."""

    incident: str
    level: str
    state: str
    elapsed_s: float
    seen_at: datetime | None = None
    responding_at: datetime | None = None
    reach: str | None = None
    """Of a drill, whom it reaches (`hub.domain.drill.Reach`)."""
    box: str = ""
    """Of the counter that calls."""
    asked_s: float = 0.0
    """When an answer turned out to be none, counted like `elapsed_s`: what is sent again because of it is not late."""

    @property
    def answered_at(self) -> datetime | None:
        """When the answer came that this level needs."""
        return self.responding_at or (None if self.level == Level.EMERGENCY else self.seen_at)

    @property
    def calling(self) -> bool:
        """Whether further people must be alerted."""
        return self.state in ALARMING and self.answered_at is None and self.reach != Reach.NOBODY


@dataclass(frozen=True, slots=True)
class Due:
    """An alert that must go out now. `key` is the same however often it is worked out."""

    key: str
    incident: str
    stage_s: int
    round: int
    contact: Contact
    late_s: float


def first(rules: Alert, incident: str, level: str, contacts: Sequence[Contact], reach: str | None = None) -> list[Due]:
    """The alerts of a call, or of a raise, at 0 s. They go out whoever has answered the lower level."""
    call = Call(incident, level, State.RAISED, 0.0, reach=reach)
    return _once(
        _due(call, stage, 0, contact, 0.0)
        for stage in _ladder(rules, level, reach)
        if stage.after_s == 0
        for contact in _reached(stage, contacts)
    )


def due(rules: Alert, call: Call, known: Container[str], contacts: Sequence[Contact]) -> list[Due]:
    """What must go out now and is not among the keys `known`: for each contact the newest of its stages and repeats."""
    if not call.calling:
        return []
    reached = [stage for stage in _ladder(rules, call.level, call.reach) if stage.after_s <= call.elapsed_s]
    round_ = int(call.elapsed_s // rules.repeat_s)
    at_s = round_ * rules.repeat_s
    found = []
    for contact in contacts:
        stages = [stage for stage in reached if contact.role in stage.roles]
        if not stages:
            continue
        stage = stages[-1]
        newest = 0 if stage.after_s >= at_s else round_
        if _key(call, newest, stage, contact) in known:
            continue
        heard = {_key(call, 0, stage, contact), _key(call, newest - 1, stage, contact)}
        since_s = at_s if newest and any(key in known for key in heard) else stage.after_s
        found.append(_due(call, stage, newest, contact, call.elapsed_s - max(since_s, call.asked_s)))
    return _once(found)


def plan(rules: Alert, level: str, contacts: Sequence[ContactT]) -> list[tuple[AlertStage, list[ContactT]]]:
    """Whom a call of this level would reach at each stage."""
    return [(stage, _reached(stage, contacts)) for stage in _ladder(rules, level)]


def unheard(rules: Alert, call: Call) -> bool:
    """Whether the whole ladder was climbed and repeated and nobody has even seen the call: the worker must know."""
    if not call.calling or call.seen_at is not None:
        return False
    last = _ladder(rules, call.level, call.reach)[-1]
    return call.elapsed_s >= last.after_s + rules.repeat_s


def unheard_entry(incident: str, now: datetime, profile_digest: str) -> dict[str, Any]:
    """The timeline's note that the box was told so."""
    return _entry(incident, "nobody.available", {}, now, profile_digest)


def roles(rules: Alert, level: str, reach: str | None = None) -> set[str]:
    """Everybody whom the ladder of this level can reach."""
    return {role for stage in _ladder(rules, level, reach) for role in stage.roles}


def next_due_s(rules: Alert, call: Call) -> float | None:
    """Seconds until `due` can have something new; None when nothing more will come of this call."""
    if not call.calling:
        return None
    moments = [float(stage.after_s) for stage in _ladder(rules, call.level, call.reach)]
    moments.append((call.elapsed_s // rules.repeat_s + 1) * rules.repeat_s)
    return min(moment for moment in moments if moment > call.elapsed_s) - call.elapsed_s


def alert_rows(found: Sequence[Due], new_id: IdSource, now: datetime) -> list[dict[str, Any]]:
    """The alerts as rows that wait to be sent."""
    return [
        {
            "id": new_id(),
            "incident": one.incident,
            "key": one.key,
            "stage_s": one.stage_s,
            "round": one.round,
            "contact": one.contact.id,
            "role": one.contact.role,
            "channel": one.contact.channel,
            "target": one.contact.target,
            "state": "due",
            "tries": 0,
            "created_at": now,
            "next_at": now,
        }
        for one in found
    ]


def alerted_entry(incident: str, found: Sequence[Due], now: datetime, profile_digest: str) -> dict[str, Any]:
    """The timeline's note that people are being alerted, with `late_ms` when that is later than the ladder says."""
    data: dict[str, Any] = {
        "stage_s": max(one.stage_s for one in found),
        "round": max(one.round for one in found),
        "contacts": [one.contact.id for one in found],
        "roles": sorted({one.contact.role for one in found}),
    }
    late_s = max(one.late_s for one in found)
    if late_s > LATE_S:
        data["late_ms"] = round(late_s * 1000)
    return _entry(incident, "alerted", data, now, profile_digest)


def _entry(incident: str, kind: str, data: dict[str, Any], now: datetime, profile_digest: str) -> dict[str, Any]:
    return {
        "incident": incident,
        "at": now,
        "recorded_at": now,
        "kind": kind,
        "source": "hub",
        "text": "",
        "data": data,
        "profile_digest": profile_digest,
    }


def _ladder(rules: Alert, level: str, reach: str | None = None) -> tuple[AlertStage, ...]:
    if reach == Reach.NOBODY:
        return ()
    if reach == Reach.FIRST:
        return rules.assist[:1]
    return rules.emergency if level == Level.EMERGENCY else rules.assist


def _once(found: Iterable[Due]) -> list[Due]:
    """Each key once: somebody who is called in two roles, their own and an absent one's, hears of a stage once."""
    return list({one.key: one for one in found}.values())


def _reached(stage: AlertStage, contacts: Iterable[ContactT]) -> list[ContactT]:
    return [contact for contact in contacts if contact.role in stage.roles]


def key_start(incident: str, level: str, reach: str | None) -> str:
    """What the keys of a call's alerts at this level begin with.

    Others than in earnest for a drill: whoever heard of that must hear again when it turns out to be none.
    """
    return f"{incident}:{level if reach is None else f'd-{level[:6]}'}:"


def _key(call: Call, round_: int, stage: AlertStage, contact: Contact) -> str:
    return f"{key_start(call.incident, call.level, call.reach)}{round_}:{stage.after_s}:{contact.id}"


def _due(call: Call, stage: AlertStage, round_: int, contact: Contact, late_s: float) -> Due:
    return Due(_key(call, round_, stage, contact), call.incident, stage.after_s, round_, contact, max(0.0, late_s))
