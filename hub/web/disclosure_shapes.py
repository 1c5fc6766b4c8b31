"""What the API answers about the register of disclosure requests."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from sqlalchemy import Connection, select

from hub.domain.disclosure import Stage
from hub.store.disclosures import Kept
from hub.store.schema import incident
from hub.web.shapes import Moment, Shape


class DisclosureIncident(Shape):
    """An incident that a request concerns."""

    id: str
    number: str


class DisclosureEntry(Shape):
    """One deed: who, when, in which words."""

    id: int
    at: Moment
    kind: Literal["received", "decided", "handed_over", "amended", "closed"]
    actor_name: str
    actor_role: str
    text: str
    data: dict[str, Any]


class Disclosure(Shape):
    """A request as its entries have made it. `reference` is the city's own number; nobody's name stands here."""

    id: str
    number: str
    stage: Stage
    received_on: date
    reference: str
    kind: Literal["resident", "court", "police", "other"]
    wanted: Literal["recording", "records", "both"]
    incidents: list[DisclosureIncident]
    case: str | None
    due_on: date
    handler: str
    outcome: Literal["full", "partial", "refused", "withdrawn"] | None
    closed_at: Moment | None
    entries: list[DisclosureEntry]


class DisclosureList(Shape):
    """The register, newest first."""

    disclosures: list[Disclosure]
    at: Moment


def shapes(connection: Connection, kept: list[Kept]) -> list[Disclosure]:
    """Requests as they are answered."""
    ids = list({id for one in kept for id in one.request.incidents})
    numbers: dict[str, str] = {}
    for start in range(0, len(ids), 500):
        query = select(incident.c.id, incident.c.number).where(incident.c.id.in_(ids[start : start + 500]))
        numbers |= {row.id: row.number for row in connection.execute(query)}
    return [_shape(one, numbers) for one in kept]


def _shape(kept: Kept, numbers: Mapping[str, str]) -> Disclosure:
    found = kept.request
    return Disclosure(
        id=kept.row.id,
        number=kept.row.number,
        stage=found.stage,
        incidents=[DisclosureIncident(id=id, number=numbers[id]) for id in found.incidents if id in numbers],
        case=found.case,
        due_on=found.due_on,
        outcome=found.outcome,
        closed_at=kept.row.closed_at,
        entries=[
            DisclosureEntry(
                id=entry.id, at=entry.at, kind=entry.kind, actor_name=entry.actor_name, actor_role=entry.actor_role,
                text=entry.text,
                data={name: value for name, value in entry.data.items() if name not in ("incident_ids", "once")},
            )
            for entry in kept.entries
        ],
        **{name: found.facts[name] for name in ("received_on", "reference", "kind", "wanted", "handler")},
    )  # fmt: skip
