"""The alarm that stands at a counter, and what others may know of it."""

from dataclasses import dataclass, replace
from datetime import datetime

from contract.messages import AlarmState
from device.core.alarm import AlarmIs, level_of
from device.core.lamp import LampState


@dataclass(frozen=True, slots=True)
class Standing:
    """The alarm that stands, and how far help has come."""

    incident: str
    alarm: AlarmIs
    since: datetime
    drill: bool = False
    raised_event: str | None = None
    kept: bool = False
    verified: bool = False
    hub_has: bool = False
    number: str = ""
    seen: bool = False
    coming: str = ""
    nobody: bool = False
    time_limit: bool = False

    def answered(self, coming: str) -> "Standing":
        """Somebody at the hub has seen it; `coming` is who comes, empty for nobody yet."""
        return replace(self, seen=True, hub_has=True, coming=coming, nobody=False)

    def unanswered(self) -> "Standing":
        """The hub says that nobody is there, whoever said before that they had seen it or would come. That is what the
        worker must see now, and no limit of a talk.
        """
        return replace(self, hub_has=True, nobody=True, seen=False, coming="", time_limit=False)

    def risen(self, to: AlarmIs) -> "Standing":
        """It calls louder. Whoever saw the call for assistance has not seen the emergency: all are asked anew."""
        return replace(self, alarm=to, seen=False, coming="", nobody=False, time_limit=False)

    def in_earnest(self) -> "Standing":
        """The drill is none: an emergency that the hub knows of and nobody has answered."""
        return replace(self.risen(AlarmIs.EMERGENCY), drill=False, hub_has=True)


def published(standing: Standing | None, counter: str, at: datetime) -> AlarmState:
    """The retained alarm of a box at `counter`.

    Every box may read it, so it names the incident only when the hub holds it: a box gone bad that learnt the id
    earlier could claim the incident before the one that was pressed.
    """
    if standing is None:
        return AlarmState(state="none", counter=counter, at=at)
    return AlarmState(
        state=level_of(standing.alarm).value,
        counter=counter,
        incident=standing.incident if standing.hub_has else None,
        since=standing.since,
        seen=standing.seen,
        drill=standing.drill,
        at=at,
    )


def lamp_state(standing: Standing, listening: bool) -> LampState:
    """How far help has come: the furthest that is known."""
    if standing.time_limit:
        return LampState.TIME_LIMIT
    if standing.coming:
        return LampState.COMING
    if standing.nobody:
        return LampState.NOBODY_COMES
    if standing.seen:
        return LampState.SEEN
    if standing.hub_has:
        return LampState.HUB_HAS
    if not standing.kept:
        return LampState.PRESSED
    if not listening:
        return LampState.CALL_LOST
    return LampState.VERIFIED if standing.verified else LampState.RECEIVED
