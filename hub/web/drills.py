"""Drills: which boxes are in one and for how long, begin and end. Works without JavaScript too."""

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request

from hub.domain.drill import DEFAULT_MINUTES, MINUTES, Reach
from hub.domain.permissions import Action
from hub.scenario_files import scenarios
from hub.store.engine import begin_read
from hub.web import drill_words, readings
from hub.web.api.described import validated
from hub.web.gate import needs
from hub.web.holding import BeginsDrill, EndsDrill, begin_drill, end_drill
from hub.web.site import site

blueprint = Blueprint("drills", __name__)


@blueprint.get("/drills")
@needs(Action.DRILLS_READ)
def page() -> str:
    """The whole page."""
    return render_template("drills/page.html", **_facts())


@blueprint.get("/fragments/drills")
@needs(Action.DRILLS_READ)
def live() -> Response:
    """The part of the page that changes."""
    return make_response(render_template("drills/_live.html", **_facts()))


@blueprint.post("/drills/begin")
@needs(Action.DRILL)
def begin() -> Response:
    """Put a box in a drill."""
    given = {name: value for name in ("minutes", "reach") if (value := request.form.get(name, "").strip())}
    begin_drill(request.form.get("box", ""), validated(BeginsDrill, given))
    return _done()


@blueprint.post("/drills/end")
@needs(Action.DRILL)
def end() -> Response:
    """End the drill of a box."""
    validated(EndsDrill, {})
    end_drill(request.form.get("box", ""))
    return _done()


def _done() -> Response:
    if request.headers.get("X-Requested-With") == "madomori":
        return Response(status=204)
    return make_response(redirect("/drills", 303))


def _facts() -> dict[str, Any]:
    here = site()
    with begin_read(here.engine) as connection:
        boxes = readings.boxes(connection, here)
        held = readings.drills_held(connection)
        calls = [one for one in readings.open_incidents(connection, here) if one.drill]
    return {
        "going": [one for one in held if one.ended_at is None],
        "over": [one for one in held if one.ended_at is not None],
        "calls": calls,
        "free": [box for box in boxes if box.presence == "online" and box.drill is None],
        "away": [box for box in boxes if box.presence != "online"],
        "lengths": MINUTES,
        "usual": DEFAULT_MINUTES,
        "reaches": list(Reach),
        "scenarios": len(scenarios()),
        "minutes_left": drill_words.minutes_left(here.now()),
    }
