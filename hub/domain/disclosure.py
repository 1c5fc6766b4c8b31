"""The register of disclosure requests: what was asked for, what was decided, what was handed over (SHI-27). Pure.

Only the city's own number stands for the one who asks: no name belongs here. A request is the sum of its entries; each
deed adds one, and none is ever changed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contract.problems import Problem
from hub.domain.case import CaseNumber
from hub.domain.saying import Day, Line, SomeWords, Words
from hub.domain.tasks import OFFICE

Kind = Literal["resident", "court", "police", "other"]
Wanted = Literal["recording", "records", "both"]
Outcome = Literal["full", "partial", "refused", "withdrawn"]

GIVEN: Final = ("full", "partial")
"""Decisions after which something is handed over."""

Numbers = Annotated[tuple[Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{6}$")], ...], Field(max_length=50)]
"""Numbers of incidents as they stand on the pages: 2026-000123."""


class Stage(StrEnum):
    """How far a request has come."""

    RECEIVED = "received"
    DECIDED = "decided"
    HANDED_OVER = "handed_over"
    CLOSED = "closed"


class NotNow(ValueError):
    """The deed does not fit the request as it stands. Nothing was written."""

    def __init__(self, deed: str, stage: Stage) -> None:
        super().__init__(f"{deed} is not possible while the request is {stage}")
        self.stage = stage


class Told(BaseModel):
    """Base of everything people write into the register. Unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entry: ClassVar[str]


class Received(Told):
    """A request came in. `reference` is the city's number for it and never a name; it concerns incidents, or all of a
    case; `handler` is a surname or a code.
    """

    entry = "received"
    received_on: Day
    reference: CaseNumber
    kind: Kind
    wanted: Wanted
    incidents: Numbers = ()
    case: CaseNumber | None = None
    due_on: Day
    handler: Line
    text: Words = ""

    @model_validator(mode="after")
    def _concerns_something(self) -> Self:
        if not self.incidents and self.case is None:
            raise ValueError(
                "incidents: 案件の番号か、市の案件番号を書いてください。"
                " / incidents: give the numbers of incidents, or of the city's case."
            )
        return self


class Decided(Told):
    """What was decided, and why, in words. A later decision stands beside the earlier one and wins."""

    entry = "decided"
    outcome: Outcome
    text: SomeWords


class HandedOver(Told):
    """What was given, how, and on which day."""

    entry = "handed_over"
    on: Day
    what: SomeWords
    how: Line
    text: Words = ""


class Amended(Told):
    """Another day, another handler, or more incidents; none is taken away."""

    entry = "amended"
    due_on: Day | None = None
    handler: Line | None = None
    incidents: Numbers = ()
    text: Words = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.due_on or self.handler or self.incidents or self.text):
            raise ValueError("text: 変えることか、ひとことを書いてください。 / text: say what changes, or a word.")
        return self


class Closed(Told):
    """Nothing more is to be done. From now on it holds nothing."""

    entry = "closed"
    text: Words = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as its entries have made it."""

    stage: Stage = Stage.RECEIVED
    facts: Mapping[str, Any] = field(default_factory=dict)  # of `Received`, with what was amended
    incidents: tuple[str, ...] = ()  # ids
    outcome: Outcome | None = None
    handed_over: tuple[Mapping[str, Any], ...] = ()

    @property
    def case(self) -> str | None:
        """The city's case that it concerns as a whole."""
        return self.facts.get("case")

    @property
    def due_on(self) -> date:
        """By when it must be answered."""
        return date.fromisoformat(self.facts["due_on"])

    def concerns(self, incident: str, case: str | None) -> bool:
        """Whether it concerns this incident, by itself or through the case that it belongs to."""
        return incident in self.incidents or (case is not None and case == self.case)


def request(entries: Iterable[Any]) -> Request:
    """The sum of entries (with kind and data), oldest first."""
    stage, facts, incidents, outcome = Stage.RECEIVED, {}, [], None
    given: list[Mapping[str, Any]] = []
    for one in entries:
        data = one.data
        incidents += [id for id in data.get("incident_ids", ()) if id not in incidents]
        if one.kind == "received":
            facts = dict(data)
        elif one.kind == "amended":
            numbers = list(dict.fromkeys([*facts.get("incidents", ()), *data.get("incidents", ())]))
            facts |= {name: data[name] for name in ("due_on", "handler") if name in data} | {"incidents": numbers}
        elif one.kind == "decided":
            stage, outcome = Stage.DECIDED, data["outcome"]
        elif one.kind == "handed_over":
            stage = Stage.HANDED_OVER
            given.append(data)
        elif one.kind == "closed":
            stage = Stage.CLOSED
    return Request(stage, facts, tuple(incidents), outcome, tuple(given))


def check(found: Request, said: Told) -> None:
    """Refuse what does not fit the request as it stands.

    Raises:
        NotNow: it is closed, or a step is missing before this one.
    """
    stage = found.stage
    fits = {
        "decided": stage is not Stage.CLOSED,
        "handed_over": stage in (Stage.DECIDED, Stage.HANDED_OVER) and found.outcome in GIVEN,
        "amended": stage is not Stage.CLOSED,
        "closed": stage is Stage.HANDED_OVER or (stage is Stage.DECIDED and found.outcome not in GIVEN),
    }
    if not fits[said.entry]:
        raise NotNow(said.entry, stage)


def problems(said: Told, now: datetime) -> Iterator[Problem]:
    """Dates that cannot be meant."""
    today = now.astimezone(OFFICE).date()
    if isinstance(said, Received) and said.received_on > today:
        yield Problem("received_on", "", "まだ来ていない日付です。", "lies in the future.")
    if isinstance(said, Received) and said.due_on < said.received_on:
        yield Problem("due_on", "", "受け付けた日より後にしてください。", "must not lie before the day it came.")
    if isinstance(said, HandedOver) and said.on > today:
        yield Problem("on", "", "まだ来ていない日付です。", "lies in the future.")
    due = said.due_on if isinstance(said, Received | Amended) else None
    if due is not None and due > today + timedelta(days=3660):
        yield Problem("due_on", "", "日付を確かめてください。", "check the date.")


def written(said: Told) -> dict[str, Any]:
    """What stands beside an entry's words."""
    data = said.model_dump(mode="json", exclude={"text"}, exclude_none=True)
    return {name: value for name, value in data.items() if value != []}
