"""The question flow, one question a page: an aid to judging together. The answers so far stand in the address."""

from flask import Blueprint, render_template, request

from contract.problems import one_of
from hub.domain.flow import ANSWERS, Answer, Flow, walk
from hub.domain.permissions import Action
from hub.web.api.flow import flow_at
from hub.web.api.incidents import detail
from hub.web.gate import needs
from hub.web.problems import Trouble
from hub.web.site import site

blueprint = Blueprint("considering", __name__)


@blueprint.get("/incidents/<uuid_text:incident_id>/questions")
@needs(Action.JUDGE)
def page(incident_id: str) -> str:
    """The next question, or what to think about once all are answered."""
    found = detail(incident_id)
    flow = flow_at(found.box)
    walked = walk(flow, _answers(flow))
    profile, _ = site().rules_of(found.box)
    return render_template(
        "incident/questions.html", incident=found, flow=flow, walked=walked, desks=profile.routing.get("hard_case", ())
    )


def _answers(flow: Flow) -> dict[str, Answer]:
    """What was answered so far; anything else in the address is left aside."""
    found: dict[str, Answer] = {}
    for question in flow.question:
        answer = request.args.get(question.id)
        if answer is None:
            continue
        if answer not in ANSWERS:
            raise Trouble("invalid", errors=[one_of(question.id, ANSWERS)])
        found[question.id] = answer
    return found
