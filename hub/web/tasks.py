"""What is left to do: for those who look after people and reports. Whatever concerns health is shown to carers only."""

from flask import Blueprint, Response, make_response, redirect, render_template, request

from hub.domain import ical
from hub.domain.council import due_at
from hub.domain.permissions import Action, allows
from hub.domain.tasks import CARERS, OFFICE, morning_of
from hub.store import due_tasks
from hub.store.engine import begin_read
from hub.web import council, labels, outside_help
from hub.web.api import disclosures, load
from hub.web.api.described import validated
from hub.web.disclosure_shapes import Disclosure
from hub.web.gate import caller, needs
from hub.web.problems import language
from hub.web.site import site
from hub.web.statistics_words import PARTS
from hub.wording import N_, say

blueprint = Blueprint("tasks", __name__)


def visible(role: str) -> list[due_tasks.Due]:
    """Every task that this role may see, the one that is due first in front."""
    here = site()
    with begin_read(here.engine) as connection:
        found = due_tasks.every(connection, here.rules_of, here.now())
    return [due for due in found if role in CARERS or not due.task.private]


def _disclosures(role: str) -> list[Disclosure]:
    """Disclosure requests that are not closed, the one that is due first in front; for those who may know of them."""
    if not allows(Action.DISCLOSURES_READ, role):
        return []
    found = (one for one in disclosures.every().disclosures if one.closed_at is None)
    return sorted(found, key=lambda one: (one.due_on, one.number))


@blueprint.get("/tasks")
@needs(Action.TASKS)
def page() -> str:
    """Open tasks first, what was done below."""
    role, now = caller().person.role, site().now()
    found = visible(role)
    return render_template(
        "tasks/page.html",
        overdue=[due for due in found if due.task.done_at is None and due.task.is_for_now(now)],
        coming=[due for due in found if due.task.done_at is None and not due.task.is_for_now(now)],
        disclosures=_disclosures(role),
        council=council.left(role),
        quarters=PARTS,
        load=load.read(),
        done=[due for due in found if due.task.done_at is not None][-50:],
        care=site().care,
        help=outside_help,
        today=now.astimezone(OFFICE).date(),
    )


@blueprint.post("/tasks/council")
@needs(Action.STATISTICS_SHARE)
def shared() -> Response:
    """The council has had the figures of a quarter."""
    council.write_shared(validated(council.Shared, {name: request.form.get(name) for name in ("year", "part")}))
    return make_response(redirect("/tasks", 303))


@blueprint.get("/tasks.ics")
@needs(Action.TASKS)
def feed() -> Response:
    """What is open, for people's calendars: kind, time and where to read more. No word about anybody."""
    return calendar(caller().person.role)


@blueprint.get("/disclosures.ics")
@needs(Action.DISCLOSURES_READ)
def register_feed() -> Response:
    """Due days of disclosure requests alone, for those who keep the register and look after nobody."""
    return _calendar(_due_days(caller().person.role))


def calendar(role: str) -> Response:
    """All that somebody with this role finds on the page of tasks or in the register, as a calendar."""
    open_ = visible(role) if allows(Action.TASKS, role) else []
    entries = [
        ical.Task(
            f"{due.incident.id}:{due.task.id}",
            f"{say(language(), labels.TASKS[due.task.kind])} ({due.incident.number})",
            due.task.due_at,
            f"{request.host_url}incidents/{due.incident.id}",
        )
        for due in open_
        if due.task.done_at is None
    ]
    return _calendar([*entries, *_council(role), *_due_days(role)])


def _council(role: str) -> list[ical.Task]:
    quarter = council.left(role)
    if quarter is None:
        return []
    title = say(language(), N_("協議会に四半期の統計を共有する"))
    return [ical.Task(f"{quarter.year}-q{quarter.number}:council", title, due_at(quarter), f"{request.host_url}tasks")]


def _due_days(role: str) -> list[ical.Task]:
    return [
        ical.Task(
            f"{one.id}:disclosure",
            f"{say(language(), N_('開示の求めの期限'))} ({one.number})",
            morning_of(one.due_on),
            f"{request.host_url}disclosures/{one.id}",
        )
        for one in _disclosures(role)
    ]


def _calendar(entries: list[ical.Task]) -> Response:
    text = ical.calendar(say(language(), N_("窓守：するべきこと")), site().name, entries, site().now())
    return Response(text, content_type="text/calendar; charset=utf-8")
