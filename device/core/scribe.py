"""Writes what happened as events of the wire: numbered without a gap, each with an id of its own."""

from dataclasses import dataclass
from typing import Final

from contract.messages import BODIES, Body, Event, IdSource, ProfileRef
from device.core.events import Instant

_TYPE_OF: Final = {body: name for name, body in BODIES.items()}


@dataclass(frozen=True, slots=True)
class Identity:
    """What the box writes around every event. `boot` is new at each start of the program."""

    site: str
    box: str
    counter: str
    boot: str
    profile: ProfileRef
    software: str
    evidence_key: str | None


class Scribe:
    """Numbers the events of one boot."""

    def __init__(self, identity: Identity, new_id: IdSource) -> None:
        self.identity = identity
        self.new_id = new_id
        self._seq = 0

    def event(self, now: Instant, body: Body) -> Event:
        """`body` as the next event of this boot."""
        identity = self.identity
        event = Event(
            id=self.new_id(),
            type=_TYPE_OF[type(body)],
            site=identity.site,
            box=identity.box,
            boot=identity.boot,
            seq=self._seq,
            at=now.wall,
            mono_ms=now.mono_ms,
            clock=now.clock,
            profile=identity.profile,
            body=body,
        )
        self._seq += 1
        return event
