"""The boxes as the hub knows them."""

from flask import Response

from hub.domain.permissions import Action
from hub.store.engine import begin_read
from hub.web import readings, shapes
from hub.web.api.described import Api, Operation, as_json
from hub.web.site import site


def get_boxes() -> Response:
    """Each box: counter, presence, recording, faults, last heard, profile match."""
    with begin_read(site().engine) as connection:
        return as_json(shapes.BoxList(boxes=readings.boxes(connection, site()), at=site().now()))


def register(api: Api) -> None:
    """Add the routes of this file."""
    api.add(
        Operation(
            "get_boxes", "GET", "/boxes", "箱の一覧 / the boxes", {200: shapes.BoxList}, Action.BOXES_READ,
        ),
        get_boxes,
    )  # fmt: skip
