"""What people tell the hub about a post on the internet (Setagaya's SNS procedure). Unknown fields are refused."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from hub.domain.permissions import Action
from hub.domain.saying import At, Line, Number, Persons, Said, SomeWords, Words
from hub.domain.screen_copy import Kind

Service = Literal["x", "youtube", "tiktok", "instagram", "facebook", "blog", "other"]
"""Where to look for posts (Seta SNS 3(4))."""

Step = Literal["verify", "preserve", "police", "lawyer"]
"""What is done about a malicious post, in this order (Seta SNS 4)."""

Address = Annotated[Words, StringConstraints(max_length=2000)]


class PostSaid(Said):
    """Base of what is said about an incident that began with a post, and about no other."""


class FirstReport(PostSaid):
    """The fields of the prescribed first report (form 1), as far as they are known by now; later words win.

    Of the staff concerned: section, and surname or code. `occurred_at`: when it was posted.
    """

    action = Action.POST_OPEN
    occurred_at: At | None = None
    staff_unit: Line | None = None
    staff_name: Line | None = None
    course: Words = ""
    situation: Words = ""
    first_response: Words = ""
    other: Words = ""
    reported_at: At | None = None
    unit: Line | None = None
    person_in_charge: Line | None = None
    contact: Line | None = None


class Found(FirstReport):
    """A post was found: `box` is the counter whose unit it concerns, so whose rules hold."""

    found_at: At
    service: Service
    box: Line
    situation: SomeWords


class FirstReportSent(PostSaid):
    """The first report went to these offices; each that the city names is asked for until then (SET-19)."""

    action = Action.POST_OPEN
    to: Annotated[tuple[Line, ...], Field(min_length=1, max_length=20)]


class Evidence(PostSaid):
    """What was seen, before it is gone: `address`, whom to ask for deletion (`provider`), the post in exact words.

    `taken_at` and `taken_by`: when and by whom it was copied; now, and by whoever writes it, when nothing is said.
    """

    action = Action.EVIDENCE_KEEP
    address: Address = ""
    provider: Words = ""
    verbatim: Words = ""
    taken_at: At | None = None
    taken_by: Line | None = None
    text: Words = ""


class KeptEvidence(Evidence):
    """The same with a file, once that is sealed and on the disk. Only the hub itself says this.

    `sha256` is of the file as it came, `sealed` of what is stored ("sha256:…" both); `sealed_bytes` is stored.
    """

    kind: Kind
    bytes: int
    sha256: str
    sealed: str
    sealed_bytes: int


class PostStep(PostSaid):
    """One of the four steps was taken. `evidence`: numbers of the entries that went to the police with it.

    `damage_report`: filed, left for later, or decided against; `reason`: why a step before it is left out.
    """

    action = Action.POST_STEP
    step: Step
    words: Words = ""
    reason: Words = ""
    evidence: Annotated[tuple[Number, ...], Field(max_length=200)] = ()
    damage_report: Literal["filed", "later", "not_feasible"] | None = None


class MeetingAsked(PostSaid):
    """The unit's head asks for the emergency meeting (緊急対策会議): on what, when, with whom. People call it."""

    action = Action.MEETING
    text: SomeWords
    wanted: Line | None = None
    persons: Persons = ()
