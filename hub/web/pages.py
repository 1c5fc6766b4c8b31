"""The pages: one file and one template folder per area, and what all of them share."""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from flask import Flask, g, request

from hub.domain.permissions import Action, allows
from hub.domain.spoken import spoken
from hub.reports import word
from hub.web import (
    boxes,
    calendar,
    card_labels,
    cards,
    companion,
    considering,
    dashboard,
    disclosure_words,
    disclosures,
    drill_words,
    drills,
    duty,
    form_key,
    incident,
    incidents,
    labels,
    login,
    posts,
    practice,
    preferences,
    report_words,
    rules,
    shapes,
    statistics,
    tasks,
    visit_labels,
    visits,
)
from hub.web.citations import cite
from hub.web.problems import language
from hub.web.sessions import Caller
from hub.web.site import site
from hub.wording import N_, clock_time, date_and_time, day, full_date_and_time, say

AREAS = (
    login, dashboard, companion, incident, considering, incidents, posts, visits, boxes, cards, tasks, calendar,
    disclosures, duty, statistics, rules, drills, practice, preferences,
)  # fmt: skip

PLACES: Final = (
    ("/", N_("窓口の状況"), Action.INCIDENTS_READ),
    ("/companion", N_("手元の画面"), Action.INCIDENTS_READ),
    ("/cards", N_("カード"), Action.CARDS_READ),
    ("/incidents", N_("案件の記録"), Action.INCIDENTS_READ),
    ("/tasks", N_("するべきこと"), Action.TASKS),
    ("/visits", N_("訪問の見守り"), Action.VISITS_READ),
    ("/posts", N_("投稿"), Action.POST_OPEN),
    ("/disclosures", N_("開示"), Action.DISCLOSURES_READ),
    ("/statistics", N_("統計"), Action.STATISTICS_READ),
    ("/alerts", N_("知らせる相手"), Action.DUTY_READ),
    ("/boxes", N_("箱の状態"), Action.BOXES_READ),
    ("/drills", N_("訓練"), Action.DRILLS_READ),
    ("/profile", N_("市の決まり"), Action.PROFILE_READ),
)
"""The main pages, by path, name and what somebody must be allowed to do to find the way there."""

NEAR: Final = 5
"""The first so many stand open in the head of each page; the others are behind "ほかの画面", one tap away: more of them
would push the words of the moment down (`docs/guide/next_words.md`)."""

_TURNS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that turn the direction of what stands beside them: a note could show another name, time or outcome."""


def register(app: Flask) -> None:
    """Add every area, and the words and times that templates use."""
    for area in AREAS:
        app.register_blueprint(area.blueprint)
    app.context_processor(_shared)
    app.jinja_env.filters["ms"] = lambda at: int(at.timestamp() * 1000)
    app.jinja_env.filters["moment"] = datetime.fromisoformat
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.finalize = _upright
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _shared() -> dict[str, Any]:
    tongue, caller = language(), g.get("caller")
    person = caller.person if isinstance(caller, Caller) else None
    return {
        "_": partial(say, tongue),
        "language": tongue,
        "theme": request.cookies.get("madomori_theme", "auto"),
        "labels": labels,
        "disclosure_words": disclosure_words,
        "label": partial(_label, tongue),
        "card_labels": card_labels,
        "visit_labels": visit_labels,
        "cite": partial(cite, tongue),
        "who": person,
        "places": _places(person.role) if person is not None else {},
        "session": caller.session if isinstance(caller, Caller) else None,
        "can": lambda action: person is not None and allows(Action[action], person.role),
        "now": site().now(),
        "clock_time": partial(clock_time, tongue),
        "date_and_time": partial(date_and_time, tongue),
        "full_date_and_time": partial(full_date_and_time, tongue),
        "day": partial(day, tongue),
        "elapsed": _elapsed,
        "joined": lambda words: say(tongue, N_("、")).join(words),
        "shown_roles": lambda roles: say(tongue, N_("、")).join(_label(tongue, labels.ROLES, one) for one in roles),
        "report_words": report_words,
        "drill_words": drill_words,
        "word_forms": lambda: word.names(site().forms),
        "spoken": partial(_spoken, tongue),
        "once": lambda: secrets.token_urlsafe(12),
        "to_send_again": form_key.to_send_again,
        "is_words": form_key.is_words,
        "way_back": login.inside,
    }


def _places(role: str) -> dict[str, list[tuple[str, str]]]:
    """Where somebody with this role can go, by path and name: what a contact needs, and the rest."""
    return {
        group: [(path, name) for path, name, action in places if allows(action, role)]
        for group, places in (("near", PLACES[:NEAR]), ("other", PLACES[NEAR:]))
    }


def _upright(value: object) -> object:
    """What a template shows: with a visible mark where text would turn. Store and API keep it as it was said."""
    return type(value)(_TURNS.sub("\ufffd", value)) if isinstance(value, str) and _TURNS.search(value) else value


def _label(tongue: str, table: Mapping[str, str], name: object) -> str:
    """What `name` is called; what this hub does not know yet is shown as it is."""
    known = table.get(str(name))
    return say(tongue, known) if known is not None else str(name)


def _spoken(tongue: str, call: shapes.Incident) -> str:
    """A call in one line, to be read out or copied."""
    seen_by, responder = (one.name if one is not None else None for one in (call.seen_by, call.responder))
    return spoken(call, seen_by, responder, site().now(), tongue)


def _elapsed(since: datetime, until: datetime) -> str:
    """The time between as people read a stopwatch: 02:05, or 1:02:05."""
    seconds = max(0, int((until - since).total_seconds()))
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"
