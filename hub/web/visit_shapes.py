"""What the API answers about visits. `left_s` counts on the clock that nobody sets; below zero it has passed."""

from typing import Literal

from hub.domain.visit import State, Why
from hub.domain.visit_saying import TeamRole
from hub.web.shapes import Moment, Shape, TimelineEntry


class Member(Shape):
    """One of the team."""

    name: str
    role: TeamRole


class Agreed(Shape):
    """A time at which word was agreed. `missed`: the office was told that none came; `over`: they were back before."""

    at: Moment
    state: Literal["waiting", "asked", "met", "missed", "over"]
    left_s: int
    met_at: Moment | None
    missed_at: Moment | None


class Call(Shape):
    """An incident that came of this visit."""

    incident: str
    number: str
    why: Why
    agreed_at: Moment | None
    state: str


class Visit(Shape):
    """A visit as it stands. `box` is the counter whose unit's rules hold; that box has nothing to do with it.

    `limit_left_s`: until they should take their leave; null before they arrived and after they left the house.
    """

    id: str
    state: State
    box: str
    counter: str
    place: str
    case_number: str | None
    about: str
    team: list[Member]
    contact: str
    limit_minutes: int
    limit_left_s: int | None
    planned_at: Moment
    left_at: Moment | None
    arrived_at: Moment | None
    ended_at: Moment | None
    back_at: Moment | None
    debriefed_at: Moment | None
    changed_at: Moment
    checkins: list[Agreed]
    calls: list[Call]

    @property
    def next_checkin(self) -> Agreed | None:
        """The earliest agreed time that waits for word."""
        return next((one for one in self.checkins if one.state in ("waiting", "asked", "missed")), None)


class VisitDetail(Visit):
    """A visit with everything that was said of it."""

    entries: list[TimelineEntry]


class VisitList(Shape):
    """Visits under way, the oldest plan first, or the newest plans."""

    visits: list[Visit]
    at: Moment
