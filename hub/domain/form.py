"""What forms are made of: values, fields and sections on one side, the facts of one incident on the other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Words:
    """Something exactly as a person wrote or said it."""

    text: str


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the contract; `table` says which."""

    table: str
    name: str


@dataclass(frozen=True, slots=True)
class Count:
    """So many of `unit`: times, people, minutes, parts."""

    number: int
    unit: str


@dataclass(frozen=True, slots=True)
class Length:
    """A stretch of time."""

    ms: int


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the staff, by the name that is shown and the role."""

    name: str
    role: str


Value = Moment | Words | Term | Count | Length | Person


@dataclass(frozen=True, slots=True)
class Row:
    """One field. Without `values` there are `lines` to write on, or `choices` to tick (those in `values` are)."""

    name: str
    values: tuple[Value, ...] = ()
    lines: int = 1
    choices: tuple[Value, ...] = ()
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Several things of one kind; a cell holds what belongs together."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[tuple[Value, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a form."""

    name: str
    parts: tuple[Row | Table, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """A whole form. `to`: whom it is for, as the city's rules name them."""

    name: str
    number: str
    drill: bool
    made_at: datetime
    to: tuple[str, ...]
    sections: tuple[Section, ...]

    def rows(self) -> Iterator[Row]:
        """Every field, in order."""
        for section in self.sections:
            yield from (part for part in section.parts if isinstance(part, Row))


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of the timeline."""

    at: datetime
    kind: str
    source: str
    name: str
    role: str
    text: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClockFact:
    """A clock of the policy that started."""

    name: str
    minutes: int
    started_at: datetime
    due_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class GapFact:
    """Something that the recording lacks, as its box signed it."""

    stream: str
    why: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class RecordingFact:
    """The recording as far as the hub has it."""

    video: bool | None
    audio: bool | None
    pre_roll_ms: int | None
    playable_ms: int
    parts: int
    parts_here: int
    damaged: int
    gaps: tuple[GapFact, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody looked at the recording."""

    at: datetime
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What the city's rules say about forms."""

    label: str
    digest: str
    report_to: tuple[str, ...] = ()
    sns_to: tuple[str, ...] = ()
    circumstances: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One incident with everything that a form may say."""

    number: str
    counter: str
    level: str
    drill: bool
    presses: int
    pressed_at: datetime
    clock: str
    received_at: datetime
    seen_at: datetime | None
    seen_name: str
    responding_at: datetime | None
    responder_name: str
    contact_started_at: datetime | None
    contact_ended_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
    told: tuple[Told, ...]
    clocks: tuple[ClockFact, ...]
    recording: RecordingFact | None
    looks: tuple[Look, ...]
    rules: Rules
    record: Mapping[str, Any] = field(default_factory=dict)
    sns: Mapping[str, Any] = field(default_factory=dict)
    of_visit: bool = False
    of_post: bool = False
    whereabouts: Literal["here", "left", "unsaid"] | None = None
    """Of who came to the counter; none where nobody did: on the telephone, away from the building, of a post."""
