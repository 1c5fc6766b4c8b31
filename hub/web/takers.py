"""Who could take over at a counter now: for the page of the incident, the page beside the counter, and the API."""

from sqlalchemy import Connection

from hub.domain import swap
from hub.domain.course import Course
from hub.domain.incident import ALARMING, Origin
from hub.domain.practice import is_practice
from hub.store import absences
from hub.web import shapes
from hub.web.shapes import Moment, Shape
from hub.web.site import Site


class Taker(Shape):
    """Somebody on duty who could take over. `name` is what a tap writes down; `stands_for`: in whose place they are."""

    contact: str
    name: str
    role: str
    stands_for: list[str]


class Takers(Shape):
    """Who could take over. `asked_by`: acts for which the city wants a swap and nobody has taken over since.

    `without`: roles that the city keeps away from the visitor, because they decide. `taken_by` and `taken_at`: the last
    swap, as it was written down.
    """

    takers: tuple[Taker, ...] = ()
    asked_by: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    taken_by: str | None = None
    taken_at: Moment | None = None


def takers(connection: Connection, site: Site, found: shapes.IncidentDetail) -> Takers | None:
    """Who could take over; None where nobody talks with a visitor at a counter, or it is over, or only practice."""
    if found.origin is not Origin.COUNTER or found.state not in ALARMING or is_practice(found.box):
        return None
    profile, _ = site.rules_of(found.box)
    course = Course.of(found, found.timeline)
    names = {one.id: one.name or one.id for one in site.contacts}
    duty = absences.duty(connection, site.roster, site.now())
    last = swap.last(course)
    persons: dict[str, Taker] = {}  # who is reached in two ways is one person
    for one in swap.candidates(profile, duty, site.contacts, found.box):
        name, stands_for = names[one.contact], [names[other] for other in one.stands_for]
        if last is None or name != last.taker:
            persons.setdefault(name, Taker(contact=one.contact, name=name, role=one.role, stands_for=stands_for))
    return Takers(
        takers=tuple(persons.values()),
        asked_by=swap.asked_by(profile, course),
        without=tuple(sorted(swap.deciders(profile))),
        taken_by=last.taker if last else None,
        taken_at=last.at if last else None,
    )
