"""Who may see a practice: whoever practises, and those in charge. How somebody learns concerns no one else."""

from sqlalchemy import Connection

from hub.domain.permissions import Action, allows
from hub.domain.practice import is_practice
from hub.store import practices
from hub.web.gate import caller
from hub.web.problems import Trouble


def require_sight(connection: Connection, box: str, incident_id: str) -> None:
    """Refuse somebody else's practice as if there were none; incidents of counters pass.

    Raises:
        Trouble: not found.
    """
    if is_practice(box) and not own_or_allowed(practices.owner(connection, incident_id)):
        raise Trouble("not-found")


def own_or_allowed(person: str | None) -> bool:
    """Whether the caller may look at what `person` practised."""
    who = caller().person
    return person == who.id or allows(Action.PRACTICE_READ, who.role)
