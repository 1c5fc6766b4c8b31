"""`[[care]]` of `hub.toml`: where people can turn after a hard contact, as this city reaches it (SUG-03).

The hub shows it and rings nobody. Everything is text for people: an extension, or a lunch hour, has its place too.
"""

import re
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

PLACES_MAX: Final = 12
"""More than fit on a telephone's screen help nobody to choose."""

_DIGIT: Final = re.compile(r"\d")


def _line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("改行や見えない文字を使わずに書いてください。 / must be one line of visible text.")
    return text.strip()


def _telephone(text: str) -> str:
    if not _DIGIT.search(text):
        raise ValueError(
            "電話番号を書いてください（例: 03-1234-5678、内線 2345）。"
            " / must be a telephone number, such as 03-1234-5678 or an extension."
        )
    return text


def _list(value: object) -> object:
    if isinstance(value, dict):
        raise ValueError(
            "[care] ではなく [[care]] と書いてください。相談先は幾つでも並べられます。"
            " / write [[care]] instead of [care]: there can be several places."
        )
    return value


class Place(BaseModel):
    """Somebody who listens: a desk, an office, a doctor, a union. `name` is how the house calls it, nobody's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(_line)]
    telephone: (
        Annotated[str, StringConstraints(max_length=60), AfterValidator(_line), AfterValidator(_telephone)] | None
    ) = None
    hours: Annotated[str, StringConstraints(max_length=120), AfterValidator(_line)] | None = None
    note: Annotated[str, StringConstraints(max_length=200), AfterValidator(_line)] | None = None

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if self.telephone is None and self.note is None:
            raise ValueError(
                "telephone（電話番号）か note（場所や申し込み方）を書いてください。"
                " / give telephone, or note: where it is or how to ask."
            )
        return self


CarePlaces = Annotated[tuple[Place, ...], BeforeValidator(_list), Field(max_length=PLACES_MAX)]
