"""Whom a call reaches now, who is away, and how soon calls are answered. Works without JavaScript too."""

import re
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, Response, make_response, redirect, render_template, request

from hub.domain.permissions import Action
from hub.store.engine import begin_read
from hub.web import labels
from hub.web.absence import ComesBack, GoesAway, come_back, go_away
from hub.web.api.described import validated
from hub.web.duty_facts import duty, response
from hub.web.gate import needs
from hub.web.problems import language
from hub.web.site import site
from hub.wording import N_, TOKYO, say

blueprint = Blueprint("duty", __name__)

_ENGLISH: Final = {japanese: english for english, japanese in labels.DAYS.items()}
_DAY: Final = re.compile("|".join([*_ENGLISH, *labels.DAYS]))


@blueprint.get("/alerts")
@needs(Action.DUTY_READ)
def page() -> str:
    """The whole page."""
    with begin_read(site().engine) as connection:
        figures = response(connection, site())
    return render_template("alerts/page.html", figures=figures, **_facts())


@blueprint.get("/fragments/alerts")
@needs(Action.DUTY_READ)
def live() -> Response:
    """The part of the page that changes."""
    return make_response(render_template("alerts/_live.html", **_facts()))


@blueprint.post("/alerts/away")
@needs(Action.ABSENCE)
def away() -> Response:
    """Somebody is away."""
    said = {name: value for name in ("contact", "from", "until") if (value := request.form.get(name, "").strip())}
    said |= {name: _moment(said[name]) for name in ("from", "until") if name in said}
    go_away(validated(GoesAway, said))
    return _done()


@blueprint.post("/alerts/back")
@needs(Action.ABSENCE)
def back() -> Response:
    """Somebody is there again."""
    come_back(validated(ComesBack, {"contact": request.form.get("contact", "")}))
    return _done()


def _done() -> Response:
    if request.headers.get("X-Requested-With") == "madomori":
        return Response(status=204)
    return make_response(redirect("/alerts", 303))


def _moment(local: str) -> str:
    """What a datetime-local field holds, as the office's clock means it; anything else as it is, to be refused."""
    try:
        moment = datetime.fromisoformat(local)
    except ValueError:
        return local
    return moment.isoformat() if moment.tzinfo else moment.replace(tzinfo=TOKYO).isoformat()


def _facts() -> dict[str, Any]:
    here = site()
    with begin_read(here.engine) as connection:
        found = duty(connection, here)
    names = {one.id: one.name or one.id for one in here.contacts}
    return {
        "duty": found,
        "names": names,
        "near": {one.id: say(language(), N_("、")).join(one.near) for one in found.contacts},
        "named": lambda ids: say(language(), N_("、")).join(names[one] for one in ids),
        "channels": {one.id: one.channel for one in here.contacts},
        "hours": _hours,
        "local_now": here.now().astimezone(TOKYO).strftime("%Y-%m-%dT%H:%M"),
    }


def _hours(text: str) -> str:
    """Hours as hub.toml writes them, with the days in the reader's language."""
    return _DAY.sub(lambda day: say(language(), labels.DAYS[_ENGLISH.get(day[0], day[0])]), text)
