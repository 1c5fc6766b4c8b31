"""Guidance cards: what to say to the visitor, what to do, what never to do, the law as facts, and where it comes from.

A card is data (`hub/cards/`). A line that holds only under some cities' rules says so by a fact of the profile, never
by a city's name. Facts that are known only at the counter stand in the text as `[… {name} …|without it]`: the group is
read with the fact when it is known, else what stands after the bar (or nothing) is read.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from contract.problems import Problem, Refused, problems_from, table
from contract.profile import CHOICE, Act, PolicyProfile, Step
from hub.domain.card_facts import PROFILE_FACTS, WORDS, profile_facts

Kind = Literal["type", "step"]

Cue = Literal[
    "", "continues", "ends", "last", "phone", "unaware", "own_slip", "money", "unavoidable", "has_permit", "left",
    "asked", "police", "colleague",
]  # fmt: skip
"""When, or to whom, a line is said, if not at once and to the visitor."""

Language = Literal["ja", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("ja", "en")

PARTS: Final = ("first", "say", "do", "dont", "law")
"""The parts of a card, in the order in which they are read."""

TYPES: Final = (
    "abuse", "violence", "threat", "hold", "confine", "repeat", "authority", "demand", "baseless", "offsite", "sexual",
    "discrim", "personal", "filming", "online", "organised", "order",
)  # fmt: skip
"""The cards by what the visitor does (policy facts, 3.1)."""

STEPS: Final = (
    "hear", "answer", "notice", "refusal", "slot", "warn", "stop", "cease", "leave", "final", "police",
    "police_arrival", "permit", "superior_demanded", "apology", "swap", "debrief",
)  # fmt: skip
"""The cards by what comes next (policy facts, 3.2)."""

CARDS: Final = (*TYPES, *STEPS)

SAFETY_FIRST: Final = frozenset({"violence", "threat", "confine", "order", "police"})
"""Cards of danger: before anything else they ask whether the person is safe (SUG-01, SHI-21)."""

ACT_CARDS: Final[Mapping[Act, str]] = {
    "abuse": "abuse", "violence": "violence", "threat": "threat", "danger": "violence", "hold": "hold",
    "confine": "confine", "repeat": "repeat", "authority": "authority", "demand": "demand", "baseless": "baseless",
    "offsite": "offsite", "sexual": "sexual", "discrim": "discrim", "personal": "personal", "filming": "filming",
    "online": "online", "order": "order", "organised": "organised", "crime": "police", "nearmiss": "answer",
}  # fmt: skip
"""The card of each act of the taxonomy. Danger felt is treated as violence; a hard case short of it as a talk."""

STEP_CARDS: Final[Mapping[Step, str]] = {
    "superior": "swap", "warn": "warn", "announce_stop": "warn", "stop": "stop", "end": "stop", "stop_and_urge": "stop",
    "cease": "cease", "leave": "leave", "ask_leave": "leave", "final": "final", "announce_police": "final",
    "police": "police", "legal": "police",
}  # fmt: skip
"""The card of each step of a ladder. A ladder that ends at the courts shares the police card: danger may still come."""

_CITATION: Final = re.compile(
    r"(?:Shin (?:T[1-9]|規則[34]|フロー|規範(?: \d)?|\d(?:\(\d\)[①-⑨アイウエオ]?)?(?: 参考)?)"
    r"|Seta (?:方針\d?|概要|SNS \d(?:\(\d\))?|\d\(\d\)[①-⑨]?)"
    r"|(?:Sapp|Yuri) \d(?:\(\d\)[①-⑨ア-オ]?)?"
    r"|Sugi A[1-7]|choice)"
)

_GROUP: Final = re.compile(r"\[([^\[\]|]*\{[^\[\]|]*)(?:\|([^\[\]|]*))?\]")
_NAME: Final = re.compile(r"\{(\w*)\}")
_GAP: Final = re.compile("[〇○◯…(]")
"""Where whoever speaks puts in a name, a day, a remark: 『〇〇』, (title and name)."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(_Part):
    """The same in both languages."""

    ja: Annotated[str, StringConstraints(min_length=1, max_length=90)]
    en: Annotated[str, StringConstraints(min_length=1, max_length=200)]

    def of(self, language: str) -> str:
        """The text in `language`; Japanese in doubt."""
        return self.en if language == "en" else self.ja


class Line(Text):
    """One sentence, where it comes from, and under which rules it holds: `when` names facts of the profile."""

    source: tuple[str, ...] = Field(min_length=1)
    when: dict[str, str] = {}
    cue: Cue = ""


class Card(_Part):
    """One card. `first` stands before everything else."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,38}$")]
    kind: Kind
    title: Text
    first: tuple[Line, ...] = ()
    say: tuple[Line, ...] = ()
    do: tuple[Line, ...] = ()
    dont: tuple[Line, ...] = Field(min_length=1)
    law: tuple[Line, ...] = ()

    def lines(self) -> Iterator[tuple[str, Line]]:
        """Every line with the dotted field where it stands."""
        for part in PARTS:
            for number, line in enumerate(getattr(self, part)):
                yield f"{part}.{number}", line


def load(text: str, file: str) -> Card:
    """The card in `text`. `file` is only named in errors.

    Raises:
        Refused: every problem of shape and of sense that was found, together.
    """
    values = table(text, file)
    try:
        card = Card.model_validate(values)
    except ValidationError as error:
        raise Refused(file, problems_from(error)) from error
    problems = [*_nothing_to_tell(card)]
    for field, line in card.lines():
        problems += [*_unknown_source(field, line), *_unknown_facts(field, line)]
        problems += [one for language in LANGUAGES for one in text_problems(line.of(language), f"{field}.{language}")]
    if problems:
        raise Refused(file, problems)
    return card


def _nothing_to_tell(card: Card) -> Iterator[Problem]:
    if not card.say and not card.do:
        yield Problem("say", "", "say か do を書いてください。", "write say or do.")
    if card.id in SAFETY_FIRST and not card.first:
        yield Problem(
            "first",
            "",
            "危険のカードです。安全を確かめる一文を first に書いてください。",
            "a card of danger: write the question of safety into first.",
        )


def _unknown_source(field: str, line: Line) -> Iterator[Problem]:
    for source in line.source:
        if not _CITATION.fullmatch(source):
            yield Problem(
                f"{field}.source",
                source,
                "出典の書き方が違います（例: Shin 6(2)④、または choice）。",
                "is no citation (like Shin 6(2)④, or choice).",
            )


def _unknown_facts(field: str, line: Line) -> Iterator[Problem]:
    for fact, values in line.when.items():
        known = PROFILE_FACTS.get(fact, ())
        for value in values.split("|"):
            if value not in known:
                yield Problem(
                    f"{field}.when.{fact}",
                    value,
                    f"決まりの事実にありません（{'、'.join(known or PROFILE_FACTS)}）。",
                    f"is no fact of a profile ({', '.join(known or PROFILE_FACTS)}).",
                )


def text_problems(text: str, field: str) -> Iterator[Problem]:
    """What is wrong with the facts that `text` asks for: it would be read with a hole or a brace in it."""
    rest = _GROUP.sub("", text)
    for name in _NAME.findall(text):
        if name not in WORDS:
            yield Problem(
                field,
                "{" + name + "}",
                f"入れられるのは {'、'.join(WORDS)} です。",
                f"can be one of {', '.join(WORDS)}.",
            )
    if "{" in rest or "}" in rest:
        yield Problem(
            field,
            "",
            "{名前} は [ ] で囲んでください（例: [{minutes}分|決めた時間]）。",
            "put {name} into [ ], like [{minutes} minutes|the time we set].",
        )


# --- the card of a city -----------------------------------------------------------------------------------------------


def for_profile(card: Card, profile: PolicyProfile, known: Mapping[str, str] | None = None) -> Card:
    """`card` with the lines that hold under `profile` only, and by the facts that are `known` of an incident."""
    facts = {**profile_facts(profile), **(known or {})}

    def kept(lines: tuple[Line, ...]) -> tuple[Line, ...]:
        return tuple(line for line in lines if all(facts[fact] in want.split("|") for fact, want in line.when.items()))

    return card.model_copy(update={part: kept(getattr(card, part)) for part in PARTS})


def fill(text: str, words: Mapping[str, str]) -> str:
    """`text` with `words` put in. What is not known is left out, so that the sentence still reads well."""

    def group(found: re.Match[str]) -> str:
        names = _NAME.findall(found[1])
        if all(words.get(name) for name in names):
            return _NAME.sub(lambda name: words[name[1]], found[1])
        return found[2] or ""

    return _GROUP.sub(group, text)


@dataclass(frozen=True, slots=True)
class Told:
    """One line as it is read."""

    text: str
    cue: Cue = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardText:
    """A card as it is read in one language. `adapted`: the city has put its own words to say in place of ours."""

    id: str
    kind: Kind
    title: str
    first: tuple[Told, ...]
    say: tuple[Told, ...]
    do: tuple[Told, ...]
    dont: tuple[Told, ...]
    law: tuple[Told, ...]
    adapted: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        """Every document that the card rests on, each once; our own points are left out."""
        lines = (*self.first, *self.say, *self.do, *self.dont, *self.law)
        return tuple(dict.fromkeys(one for line in lines for one in line.sources if one != CHOICE))


def read(card: Card, language: str, words: Mapping[str, str], adapted: tuple[str, ...] = ()) -> CardText:
    """`card` in `language`. `adapted`: sentences to say in place of the card's own; none means the card's own."""

    def told(lines: tuple[Line, ...]) -> tuple[Told, ...]:
        return tuple(Told(fill(line.of(language), words), line.cue, line.source) for line in lines)

    return CardText(
        id=card.id,
        kind=card.kind,
        title=card.title.of(language),
        first=told(card.first),
        say=_own(card, language, words, adapted) or told(card.say),
        do=told(card.do),
        dont=told(card.dont),
        law=told(card.law),
        adapted=bool(adapted),
    )


def _own(card: Card, language: str, words: Mapping[str, str], adapted: tuple[str, ...]) -> tuple[Told, ...]:
    """A city's own sentences. One that is ours, or stands in the place of one of as many, is said when ours is."""
    cues = {line.of(language): line.cue for line in card.say}
    none: list[Cue] = [""] * len(adapted)
    places = [line.cue for line in card.say] if len(adapted) == len(card.say) else none
    return tuple(Told(fill(text, words), cues.get(text, place)) for text, place in zip(adapted, places, strict=True))


def as_said(card: CardText, moment: Cue = "") -> str:
    """The sentences of `card` that one tap writes down as they were spoken (Shin 6(2)④).

    Those of this `moment` where it has any, else those for no moment of their own. Whether another was said, or what
    was put into a gap, nobody knows: it is left out.
    """
    lines = [line for line in card.say if line.cue == moment] or [line for line in card.say if not line.cue]
    return "　".join(line.text for line in lines if not _GAP.search(line.text))
