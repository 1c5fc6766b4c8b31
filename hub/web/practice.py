"""Scenarios: a new worker walks through a case with a box that lives in the hub. Works without JavaScript too."""

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request
from sqlalchemy import Row

from hub import practising
from hub.deeds import SiteRules
from hub.domain.deed import DeedRefused
from hub.domain.incident import NotPossible
from hub.domain.permissions import Action, allows
from hub.domain.policy_clock import CUED
from hub.domain.practice import SPEED
from hub.domain.scenario import Choice, Position, Scenario, Scene, said
from hub.scenario_files import rules, scenarios
from hub.store import practices
from hub.store.engine import begin_read, begin_write
from hub.web import guiding, readings, shapes
from hub.web.acting import act
from hub.web.gate import caller, needs
from hub.web.practice_seen import own_or_allowed
from hub.web.problems import Trouble, language
from hub.web.site import site

blueprint = Blueprint("practice", __name__)


@blueprint.get("/drills/scenarios")
@needs(Action.PRACTICE)
def choose() -> str:
    """Every scenario, and what was practised; those in charge see everybody's."""
    who = caller().person
    everybody = allows(Action.PRACTICE_READ, who.role)
    with begin_read(site().engine) as connection:
        listed = practices.of(connection, None if everybody else who.id)
    return render_template(
        "practice/choose.html",
        scenarios=scenarios().values(),
        profiles={one.profile: rules(one.profile).profile for one in scenarios().values()},
        listed=[(row, scenarios()[row.scenario]) for row in listed if row.scenario in scenarios()],
        everybody=everybody,
        speed=SPEED,
    )


@blueprint.post("/drills/scenarios/<string:scenario_id>")
@needs(Action.PRACTICE)
def begin(scenario_id: str) -> Response:
    """Begin one; a practice of the same person that stands is ended."""
    scenario = scenarios().get(scenario_id)
    if scenario is None:
        raise Trouble("not-found")
    with begin_write(site().engine) as connection:
        practice_id = practising.begin(connection, scenario, caller().person, site().now())
    return _to(practice_id)


@blueprint.get("/drills/practice/<uuid_text:practice_id>")
@needs(Action.PRACTICE)
def page(practice_id: str) -> str:
    """The scene that stands, or, when it is over, what was done when."""
    facts = _facts(practice_id)
    return render_template("practice/over.html" if facts["over"] else "practice/page.html", **facts)


@blueprint.get("/fragments/practice/<uuid_text:practice_id>")
@needs(Action.PRACTICE)
def live(practice_id: str) -> Response:
    """The part of the page that changes."""
    return make_response(render_template("practice/_live.html", **_facts(practice_id)))


@blueprint.post("/drills/practice/<uuid_text:practice_id>/choose")
@needs(Action.PRACTICE)
def do(practice_id: str) -> Response:
    """Do what was chosen in the scene that stands. A second click on a scene that is over does nothing more."""
    scene_id, choice_id = request.form.get("scene", ""), request.form.get("choice", "")
    row, scenario, scene = _standing(practice_id)
    choice = next((one for one in scene.choices if one.id == choice_id), None) if scene.id == scene_id else None
    if choice is not None:
        try:
            _carry_out(row, scenario, choice)
        except Trouble as trouble:  # what the product refuses is part of what is learnt
            if trouble.kind not in ("invalid", "not-possible"):
                raise
            shown = render_template("practice/page.html", refused=trouble, **_facts(practice_id, choice))
            return make_response(shown, 422)
        _finish_if_over(practice_id)
    return _to(practice_id, f"?scene={scene.id}&choice={choice.id}" if choice is not None else "")


@blueprint.post("/drills/practice/<uuid_text:practice_id>/pass")
@needs(Action.PRACTICE)
def pass_over(practice_id: str) -> Response:
    """Go on without the scene that stands."""
    row, scenario, scene = _standing(practice_id)
    if scene.id == request.form.get("scene") and scene is not scenario.scenes[0]:
        with begin_write(site().engine) as connection:
            practices.passed_over(connection, row, scene.id, site().now())
        _finish_if_over(practice_id)
    return _to(practice_id)


@blueprint.post("/drills/practice/<uuid_text:practice_id>/end")
@needs(Action.PRACTICE)
def end(practice_id: str) -> Response:
    """Leave off here, and look back."""
    with begin_write(site().engine) as connection:
        _own(practices.find(connection, practice_id))
        practising.end(connection, practice_id, caller().person, site().now())
    site().poke("web")
    return _to(practice_id)


def _to(practice_id: str, after: str = "") -> Response:
    return make_response(redirect(f"/drills/practice/{practice_id}{after}", 303))


def _own(row: Row[Any] | None) -> Row[Any]:
    """Only the person who practises does something in it."""
    if row is None or row.person != caller().person.id:
        raise Trouble("not-found")
    return row


def _standing(practice_id: str) -> tuple[Row[Any], Scenario, Scene]:
    with begin_read(site().engine) as connection:
        row = _own(practices.find(connection, practice_id))
        scenario = scenarios().get(row.scenario)
        position = practising.position(connection, scenario, row) if scenario is not None else None
    if scenario is None or position is None or position.scene is None or row.ended_at is not None:
        raise Trouble("not-found")
    return row, scenario, position.scene


def _carry_out(row: Row[Any], scenario: Scenario, choice: Choice) -> None:
    """The person's own deed, then the colleagues'."""
    here, incident_id = site(), row.incident
    if choice.press is not None and incident_id is None:
        with begin_write(here.engine) as connection:
            incident_id = practising.press(
                connection, here.name, row, rules(scenario.profile), choice.press, here.now()
            )
    if incident_id is None:
        return
    told = said(choice.deed, choice.body)
    if told is not None:
        act(incident_id, told, None)
    try:
        with begin_write(here.engine) as connection:
            practising.colleagues(
                connection,
                choice,
                incident_id,
                language(),
                here.now(),
                SiteRules(here.rules_of, here.digest_of, here.roster),
            )
    except (NotPossible, DeedRefused) as error:
        raise Trouble("invalid", errors=list(getattr(error, "problems", ()))) from error
    here.poke("web")
    here.poke("worker")


def _finish_if_over(practice_id: str) -> None:
    with begin_write(site().engine) as connection:
        row = practices.find(connection, practice_id)
        scenario = scenarios().get(row.scenario) if row is not None else None
        if row is None or scenario is None or practising.position(connection, scenario, row).scene is not None:
            return
        practising.end(connection, practice_id, caller().person, site().now())
    site().poke("web")


def _facts(practice_id: str, chosen: Choice | None = None) -> dict[str, Any]:
    here = site()
    with begin_read(here.engine) as connection:
        row = practices.find(connection, practice_id)
        scenario = scenarios().get(row.scenario) if row is not None else None
        if row is None or scenario is None or not own_or_allowed(row.person):
            raise Trouble("not-found")
        position = practising.position(connection, scenario, row)
        found = (
            readings.incident_detail(connection, here, row.incident, here.now(), caller().person.role)
            if row.incident
            else None
        )
        shown = guiding.guides(connection, here, found, language()) if found is not None and position.scene else []
    over = row.ended_at is not None or position.scene is None or (found is not None and found.closed_at is not None)
    return {
        "practice": row,
        "scenario": scenario,
        "position": position,
        "incident": found,
        "shown": shown[:1],
        "lamp": _lamp(found),
        "clock": _clock(found, position),
        "answered": chosen or _chosen(scenario),
        "over": over,
        "own": row.person == caller().person.id,
        "speed": SPEED,
        "rules": rules(scenario.profile).profile,
        "began_at": position.told[0].at if position.told else row.started_at,
        "asked": "&".join(f"{name}={request.args[name]}" for name in ("scene", "choice") if name in request.args),
    }


def _chosen(scenario: Scenario) -> Choice | None:
    """What was chosen last, as the address says."""
    scene = scenario.scene(request.args.get("scene", ""))
    return next((one for one in scene.choices if one.id == request.args.get("choice")), None) if scene else None


def _lamp(found: shapes.IncidentDetail | None) -> str:
    """How the lamp of the practice box stands: as a box's would, with the notice of the drill around it."""
    if found is None:
        return "drill"
    if any(clock.name in CUED and clock.state == "due" for clock in found.clocks):
        return "time_limit"
    return "coming" if found.responder else "seen" if found.seen_by else "hub_has"


def _clock(found: shapes.IncidentDetail | None, position: Position) -> shapes.ClockShape | None:
    """The clock for which the scene waits, else the one that runs out next."""
    if found is None:
        return None
    running = [one for one in found.clocks if one.state != "ended"]
    wanted = position.scene.clock if position.scene is not None else None
    return next((one for one in running if one.name == wanted), running[0] if running else None)
