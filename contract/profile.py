"""The city's rules as data: schema, loader and linter (policy facts, section 5).

A missing value means that the city's document is silent; it never becomes 0. Every value says where it comes from in
the `[source]` table: a document and section, or `choice` for a decision of this project.
"""

import hashlib
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict, StringConstraints, ValidationError

from contract.problems import Problem, Refused, problems_from, table

CHOICE: Final = "choice"
"""Marks a value that no document dictates."""

ProductRole = Literal[
    "staff",
    "supervisor",
    "section_head",
    "building_manager",
    "guard",
    "evidence_custodian",
    "general_affairs",
    "auditor",
    "administrator",
]

Act = Literal[
    "abuse", "violence", "threat", "danger", "hold", "confine", "repeat", "authority", "demand", "baseless", "offsite",
    "sexual", "discrim", "personal", "filming", "online", "order", "organised", "crime", "nearmiss",
]  # fmt: skip
"""The common taxonomy (policy facts, 2.4), with `danger` felt and other plain `crime`."""

Step = Literal[
    "superior", "warn", "stop", "end", "cease", "announce_stop", "stop_and_urge", "leave", "ask_leave", "final",
    "announce_police", "police", "legal",
]  # fmt: skip

Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Words = tuple[Word, ...]
Minutes = Annotated[int, Strict(), Field(ge=1, le=24 * 60)]
Count = Annotated[int, Strict(), Field(ge=1, le=100)]
Yes = Annotated[bool, Strict()]


class Section(BaseModel):
    """Base of every table of a profile: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Meta(Section):
    """Which city, and since when."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,39}$")]
    label_ja: Word
    label_en: Word
    completeness: Literal["full", "partial"]
    effective: Annotated[date, Strict()] | None = None


class Judgement(Section):
    """Who may judge that an act is harassment, and on what."""

    min_persons: Count | None = None
    required_roles: Words = ()
    deputy_roles: Words = ()
    deputy_min_persons: Count | None = None
    elements: Words = ()
    tests: tuple[Literal["environment", "average_employee", "dropped"], ...] = ()
    """What is asked about the harm to the work: its surroundings, an average employee, a demand that was dropped."""
    name_act_to_visitor: Yes | None = None


class Stalemate(Section):
    """From the mark that talks are stuck. `lead_minutes` before the end the first prompt comes."""

    minutes: Minutes
    lead_minutes: Minutes = 5
    kind: Literal["guideline"] = "guideline"


class Slot(Section):
    """A length of talk told beforehand, and how far beyond it cutting off may be considered."""

    min_minutes: Minutes
    max_minutes: Minutes
    applies: Literal["long_hold_expected", "repeat_visit", "any"]
    overrun_minutes: Minutes | None = None


class ContactCap(Section):
    """The length of one contact as a whole."""

    minutes: Minutes
    applies: Literal["one_explanation", "repeat_long_hold"]


class Offtopic(Section):
    """Talk outside the city's business."""

    min_minutes: Minutes
    max_minutes: Minutes


class SpecialDemand(Section):
    """A demand without just reason that goes on."""

    minutes: Minutes


class Visit(Section):
    """A visit outside the office."""

    max_minutes: Minutes
    checkin: Yes


class Clocks(Section):
    """The clocks. Each prompts; none acts."""

    on_expiry: Literal["prompt"] = "prompt"
    case_adjustable: Yes = True
    circumstances: Words = ()
    stalemate: Stalemate | None = None
    slot: Slot | None = None
    contact_cap: ContactCap | None = None
    offtopic: Offtopic | None = None
    special_demand: SpecialDemand | None = None
    visit: Visit | None = None


class LeaveOrder(Section):
    """Orders to leave: how many, how far apart, by whom, on which grounds."""

    count: Count | None = None
    max: Count | None = None
    interval_minutes: Minutes | None = None
    issuer: Words = ()
    issuer_branch: Words = ()
    report_first_to: Words = ()
    grounds: Words = ()


class StopResponse(Section):
    """Who may stop responding, and who says so."""

    min_persons: Count | None = None
    roles: Words = ()
    announcer: Word | None = None


class Ladder(Section):
    """The steps towards the police, in order."""

    steps: tuple[Step, ...] = Field(min_length=1)
    final_warning: Yes | None = None
    leave: LeaveOrder = LeaveOrder()
    stop: StopResponse = StopResponse()


class Police(Section):
    """When the police are called at once. Calling is always a human act."""

    immediate_types: tuple[Act, ...] = ()
    anyone_may_call: Yes | None = None
    routes: Words = ()
    auto_dial: Literal[False] = False


class Guards(Section):
    """Which acts bring the guards."""

    alert_types: tuple[Act, ...] = ()


class Recording(Section):
    """What is recorded, the notice before it, and how long it is kept."""

    audio: Literal["off", "button", "full"]
    video: Literal["off", "button"]
    notice_required: Yes
    notice_elements: tuple[Literal["office", "fact", "purpose", "ask"], ...] = ()
    refusal: Literal["end_talk", "ask_head"]
    storage: Literal["locked"]
    retention_days: Annotated[int, Strict(), Field(ge=1, le=3650)] | None = None
    access_roles: Words = ()
    disclosable: Yes | None = None
    pre_roll_seconds: Annotated[int, Strict(), Field(ge=0, le=120)]
    pre_roll_sound: Yes = False
    emergency_silent: Yes = False
    reminder_minutes: Minutes | None = None
    """While recording goes on, that is said again so often; missing: said once."""
    time_limit_cue: Yes = False
    """Whether the box says aloud that the time which was told is over."""


class VisitorRecording(Section):
    """Filming by visitors inside the building."""

    rule: Literal["permit", "ban", "none"]
    permit_by: Word | None = None
    desk: Word | None = None
    exceptions: Words = ()


class Staffing(Section):
    """Never alone."""

    min: Count
    match_visitors: Yes | None = None
    exclude_deciders: Yes | None = None
    swap_types: tuple[Act, ...] = ()


class Report(Section):
    """Who hears of it afterwards, and what the report says."""

    to: Words = ()
    fields: Words = ()
    deadline_days: Count | None = None
    nearmiss: Yes | None = None
    share: Words = ()


class Aftercare(Section):
    """Looking after the worker. `checks` are days after the incident's end."""

    checks: tuple[Count, ...] = ()
    immediate: Words = ()


class Sns(Section):
    """Posts about staff on the internet."""

    form: Word | None = None
    recipients: Words = ()
    watch_days: Count | None = None
    watch_weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday"] | None = None


class Display(Section):
    """How staff are named on screens."""

    staff_name: Literal["surname", "code"]


class AlertStage(Section):
    """At `after_s` seconds without an answer these roles are alerted as well."""

    after_s: Annotated[int, Strict(), Field(ge=0, le=3600)]
    roles: tuple[ProductRole, ...] = Field(min_length=1)


class Alert(Section):
    """Who is called when, by level, until a person answers."""

    assist: tuple[AlertStage, ...] = Field(min_length=1)
    emergency: tuple[AlertStage, ...] = Field(min_length=1)
    repeat_s: Annotated[int, Strict(), Field(ge=5, le=3600)]


class PolicyProfile(Section):
    """A city's rules."""

    meta: Meta
    roles: dict[Word, ProductRole]
    judgement: Judgement = Judgement()
    clock: Clocks = Clocks()
    ladder: Ladder
    police: Police
    guards: Guards = Guards()
    recording: Recording
    visitor_recording: VisitorRecording
    staffing: Staffing
    report: Report = Report()
    routing: dict[Word, Words] = {}
    aftercare: Aftercare = Aftercare()
    sns: Sns = Sns()
    display: Display
    alert: Alert
    source: dict[Word, Word]


def digest_of(text: str) -> str:
    """The digest by which box and hub compare the profile they follow."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def load(text: str, file: str) -> PolicyProfile:
    """The profile in `text`. `file` is only named in errors.

    Raises:
        Refused: every problem of shape and of sense that was found, together.
    """
    values = table(text, file)
    try:
        profile = PolicyProfile.model_validate(values)
    except ValidationError as error:
        raise Refused(file, problems_from(error)) from error
    problems = [*_contradictions(profile), *_unsourced(values, profile)]
    if problems:
        raise Refused(file, problems)
    return profile


def _contradictions(profile: PolicyProfile) -> Iterator[Problem]:
    yield from _clock_contradictions(profile.clock)
    yield from _ladder_contradictions(profile.ladder)
    yield from _unknown_offices(profile)
    yield from _alert_contradictions(profile.alert)


def _clock_contradictions(clocks: Clocks) -> Iterator[Problem]:
    ranges: dict[str, Slot | Offtopic | None] = {"slot": clocks.slot, "offtopic": clocks.offtopic}
    for name, clock in ranges.items():
        if clock and clock.max_minutes < clock.min_minutes:
            yield Problem(
                f"clock.{name}.max_minutes",
                str(clock.max_minutes),
                f"min_minutes（{clock.min_minutes}）以上にしてください。",
                f"must be at least min_minutes ({clock.min_minutes}).",
            )
    stalemate = clocks.stalemate
    if stalemate and stalemate.lead_minutes >= stalemate.minutes:
        yield Problem(
            "clock.stalemate.lead_minutes",
            str(stalemate.lead_minutes),
            f"minutes（{stalemate.minutes}）より短くしてください。",
            f"must be shorter than minutes ({stalemate.minutes}).",
        )


def _ladder_contradictions(ladder: Ladder) -> Iterator[Problem]:
    if not {"police", "legal"} & set(ladder.steps):
        yield Problem(
            "ladder.steps",
            str(list(ladder.steps)),
            "警察（police）か法的措置（legal）の段階を入れてください。",
            "must lead to a police or legal step.",
        )
    twice = sorted({step for step in ladder.steps if ladder.steps.count(step) > 1})
    if twice:
        yield Problem(
            "ladder.steps",
            str(twice),
            "同じ段階が二度あります。一つにしてください。",
            "names a step twice. Keep one.",
        )
    leave = ladder.leave
    if leave.count and leave.max and leave.max < leave.count:
        yield Problem(
            "ladder.leave.max",
            str(leave.max),
            f"count（{leave.count}）以上にしてください。",
            f"must be at least count ({leave.count}).",
        )


def _unknown_offices(profile: PolicyProfile) -> Iterator[Problem]:
    for field, names in (
        ("judgement.required_roles", profile.judgement.required_roles),
        ("judgement.deputy_roles", profile.judgement.deputy_roles),
        ("ladder.leave.issuer", profile.ladder.leave.issuer),
        ("ladder.leave.issuer_branch", profile.ladder.leave.issuer_branch),
        ("ladder.stop.roles", profile.ladder.stop.roles),
    ):
        for name in names:
            if name not in profile.roles:
                yield Problem(
                    field,
                    name,
                    "この役職が [roles] にありません。書き加えてください。",
                    "this office is not in [roles]. Add it there.",
                )


def _alert_contradictions(alert: Alert) -> Iterator[Problem]:
    for level, stages in (("assist", alert.assist), ("emergency", alert.emergency)):
        seconds = [stage.after_s for stage in stages]
        if seconds != sorted(set(seconds)):
            yield Problem(
                f"alert.{level}",
                str(seconds),
                "after_s を小さい順に並べてください。",
                "put after_s in rising order.",
            )
        if seconds[0] != 0:
            yield Problem(
                f"alert.{level}",
                str(seconds),
                "最初の段階は 0 秒にしてください。",
                "the first stage must be at 0 s.",
            )


def _unsourced(values: dict[str, Any], profile: PolicyProfile) -> Iterator[Problem]:
    written = set(_leaves({name: part for name, part in values.items() if name not in ("meta", "source", "roles")}))
    named = set(profile.source)
    for field in sorted(written - named):
        yield Problem(
            f"source.{field}",
            "",
            "出典を書いてください（文書と箇所、または choice）。",
            "say where this comes from (document and section, or choice).",
        )
    for field in sorted(named - written):
        yield Problem(
            f"source.{field}",
            "",
            "この値はありません。出典の行を消してください。",
            "there is no such value. Remove this source line.",
        )


def _leaves(values: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"
