"""Posts on the internet: open an incident, find the ones there are, keep and look at evidence. Works without
JavaScript too.
"""

from flask import Blueprint, Response, make_response, redirect, render_template, request

from contract.problems import Problem
from hub.domain.permissions import Action
from hub.domain.post_saying import Evidence, Found
from hub.store.engine import begin_read
from hub.web import evidence, post_readings
from hub.web.api.described import read_query, validated
from hub.web.api.incidents import detail
from hub.web.api.posts import View
from hub.web.form_key import form_key
from hub.web.gate import caller, needs
from hub.web.incident import said
from hub.web.posting import open_post
from hub.web.problems import Trouble
from hub.web.site import site
from hub.wording import TOKYO

blueprint = Blueprint("posts", __name__)


@blueprint.get("/posts")
@needs(Action.POST_OPEN)
def page() -> str:
    """The posts that were found, and the form for another one."""
    return _page([])


@blueprint.post("/posts")
@needs(Action.POST_OPEN)
def opened() -> Response:
    """A post was found. What does not fit is said beside what was written, and nothing is lost."""
    try:
        id, _ = open_post(validated(Found, said(request.form, Found)), form_key())
    except Trouble as trouble:
        if trouble.kind != "invalid":
            raise
        return make_response(_page(list(trouble.errors)), 422)
    return make_response(redirect(f"/incidents/{id}", 303))


@blueprint.post("/incidents/<uuid_text:incident_id>/evidence/file", endpoint="evidence_file")
@needs(Action.EVIDENCE_KEEP)
def evidence_file(incident_id: str) -> Response:
    """A copy of a screen from the form."""
    key = form_key()
    evidence.keep(incident_id, said(request.form, Evidence), key.key if key is not None else None)
    return make_response(redirect(f"/incidents/{incident_id}#evidence-title", 303))


@blueprint.get("/incidents/<uuid_text:incident_id>/evidence/<int(max=9999):number>")
@needs(Action.EVIDENCE_VIEW)
def look(incident_id: str, number: int) -> str:
    """One piece of evidence with its file, once a reason was given. The look is written down when the file is sent."""
    reason = read_query(View).reason
    incident = detail(incident_id)
    found = [one for one in (incident.post.evidence if incident.post else []) if one.number == number]
    if not found:
        raise Trouble("not-found")
    return render_template("posts/evidence.html", incident=incident, one=found[0], reason=reason)


def _page(errors: list[Problem]) -> str:
    here = site()
    with begin_read(here.engine) as connection:
        found, counters = post_readings.listed(connection), post_readings.counters(connection)
    return render_template(
        "posts/page.html", found=found, counters=counters, written=request.form, errors=errors, asker=caller().person,
        recipients=here.profile.sns.recipients, local_now=here.now().astimezone(TOKYO).strftime("%Y-%m-%dT%H:%M"),
    )  # fmt: skip
