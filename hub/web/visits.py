"""Visits: the plan before they leave, how they stand, and the page that the team carries. Works without JavaScript."""

from datetime import datetime, timedelta
from typing import Any, Final

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.datastructures import MultiDict

from hub.domain import visit_saying as saying
from hub.domain.permissions import Action
from hub.domain.visit import GRACE_MINUTES, LIMIT, OPEN, TEAM_MIN
from hub.store.engine import begin_read
from hub.web import readings, visit_readings, visit_shapes, visiting
from hub.web.api.described import validated
from hub.web.api.visits import detail
from hub.web.card_reading import Reader, read_cards
from hub.web.form_key import NOT_SAID, form_key
from hub.web.gate import needs
from hub.web.incident import moment
from hub.web.login import inside
from hub.web.problems import Trouble, language
from hub.web.site import site
from hub.wording import TOKYO

blueprint = Blueprint("visits", __name__)

PLACES_IN_FORM: Final = 4
"""People and agreed times that the form has room for; the API takes more."""

SOON_S: Final = 5 * 60


@blueprint.get("/visits")
@needs(Action.VISITS_READ)
def page() -> str:
    """Visits under way, the form for a plan, and the newest that are over."""
    return render_template("visits/page.html", given={}, **_list(), **_form())


@blueprint.get("/fragments/visits")
@needs(Action.VISITS_READ)
def live() -> Response:
    """The part of the page that changes."""
    return make_response(render_template("visits/_list.html", **_list()))


@blueprint.post("/visits")
@needs(Action.VISIT_PLAN)
def plan() -> Response:
    """A plan from the form. What does not fit is said beside the form, with everything that was written still in it."""
    try:
        id = visiting.plan(validated(saying.Plan, _planned(request.form)), form_key())
    except Trouble as trouble:
        if trouble.kind != "invalid":
            raise
        facts = {"problems": list(trouble.errors), "given": request.form, **_list(), **_form()}
        return make_response(render_template("visits/page.html", **facts), 422)
    return make_response(redirect(f"/visits/{id}", 303))


@blueprint.get("/visits/<uuid_text:visit_id>")
@needs(Action.VISITS_READ)
def one(visit_id: str) -> str:
    """One visit, as the office sees it."""
    return render_template("visits/one.html", **_facts(visit_id))


@blueprint.get("/fragments/visits/<uuid_text:visit_id>")
@needs(Action.VISITS_READ)
def one_live(visit_id: str) -> Response:
    """The part of the page that changes."""
    return make_response(render_template("visits/_one.html", **_facts(visit_id)))


@blueprint.get("/visits/<uuid_text:visit_id>/team")
@needs(Action.VISITS_READ)
def team(visit_id: str) -> str:
    """The page that the team carries: big buttons, nothing to type."""
    return render_template("visits/team.html", **_facts(visit_id))


@blueprint.get("/fragments/visits/<uuid_text:visit_id>/team")
@needs(Action.VISITS_READ)
def team_live(visit_id: str) -> Response:
    """The part of the page that changes."""
    return make_response(render_template("visits/_team.html", **_facts(visit_id)))


@blueprint.post("/visits/<uuid_text:visit_id>/<any({}):told>".format(",".join(visiting.DEEDS)))
@needs(Action.VISITS_READ)
def deed(visit_id: str, told: str) -> Response:
    """A deed from a form. Its hidden `once` makes a double tap one deed."""
    model = visiting.DEEDS[told][0]
    said: dict[str, Any] = {
        field: value.strip()
        for field, value in request.form.items()
        if field not in NOT_SAID and field != "checkins" and value.strip()
    }
    if "at" in said:
        said["at"] = moment(said["at"])
    if times := _times(request.form):
        said["checkins"] = times
    visiting.act(visit_id, validated(model, said), form_key())
    if request.headers.get("X-Requested-With") == "madomori":
        return Response(status=204)
    return make_response(redirect(inside(request.form.get("next")), 303))


def _planned(form: MultiDict[str, str]) -> dict[str, Any]:
    """The form as the API would have it: empty rows are not said."""
    said: dict[str, Any] = {
        name: value
        for name in ("box", "place", "case", "about", "contact", "limit_minutes")
        if (value := form.get(name, "").strip())
    }
    people = zip(form.getlist("name"), form.getlist("role"), strict=False)
    said["team"] = [{"name": name.strip(), "role": role} for name, role in people if name.strip()]
    said["checkins"] = _times(form)
    return said


def _times(form: MultiDict[str, str]) -> list[str]:
    return [moment(value) for value in form.getlist("checkins") if value.strip()]


def _list() -> dict[str, Any]:
    here = site()
    with begin_read(here.engine) as connection:
        running = visit_readings.under_way(connection, here)
        newest = visit_readings.newest(connection, here, 30)
    over = [one for one in newest if one.state not in OPEN]
    return {"running": running, "over": over, "ahead": ahead, "look": look}


def _form() -> dict[str, Any]:
    here = site()
    with begin_read(here.engine) as connection:
        boxes = readings.boxes(connection, here)
    rules = here.profile.clock.visit
    local = here.now().astimezone(TOKYO)
    first = (local + timedelta(minutes=65)).replace(second=0, microsecond=0)
    return {
        "boxes": boxes,
        "most": rules.max_minutes if rules else None,
        "checkin_needed": rules is not None and rules.checkin,
        "team_min": max(TEAM_MIN, here.profile.staffing.min),
        "rows": PLACES_IN_FORM,
        "usual": ("responder", "note_taker", "lookout", "driver"),
        "grace": GRACE_MINUTES,
        "first_checkin": _local(first - timedelta(minutes=first.minute % 5)),
        "local_now": _local(local),
    }


def _facts(visit_id: str) -> dict[str, Any]:
    here, found = site(), detail(visit_id)
    profile, site_type = here.rules_of(found.box)
    unit = here.rules.unit_of(found.box)
    reader = Reader(language(), unit.id if unit else "", {}, site_type == "branch", profile)
    with begin_read(here.engine) as connection:
        cards = read_cards(connection, here, reader, ["offsite"])
    return {
        "visit": found,
        "entries": list(reversed(found.entries)),
        "open": found.state in OPEN,
        "card": cards[0] if cards else None,
        "source": profile.source.get("clock.visit.max_minutes", ""),
        "ahead": ahead,
        "look": look,
        "grace": GRACE_MINUTES,
        "limit_name": LIMIT,
        "local_now": _local(here.now().astimezone(TOKYO)),
    }


def ahead(left_s: int) -> datetime:
    """When something is due that is `left_s` away, as the hub's clock shows it now."""
    return site().now() + timedelta(seconds=left_s)


def look(visit: visit_shapes.Visit) -> str:
    """How a visit is shown; colour, shape and word go together."""
    if any(call.state in ("raised", "seen", "attended") for call in visit.calls):
        return "calls"
    if any(one.state == "asked" for one in visit.checkins) or (visit.limit_left_s or 1) <= 0:
        return "due"
    next_one = visit.next_checkin
    near = [visit.limit_left_s, next_one.left_s if next_one else None]
    return "lead" if any(one is not None and one <= SOON_S for one in near) else "calm"


def _local(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M")
