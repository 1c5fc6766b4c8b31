"""Posts on the internet: an incident of its own, and the copies of screens that belong to it."""

from typing import Any

from flask import Response, request
from pydantic import BaseModel, ConfigDict

from hub.domain.permissions import Action
from hub.domain.post_saying import Found
from hub.domain.saying import Line
from hub.domain.screen_copy import MEDIA_TYPES
from hub.web import evidence, shapes
from hub.web.api.deeds import KEY, once
from hub.web.api.described import Api, Given, Operation, Raw, as_json, read_body, read_query
from hub.web.api.incidents import detail
from hub.web.posting import open_post
from hub.web.problems import Trouble

_KEY = Given("Idempotency-Key", "header", {"type": "string", "maxLength": 200})


class View(BaseModel):
    """Why somebody looks at a piece of evidence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Line


def post_posts() -> Response:
    """A post was found: 201 with the new incident, 200 when the same request came before."""
    key = once()
    id, new = open_post(read_body(Found), key)
    return as_json(detail(id), 201 if new else 200)


def post_evidence_file(incident_id: str) -> Response:
    """Keep a copy of a screen; its fields are those of evidence without a file."""
    if request.mimetype != "multipart/form-data":
        raise Trouble("wrong-type")
    key = request.headers.get("Idempotency-Key")
    if key is not None and not KEY.match(key):
        raise Trouble("bad-request")
    evidence.keep(incident_id, said(), key)
    return as_json(detail(incident_id))


def said() -> dict[str, Any]:
    """The fields beside the file; empty ones are not said, what the model does not know is refused by it."""
    return {name: value for name, value in request.form.items() if value.strip() and name != "csrf_token"}


def get_evidence_file(incident_id: str, number: int) -> Response:
    """The file of a piece of evidence. The look is written down before anything is opened."""
    return evidence.look(incident_id, number, read_query(View).reason)


def register(api: Api) -> None:
    """Add the routes of this file."""
    api.add(
        Operation(
            "post_posts", "POST", "/posts", "投稿が見つかった / a post was found: opens its incident",
            {201: shapes.IncidentDetail, 200: shapes.IncidentDetail}, Action.POST_OPEN, body=Found, given=[_KEY],
            troubles=("not-json", "forged", "invalid", "key-reused"),
        ),
        post_posts,
    )  # fmt: skip
    api.add(
        Operation(
            "post_evidence_file", "POST", "/incidents/<uuid_text:incident_id>/evidence/file",
            "画面の写しを証拠として残す / keep a copy of a screen: `file` (PNG, JPEG, PDF), and what evidence has",
            {200: shapes.IncidentDetail}, Action.EVIDENCE_KEEP, body=Raw("multipart/form-data"), given=[_KEY],
            troubles=("forged", "not-found", "invalid", "key-reused", "sealing-away", "no-recipient", "disk-full"),
        ),
        post_evidence_file,
    )  # fmt: skip
    api.add(
        Operation(
            "get_evidence_file", "GET", "/incidents/<uuid_text:incident_id>/evidence/<int(max=9999):number>/file",
            "証拠のファイルを見る / look at the file of a piece of evidence; the reason is written down first",
            {200: Raw(", ".join(MEDIA_TYPES.values()))}, Action.EVIDENCE_VIEW,
            given=[Given("reason", "query", {"type": "string", "minLength": 1, "maxLength": 200}, required=True)],
            troubles=("not-found", "no-copy", "invalid", "evidence-away", "copy-sealed", "copy-damaged"),
        ),
        get_evidence_file,
    )  # fmt: skip
