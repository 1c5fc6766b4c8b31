"""What pages and API read about visits, as the shapes they answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, select

from hub.clock import boot_id
from hub.domain.policy_clock import Clock
from hub.domain.visit import LIMIT, OPEN, State
from hub.store import visits
from hub.store.schema import box, incident, visit_call
from hub.store.visits import Machine
from hub.web import shapes, visit_shapes
from hub.web.site import Site

LIST_MAX: Final = 100


def machine(site: Site) -> Machine:
    """The clock that nobody sets."""
    return Machine(boot_id(), site.monotonic_s())


def under_way(connection: Connection, site: Site) -> list[visit_shapes.Visit]:
    """Visits whose team is out or about to go, the oldest plan first."""
    return _shapes(connection, site, visits.running(connection))


def newest(connection: Connection, site: Site, limit: int = LIST_MAX) -> list[visit_shapes.Visit]:
    """The newest plans."""
    return _shapes(connection, site, visits.newest(connection, limit))


def detail(connection: Connection, site: Site, visit_id: str) -> visit_shapes.VisitDetail | None:
    """One visit with its entries; None when there is none."""
    row = visits.one(connection, visit_id)
    if row is None:
        return None
    (shape,) = _shapes(connection, site, [row])
    entries = [shapes.TimelineEntry.model_validate(entry) for entry in visits.entries(connection, visit_id)]
    return visit_shapes.VisitDetail(**dict(shape), entries=entries)


def _shapes(connection: Connection, site: Site, rows: Sequence[Row[Any]]) -> list[visit_shapes.Visit]:
    if not rows:
        return []
    ids, now, clock = [row.id for row in rows], site.now(), machine(site)
    agreed, kept = visits.agreed(connection, ids), visits.anchors(connection, ids, clock.boot)
    counters = {row.name: row.counter for row in connection.execute(select(box.c.name, box.c.counter))}
    calls = _calls(connection, ids)
    found = []
    for row in rows:
        facts = visits.facts(row, agreed[row.id], kept, now, clock)
        own = {name: row._mapping[name] for name in visit_shapes.Visit.model_fields if name in row._mapping}
        found.append(
            visit_shapes.Visit(
                **own,
                counter=counters.get(row.box, row.box),
                limit_left_s=_limit_left_s(row, kept, now, clock),
                checkins=[
                    visit_shapes.Agreed(
                        at=one.at,
                        state=_stand(State(row.state), one.met_at, one.missed_at, one.left_s),
                        left_s=round(one.left_s),
                        met_at=one.met_at,
                        missed_at=one.missed_at,
                    )
                    for one in facts.agreed
                ],
                calls=calls.get(row.id, []),
            )
        )
    return found


def _stand(
    state: State, met_at: datetime | None, missed_at: datetime | None, left_s: float
) -> Literal["waiting", "asked", "met", "missed", "over"]:
    if met_at is not None:
        return "met"
    if missed_at is not None:
        return "missed"
    if state not in OPEN:
        return "over"
    return "asked" if left_s <= 0 else "waiting"


def _limit_left_s(row: Row[Any], kept: Any, now: datetime, clock: Machine) -> int | None:
    if row.arrived_at is None or row.ended_at is not None or State(row.state) not in OPEN:
        return None
    limit = Clock(LIMIT, row.arrived_at, row.limit_minutes, 0, None, "")
    return round(limit.due_s - visits.elapsed_s(limit, row.id, kept, now, clock))


def _calls(connection: Connection, ids: Sequence[str]) -> dict[str, list[visit_shapes.Call]]:
    found: dict[str, list[visit_shapes.Call]] = {}
    for row in connection.execute(
        select(visit_call, incident.c.number, incident.c.state)
        .join(incident, incident.c.id == visit_call.c.incident)
        .where(visit_call.c.visit.in_(ids))
        .order_by(incident.c.raised_at, incident.c.id)
    ):
        call = visit_shapes.Call(
            incident=row.incident, number=row.number, why=row.why, agreed_at=row.agreed_at, state=row.state
        )
        found.setdefault(row.visit, []).append(call)
    return found
