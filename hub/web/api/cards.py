"""Guidance cards: the list and the one."""

from collections.abc import Iterable

from flask import Response
from pydantic import BaseModel, ConfigDict

from hub.domain.card_wording import Unit
from hub.domain.permissions import Action
from hub.store.engine import begin_read
from hub.web import card_shapes
from hub.web.api.described import Api, Given, Operation, as_json, read_query
from hub.web.card_reading import Reader, card_of_site, read_cards
from hub.web.site import site


class Whose(BaseModel):
    """Whose words: a unit's, or the whole site's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: Unit = ""


def get_cards() -> Response:
    """Every card under the rules of this site."""
    unit = read_query(Whose).unit
    return as_json(card_shapes.GuidanceCardList(unit=unit, cards=_shapes(unit)))


def get_card(card_id: str) -> Response:
    """One card."""
    unit = read_query(Whose).unit
    return as_json(_shapes(unit, [card_of_site(site(), card_id).id])[0])


def _shapes(unit: str, ids: Iterable[str] | None = None) -> list[card_shapes.GuidanceCard]:
    with begin_read(site().engine) as connection:
        ja, en = (read_cards(connection, site(), Reader(tongue, unit), ids) for tongue in ("ja", "en"))
    return [
        card_shapes.GuidanceCard(
            id=one.id,
            kind=one.kind,
            ja=card_shapes.CardWords.model_validate(one),
            en=card_shapes.CardWords.model_validate(other),
        )
        for one, other in zip(ja, en, strict=True)
    ]


def register(api: Api) -> None:
    """Add the routes of this file."""
    whose = [Given("unit", "query", {"type": "string", "maxLength": 63})]
    api.add(
        Operation(
            "get_cards", "GET", "/cards", "言葉のカードの一覧 / guidance cards under the rules of this site",
            {200: card_shapes.GuidanceCardList}, Action.CARDS_READ, given=whose, troubles=("invalid",),
        ),
        get_cards,
    )  # fmt: skip
    api.add(
        Operation(
            "get_card", "GET", "/cards/<string:card_id>", "言葉のカード / one guidance card",
            {200: card_shapes.GuidanceCard}, Action.CARDS_READ, given=whose, troubles=("invalid", "not-found"),
        ),
        get_card,
    )  # fmt: skip
