"""What a section head may put in place of the sentences of a card."""

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from hub.domain.card import Language, text_problems
from hub.domain.saying import Line, Words

SENTENCES_MAX: Final = 8
"""More cannot be found within five seconds."""


def _readable(text: str) -> str:
    for problem in text_problems(text, ""):
        raise ValueError(f"{problem.ja} / {problem.en}")
    return text


def _one_line(text: str) -> str:
    if "\n" in text or "\r" in text or "\t" in text:
        raise ValueError("一行で書いてください。 / must be one line.")
    return text


Unit = Annotated[Words, StringConstraints(max_length=63), AfterValidator(_one_line)]
Sentence = Annotated[Line, AfterValidator(_one_line), AfterValidator(_readable)]


class Place(BaseModel):
    """Whose words: one language, one unit or ("") the whole site."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: Language
    unit: Unit = ""


class Wording(Place):
    """Sentences to say there."""

    say: tuple[Sentence, ...] = Field(min_length=1, max_length=SENTENCES_MAX)
