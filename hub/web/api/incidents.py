"""Incidents: the list and the one."""

from typing import Annotated, Any

from flask import Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from contract.problems import Problem
from hub.domain.case import CaseNumber
from hub.domain.incident import ALARMING, OPEN, State
from hub.domain.permissions import Action
from hub.domain.saying import At
from hub.store.engine import begin_read
from hub.web import readings, shapes
from hub.web.api.described import Api, Given, Operation, as_json, read_query
from hub.web.gate import caller
from hub.web.practice_seen import require_sight
from hub.web.problems import Trouble
from hub.web.site import site
from hub.web.takers import Takers, takers

_GROUPS = {"open": OPEN, "alarming": ALARMING, **{state.value: (state,) for state in State}}
_STATES = "|".join(_GROUPS)


def _said(value: object) -> object:
    """A form sends its empty field along."""
    return None if value == "" else value


class Wanted(BaseModel):
    """What to list. `since`: only what changed at or after that time; `case`: only contacts of that case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Annotated[str, StringConstraints(pattern=rf"^(?:{_STATES})(?:,(?:{_STATES})){{0,20}}$")] | None = None
    since: At | None = None
    limit: Annotated[int, Field(ge=1, le=readings.LIST_MAX)] = 50
    cursor: Annotated[str, StringConstraints(max_length=300, pattern=r"^[A-Za-z0-9_-]+$")] | None = None
    case: Annotated[CaseNumber | None, BeforeValidator(_said)] = None

    def states(self) -> list[State]:
        """The states that `state` stands for; none means all."""
        names = self.state.split(",") if self.state else []
        return list(dict.fromkeys(state for name in names for state in _GROUPS[name]))


def get_incidents() -> Response:
    """A page of incidents, newest press first."""
    wanted = read_query(Wanted)
    with begin_read(site().engine) as connection:
        try:
            found, after = readings.incidents(
                connection, site(), wanted.states(), wanted.since, wanted.limit, wanted.cursor, wanted.case
            )
        except readings.BadCursor as error:
            problem = Problem(
                "cursor", "", "前の答えの next をそのまま入れてください。", "must be `next` of an answer."
            )
            raise Trouble("invalid", errors=[problem]) from error
    return as_json(shapes.IncidentList(incidents=found, next=after, at=site().now()))


def get_incident(incident_id: str) -> Response:
    """One incident with timeline, clocks, steps, alerts and recordings."""
    return as_json(detail(incident_id))


def get_takers(incident_id: str) -> Response:
    """Who could take over at its counter now; nobody, where no visitor is spoken with there."""
    found = detail(incident_id)
    with begin_read(site().engine) as connection:
        known = takers(connection, site(), found)
    return as_json(known or Takers())


def detail(incident_id: str) -> shapes.IncidentDetail:
    """One incident as it stands.

    Raises:
        Trouble: there is none.
    """
    with begin_read(site().engine) as connection:
        found = readings.incident_detail(connection, site(), incident_id, site().now(), caller().person.role)
        if found is None:
            raise Trouble("not-found")
        require_sight(connection, found.box, incident_id)
    return found


def _parameters() -> list[Given]:
    text: dict[str, Any] = {"type": "string"}
    return [
        Given("state", "query", {**text, "description": f"{_STATES}, comma separated"}),
        Given("since", "query", {**text, "format": "date-time"}),
        Given("limit", "query", {"type": "integer", "minimum": 1, "maximum": readings.LIST_MAX, "default": 50}),
        Given("cursor", "query", text),
        Given("case", "query", {**text, "maxLength": 200}),
    ]


def register(api: Api) -> None:
    """Add the routes of this file."""
    api.add(
        Operation(
            "get_incidents", "GET", "/incidents", "案件の一覧 / incidents, newest press first",
            {200: shapes.IncidentList}, Action.INCIDENTS_READ, given=_parameters(), troubles=("invalid",),
        ),
        get_incidents,
    )  # fmt: skip
    api.add(
        Operation(
            "get_incident", "GET", "/incidents/<uuid_text:incident_id>", "案件 / one incident",
            {200: shapes.IncidentDetail}, Action.INCIDENTS_READ, troubles=("not-found",),
        ),
        get_incident,
    )  # fmt: skip
    api.add(
        Operation(
            "get_takers", "GET", "/incidents/<uuid_text:incident_id>/takers", "替われる人 / who could take over now",
            {200: Takers}, Action.INCIDENTS_READ, troubles=("not-found",),
        ),
        get_takers,
    )  # fmt: skip
