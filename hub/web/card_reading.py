"""Guidance cards as this site reads them: its rules, its own words, and what is known at the counter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from contract.profile import PolicyProfile
from hub.card_files import cards
from hub.domain.card import Card, CardText, for_profile, read
from hub.domain.card_facts import profile_words
from hub.store import card_wording
from hub.web.problems import Trouble
from hub.web.site import Site


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: language, unit ("": the whole site), and the words known at the counter (`card_facts.WORDS`)."""

    language: str
    unit: str = ""
    words: Mapping[str, str] | None = None
    branch: bool = False
    profile: PolicyProfile | None = None
    """The rules of one counter; without them the city's."""
    facts: Mapping[str, str] | None = None
    """What is known of one incident, in place of what the rules say (`card_facts.PROFILE_FACTS`)."""


def read_cards(connection: Connection, site: Site, reader: Reader, ids: Iterable[str] | None = None) -> list[CardText]:
    """The cards `ids`, in that order; without `ids` all of them. An id that no card has is passed over."""
    profile = reader.profile or site.profile
    known, held = cards(), card_wording.held(connection, reader.unit)
    words = {
        **_office(site, reader),
        **profile_words(profile, reader.language, branch=reader.branch),
        **(reader.words or {}),
    }
    return [
        read(
            for_profile(known[one], profile, reader.facts), reader.language, words, held.get((one, reader.language), ())
        )
        for one in (known if ids is None else ids)
        if one in known
    ]


def _office(site: Site, reader: Reader) -> dict[str, str]:
    """What the unit is called. Words may also be kept for a unit that has no rules of its own: by its name."""
    known = site.rules.unit(reader.unit)
    if known is None:
        return {"office": reader.unit} if reader.unit else {}
    return {"office": known.unit.label_en if reader.language == "en" else known.unit.label_ja}


def card_of_site(site: Site, card_id: str) -> Card:
    """One card under the site's rules, with the names of facts still in it.

    Raises:
        Trouble: there is none.
    """
    card = cards().get(card_id)
    if card is None:
        raise Trouble("not-found")
    return for_profile(card, site.profile)
