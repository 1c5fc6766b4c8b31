"""How somebody wants the pages: language and light or dark."""

from typing import Final

from flask import Blueprint, Response, make_response, redirect, request
from sqlalchemy import update

from hub.domain.permissions import Action
from hub.store.engine import begin_write
from hub.store.schema import user
from hub.web.gate import caller, needs
from hub.web.login import inside, remember
from hub.web.site import site
from hub.wording import LANGUAGES

THEMES: Final = ("auto", "light", "dark")

blueprint = Blueprint("preferences", __name__)


@blueprint.post("/preferences")
@needs(Action.OWN_ACCOUNT)
def choose() -> Response:
    """Keep the choice, in this browser and (the language) with the account."""
    page = make_response(redirect(inside(request.form.get("next")), 303))
    theme, tongue = request.form.get("theme"), request.form.get("language")
    if theme in THEMES:
        remember(page, "madomori_theme", theme)
    if tongue in LANGUAGES:
        remember(page, "madomori_lang", tongue)
        if caller().session is not None:
            with begin_write(site().engine) as connection:
                connection.execute(update(user).where(user.c.id == caller().person.id).values(language=tongue))
    return page
