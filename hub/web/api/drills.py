"""Drills at the boxes."""

from flask import Response

from hub.domain.permissions import Action
from hub.store.engine import begin_read
from hub.web import readings, shapes
from hub.web.api.deeds import once
from hub.web.api.described import Api, Given, Operation, as_json, read_body
from hub.web.holding import BeginsDrill, EndsDrill, begin_drill, end_drill
from hub.web.site import site


def get_drills() -> Response:
    """Those that go on, then the newest that are over."""
    with begin_read(site().engine) as connection:
        return as_json(shapes.DrillList(drills=readings.drills_held(connection), at=site().now()))


def post_drill(box: str) -> Response:
    """Begin one; the answer is the list as it now stands."""
    key = once()
    begin_drill(box, read_body(BeginsDrill), key)
    return get_drills()


def post_drill_end(box: str) -> Response:
    """End it; the answer is the list as it now stands."""
    key = once()
    read_body(EndsDrill)
    end_drill(box, key)
    return get_drills()


def register(api: Api) -> None:
    """Add the routes of this file."""
    api.add(
        Operation(
            "get_drills", "GET", "/drills", "訓練の一覧 / drills that go on or went on",
            {200: shapes.DrillList}, Action.DRILLS_READ,
        ),
        get_drills,
    )  # fmt: skip
    key = [Given("Idempotency-Key", "header", {"type": "string", "maxLength": 200})]
    troubles = ("not-json", "forged", "not-found", "invalid", "key-reused")
    for name, path, summary, body, view in (
        (
            "post_drill",
            "/boxes/<string:box>/drill",
            "訓練を始める / the next presses there are a drill",
            BeginsDrill,
            post_drill,
        ),
        (
            "post_drill_end",
            "/boxes/<string:box>/drill/end",
            "訓練を終える / the drill there is over",
            EndsDrill,
            post_drill_end,
        ),
    ):
        api.add(
            Operation(
                name, "POST", path, summary, {200: shapes.DrillList}, Action.DRILL, body=body, given=key,
                troubles=troubles,
            ),
            view,
        )  # fmt: skip
