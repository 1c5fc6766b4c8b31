"""One incident: what happened, what to do next, what was recorded. Works without JavaScript too."""

from datetime import datetime
from typing import Any, Final

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.datastructures import MultiDict

from hub.deeds import Once
from hub.domain.incident import OPEN, State
from hub.domain.permissions import Action, allows
from hub.store.engine import begin_read
from hub.web import readings, shapes
from hub.web.acting import act
from hub.web.api.deeds import DEEDS, KEY
from hub.web.api.described import read_query, validated
from hub.web.api.recording import View
from hub.web.gate import caller, needs
from hub.web.login import inside
from hub.web.problems import Trouble
from hub.web.site import site
from hub.wording import TOKYO

blueprint = Blueprint("incident", __name__)

LISTS: Final = ("acts", "persons")
NOT_SAID: Final = ("csrf_token", "once", "next")


@blueprint.get("/incidents/<uuid_text:incident_id>")
@needs(Action.INCIDENTS_READ)
def page(incident_id: str) -> str:
    """The whole page."""
    return render_template("incident/page.html", **_facts(incident_id))


@blueprint.get("/fragments/incidents/<uuid_text:incident_id>")
@needs(Action.INCIDENTS_READ)
def live(incident_id: str) -> Response:
    """The part of the page that changes."""
    return make_response(render_template("incident/_live.html", **_facts(incident_id)))


@blueprint.get("/incidents/<uuid_text:incident_id>/recording")
@needs(Action.RECORDING_VIEW)
def recording(incident_id: str) -> str:
    """The player, once a reason was given. The look is written down when the first byte is asked for."""
    view = read_query(View)
    facts = _facts(incident_id)
    shown = facts["incident"].recordings
    until = view.until or (shown[0].playable_segments if shown else None)
    return render_template("incident/recording.html", reason=view.reason, until=until, **facts)


@blueprint.post("/incidents/<uuid_text:incident_id>/<any({}):name>".format(",".join(DEEDS)))
@needs(Action.INCIDENTS_READ)
def deed(incident_id: str, name: str) -> Response:
    """A deed from a form. Its hidden `once` makes a double click one deed."""
    once = request.form.get("once", "")
    key = Once(f"form {once}", once) if KEY.match(once) else None
    act(incident_id, validated(DEEDS[name][0], said(request.form)), key)
    if request.headers.get("X-Requested-With") == "madomori":
        return Response(status=204)
    return make_response(redirect(inside(request.form.get("next")), 303))


def said(form: MultiDict[str, str]) -> dict[str, Any]:
    """A form as the API would have it: empty fields are not said, a local time gets its time zone."""
    values: dict[str, Any] = {}
    for name in form:
        if name in NOT_SAID:
            continue
        if name in LISTS:
            values[name] = [value for value in form.getlist(name) if value.strip()]
        elif form[name].strip():
            values[name] = _moment(form[name]) if name == "at" else form[name]
    return values


def _moment(local: str) -> str:
    """What a datetime-local field holds, as the office's clock means it; anything else as it is, to be refused."""
    try:
        moment = datetime.fromisoformat(local)
    except ValueError:
        return local
    return moment.isoformat() if moment.tzinfo else moment.replace(tzinfo=TOKYO).isoformat()


def _facts(incident_id: str) -> dict[str, Any]:
    here, role = site(), caller().person.role
    with begin_read(here.engine) as connection:
        found = readings.incident_detail(connection, here, incident_id, here.now())
        if found is None:
            raise Trouble("not-found")
        looks = readings.looks_at(connection, incident_id) if allows(Action.ACCESS_READ, role) else None
    return {
        "incident": found,
        "looks": looks,
        "open": found.state in OPEN,
        "over": found.state not in (State.RAISED, State.SEEN, State.ATTENDED),
        "profile": here.profile,
        "told": [entry for entry in reversed(found.timeline) if entry.kind != "segment.sealed"],
        "alerts": _trail(found.alerts),
        "local_now": here.now().astimezone(TOKYO).strftime("%Y-%m-%dT%H:%M"),
    }


def _trail(alerts: list[shapes.Alert]) -> list[shapes.Alert]:
    """The newest messages first."""
    return sorted(alerts, key=lambda one: (one.created_at, one.id), reverse=True)
