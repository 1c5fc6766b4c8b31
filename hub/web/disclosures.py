"""The register of disclosure requests: who keeps it sees what is due, what was decided and what was handed over."""

import re

from flask import Blueprint, Response, make_response, redirect, render_template, request

from hub.domain.disclosure import Received, Told
from hub.domain.permissions import Action
from hub.web.api import disclosures as register
from hub.web.api.described import validated
from hub.web.disclosure_shapes import Disclosure
from hub.web.form_key import form_key
from hub.web.gate import needs
from hub.web.incident import said
from hub.web.site import site
from hub.wording import TOKYO

blueprint = Blueprint("disclosures", __name__)

_BETWEEN = re.compile(r"[\s,、，]+")


@blueprint.get("/disclosures")
@needs(Action.DISCLOSURES_READ)
def page() -> str:
    """Open requests by when they are due, then the closed ones."""
    found = register.every().disclosures
    return render_template(
        "disclosures/page.html",
        open=sorted((one for one in found if one.closed_at is None), key=lambda one: (one.due_on, one.number)),
        closed=[one for one in found if one.closed_at is not None],
        today=_today(),
        incident=request.args.get("incident", "")[:20],
    )


@blueprint.get("/disclosures/<uuid_text:disclosure_id>")
@needs(Action.DISCLOSURES_READ)
def one(disclosure_id: str) -> str:
    """One request, everything that was done about it, and what can be done next."""
    return render_template("disclosures/one.html", found=register.one(disclosure_id), today=_today())


@blueprint.post("/disclosures")
@needs(Action.DISCLOSURES_KEEP)
def receive() -> Response:
    """A request came in."""
    return _to(register.receive(validated(Received, _said(Received)), form_key()))


@blueprint.post("/disclosures/<uuid_text:disclosure_id>/<any({}):change>".format(",".join(register.DEEDS)))
@needs(Action.DISCLOSURES_KEEP)
def deed(disclosure_id: str, change: str) -> Response:
    """A deed from a form."""
    model = register.DEEDS[change][0]
    return _to(register.go_on(disclosure_id, validated(model, _said(model)), form_key()))


def _said(model: type[Told]) -> dict[str, object]:
    """The form; numbers of incidents are written into one field, however people part them."""
    values = said(request.form, model)
    if "incidents" in values:
        values["incidents"] = [part for text in values["incidents"] for part in _BETWEEN.split(text) if part]
    return values


def _to(found: Disclosure) -> Response:
    return make_response(redirect(f"/disclosures/{found.id}", 303))


def _today() -> str:
    return site().now().astimezone(TOKYO).date().isoformat()
