"""Noting that somebody is away, or back. For the page and for the API."""

from pydantic import BaseModel, ConfigDict, Field

from hub.domain.duty import Absence, refusal
from hub.domain.saying import At, Line
from hub.store import absences, changes
from hub.store.engine import begin_write
from hub.web.gate import caller
from hub.web.problems import Trouble
from hub.web.site import site


class GoesAway(BaseModel):
    """`contact` is not there until then; from now on, when no beginning is said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contact: Line
    until: At
    begins: At | None = Field(default=None, alias="from")


class ComesBack(BaseModel):
    """`contact` is there again; what was noted for later is taken back as well."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contact: Line


def go_away(said: GoesAway) -> None:
    """Write it down, and let the worker call the deputies from now on.

    Raises:
        Trouble: no such contact, or a time that cannot be meant.
    """
    here, person = site(), caller().person
    now = here.now()
    noted = Absence(said.contact, said.begins or now, said.until)
    problem = refusal(noted, [one.id for one in here.contacts if not one.shows_only], now)
    if problem is not None:
        raise Trouble("invalid", errors=[problem])
    with begin_write(here.engine) as connection:
        absences.add(connection, noted, (person.id, person.name), now)
        changes.add(connection, [("alert", None, None)], now)
    _wake()


def come_back(said: ComesBack) -> None:
    """Write it down."""
    here, person = site(), caller().person
    now = here.now()
    with begin_write(here.engine) as connection:
        if absences.end(connection, said.contact, (person.id, person.name), now):
            changes.add(connection, [("alert", None, None)], now)
    _wake()


def _wake() -> None:
    site().poke("web")
    site().poke("worker")
