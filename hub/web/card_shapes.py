"""What the API answers about guidance cards."""

from typing import Literal

from hub.web.shapes import Shape


class CardLine(Shape):
    """One line. `cue`: when or to whom it is said, "" for at once; `sources`: keys of the documents, or `choice`."""

    text: str
    cue: str
    sources: list[str]


class CardWords(Shape):
    """A card in one language. `first` stands before everything; `adapted`: `say` is the site's own."""

    title: str
    first: list[CardLine]
    say: list[CardLine]
    do: list[CardLine]
    dont: list[CardLine]
    law: list[CardLine]
    adapted: bool


class GuidanceCard(Shape):
    """A card under the rules of this site."""

    id: str
    kind: Literal["type", "step"]
    ja: CardWords
    en: CardWords


class GuidanceCardList(Shape):
    """Every card, types first. `unit`: whose words they are; "" is the whole site."""

    unit: str
    cards: list[GuidanceCard]
