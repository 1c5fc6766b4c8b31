"""Contacts that a city wants recorded from beginning to end (YUR-02): what is missing while they go on. Pure.

Which acts those are stands in the profile (`recording.full_types`); for any other contact nothing is missing. Nothing
follows by itself: people are told, once for each gap.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from contract.profile import PolicyProfile
from hub.domain.course import Course
from hub.domain.incident import Entry

Stream = Literal["picture", "sound", "whole", "start"]

TOLD: Final = ("supervisor",)
"""Who hears of a gap."""

NOT_BEGUN: Final = timedelta(seconds=20)
"""A box that has not said by then that it records is not waited for (choice): notice and first picture take seconds."""

SAME: Final = timedelta(seconds=15)
"""A fault and the gap that the box signs later are one thing when they lie so near (choice)."""

FAULTS: Final[dict[str, Stream]] = {
    "camera": "picture", "camera_frozen": "picture", "camera_black": "picture",
    "microphone": "sound", "microphone_silent": "sound",
    "encoder": "whole", "disk": "whole", "unsealed": "whole",
}  # fmt: skip
"""Faults of a box through which a recording loses something."""

MEANT: Final = frozenset({"withheld", "off"})
"""Gaps that the city's own rules want."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that is missing; `until` is None while it goes on. `why` is a fault, a gap's reason or our own word.

    `start`: people say that the contact began before there was a recording. No box can tell of that, and a contact has
    one beginning: however often it is corrected, it is one gap.
    """

    stream: Stream
    why: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Signed:
    """A gap that the box signed; times in ms from the first kept picture or sound."""

    stream: Literal["picture", "sound"]
    why: str
    start_ms: int
    end_ms: int


def wanted(profile: PolicyProfile, acts: Iterable[str]) -> bool:
    """Whether the city wants a contact with these acts recorded as a whole."""
    return bool(set(profile.recording.full_types) & set(acts))


def gaps(
    profile: PolicyProfile, course: Course, signed: Sequence[Signed], called_at: datetime, now: datetime
) -> list[Gap]:
    """What is missing of this contact's recording so far, oldest first; each stretch once.

    `called_at`: when the hub learnt of the press.
    """
    if not wanted(profile, course.acts):
        return []
    until = course.ended_at
    found = [
        *_faults(course), *_signed(course, signed), *_not_running(course, called_at, now), *_before_it_began(course),
    ]  # fmt: skip
    off = {"picture"} if profile.recording.video == "off" else set()
    found = [one for one in found if one.stream not in off and (until is None or one.since < until)]
    kept: list[Gap] = []
    for one in sorted(found, key=lambda gap: (gap.since, gap.stream)):
        if not any(_same(one, other) for other in kept):
            kept.append(one)
    return kept


def new(found: Sequence[Gap], told: Iterable[tuple[str, datetime]]) -> list[Gap]:
    """Those of `found` that nobody was told of; `told` are streams and beginnings of those that were."""
    known = list(told)
    return [
        gap
        for gap in found
        if not any(
            stream == gap.stream and (stream == "start" or gap.since - SAME <= since <= _end(gap))
            for stream, since in known
        )
    ]


def _same(one: Gap, other: Gap) -> bool:
    return one.stream == other.stream and one.since <= _end(other) and other.since <= _end(one)


def _end(gap: Gap) -> datetime:
    return gap.until + SAME if gap.until is not None else datetime.max.replace(tzinfo=gap.since.tzinfo)


def _faults(course: Course) -> Iterable[Gap]:
    """Faults of the box, as they came and went."""
    standing: dict[str, datetime] = {}
    for one in course.entries:
        fault = one.data.get("fault")
        if fault not in FAULTS:
            continue
        if one.kind == "fault.raised":
            standing.setdefault(fault, one.at)
        elif one.kind == "fault.cleared" and fault in standing:
            yield Gap(FAULTS[fault], fault, standing.pop(fault), one.at)
    for fault, since in standing.items():
        yield Gap(FAULTS[fault], fault, since, None)


def _signed(course: Course, signed: Sequence[Signed]) -> Iterable[Gap]:
    """Gaps of the signed records, on the wall clock by when the recording began."""
    zero = _kept_from(course)
    if zero is None:
        return
    for one in signed:
        if one.why not in MEANT:
            span = [zero + timedelta(milliseconds=moment) for moment in (one.start_ms, one.end_ms)]
            yield Gap(one.stream, one.why, span[0], span[1])


def _not_running(course: Course, called_at: datetime, now: datetime) -> Iterable[Gap]:
    """The recording never began, or ended before the contact did."""
    begun, closed = _of(course, "recording.started"), _of(course, "recording.closed")
    if not begun:
        if now - called_at >= NOT_BEGUN:
            yield Gap("whole", "not_begun", called_at, None)
        return
    if closed and closed[-1].at >= begun[-1].at:
        yield Gap("whole", "ended_early", closed[-1].at, None)


def _before_it_began(course: Course) -> Iterable[Gap]:
    """The talk before the press, where people wrote down since when they talked: earlier than a box needs to begin."""
    since, zero = course.contact_started_at, _kept_from(course)
    if since is not None and zero is not None and zero - since >= NOT_BEGUN:
        yield Gap("start", "begun_before", since, zero)


def _kept_from(course: Course) -> datetime | None:
    """From when something of the contact is kept; None while no recording began."""
    begun = _of(course, "recording.started")
    return begun[0].at - timedelta(milliseconds=begun[0].data.get("pre_roll_ms") or 0) if begun else None


def _of(course: Course, kind: str) -> list[Any]:
    return [one for one in course.entries if one.kind == kind]


def told_before(course: Course) -> list[tuple[str, datetime]]:
    """The gaps that people were told of already, from the timeline."""
    return [
        (one.data["stream"], datetime.fromisoformat(one.data["since"])) for one in course.of_kind(Entry.RECORDING_GAP)
    ]
