"""The question flow: questions that branch, an aid to judging together (SAP-04). Pure; the words are in `hub/flows`.

Each path ends in a hint: what to think about next. It never ends in a verdict, and nothing follows from the answers:
people judge, and may judge without it.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from contract.problems import Problem, Refused, problems_from, table

Answer = Literal["yes", "no", "unclear"]
ANSWERS: Final[tuple[Answer, ...]] = ("yes", "no", "unclear")

VERDICTS: Final = re.compile(
    r"に当た(?:る|ら|り)|に該当|(?:ハラスメント|カスハラ)(?:です|ではありません|とみなし|と判断します)"
    r"|\b(?:is|are|was|amounts to|counts as) (?:not )?(?:customer )?harassment\b",
    re.IGNORECASE,
)
"""A hint says none of this: the hub finds nothing about anybody."""

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: _Name


class Question(_Part):
    """A question; `yes`, `no` and `unclear` name what comes next."""

    ja: _Words
    en: _Words
    yes: _Name
    no: _Name
    unclear: _Name
    source: Annotated[tuple[_Words, ...], Field(min_length=1)]

    def next(self, answer: Answer) -> str:
        """The id of what comes after `answer`."""
        return {"yes": self.yes, "no": self.no, "unclear": self.unclear}[answer]


class Hint(_Part):
    """Where a path ends: what to think about, and to ask about, before people judge."""

    ja: _Words
    en: _Words


class Flow(_Part):
    """A whole flow. `digest` names exactly these words."""

    first: _Name
    question: Annotated[tuple[Question, ...], Field(min_length=1, max_length=50)]
    hint: Annotated[tuple[Hint, ...], Field(min_length=1, max_length=50)]
    digest: str = ""

    def asked(self, name: str) -> Question | None:
        """The question of that id."""
        return next((one for one in self.question if one.id == name), None)

    def hinted(self, name: str) -> Hint | None:
        """The hint of that id."""
        return next((one for one in self.hint if one.id == name), None)


@dataclass(frozen=True, slots=True)
class Walk:
    """How far answers lead: what was asked and answered, then either the next question or the hint at the end."""

    steps: tuple[tuple[Question, Answer], ...]
    question: Question | None
    hint: Hint | None


def load(text: str, file: str) -> Flow:
    """The flow in `text`. `file` is only named in errors.

    Raises:
        Refused: every problem of shape, or else of sense, together.
    """
    values = table(text, file)
    try:
        flow = Flow.model_validate({**values, "digest": "sha256:" + hashlib.sha256(text.encode()).hexdigest()})
    except ValidationError as error:
        raise Refused(file, problems_from(error)) from error
    found = list(contradictions(flow))
    if found:
        raise Refused(file, found)
    return flow


def contradictions(flow: Flow) -> Iterator[Problem]:
    """What makes a flow one that cannot be walked to its end, or that says what only people may say."""
    parts: tuple[_Part, ...] = (*flow.question, *flow.hint)
    names = [one.id for one in parts]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(name, "", "同じ id が二つあります。", "is used twice. Choose another id.")
    if flow.asked(flow.first) is None:
        yield Problem("first", flow.first, "質問の id を書いてください。", "must be the id of a question.")
        return
    lost = [(one, answer) for one in flow.question for answer in ANSWERS if one.next(answer) not in names]
    for one, answer in lost:
        yield Problem(f"{one.id}.{answer}", one.next(answer), "この id はありません。", "there is no such id.")
    for hint in flow.hint:
        if VERDICTS.search(hint.ja) or VERDICTS.search(hint.en):
            yield Problem(
                hint.id, "", "判断するのは人です。考える点だけを書いてください。",
                "people judge. Write only what to think about.",
            )  # fmt: skip
    if not lost:
        yield from _unwalkable(flow)


def _unwalkable(flow: Flow) -> Iterator[Problem]:
    """Questions that come again on their own path, and what no path leads to."""
    reached: set[str] = set()
    circles: set[str] = set()

    def go(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circles.add(name)
            return
        one = flow.asked(name)
        if name in reached or one is None:
            reached.add(name)
            return
        for answer in ANSWERS:
            go(one.next(answer), (*path, name))
        reached.add(name)  # only now: a circle through it would else be taken for a way that was gone before

    go(flow.first, ())
    for name in sorted(circles):
        yield Problem(name, "", "同じ質問に戻る道があります。", "can come again on its own path.")
    parts: tuple[_Part, ...] = (*flow.question, *flow.hint)
    for name in [one.id for one in parts if one.id not in reached]:
        yield Problem(name, "", "どの答えからも来られません。", "cannot be reached by any answer.")


def walk(flow: Flow, answers: Mapping[str, Answer]) -> Walk:
    """Follow `answers` from the first question. Answers to questions that are not on the way are left aside."""
    steps: list[tuple[Question, Answer]] = []
    name = flow.first
    while (one := flow.asked(name)) is not None:
        if one.id not in answers:
            return Walk(tuple(steps), one, None)
        steps.append((one, answers[one.id]))
        name = one.next(answers[one.id])
    return Walk(tuple(steps), None, flow.hinted(name))


def problems(flow: Flow, digest: str, answers: Mapping[str, Answer]) -> Iterator[Problem]:
    """Why these answers cannot be kept."""
    if digest != flow.digest:
        yield Problem(
            "flow", "", "質問が変わりました。開き直して、もう一度答えてください。",
            "the questions have changed. Open them again and answer anew.",
        )  # fmt: skip
        return
    found = walk(flow, answers)
    if found.hint is None:
        yield Problem("answers", "", "最後の質問まで答えてください。", "answer up to the last question.")
    for name in sorted(set(answers) - {one.id for one, _ in found.steps}):
        yield Problem(f"answers.{name}", "", "この道にない質問です。", "is no question on this path.")


def written(flow: Flow, answers: Mapping[str, Answer]) -> dict[str, Any]:
    """What is kept: each question in its exact words with its answer, the hint, and which flow it was."""
    found = walk(flow, answers)
    return {
        "flow": flow.id,
        "flow_digest": flow.digest,
        "answers": [
            {"id": one.id, "ja": one.ja, "en": one.en, "answer": answer, "source": list(one.source)}
            for one, answer in found.steps
        ],
        "hint": {"ja": found.hint.ja, "en": found.hint.en} if found.hint else None,
    }
