"""The clocks of a city's policy, read off a profile and the course of an incident (policy facts, 1.6).

A clock prompts: first a few minutes ahead, then when it is due. None ends a contact or takes a step: people do. All are
over when the visitor leaves. Of one who comes back, the talk as a whole is counted anew from then, and so is what was
marked and never taken back (stuck, a demand); a slot was told for the talk that is over and has to be told anew.
`leave_interval` is of another kind: it says from when the next order to leave may be given.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from contract.profile import PolicyProfile, Slot
from hub.domain.course import Course
from hub.domain.incident import Origin

State = Literal["running", "lead", "due", "ended"]
Phase = Literal["lead", "due"]

LEAD_MINUTES: Final = 5
"""How long ahead the first prompt comes where the profile names no lead (our choice; no document does)."""

NAMES: Final = ("stalemate", "slot", "overrun", "contact_cap", "offtopic", "special_demand", "leave_interval")

CUED: Final = frozenset(NAMES) - {"leave_interval"}
"""Limits that the box shows and, where the city wants it, says aloud."""

OF_THE_CONTACT: Final = ("contact_cap", "offtopic")
"""Clocks that begin with the contact; when that was, people may say later, and otherwise."""

ADJUSTABLE: Final = CUED - {"slot", "overrun"}
"""Limits that can be set otherwise for one case, with a reason. A slot is announced anew instead."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock as it stands. `source` is where the city's document says so."""

    name: str
    started_at: datetime
    minutes: int
    lead_minutes: int
    ended_at: datetime | None
    source: str
    adjusted: bool = False
    speed: int = 1
    estimated: bool = False
    """It counts from the press, because nobody has said when the contact began."""

    @property
    def key(self) -> str:
        """Which running of which clock this is: the same however often it is worked out."""
        return f"{self.name}:{round(self.started_at.timestamp() * 1000)}"

    @property
    def due_s(self) -> float:
        """How long after its start a decision is asked for."""
        return self.minutes * 60.0 / self.speed

    @property
    def lead_s(self) -> float:
        """How long after its start the first prompt comes."""
        return (self.minutes - self.lead_minutes) * 60.0 / self.speed

    @property
    def due_at(self) -> datetime:
        """When the profile asks for a decision."""
        return self.started_at + timedelta(seconds=self.due_s)

    def state(self, now: datetime) -> State:
        """`ended` once it is over, else how near the limit is."""
        return self.state_after((now - self.started_at).total_seconds())

    def state_after(self, elapsed_s: float) -> State:
        """The same, by the time that has passed on a clock that nobody sets."""
        if self.ended_at is not None:
            return "ended"
        if elapsed_s >= self.due_s:
            return "due"
        return "lead" if self.lead_minutes and elapsed_s >= self.lead_s else "running"

    def phases(self, elapsed_s: float) -> list[Phase]:
        """The prompts that have come by now, earliest first. A late look gives both; an ended clock gives none."""
        state = self.state_after(elapsed_s)
        if state == "ended" or state == "running":
            return []
        return ["lead", "due"] if state == "due" and self.lead_minutes else [state]

    def next_s(self, elapsed_s: float) -> float | None:
        """Seconds until its next prompt; None when nothing more will come of it."""
        if self.ended_at is not None or elapsed_s >= self.due_s:
            return None
        return (self.lead_s if self.lead_minutes and elapsed_s < self.lead_s else self.due_s) - elapsed_s


def told_already(clock: Clock, key: str) -> bool:
    """Whether what the clock with `key` prompted holds for `clock` too.

    So it is when people say that the contact began sooner than was thought: its limit has passed all the more.
    """
    name, started_ms = key.rsplit(":", 1)
    return name == clock.name and name in OF_THE_CONTACT and int(started_ms) > int(clock.key.rsplit(":", 1)[1])


def clocks(profile: PolicyProfile, course: Course) -> list[Clock]:
    """Every clock that has started, the one that is due first in front."""
    started = [one for one in _started(profile, course) if one.ended_at is None or one.started_at <= one.ended_at]
    return sorted(started, key=lambda clock: (clock.due_at, clock.name))


def _started(profile: PolicyProfile, course: Course) -> Iterator[Clock]:
    rules, stuck, demand = profile.clock, profile.clock.stalemate, profile.clock.special_demand
    stuck_at = _since(course, "stalemate", "progress")
    if stuck and stuck_at:
        yield _clock(profile, course, "stalemate", stuck_at, stuck.minutes, stuck.lead_minutes)
    demanded_at = _since(course, "demand_refused", "demand_dropped", act="authority")  # SHI-11
    if demand and demanded_at:
        yield _clock(profile, course, "special_demand", demanded_at, demand.minutes, LEAD_MINUTES)
    if rules.slot:
        yield from _slot(profile, course, rules.slot)
    yield from _of_the_contact(profile, course)
    interval, orders = profile.ladder.leave.interval_minutes, course.times("leave")
    if interval and orders and not course.times("final", "announce_police", "police"):
        yield _clock(profile, course, "leave_interval", orders[-1], interval, 0)


def _of_the_contact(profile: PolicyProfile, course: Course) -> Iterator[Clock]:
    """Clocks that count the contact as a whole: back-dated when people say that it began earlier.

    Until somebody says since when, a talk at the counter is known to go on since the press (SHI-10), and whoever marks
    what visitors do has one before them (YUR-01, SAP-02).
    """
    cap, offtopic = profile.clock.contact_cap, profile.clock.offtopic
    started_at, pressed_at = course.contact_started_at, course.pressed_at
    since = started_at or pressed_at
    if since is None:
        return
    back_at = course.back_at
    guessed = started_at is None and back_at is None
    since = max(since, back_at or since)
    if cap and cap.applies == "one_explanation" and (not guessed or _at_the_counter(course)):
        yield _clock(profile, course, "contact_cap", since, cap.minutes, LEAD_MINUTES, guessed)
    if cap and cap.applies == "repeat_long_hold" and course.marked("repeat_long_hold"):
        yield _clock(profile, course, "contact_cap", since, cap.minutes, LEAD_MINUTES, guessed)
    if offtopic and course.marked("offtopic"):
        lead = offtopic.max_minutes - offtopic.min_minutes
        yield _clock(profile, course, "offtopic", since, offtopic.max_minutes, lead, guessed)


def _at_the_counter(course: Course) -> bool:
    """Whether a press there called. A visit has a limit of its own, and in a practice the talk begins with a scene."""
    return course.origin == Origin.COUNTER.value and course.speed == 1


def _slot(profile: PolicyProfile, course: Course, rules: Slot) -> Iterator[Clock]:
    """The slot that was told last, and how far beyond its end cutting off may be considered.

    Told before the talk it counts from the talk (SET-05); told in it, or where nobody says when it began, from then on.
    """
    told = [one for one in course.marks("slot_announced") if one.data.get("minutes")]
    if not told:
        return
    minutes = int(told[-1].data["minutes"])
    begins_at = max(told[-1].at, course.contact_started_at or told[-1].at)
    slot = _clock(profile, course, "slot", begins_at, minutes, LEAD_MINUTES)
    yield slot
    if rules.overrun_minutes and (slot.ended_at is None or slot.due_at <= slot.ended_at):
        yield _clock(profile, course, "overrun", slot.due_at, rules.overrun_minutes, 0)


def _clock(
    profile: PolicyProfile,
    course: Course,
    name: str,
    started_at: datetime,
    minutes: int,
    lead_minutes: int,
    estimated: bool = False,
) -> Clock:
    wanted = [one.data["minutes"] for one in course.decisions("limit") if one.data.get("clock") == name]
    adjusted = bool(wanted) and name in ADJUSTABLE
    if adjusted:
        minutes = int(wanted[-1])
    return Clock(
        name=name,
        started_at=started_at,
        minutes=minutes,
        lead_minutes=min(lead_minutes, minutes - 1),
        ended_at=course.over_at(started_at),
        source=profile.source.get(_FIELDS[name], ""),
        adjusted=adjusted,
        speed=course.speed,
        estimated=estimated,
    )


_FIELDS: Final = {
    "stalemate": "clock.stalemate.minutes",
    "slot": "clock.slot.max_minutes",
    "overrun": "clock.slot.overrun_minutes",
    "contact_cap": "clock.contact_cap.minutes",
    "offtopic": "clock.offtopic.max_minutes",
    "special_demand": "clock.special_demand.minutes",
    "leave_interval": "ladder.leave.interval_minutes",
}
"""Which value of the profile a clock's length comes from: its source is shown beside the clock."""


def _since(course: Course, begins: str, ends: str, act: str = "") -> datetime | None:
    """The first mark `begins`, or of `act`, that no later mark `ends` took back; at the latest the visitor's return."""
    since = None
    for one in course.marks(begins, ends, *(["act"] if act else [])):
        if one.data["mark"] == ends:
            since = None
        elif one.data["mark"] == begins or one.data.get("act") == act:
            since = since or one.at
    return None if since is None else max(since, course.back_at or since)
