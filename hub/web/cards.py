"""Guidance cards: all of them, one of them, and the site's own words on it. Works without JavaScript."""

from typing import Final

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from pydantic import BaseModel, ConfigDict

from hub.domain.card import CardText
from hub.domain.card_wording import SENTENCES_MAX, Place, Unit, Wording
from hub.domain.permissions import Action
from hub.domain.saying import Words
from hub.store import card_wording
from hub.store.engine import begin_read, begin_write
from hub.web.api.described import read_query, validated
from hub.web.card_reading import Reader, card_of_site, read_cards
from hub.web.gate import caller, needs
from hub.web.problems import language
from hub.web.site import site

HISTORY_MAX: Final = 50

blueprint = Blueprint("cards", __name__)


class Asked(BaseModel):
    """What the pages are asked for: `q` is looked for in headings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    q: Words = ""
    unit: Unit = ""


@blueprint.get("/cards")
@needs(Action.CARDS_READ)
def page() -> str:
    """All cards, or those whose heading has `q` in it."""
    asked = read_query(Asked)
    with begin_read(site().engine) as connection:
        shown = read_cards(connection, site(), Reader(language(), asked.unit))
        units = card_wording.units(connection)
    found = [card for card in shown if _folded(asked.q) in _folded(card.title)]
    groups = [(kind, [card for card in found if card.kind == kind]) for kind in ("type", "step")]
    return render_template("cards/page.html", groups=groups, asked=asked, units=units)


@blueprint.get("/cards/<string:card_id>")
@needs(Action.CARDS_READ)
def one(card_id: str) -> str:
    """One card, its own words and their history."""
    asked, tongue, card = read_query(Asked), language(), card_of_site(site(), card_id)
    with begin_read(site().engine) as connection:
        shown: CardText = read_cards(connection, site(), Reader(tongue, asked.unit), [card_id])[0]
        own = card_wording.own(connection, card_id, asked.unit, tongue)
        history = card_wording.history(connection, card_id, HISTORY_MAX)
        units = card_wording.units(connection)
    original = [line.of(tongue) for line in card.say]
    return render_template(
        "cards/one.html",
        card=shown,
        original=original,
        own=own,
        asked=asked,
        units=units,
        history=history,
        sentences_max=SENTENCES_MAX,
    )


@blueprint.post("/cards/<string:card_id>")
@needs(Action.CARD_WORDING)
def reword(card_id: str) -> Response:
    """Put the site's own words in place of ours, or take them back. One sentence a line."""
    card, form = card_of_site(site(), card_id), request.form
    place = {"language": form.get("language", ""), "unit": form.get("unit", "")}
    written = [line for line in form.get("say", "").splitlines() if line.strip()]
    wanted = validated(Place, place) if "reset" in form else validated(Wording, {**place, "say": written})
    who = caller().person
    with begin_write(site().engine) as connection:
        card_wording.add(
            connection,
            card=card.id,
            unit=wanted.unit,
            language=wanted.language,
            say=wanted.say if isinstance(wanted, Wording) else (),
            now=site().now(),
            by=who.id,
            name=who.name,
        )
    return make_response(redirect(url_for("cards.one", card_id=card.id, unit=wanted.unit or None), 303))


def _folded(text: str) -> str:
    """`text` as people look for it: small letters, no spaces."""
    return "".join(text.casefold().split())
