"""The boxes: what works, what does not, when each was last heard; for operators also what could not be understood."""

from flask import Blueprint, Response, make_response, render_template

from hub.domain.permissions import Action, allows
from hub.store.engine import begin_read
from hub.web import readings
from hub.web.gate import caller, needs
from hub.web.notices import notices
from hub.web.site import site

blueprint = Blueprint("boxes", __name__)


@blueprint.get("/boxes")
@needs(Action.BOXES_READ)
def page() -> str:
    """The whole page."""
    return _render("boxes/page.html")


@blueprint.get("/fragments/boxes")
@needs(Action.BOXES_READ)
def live() -> Response:
    """The part of the page that changes."""
    return make_response(_render("boxes/_live.html"))


def _render(template: str) -> str:
    operator = allows(Action.QUARANTINE_READ, caller().person.role)
    with begin_read(site().engine) as connection:
        found = readings.boxes(connection, site())
        refused = readings.quarantined(connection) if operator else []
    return render_template(
        template,
        boxes=found,
        refused=refused,
        operator=operator,
        notices=notices(site()),
        external_broker=site().external_broker,
    )
