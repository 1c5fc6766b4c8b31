"""Visits: the plan, deeds on it, and how they stand. Each write takes an Idempotency-Key."""

from collections.abc import Callable
from typing import Literal

from flask import Response
from pydantic import BaseModel, ConfigDict

from hub.domain import visit_saying as saying
from hub.domain.permissions import Action
from hub.store.engine import begin_read
from hub.web import visit_readings, visit_shapes, visiting
from hub.web.api.deeds import once
from hub.web.api.described import Api, Given, Operation, as_json, read_body, read_query
from hub.web.problems import Trouble
from hub.web.site import site

_KEY = Given("Idempotency-Key", "header", {"type": "string", "maxLength": 200})
_WRITING = ("not-json", "forged", "invalid", "key-reused")


class Wanted(BaseModel):
    """Which visits: those under way, or the newest of all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Literal["open", "all"] = "open"


def get_visits() -> Response:
    """Visits under way, or the newest plans."""
    wanted = read_query(Wanted)
    read = visit_readings.under_way if wanted.state == "open" else visit_readings.newest
    with begin_read(site().engine) as connection:
        found = read(connection, site())
    return as_json(visit_shapes.VisitList(visits=found, at=site().now()))


def get_visit(visit_id: str) -> Response:
    """One visit with its entries."""
    return as_json(detail(visit_id))


def post_visit() -> Response:
    """A plan; the answer is the visit."""
    key = once()
    return as_json(detail(visiting.plan(read_body(saying.Plan), key)))


def detail(visit_id: str) -> visit_shapes.VisitDetail:
    """One visit as it stands.

    Raises:
        Trouble: there is none.
    """
    with begin_read(site().engine) as connection:
        found = visit_readings.detail(connection, site(), visit_id)
    if found is None:
        raise Trouble("not-found")
    return found


def _view(model: type[saying.Deed]) -> Callable[[str], Response]:
    def perform(visit_id: str) -> Response:
        key = once()
        visiting.act(visit_id, read_body(model), key)
        return get_visit(visit_id)

    return perform


def register(api: Api) -> None:
    """Add the routes of this file."""
    api.add(
        Operation(
            "get_visits", "GET", "/visits", "訪問の一覧 / visits under way, or the newest plans",
            {200: visit_shapes.VisitList}, Action.VISITS_READ, troubles=("invalid",),
            given=[Given("state", "query", {"type": "string", "enum": ["open", "all"], "default": "open"})],
        ),
        get_visits,
    )  # fmt: skip
    api.add(
        Operation(
            "get_visit", "GET", "/visits/<uuid_text:visit_id>", "訪問 / one visit with its entries",
            {200: visit_shapes.VisitDetail}, Action.VISITS_READ, troubles=("not-found",),
        ),
        get_visit,
    )  # fmt: skip
    api.add(
        Operation(
            "post_visit", "POST", "/visits", "訪問の予定を決める / the plan, before they leave",
            {200: visit_shapes.VisitDetail}, Action.VISIT_PLAN, body=saying.Plan, given=[_KEY], troubles=_WRITING,
        ),
        post_visit,
    )  # fmt: skip
    for name, (model, action, summary) in visiting.DEEDS.items():
        api.add(
            Operation(
                f"post_visit_{name}", "POST", f"/visits/<uuid_text:visit_id>/{name}", summary,
                {200: visit_shapes.VisitDetail}, action, body=model, given=[_KEY],
                troubles=(*_WRITING, "not-found", "visit-state"),
            ),
            _view(model),
        )  # fmt: skip
