"""Messages for a reason other than the ladder's: once for each contact and occasion, and no answer takes them back."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from contract.messages import IdSource
from hub.domain.duty import Called
from hub.domain.incident import Entry
from hub.domain.permissions import Role


class Why(StrEnum):
    """Why somebody is told. `CALL` is the ladder's own."""

    CALL = "call"
    CEASE_REFUSED = "cease_refused"
    FILMING = "filming"
    UNPERMITTED = "unpermitted"
    GUARDS = "guards"
    URGENT = "urgent"
    TROUBLE = "trouble"
    RECORDING_GAP = "recording_gap"
    MEETING = "meeting"


DANGEROUS: Final = ("violence", "threat", "danger", "confine", "crime")
"""Acts that say what guards walk into. What else a colleague suffered is not theirs to read in a mailbox."""


EVERYWHERE: Final = frozenset({Why.URGENT})
"""Reasons that concern every workplace, and not only those near the counter: each is to make ready (SET-15)."""


WAITED_FOR: Final = frozenset({Why.CEASE_REFUSED, Why.URGENT})
"""Reasons of which the timeline also tells that the message went out: something asks whether they were heard of."""


def for_guards(why: str, role: str) -> bool:
    """Whether a message says which acts were seen: guards must know what they walk into; others read it on the page."""
    return why == Why.GUARDS.value or role == Role.GUARD.value


def told(called: Sequence[Called], roles: Iterable[str]) -> tuple[list[Called], list[str]]:
    """Whom of `called` a message to `roles` goes to, each once; and the roles for which there is nobody to read it.

    A signal tower cannot say why it is lit, and would stay lit: it is left out.
    """
    wanted = list(dict.fromkeys(roles))
    readers = [one for one in called if one.role in wanted and not one.shows_only]
    each: dict[str, Called] = {}
    for one in readers:
        each.setdefault(one.id, one)
    return list(each.values()), [role for role in wanted if role not in {one.role for one in readers}]


def rows(
    incident: str,
    found: Sequence[Called],
    why: Why,
    occasion: int,
    new_id: IdSource,
    now: datetime,
    drill: bool = False,
) -> list[dict[str, Any]]:
    """The messages as rows that wait to be sent. The key is the same however often they are worked out, and another
    for a `drill`: whoever heard of that must hear again when it turns out to be none.
    """
    return [
        {
            "id": new_id(),
            "incident": incident,
            "key": f"{incident}:{'d-' if drill else ''}{why.value}:{occasion}:{one.id}",
            "why": why.value,
            "stage_s": 0,
            "round": 0,
            "contact": one.id,
            "role": one.role,
            "channel": one.channel,
            "target": one.target,
            "state": "due",
            "tries": 0,
            "created_at": now,
            "next_at": now,
        }
        for one in found
    ]


def entry(
    incident: str, found: Sequence[Called], missing: Sequence[str], why: Why, now: datetime, profile_digest: str
) -> dict[str, Any]:
    """The timeline's note of whom is to be told what; `nobody` are roles that have no contact who could read it."""
    data: dict[str, Any] = {
        "why": why.value,
        "contacts": [one.id for one in found],
        "roles": sorted({one.role for one in found}),
    }
    if missing:
        data["nobody"] = list(missing)
    return _noted(incident, Entry.NOTIFIED, data, now, profile_digest)


def sent(incident: str, contact: str, role: str, why: str, now: datetime, profile_digest: str) -> dict[str, Any]:
    """The timeline's note that a message left the hub and its target took it (SET-07)."""
    data = {"why": why, "contacts": [contact], "roles": [role]}
    return _noted(incident, Entry.NOTICE_SENT, data, now, profile_digest)


def _noted(incident: str, kind: Entry, data: dict[str, Any], now: datetime, profile_digest: str) -> dict[str, Any]:
    return {
        "incident": incident,
        "at": now,
        "recorded_at": now,
        "kind": kind.value,
        "source": "hub",
        "text": "",
        "data": data,
        "profile_digest": profile_digest,
    }
