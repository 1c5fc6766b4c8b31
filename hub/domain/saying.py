"""What people tell the hub about an incident: one model for each deed. Unknown fields are refused."""

from datetime import UTC, date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints

from contract.profile import Act
from hub.domain.case import CaseNumber
from hub.domain.incident import Outcome
from hub.domain.permissions import Action


def _plain(text: str) -> str:
    if any((char < " " and char not in "\n\r\t") or char == "\x7f" or "\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("制御文字は使えません。消してください。 / must not contain control characters. Remove them.")
    return text


def _moment(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(
            "日時を文字で書いてください（例: 2026-11-20T02:41:36Z）。"
            " / must be a date and time in text (2026-11-20T02:41:36Z)."
        )
    return value


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("時差を付けてください（例: +09:00）。 / needs a time zone, like +09:00.")
    if not 2000 <= moment.year <= 2200:
        raise ValueError("日付を確かめてください。 / check the date.")
    return moment.astimezone(UTC)


def _day(value: object) -> object:
    """A date is said in text; pydantic alone would take a number of seconds too."""
    if not isinstance(value, str):
        raise ValueError("日付を文字で書いてください（例: 2026-11-30）。 / must be a date in text (2026-11-30).")
    return value


def _number(value: object) -> object:
    """A form gives digits where JSON gives a number."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 6 else value


def _ticked(value: object) -> object:
    """A form gives yes or no where JSON gives true or false."""
    return {"yes": True, "no": False}.get(value, value) if isinstance(value, str) else value


Words = Annotated[str, Strict(), StringConstraints(strip_whitespace=True, max_length=4000), AfterValidator(_plain)]
SomeWords = Annotated[Words, StringConstraints(min_length=1)]
Line = Annotated[
    str, Strict(), StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_plain)
]
At = Annotated[datetime, BeforeValidator(_moment), AfterValidator(_utc)]
Day = Annotated[date, BeforeValidator(_day)]
Minutes = Annotated[int, Strict(), BeforeValidator(_number), Field(ge=1, le=24 * 60)]
Heads = Annotated[int, Strict(), BeforeValidator(_number), Field(ge=0, le=999)]
Number = Annotated[int, Strict(), BeforeValidator(_number), Field(ge=1, le=9999)]
Yes = Annotated[bool, Strict(), BeforeValidator(_ticked)]
Persons = Annotated[tuple[Line, ...], Field(max_length=20)]

MarkName = Literal[
    # what clocks look at
    "stalemate", "progress", "slot_announced", "long_hold_expected", "repeat_visit", "repeat_long_hold", "offtopic",
    "demand_refused", "demand_dropped",
    # what is seen, and who is there
    "act", "act_named", "head_count", "safe", "injury", "damage", "staff_swapped", "superior_joined",
    "superior_demanded", "apology_demanded",
    # recording, by us and by the visitor
    "recording_refused", "filming", "permit_shown", "permit_none", "permit_asked", "no_hindrance", "within_terms",
    "beyond_terms", "filming_stopped", "filming_goes_on",
    # the building, the guards, the police
    "manager_told", "cease_refused", "guards_called", "police_called", "police_arrived", "recording_shown",
    "removal_wished", "visitor_left", "visitor_back", "may_return",
    # afterwards
    "said", "urgent", "referred", "cautioned", "legal_step", "doctor_seen", "damage_reported", "accident_reported",
    "false_press",
    # about the call itself
    "call_again", "real_call",
]  # fmt: skip


class Said(BaseModel):
    """Base of everything people tell the hub about an incident. Unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: ClassVar[Action]


class Acknowledge(Said):
    """I have seen it."""

    action = Action.ACKNOWLEDGE


class Respond(Said):
    """I am going there."""

    action = Action.RESPOND


class Contact(Said):
    """The talk with the visitor began or ended. `at` may lie back: the press comes later than the talk's begin."""

    action = Action.CONTACT
    what: Literal["started", "ended"] = Field(alias="action")
    at: At | None = None
    means: Literal["counter", "phone", "visit"] | None = None
    place: Literal["open", "room", "outside"] | None = None


class Mark(Said):
    """Something that clocks, counts, cards and reports look at. What belongs to it stands beside it:

    `minutes` with slot_announced, `act` with act and act_named, `visitors` and `staff` with head_count, `unit` with
    referred, `card` with said, `taker` (who took over, as the pages call them) with staff_swapped.
    """

    action = Action.MARK
    mark: MarkName
    at: At | None = None
    text: Words = ""
    minutes: Minutes | None = None
    act: Act | None = None
    visitors: Heads | None = None
    staff: Heads | None = None
    card: Line | None = None
    unit: Line | None = None
    taker: Line | None = None


class StepTaken(Said):
    """A step of the profile's ladder was said to the visitor.

    `issuer` is the office that ordered (orders to leave), `announcer` the superior who said that the response ends,
    `route` how the police were called, `reason` why a step comes early, too soon, or once more.
    """

    action = Action.POLICE  # the least: any other step needs Action.STEP, see `hub.domain.deed.needed`
    step: Line
    words: Words = ""
    ground: Line | None = None
    issuer: Line | None = None
    issuer_name: Line | None = None
    announcer: Line | None = None
    acknowledged: Yes = False
    route: Line | None = None
    reason: Words = ""


class Decide(Said):
    """What several people decided together while the contact goes on: to stop or go on, what to do when recording is
    refused, or another length for a clock in this case. `circumstances` are those that were looked at.
    """

    action = Action.DECIDE
    about: Literal["stop", "recording", "limit"]
    outcome: Literal["stop", "go_on", "end_talk", "without_recording", "not_refused"] | None = None
    persons: Persons = ()
    head_absent: Yes = False
    namesakes: Yes = False
    circumstances: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    clock: Line | None = None
    minutes: Minutes | None = None
    text: Words = ""


class Note(Said):
    """Anything worth keeping, in exact words."""

    action = Action.NOTE
    text: SomeWords


class Account(Said):
    """The written record of the contact, or the account of the person who was harmed.

    `verbatim`: what the visitor said, as spoken. Left empty it is stored with a warning (SHI-28). Of damage: `how` it
    came about, who was `hurt`, what was `broken`; nobody's words belong there.
    """

    action = Action.NOTE
    kind: Literal["record", "statement", "damage"]
    where: Words = ""
    who: Words = ""
    how: Words = ""
    verbatim: Words = ""
    hurt: Words = ""
    broken: Words = ""
    note_taker: Line | None = None
    text: Words = ""


class Considered(Said):
    """Answers to the question flow, from its first question on: an aid to judging together, and no judgement (SAP-04).

    `flow` is the digest of the flow that was read; `answers` are by the questions' ids.
    """

    action = Action.JUDGE
    flow: Line
    answers: Annotated[dict[Line, Literal["yes", "no", "unclear"]], Field(min_length=1, max_length=50)]
    text: Words = ""


class Judgement(Said):
    """What several people found together, and on what.

    `viewpoints` by the profile's elements; `nuisance` and `harm` where the profile asks for both; `environment`,
    `average_employee` and `dropped` where it asks for the effect on the work.
    """

    action = Action.JUDGE
    finding: Literal["harassment", "near_miss", "not_harassment"]
    acts: tuple[Act, ...] = Field(default=(), max_length=20)
    persons: tuple[Line, ...] = Field(min_length=1, max_length=20)
    head_absent: Yes = False
    namesakes: Yes = False
    content: Words = ""
    manner: Words = ""
    time: Words = ""
    means: Words = ""
    nuisance: Yes | None = None
    harm: Yes | None = None
    environment: Words = ""
    average_employee: Yes | None = None
    dropped: Yes | None = None
    act_named_at: At | None = None
    text: Words = ""


class Report(Said):
    """The report went to the office that the profile names: circumstances, outcome, course (SET-13)."""

    action = Action.REPORT
    to: Annotated[tuple[Line, ...], Field(min_length=1, max_length=20)]
    circumstances: SomeWords
    outcome: SomeWords
    course: SomeWords


class Promise(Said):
    """An answer was promised by a day, or somebody is to be consulted by then: `unit` says whom (SHI-38)."""

    action = Action.PROMISE
    what: Literal["answer", "consult"]
    unit: Line | None = None
    on: Day
    text: Words = ""


class TaskDone(Said):
    """Something that was left to do has been done. No words: what was said about a worker's health is nobody else's."""

    action = Action.TASKS
    task: Line


class Link(Said):
    """This contact belongs to the city's case of that number; none: to no case after all."""

    action = Action.CASE_LINK
    case: CaseNumber | None = None


class CaseNote(Said):
    """The line that the unit holds to in this case, for whoever meets it next (SHI-35)."""

    action = Action.CASE_NOTE
    text: SomeWords


class TurnReal(Said):
    """This is no drill: call everybody now. `text`: what was seen."""

    action = Action.DRILL_REAL
    text: Words = ""


class Close(Said):
    """Nothing more is to be done. `prevention`: what will be done so that it does not come again (SUG-05)."""

    action = Action.CLOSE
    outcome: Outcome
    prevention: Words = ""
    text: Words = ""
