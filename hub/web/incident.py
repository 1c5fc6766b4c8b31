"""One incident: what happened, what to do next, what was recorded. Works without JavaScript too."""

from datetime import datetime
from typing import Any, Final, get_origin

from flask import Blueprint, Response, make_response, redirect, render_template, request
from pydantic import BaseModel
from werkzeug.datastructures import MultiDict

from hub.domain import damage, deciders, deciding, ladder, marks, policy_clock, promise, routing, sharing
from hub.domain.course import Course
from hub.domain.drill import can_turn_real
from hub.domain.filming import answers, filming
from hub.domain.guidance import is_urgent
from hub.domain.incident import OPEN, Entry, State
from hub.domain.permissions import Action, allows, may_look
from hub.domain.posts import meeting_office
from hub.domain.practice import is_practice
from hub.domain.report import OF_CONTACTS, OF_POSTS, SNS_FIELDS
from hub.domain.tasks import CARERS, OFFICE
from hub.store.engine import begin_read
from hub.web import filming_words, guiding, labels, outside_help, readings, shapes, visit_readings
from hub.web.acting import act
from hub.web.api import load
from hub.web.api.deeds import DEEDS
from hub.web.api.described import read_query, validated
from hub.web.api.load import PersonLoad
from hub.web.api.recording import View
from hub.web.form_key import NOT_SAID, form_key
from hub.web.gate import caller, needs
from hub.web.login import inside
from hub.web.practice_seen import require_sight
from hub.web.problems import Trouble, language
from hub.web.site import site
from hub.web.takers import takers
from hub.wording import TOKYO, full_date_and_time, say

blueprint = Blueprint("incident", __name__)

MOMENTS: Final = ("at", "act_named_at", "found_at", "occurred_at", "reported_at", "taken_at")


@blueprint.get("/incidents/<uuid_text:incident_id>")
@needs(Action.INCIDENTS_READ)
def page(incident_id: str) -> str:
    """The whole page. It offers forms once the contact is over."""
    facts = _facts(incident_id)
    if facts["over"] and allows(Action.REPORT_MAKE, caller().person.role):
        site().setter.prepare()
    return render_template("incident/page.html", **facts)


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
    if not facts["may_look"]:
        raise Trouble("not-allowed")
    shown = facts["incident"].recordings
    until = view.until or (shown[0].playable_segments if shown else None)
    return render_template("incident/recording.html", reason=view.reason, until=until, **facts)


@blueprint.post("/incidents/<uuid_text:incident_id>/<any({}):name>".format(",".join(DEEDS)))
@needs(Action.INCIDENTS_READ)
def deed(incident_id: str, name: str) -> Response:
    """A deed from a form. Its hidden `once` makes a double click one deed."""
    act(incident_id, validated(DEEDS[name][0], said(request.form, DEEDS[name][0])), form_key())
    if request.headers.get("X-Requested-With") == "madomori":
        return Response(status=204)
    return make_response(redirect(inside(request.form.get("next")), 303))


def said(form: MultiDict[str, str], model: type[BaseModel]) -> dict[str, Any]:
    """A form as the API would have it: empty fields are not said, a local time gets its time zone, `a.b` is b of a."""
    lists = {name for name, field in model.model_fields.items() if get_origin(field.annotation) is tuple}
    values: dict[str, Any] = {}
    for name in form:
        if name in NOT_SAID:
            continue
        if name in lists:
            values[name] = [value for value in form.getlist(name) if value.strip()]
        elif "." in name and isinstance(whole := values.setdefault(name.partition(".")[0], {}), dict):
            whole[name.partition(".")[2]] = form[name]
        elif form[name].strip():
            values[name] = moment(form[name]) if name in MOMENTS else form[name]
    return values


def moment(local: str) -> str:
    """What a datetime-local field holds, as the office's clock means it; anything else as it is, to be refused."""
    try:
        moment = datetime.fromisoformat(local)
    except ValueError:
        return local
    return moment.isoformat() if moment.tzinfo else moment.replace(tzinfo=TOKYO).isoformat()


def _facts(incident_id: str) -> dict[str, Any]:
    here, role = site(), caller().person.role
    with begin_read(here.engine) as connection:
        found = readings.incident_detail(connection, here, incident_id, here.now(), role)
        if found is None:
            raise Trouble("not-found")
        require_sight(connection, found.box, incident_id)
        shown = guiding.guides(connection, here, found, language())
        taking = takers(connection, here, found)
        trip = visit_readings.detail(connection, here, found.visit) if found.visit else None
        looks = readings.looks_at(connection, incident_id) if allows(Action.ACCESS_READ, role) else None
    return {
        "incident": found,
        "looks": looks,
        "care": here.care,
        "help": outside_help,
        "trip": trip,
        "shown": shown,
        "takers": taking,
        "open": found.state in OPEN,
        "over": found.state not in (State.RAISED, State.SEEN, State.ATTENDED),
        "told": [entry for entry in reversed(found.timeline) if entry.kind != "segment.sealed"],
        "burdened": _burdened(found, role),
        "offered_forms": OF_CONTACTS if found.post is None else OF_POSTS,
        "can_turn_real": not is_practice(found.box) and can_turn_real(found.drill, found.closed_at, here.now()),
        "may_look": may_look(role, here.rules_of(found.box)[0], closed=found.state is State.CLOSED),
        "local_now": here.now().astimezone(TOKYO).strftime("%Y-%m-%dT%H:%M"),
        **(_about_post(found) if found.post is not None else {}),
        **_policy(found, role),
    }


def _about_post(found: shapes.IncidentDetail) -> dict[str, Any]:
    """What the page of a post shows beside what every page shows."""
    tongue, written = language(), found.post.first_report if found.post is not None else {}
    times = {
        name: full_date_and_time(tongue, datetime.fromisoformat(written[name])) for name in MOMENTS if name in written
    }
    return {
        "post_help": outside_help,
        "sns_fields": SNS_FIELDS,
        "first_report": {**written, **times},
        "meeting_office": meeting_office(site().rules_of(found.box)[0])[0],
    }


def _policy(found: shapes.IncidentDetail, role: str) -> dict[str, Any]:
    """What the city's rules say about this incident, as far as the page shows it."""
    profile, site_type = site().rules_of(found.box)
    course = Course.of(found, found.timeline)
    counts = course.marks("head_count")
    heads = counts[-1].data if counts else None
    offices = ladder.issuers(profile, site_type)
    shot = filming(profile, course)
    asking = {one.name for one in found.clocks if guiding.asks(one, course)}
    urgent = found.level == "emergency" or is_urgent(profile, course.acts)
    apart = urgent or "organised" in course.acts  # the steps of the ladder are not for these (SHI-19, SHI-40)
    return {
        "profile": profile,
        "marked": {one.data["mark"] for one in course.of_kind(Entry.MARKED)},
        "seen_acts": course.acts,
        "decided": course.of_kind(Entry.DECIDED),
        "number_open": deciders.number_is_open(profile),
        "under_one_name": deciders.under_one_name(profile, course),
        "left_at": [one.at for one in course.marks("visitor_left")],
        "asking": asking,
        "police_told": course.police_told,
        "stop_decided": ladder.stop_decided(course),
        "stop_asked": bool(asking & policy_clock.CUED),
        "adjustable": [name for name in policy_clock.NAMES if name in policy_clock.ADJUSTABLE],
        "next_step": None if apart else ladder.next_step(profile, course.counts, in_building=course.in_building),
        "issuers": offices,
        "heads": heads,
        "gaps": course.of_kind(Entry.RECORDING_GAP),
        "considered": next(reversed(course.of_kind(Entry.CONSIDERED)), None),
        "advice": routing.advice(profile, course) if found.post is None else None,
        "promises": promise.still_open(found.timeline),
        "consulted": list(dict.fromkeys([*promise.CONSULTED, *(one for to in profile.routing.values() for one in to)])),
        "today": site().now().astimezone(OFFICE).date().isoformat(),
        "later_marks": [name for name in marks.LATER if name not in damage.CHECKS and name != "act"],
        "short_of_staff": marks.short_of_staff(profile, course),
        "slot_guideline": marks.slot_guideline(profile, course),
        "refusal_undecided": deciding.refusal_undecided(course),
        "gone": course.gone,
        "shared": sharing.shared(course),
        "routes": [one for one in routing.routes(profile, course) if found.post is None or one.cause != "leave_order"],
        "damage_asked": damage.asked(profile, course),
        "checks": _checks(course) if role in CARERS else {},
        "filming_words": filming_words,
        "filming": shot,
        "filming_answers": answers(profile, shot) if shot is not None else (),
        "rest": [
            say(language(), labels.CARES.get(what, what)) for what in profile.aftercare.immediate if found.post is None
        ],
    }


def _burdened(found: shapes.IncidentDetail, role: str) -> PersonLoad | None:
    """Whoever goes there, when much fell on them lately; for those who look after people (SET-17)."""
    if found.responder is None or found.state not in OPEN or not allows(Action.LOAD_READ, role):
        return None
    return next((one for one in load.read().people if one.over and one.person == found.responder.id), None)


def _checks(course: Course) -> dict[str, datetime | None]:
    """What to see to after damage or injury, and when it was."""
    return {name: next((one.at for one in course.marks(name)), None) for name in damage.CHECKS}
