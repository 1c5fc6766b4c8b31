"""What the API answers: one model per shape. The published description is made from these."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer

from contract.messages import utc_text
from hub.domain.incident import Origin, Outcome, State

Moment = Annotated[datetime, PlainSerializer(utc_text, return_type=str, when_used="json")]


class Shape(BaseModel):
    """Base of every answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    def to_json(self) -> dict[str, Any]:
        """The shape as plain JSON values; absent facts are null."""
        return self.model_dump(mode="json")


class PersonShape(Shape):
    """Somebody by id and by the name that is shown."""

    id: str
    name: str


class Policy(Shape):
    """The rules that a box follows, or that held when an incident began. `matches`: they are this hub's today."""

    id: str
    digest: str
    matches: bool


class Incident(Shape):
    """One incident, as a list shows it. Times of the box's clock carry `clock`: synced or unsynced.

    Of a visit or a post, `box` is the counter whose unit's rules hold; that box has nothing to do with it.
    """

    id: str
    number: str
    origin: Origin
    box: str
    counter: str
    level: Literal["assist", "emergency"]
    state: State
    drill: bool
    presses: int
    pressed_at: Moment
    clock: str
    received_at: Moment
    raised_at: Moment
    seen_at: Moment | None
    seen_by: PersonShape | None
    responding_at: Moment | None
    responder: PersonShape | None
    contact_started_at: Moment | None
    contact_ended_at: Moment | None
    closed_at: Moment | None
    outcome: Outcome | None
    changed_at: Moment
    policy: Policy
    reach: Literal["first", "everybody", "nobody"] | None = None
    """Of a drill, whom it reaches; null in earnest."""
    drill_ends_at: Moment | None = None
    """When the hub ends a drill that goes on."""
    outside_hours: bool = False
    """Whether it began outside the office hours of `[office]` in hub.toml."""
    recontact: Literal["case", "counter"] | None = None
    """Whether it began within 15 minutes of the end of another contact: of the same case, or at the same counter."""


class Repeats(Shape):
    """Repeated alerts that are told as a number: since when, how many came late, the latest by how much."""

    count: int
    since_at: Moment
    late: int
    late_ms: int


class TimelineEntry(Shape):
    """One thing that happened: `at` when, `recorded_at` when the hub learnt of it.

    `repeats`: entries of the same kind before it that do not stand by themselves.
    """

    id: int
    at: Moment
    recorded_at: Moment
    kind: str
    source: Literal["box", "person", "hub"]
    actor: str | None
    actor_name: str | None
    actor_role: str | None
    text: str
    data: dict[str, Any]
    repeats: Repeats | None = None


class ClockShape(Shape):
    """A clock of the policy that has started. It prompts and never acts; `source` is where the document says so.

    `since_at` is its start as the hub's clock shows it now: not `started_at` when that clock was set meanwhile.
    `estimated`: it counts from the press, because nobody has said when the contact began.
    """

    name: str
    started_at: Moment
    since_at: Moment
    minutes: int
    lead_minutes: int
    due_at: Moment
    ended_at: Moment | None
    state: Literal["running", "lead", "due", "ended"]
    adjusted: bool
    estimated: bool
    source: str


class StepShape(Shape):
    """A step of the ladder and how often it was taken.

    `missing`: fields that must be said, or deeds that must be done, with it or before it. Not `offered`: it makes no
    sense in this contact.
    """

    step: str
    count: int
    last_at: Moment | None
    offered: bool
    missing: list[str]


class Alert(Shape):
    """One message to one contact, and how far it got. `why`: "call", or a reason of `hub.domain.notices`."""

    id: str
    stage_s: int
    round: int
    contact: str
    role: str
    channel: str
    state: str
    tries: int
    created_at: Moment
    sent_at: Moment | None
    error: str | None
    why: str


class Delivery(Shape):
    """All messages to one contact by one channel for one reason: how many, and how far they and the newest got.

    What is neither `sent`, `failed` nor `cancelled` is on its way.
    """

    contact: str
    role: str
    channel: str
    why: str
    total: int
    sent: int
    failed: int
    cancelled: int
    newest: Alert


class RecordingGap(Shape):
    """Something that a recording lacks, as its box signed it. Times in ms from the start of the recording."""

    stream: Literal["picture", "sound"]
    start_ms: int
    end_ms: int
    why: Literal["lost", "frozen", "black", "silent", "withheld", "off", "disk", "overrun", "restart"]


class Recording(Shape):
    """A recording as far as it has arrived.

    `playable_ms` and `playable_segments` count what hangs together from the first segment on; `stops` says why no more
    can be shown: `growing`, `missing` (a segment is not here yet), `sealed` (this hub has no key for it), `unreadable`,
    `format_changed`, or null when it is complete. `damaged_segments` are left out when it is played: their bytes are
    not what the box signed. What nobody has looked at yet is taken for good.
    """

    box: str
    pre_roll_ms: int | None
    video: bool | None
    audio: bool | None
    segments: int | None
    stored_segments: int
    playable_segments: int
    playable_ms: int
    damaged_segments: list[int]
    gaps: list[RecordingGap]
    closed_at: Moment | None
    stops: Literal["growing", "missing", "sealed", "unreadable", "format_changed"] | None


class CaseContact(Shape):
    """An earlier contact of the same case."""

    id: str
    number: str
    counter: str
    pressed_at: Moment


class CaseNote(Shape):
    """The line that the unit holds to in a case."""

    text: str
    at: Moment
    name: str


class CasePromise(Shape):
    """An answer or a consultation that was promised at an earlier contact of the case, and is not done yet."""

    incident: str
    what: Literal["answer", "consult"]
    unit: str
    on: date
    text: str


class Case(Shape):
    """The city's case that people joined this incident to: the contacts before it, oldest first.

    `may_return`: at one of them somebody wrote down that the visitor may come again. Nothing follows by itself.
    """

    number: str
    contacts: list[CaseContact]
    note: CaseNote | None
    may_return: bool
    promises: list[CasePromise]


class Hold(Shape):
    """Why what belongs to an incident may not be deleted now. `ref`: a request's number, or the day of a promise.

    Requests are told only to those who may read the register; `id` is theirs there.
    """

    reason: Literal["incident_open", "disclosure", "promise"]
    ref: str
    id: str


class EvidenceShape(Shape):
    """What was kept of a post. `kind`, `bytes` and `sha256` are of its file, if it has one: the bytes as they came.

    `intact`: the entry is word for word what the append-only log holds at `leaf`.
    """

    number: int
    at: Moment
    by: str
    taken_at: Moment
    taken_by: str
    address: str
    provider: str
    verbatim: str
    text: str
    kind: Literal["png", "jpeg", "pdf"] | None
    bytes: int | None
    sha256: str | None
    leaf: int | None
    intact: bool


class PostStepShape(Shape):
    """One of the four steps about a malicious post. `left_out`: steps before it that have not been taken."""

    step: str
    count: int
    last_at: Moment | None
    left_out: list[str]


class PostShape(Shape):
    """What belongs to an incident that began with a post; `first_report` holds the prescribed form's fields.

    `sent`: the offices to which that went, and when first.
    """

    service: str
    first_report: dict[str, Any]
    sent: dict[str, Moment]
    steps: list[PostStepShape]
    evidence: list[EvidenceShape]


class IncidentDetail(Incident):
    """One incident with everything around it. What a reader may not know of an entry is left out: `data.withheld`.

    `alerts`: the newest 200 messages, oldest first. `alerts_total` counts all, and `delivery` tells how far they got.
    `visit`: the one it came of.
    """

    timeline: list[TimelineEntry]
    clocks: list[ClockShape]
    steps: list[StepShape]
    alerts: list[Alert]
    alerts_total: int
    delivery: list[Delivery]
    recordings: list[Recording]
    case: Case | None
    holds: list[Hold]
    post: PostShape | None
    visit: str | None


class IncidentList(Shape):
    """A page of incidents, newest press first. `next` goes into `cursor`; null on the last page."""

    incidents: list[Incident]
    next: str | None
    at: Moment


class Drill(Shape):
    """A drill that somebody began at a box. It ends by itself at `ends_at`.

    `confirmed_at`: when the box first said that it is in a drill. `ended_why`: time, person, real (a call in earnest
    came), restart (the box is in no drill any more).
    """

    id: str
    box: str
    counter: str
    minutes: int
    reach: Literal["first", "everybody", "nobody"]
    started_at: Moment
    started_by: PersonShape
    ends_at: Moment
    confirmed_at: Moment | None
    ended_at: Moment | None
    ended_why: Literal["time", "person", "real", "restart"] | None
    ended_by: PersonShape | None


class DrillList(Shape):
    """Drills that go on, then the newest that are over."""

    drills: list[Drill]
    at: Moment


class Box(Shape):
    """One box as the hub knows it."""

    name: str
    counter: str
    presence: str
    heard_at: Moment | None
    recording: str | None
    faults: list[str]
    spool_depth: int | None
    disk_free_bytes: int | None
    temperature_c: float | None
    clock: str | None
    software: str | None
    refused: int
    refused_at: Moment | None
    profile: Policy | None
    enrolled_at: Moment
    incident: str | None
    drill: Drill | None = None
    """The drill that it is in, as the hub knows it."""


class BoxList(Shape):
    """Every box that stands."""

    boxes: list[Box]
    at: Moment


class Me(Shape):
    """Who is asking, and what they may do."""

    id: str
    name: str
    role: str
    language: str
    actions: list[str]
    session_ends_at: Moment | None
    at: Moment


class QuarantineEntry(Shape):
    """A message that could not be understood. `payload` is at most the first 4 KiB, in base64."""

    id: int
    topic: str
    box: str | None
    reason: str
    received_at: Moment
    size_bytes: int
    payload: str


class Quarantine(Shape):
    """The newest messages that could not be understood."""

    entries: list[QuarantineEntry]


class SegmentStored(Shape):
    """A segment is durable here."""

    incident: str
    seq: int
    digest: str
    stored: Literal[True] = True


class FieldError(Shape):
    """What is wrong with one field."""

    field: str
    ja: str
    en: str


class InTongue(Shape):
    """A problem's words in one language."""

    title: str
    detail: str


class ProblemShape(Shape):
    """RFC 9457, in the reader's language; both languages stand under `ja` and `en`."""

    type: str
    title: str
    status: int
    detail: str
    ja: InTongue
    en: InTongue
    errors: list[FieldError] | None = None
