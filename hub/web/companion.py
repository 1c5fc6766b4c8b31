"""The page beside the counter: what the box shows, the minutes left, what to say now. Needs no typing meanwhile."""

from typing import Any

from flask import Blueprint, Response, make_response, render_template

from contract.profile import Clocks
from contract.topics import is_name
from hub.domain import marks
from hub.domain.card_facts import recorded
from hub.domain.course import Course
from hub.domain.filming import answers, filming
from hub.domain.incident import ALARMING, Entry
from hub.domain.permissions import Action
from hub.store import users
from hub.store.engine import begin_read
from hub.web import filming_words, guiding, outside_help, readings
from hub.web.gate import caller, needs
from hub.web.problems import Trouble, language
from hub.web.site import site
from hub.web.takers import takers

blueprint = Blueprint("companion", __name__)


@blueprint.get("/companion")
@needs(Action.INCIDENTS_READ)
def choose() -> str:
    """All counters, to choose one's own."""
    with begin_read(site().engine) as connection:
        return render_template("companion/choose.html", boxes=readings.boxes(connection, site()))


@blueprint.get("/companion/<string:box>")
@needs(Action.INCIDENTS_READ)
def page(box: str) -> str:
    """The page of one counter."""
    return render_template("companion/page.html", **_facts(box))


@blueprint.get("/fragments/companion/<string:box>")
@needs(Action.INCIDENTS_READ)
def live(box: str) -> Response:
    """The part of the page that changes."""
    return make_response(render_template("companion/_live.html", **_facts(box)))


def _facts(name: str) -> dict[str, Any]:
    here = site()
    with begin_read(here.engine) as connection:
        known = {box.name: box for box in readings.boxes(connection, here)} if is_name(name) else {}
        box = known.get(name)
        if box is None:
            raise Trouble("not-found")
        role = caller().person.role
        found = readings.incident_detail(connection, here, box.incident, here.now(), role) if box.incident else None
        if found is not None and found.state not in ALARMING:
            found = None  # what is left is for others; the counter is free again
        shown = guiding.guides(connection, here, found, language()) if found is not None else []
        responders = users.responders(connection, here.now())
        just_over = readings.just_over(connection, name, here.now()) if found is None else None
        taking = takers(connection, here, found) if found is not None else None
    course = Course.of(found, found.timeline) if found is not None else Course()
    marked = {one.data["mark"] for one in course.of_kind(Entry.MARKED)}
    clock = guiding.foremost(found.clocks, course) if found is not None else None
    prompt = filming(here.rules_of(name)[0], course)
    slot = here.rules_of(name)[0].clock.slot
    return {
        "box": box,
        "incident": found,
        "just_over": just_over,
        "care": here.care,
        "help": outside_help,
        "clock": clock,
        "shown": shown,
        "responders": responders,
        "takers": taking,
        "marked": marked,
        "acts": course.acts,
        "gone": course.gone,
        "short_of_staff": marks.short_of_staff(here.rules_of(name)[0], course),
        "limited": _limited(here.rules_of(name)[0].clock),
        "police_told": course.police_told,
        "slots": sorted({slot.min_minutes, slot.max_minutes}) if slot else [],
        "profile": here.rules_of(name)[0],
        "gaps": course.of_kind(Entry.RECORDING_GAP),
        "recorded": recorded(found.timeline) if found is not None else "none",
        "filming": prompt,
        "filming_answers": answers(here.rules_of(name)[0], prompt) if prompt else (),
        "filming_words": filming_words,
    }


def _limited(clock: Clocks) -> list[str]:
    """What the city has a limit or a guideline for, beside a talk that is stuck and a time that was told."""
    asked = {
        "offtopic": clock.offtopic is not None,
        "demand_refused": clock.special_demand is not None,
        "repeat_long_hold": clock.contact_cap is not None and clock.contact_cap.applies == "repeat_long_hold",
        "long_hold_expected": clock.slot is not None and clock.slot.applies == "long_hold_expected",
        "repeat_visit": clock.slot is not None and clock.slot.applies == "repeat_visit",
    }
    return [mark for mark, yes in asked.items() if yes]
