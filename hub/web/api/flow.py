"""The question flow that aids judging, as it holds at an incident's counter."""

from typing import Literal

from flask import Response

from hub.domain.flow import Flow
from hub.domain.permissions import Action
from hub.flow_files import flow_for
from hub.web.api.described import Api, Operation, as_json
from hub.web.api.incidents import detail
from hub.web.shapes import Shape
from hub.web.site import site

Answer = Literal["yes", "no", "unclear"]


class FlowQuestion(Shape):
    """A question; `next` says by answer which question, or which hint, comes then."""

    id: str
    ja: str
    en: str
    next: dict[Answer, str]
    source: list[str]


class FlowHint(Shape):
    """Where a path ends: what to think about. It is no verdict."""

    id: str
    ja: str
    en: str


class QuestionFlow(Shape):
    """A flow; its `digest` goes along with the answers."""

    id: str
    digest: str
    first: str
    questions: list[FlowQuestion]
    hints: list[FlowHint]


def flow_at(box: str) -> Flow:
    """The flow that holds at a box's counter."""
    return flow_for(site().rules_of(box)[0].meta.id)


def get_flow(incident_id: str) -> Response:
    """The questions for this incident."""
    flow = flow_at(detail(incident_id).box)
    questions = [
        FlowQuestion(
            id=one.id, ja=one.ja, en=one.en, next={"yes": one.yes, "no": one.no, "unclear": one.unclear},
            source=list(one.source),
        )
        for one in flow.question
    ]  # fmt: skip
    return as_json(
        QuestionFlow(
            id=flow.id, digest=flow.digest, first=flow.first, questions=questions,
            hints=[FlowHint.model_validate(one) for one in flow.hint],
        )
    )  # fmt: skip


def register(api: Api) -> None:
    """Add the routes of this file."""
    api.add(
        Operation(
            "get_flow", "GET", "/incidents/<uuid_text:incident_id>/flow",
            "判断の助けになる質問の流れ / the question flow that aids judging",
            {200: QuestionFlow}, Action.JUDGE, troubles=("not-found",),
        ),
        get_flow,
    )  # fmt: skip
