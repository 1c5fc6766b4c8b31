"""With whom a case was shared, and that a hard one is not closed without a word to anybody (SUG-05, SET-13). Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contract.problems import Problem
from hub.domain.course import Course
from hub.domain.incident import Entry, Outcome
from hub.domain.notices import Why
from hub.domain.saying import Close
from hub.domain.tasks import sent

HARD: Final = (Outcome.HARASSMENT, Outcome.NEAR_MISS)
"""Outcomes from which others are to learn."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Who heard of a case, and when; `whom` is None for everybody who was told at once because it was urgent."""

    whom: str | None
    at: datetime


def shared(course: Course) -> tuple[Shared, ...]:
    """With whom it was shared so far, oldest first: reports, offices that were told or were sent the first report of a
    post, the urgent word to the house.
    """
    found = [Shared(whom, one.at) for one in course.of_kind(Entry.REPORTED) for whom in one.data.get("to", ())]
    found += [Shared(whom, one.at) for one in course.of_kind(Entry.CLOSED) for whom in one.data.get("shared_with", ())]
    found += [Shared(office, at) for office, at in sent(course).items()]
    found += [Shared(one.data["unit"], one.at) for one in course.marks("referred") if one.data.get("unit")]
    found += [Shared(None, one.at) for one in course.heard(Why.URGENT)[:1]]
    return tuple(sorted(found, key=lambda one: one.at))


def problems(course: Course, said: Close) -> Iterator[Problem]:
    """What is still to be said about it before a hard case is closed."""
    if said.outcome in HARD and not (shared(course) or said.shared_with or said.not_shared):
        yield Problem(
            "shared_with", "", "誰に共有したかを書いてください。共有しないなら、その理由を書いてください。",
            "write with whom this was shared; if with nobody, say why (not_shared).",
        )  # fmt: skip
