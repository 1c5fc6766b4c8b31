"""The record of incidents: a list to look things up in."""

from flask import Blueprint, render_template

from contract.problems import Problem
from hub.domain.permissions import Action
from hub.store.engine import begin_read
from hub.web import readings
from hub.web.api.described import read_query
from hub.web.api.incidents import Wanted
from hub.web.gate import needs
from hub.web.problems import Trouble
from hub.web.site import site

blueprint = Blueprint("incidents", __name__)


@blueprint.get("/incidents")
@needs(Action.INCIDENTS_READ)
def page() -> str:
    """A page of incidents, newest press first."""
    wanted = read_query(Wanted)
    with begin_read(site().engine) as connection:
        try:
            found, after = readings.incidents(
                connection, site(), wanted.states(), wanted.since, wanted.limit, wanted.cursor, wanted.case
            )
        except readings.BadCursor as error:
            raise Trouble(
                "invalid", errors=[Problem("cursor", "", "開き直してください。", "open the list again.")]
            ) from error
    return render_template("incidents/page.html", found=found, after=after, wanted=wanted)
