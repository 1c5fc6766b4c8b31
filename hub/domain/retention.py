"""Why what belongs to an incident may not be deleted now (SHI-27). Pure.

Whatever deletes an incident's data, now or later, by hand or by a clock, asks `hub.store.retention.require_free` first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from hub.domain.incident import OPEN, State

Reason = Literal["incident_open", "disclosure", "promise"]


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason. `ref` is the number of the disclosure request, or the day that was promised; else empty."""

    reason: Reason
    ref: str = ""
    id: str = ""


class Held(Exception):
    """The data must stay. Nothing was deleted."""

    def __init__(self, incident: str, holds: tuple[Hold, ...]) -> None:
        super().__init__(f"{incident} is held: {', '.join(f'{one.reason} {one.ref}'.strip() for one in holds)}")
        self.incident = incident
        self.holds = holds


def held(state: State, disclosures: Iterable[tuple[str, str]] = (), promises: Iterable[str] = ()) -> tuple[Hold, ...]:
    """Every reason to keep it, the plainest first; none: it may go when its time has come.

    `disclosures` are open requests that concern it (id, number); `promises` are days of answers and consultations that
    are still to come.
    """
    open_ = (Hold("incident_open"),) if state in OPEN else ()
    asked = tuple(Hold("disclosure", number, id) for id, number in disclosures)
    return (*open_, *asked, *(Hold("promise", day) for day in promises))
