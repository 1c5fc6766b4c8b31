"""What is left to do, over all incidents whose contact is over, and over visits that are in trouble."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, func, or_, select

from contract.profile import PolicyProfile
from hub.domain.incident import ALARMING, OPEN, Origin, Outcome, State
from hub.domain.tasks import WATCHED, Over, Task, tasks
from hub.store.course import courses
from hub.store.practices import IN_EARNEST
from hub.store.schema import incident

REACH: Final = WATCHED
"""No task is due longer after the contact than this, but for what was promised and what a later post asks for. What has
no day is done, or goes with the incident that was closed without it."""

KEPT_OPEN: Final = timedelta(days=366)
"""So long what is left to do of an incident that nobody closes stays on the list: a calendar reads it every hour."""

PROMISED: Final = timedelta(days=366)
"""What was promised, and what a post asks for, stays on the list so long after its day."""


@dataclass(frozen=True, slots=True)
class Due:
    """A task with the incident it belongs to."""

    task: Task
    incident: Row[Any]


def every(connection: Connection, rules_of: Callable[[str], tuple[PolicyProfile, str]], now: datetime) -> Sequence[Due]:
    """All tasks of the incidents of the last weeks, and of those that are still open, done or not, the one that is due
    first in front.
    """
    ended_at = func.coalesce(incident.c.contact_ended_at, incident.c.closed_at)
    away = and_(incident.c.origin == Origin.VISIT.value, incident.c.state.in_([state.value for state in ALARMING]))
    kept_open = and_(ended_at >= now - KEPT_OPEN, incident.c.state.in_([state.value for state in OPEN]))
    rows = connection.execute(
        select(incident)
        .where(or_(ended_at >= now - REACH, incident.c.promised_until >= now - PROMISED, away, kept_open), IN_EARNEST)
        .order_by(incident.c.pressed_at)
    ).all()
    told = courses(connection, rows)
    found = [Due(task, row) for row in rows for task in tasks(rules_of(row.box)[0], _over(row), told[row.id])]
    return sorted(found, key=lambda due: (due.task.in_time, due.incident.number, due.task.id))


def _over(row: Row[Any]) -> Over:
    false_press = row.outcome == Outcome.FALSE_PRESS.value
    ended_at = row.contact_ended_at or row.closed_at
    outcome = Outcome(row.outcome) if row.outcome else None
    return Over(row.id, State(row.state), row.drill, false_press, ended_at, Origin(row.origin), outcome)
