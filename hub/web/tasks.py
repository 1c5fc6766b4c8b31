"""What is left to do: for those who look after people and reports. Whatever concerns health is shown to carers only."""

from flask import Blueprint, render_template

from hub.domain.permissions import Action
from hub.domain.tasks import CARERS
from hub.store import due_tasks
from hub.store.engine import begin_read
from hub.web.gate import caller, needs
from hub.web.site import site

blueprint = Blueprint("tasks", __name__)


def visible(role: str) -> list[due_tasks.Due]:
    """Every task that this role may see, the one that is due first in front."""
    here = site()
    with begin_read(here.engine) as connection:
        found = due_tasks.every(connection, here.rules_of, here.now())
    return [due for due in found if role in CARERS or not due.task.private]


@blueprint.get("/tasks")
@needs(Action.TASKS)
def page() -> str:
    """Open tasks first, what was done below."""
    found = visible(caller().person.role)
    now = site().now()
    return render_template(
        "tasks/page.html",
        overdue=[due for due in found if due.task.done_at is None and due.task.due_at <= now],
        coming=[due for due in found if due.task.done_at is None and due.task.due_at > now],
        done=[due for due in found if due.task.done_at is not None][-50:],
    )
