"""What a batch of events from the boxes is judged by, and its answers: values alone. Pure.

`hub.store.intake` reads the facts, `hub.domain.intake` decides with them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from contract.messages import Event
from contract.profile import Alert
from hub.domain import drill as drills
from hub.domain.chain import KnownClose, KnownSegment, Witness
from hub.domain.incident import State
from hub.domain.nearness import Reached

JAPAN: Final = timezone(timedelta(hours=9), "JST")
"""Asia/Tokyo has had no other offset since 1951; incident numbers count by its calendar year."""

Row = dict[str, Any]
Place = tuple[str, str, int]
"""(box, boot, seq)."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The site's rules for one batch."""

    alert: Alert
    contacts: Sequence[Reached]
    profile_id: str
    profile_digest: str


@dataclass(frozen=True, slots=True)
class KnownBox:
    """An enrolled box that may speak."""

    counter: str
    evidence_key: str | None
    faults: tuple[str, ...]
    drill: drills.Held | None = None


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """An event that was stored before."""

    box: str
    type: str
    incident: str | None


@dataclass(slots=True)
class LiveIncident:
    """An incident in the making. `number` is None while it is new: the store counts."""

    box: str
    level: str
    presses: int
    number: str | None = None
    reach: str | None = None
    row: Row = field(default_factory=dict)  # all columns of a new one, changed columns of a known one
    state: str = State.RAISED.value
    over_at: datetime | None = None  # when people said that it is over
    answered_at: datetime | None = None  # when the answer came that its level needs
    reopened: bool = False  # by a press of this batch


@dataclass(slots=True)
class Known:
    """What the store holds about the events of a batch."""

    boxes: Mapping[str, KnownBox] = field(default_factory=dict)
    events: Mapping[str, KnownEvent] = field(default_factory=dict)
    places: Mapping[Place, str] = field(default_factory=dict)  # -> event id
    incidents: Mapping[str, LiveIncident] = field(default_factory=dict)
    earlier: Mapping[str, Sequence[tuple[Event, datetime]]] = field(default_factory=dict)  # waited for their incident
    segments: Mapping[tuple[str, int], KnownSegment] = field(default_factory=dict)
    closes: Mapping[str, KnownClose] = field(default_factory=dict)
    alarming: Mapping[str, Sequence[str]] = field(default_factory=dict)  # box -> its incidents that still alarm


@dataclass(frozen=True, slots=True)
class Receipted:
    """An event that will be durable with this batch."""

    box: str
    event: str
    incident: str | None
    witness: Witness | None


class Refused(Exception):
    """The event is set aside: no row, no receipt. The text is the reason."""
