"""What is left to do, over all incidents whose contact is over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select

from contract.profile import PolicyProfile
from hub.domain.incident import Outcome, State
from hub.domain.tasks import WATCH_WEEKS, Over, Task, tasks
from hub.store.course import courses
from hub.store.practices import IN_EARNEST
from hub.store.schema import incident

REACH: Final = timedelta(weeks=WATCH_WEEKS + 2)
"""No task is due longer after the contact than this."""


@dataclass(frozen=True, slots=True)
class Due:
    """A task with the incident it belongs to."""

    task: Task
    incident: Row[Any]


def every(connection: Connection, rules_of: Callable[[str], tuple[PolicyProfile, str]], now: datetime) -> Sequence[Due]:
    """All tasks of the incidents of the last weeks, done or not, the one that is due first in front."""
    ended_at = func.coalesce(incident.c.contact_ended_at, incident.c.closed_at)
    rows = connection.execute(select(incident).where(ended_at >= now - REACH, IN_EARNEST).order_by(ended_at)).all()
    told = courses(connection, rows)
    found = [Due(task, row) for row in rows for task in tasks(rules_of(row.box)[0], _over(row), told[row.id])]
    return sorted(found, key=lambda due: (due.task.due_at, due.incident.number, due.task.id))


def _over(row: Row[Any]) -> Over:
    false_press = row.outcome == Outcome.FALSE_PRESS.value
    return Over(row.id, State(row.state), row.drill, false_press, row.contact_ended_at or row.closed_at)
