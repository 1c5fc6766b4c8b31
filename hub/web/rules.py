"""The rules that hold here, as the people they bind would read them: the city's, and those of each unit."""

from collections.abc import Mapping
from functools import partial

from flask import Blueprint, render_template

from contract.open_questions import open_questions
from contract.profile import PolicyProfile
from contract.units import Override, UnitRules
from hub.domain.permissions import Action
from hub.store.engine import begin_read
from hub.web import readings, rules_told
from hub.web.gate import needs
from hub.web.problems import Trouble, language
from hub.web.rules_told import Line
from hub.web.site import site
from hub.wording import day

blueprint = Blueprint("rules", __name__)


@blueprint.get("/profile")
@needs(Action.PROFILE_READ)
def page() -> str:
    """The city's rules."""
    rules = site().rules
    return render_template("rules/page.html", rules=rules, counters=_counters(), **_shared(rules.city))


@blueprint.get("/profile/units/<name>")
@needs(Action.PROFILE_READ)
def unit(name: str) -> str:
    """The rules at the counters of one unit, what differs from the city first."""
    rules = site().rules
    found = rules.unit(name)
    if found is None:
        raise Trouble("not-found")
    changes = _changes(rules.city, found)
    return render_template(
        "rules/unit.html",
        rules=rules,
        here=found,
        changes=changes,
        counters=_counters(),
        **_shared(found.profile, found),
    )


def _shared(profile: PolicyProfile, of_unit: UnitRules | None = None) -> dict[str, object]:
    own = {one.field for one in of_unit.overrides} if of_unit else set()
    return {
        "profile": profile,
        "day": partial(day, language()),
        "groups": rules_told.told(profile, language()),
        "sources": lambda line: rules_told.sources(profile, line),
        "is_own": lambda line: bool(own & set(line.fields)),
        "questions": open_questions(profile),
    }


def _counters() -> Mapping[str, str]:
    """What people call each box that is enrolled."""
    with begin_read(site().engine) as connection:
        return {box.name: box.counter for box in readings.boxes(connection, site())}


def _changes(city: PolicyProfile, here: UnitRules) -> list[tuple[Line, Line | None, list[Override]]]:
    """Each sentence that the unit changed: as it reads here, as it reads in the rest of the city, and by whom."""
    before = [line for group in rules_told.told(city, language()) for line in group.lines]
    changed = {one.field: one for one in here.overrides}
    found = []
    for group in rules_told.told(here.profile, language()):
        for line in group.lines:
            touched = [changed[field] for field in line.fields if field in changed]
            if touched:
                old = next((one for one in before if set(one.fields) & set(line.fields)), None)
                found.append((line, old, touched))
    return found
