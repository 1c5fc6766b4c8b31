"""What decides on a deed looks at, and what it answers: facts in, a `Decision` out. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contract.messages import CommandType
from contract.problems import Problem
from hub.domain import marks
from hub.domain.course import Course
from hub.domain.flow import Flow
from hub.domain.incident import Entry, Origin, Outcome, State


class DeedRefused(ValueError):
    """What was said does not fit this incident: every problem at once. Nothing was changed."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(problem.line() for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Person:
    """Who does it: a user or, for machines, a token."""

    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Facts:
    """An incident as far as deeds look at it."""

    state: State
    drill: bool
    pressed_at: datetime
    seen_by: str | None = None
    seen_name: str | None = None
    responder: str | None = None
    responder_name: str | None = None
    contact_started_at: datetime | None = None
    contact_ended_at: datetime | None = None
    course: Course = field(default_factory=Course)
    site_type: str = "main"
    case_number: str | None = None
    promised_until: datetime | None = None
    flow: Flow | None = None
    origin: Origin = Origin.COUNTER
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    turned_real: bool = False
    earlier_answer: tuple[Person, datetime] | None = None
    """Who had answered since the call was raised, and when, where that answer was taken back."""
    practice: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be written. `updates` are columns of the incident; `commands` go to its box.

    `witnessed`: the entry's digest goes into the append-only log.
    """

    state: State
    entry: Entry
    at: datetime
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    updates: Mapping[str, Any] = field(default_factory=dict)
    commands: tuple[tuple[CommandType, str], ...] = ()
    notices: tuple[marks.Notice, ...] = ()
    witnessed: bool = False

    @property
    def asks_again(self) -> bool:
        """Whether it takes an answer back, so that everybody is asked once more."""
        return self.updates.get("responding_at", self) is None


def given(**data: Any) -> dict[str, Any]:
    """What was said; silence is not written down."""
    return {name: value for name, value in data.items() if value is not None}


def refuse(problems: Iterable[Problem]) -> None:
    """Refuse with every problem, when there is one.

    Raises:
        DeedRefused: there is a problem.
    """
    found = tuple(problems)
    if found:
        raise DeedRefused(*found)
