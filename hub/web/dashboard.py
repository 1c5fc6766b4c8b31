"""The dashboard: who calls, who goes, and how every counter stands."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, make_response, render_template

from hub.domain.drill import Reach
from hub.domain.incident import ALARMING, Origin, State
from hub.domain.permissions import Action
from hub.store import course
from hub.store.engine import begin_read
from hub.web import drill_words, guiding, readings, shapes, visit_readings, visits
from hub.web.gate import needs
from hub.web.notices import notices
from hub.web.site import site

blueprint = Blueprint("dashboard", __name__)

RECENT = 8


@dataclass(frozen=True, slots=True)
class Counter:
    """A box with what a card says about it. `look` chooses colour, shape and word together."""

    box: shapes.Box
    incident: shapes.Incident | None
    look: str


@blueprint.get("/")
@needs(Action.INCIDENTS_READ)
def page() -> str:
    """The whole page."""
    return render_template("dashboard/page.html", **_facts())


@blueprint.get("/fragments/dashboard")
@needs(Action.INCIDENTS_READ)
def live() -> Response:
    """The part of the page that changes."""
    return make_response(render_template("dashboard/_live.html", **_facts()))


def _facts() -> dict[str, Any]:
    here = site()
    with begin_read(here.engine) as connection:
        queue = readings.open_incidents(connection, here)
        going_on = [one for one in queue if one.state in ALARMING]
        courses = course.courses(connection, going_on)
        clocks = readings.clocks(connection, going_on, courses, here, here.now())
        boxes = readings.boxes(connection, here)
        away = visit_readings.under_way(connection, here)
        recent, _ = readings.incidents(connection, here, [State.CLOSED], limit=RECENT)
    by_id = {one.id: one for one in queue}
    counters = [Counter(box, by_id.get(box.incident or ""), _look(box, by_id.get(box.incident or ""))) for box in boxes]
    calls = [one for one in queue if not one.drill]
    unseen = [one for one in calls if one.state is State.RAISED]
    drilled = [one for one in queue if one.drill]
    return {
        "clocks": {id: guiding.foremost(found, courses[id]) for id, found in clocks.items()},
        "queue": [one for one in calls if one.origin is not Origin.POST],
        "posts": [one for one in calls if one.origin is Origin.POST],
        "drilled": drilled,
        "sounding": unseen + [one for one in drilled if one.state is State.RAISED and one.reach != Reach.NOBODY.value],
        "counters": counters,
        "recent": recent,
        "away": away,
        "ahead": visits.ahead,
        "look": visits.look,
        "notices": notices(here),
        "unseen": unseen,
        "minutes_left": drill_words.minutes_left(here.now()),
        "emergencies": [one for one in unseen if one.level == "emergency"],
    }


def _look(box: shapes.Box, incident: shapes.Incident | None) -> str:
    if incident is not None and incident.drill:
        return "drill"
    if incident is not None and incident.state is State.RAISED:
        return incident.level
    if incident is not None and incident.state in (State.SEEN, State.ATTENDED):
        return incident.state.value
    if box.presence != "online":
        return "lost"
    if box.drill is not None:
        return "drill"
    if box.faults or box.recording == "failed":
        return "fault"
    return "after" if incident is not None else "calm"
