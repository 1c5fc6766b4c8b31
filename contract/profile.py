"""The city's rules as data: schema and loader (policy facts, section 5). What contradicts itself: `profile_lint`.

A missing value means that the city's document is silent; it never becomes 0. Every value says where it comes from in
the `[source]` table: a document and section, or `choice` for a decision of this project.
"""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict, StringConstraints, ValidationError

from contract import profile_lint
from contract.problems import Problem, Refused, problems_from, table

CHOICE: Final = "choice"
"""Marks a value that no document dictates."""

OURS_IN_PART: Final = "当方で選択"
"""Stands in the source of a value that a document asks for without saying all of it: the rest is our choice."""

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
    """Who may judge that an act is harassment, and on what. `elements` are viewpoints to weigh; only `nuisance` and
    `harm`, where the city names them, must both hold. `required_roles`: one of them is enough.
    """

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
    final_warning: Literal[True, False, "announce_police"] | None = None
    """`announce_police`: the announcement that the police will be told takes its place."""
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
    full_types: tuple[Act, ...] = ()
    """Acts for which a meeting is recorded from beginning to end."""
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

    staff_name: Literal["surname", "code"] | None = None


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
    display: Display = Display()
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
    return checked(table(text, file), file)


def checked(values: Mapping[str, Any], file: str) -> PolicyProfile:
    """The profile of plain values, as `load` makes it.

    Raises:
        Refused: see there.
    """
    try:
        profile = PolicyProfile.model_validate(values)
    except ValidationError as error:
        shape = problems_from(error)
        raise Refused(file, [*shape, *_problems_beside(values, shape)]) from error
    problems = [*profile_lint.contradictions(profile), *profile_lint.unsourced(values, profile.source)]
    if problems:
        raise Refused(file, problems)
    return profile


def said(profile: PolicyProfile) -> dict[str, Any]:
    """Every value that is said, by its dotted field, in the order of the schema; what the city leaves open is absent.

    Values are plain: text, numbers, booleans, lists. `source` is left out.
    """
    return dict(_said(profile.model_dump(mode="json", exclude={"source"}), ""))


def _said(values: Mapping[str, Any], prefix: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in values.items():
        if isinstance(value, dict):
            found += _said(value, f"{prefix}{name}.")
        elif value is not None and value != []:
            found.append((f"{prefix}{name}", value))
    return found


_STAND_IN: Final[dict[str, Any]] = {
    "meta": {"id": "stand-in", "label_ja": "-", "label_en": "-", "completeness": "partial"},
    "roles": {},
    "ladder": {"steps": ["police"]},
    "police": {},
    "recording": {
        "audio": "off", "video": "off", "notice_required": True, "refusal": "ask_head", "storage": "locked",
        "pre_roll_seconds": 0,
    },
    "visitor_recording": {"rule": "none"},
    "staffing": {"min": 1},
    "alert": {
        "repeat_s": 30,
        "assist": [{"after_s": 0, "roles": ["supervisor"]}],
        "emergency": [{"after_s": 0, "roles": ["supervisor"]}],
    },
    "source": {},
}  # fmt: skip
"""The least of each section that must be there: with these in place of broken ones, the sound ones can be looked at."""


def _problems_beside(values: Mapping[str, Any], shape: list[Problem]) -> list[Problem]:
    """What is wrong with the sections that have no problem of shape, so that one mistyped key hides nothing."""
    broken = {problem.field.split(".")[0] for problem in shape}
    sound = {name: part for name, part in values.items() if name in PolicyProfile.model_fields and name not in broken}
    profile = PolicyProfile.model_validate({**_STAND_IN, **sound})
    misshapen = tuple(f"source.{problem.field}." for problem in shape)
    return [
        *profile_lint.contradictions(profile, frozenset(broken)),
        *(
            problem
            for problem in profile_lint.unsourced(values, profile.source, leftover=False)
            if "source" not in broken and not f"{problem.field}.".startswith(misshapen)
        ),
    ]
