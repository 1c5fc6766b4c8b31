"""What is left to do after a contact, and when: rest, checks on the worker, the report, watching for posts.

Tasks are worked out from the profile and the course, so that a changed profile changes them; that one was done is an
entry of the timeline. What concerns the worker's health is for carers only (SHI-39).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final, Literal

from contract.profile import PolicyProfile
from hub.domain.course import Course, Happened
from hub.domain.incident import Entry, Origin, Outcome, State
from hub.domain.permissions import Role

Kind = Literal[
    "rest",
    "care_offer",
    "care_check",
    "report",
    "first_report",
    "sns_watch",
    "watch_end",
    "police_report",
    "meeting",
    "answer",
    "consult",
    "recall",
    "debrief",
]

CARERS: Final = frozenset({Role.SUPERVISOR.value, Role.SECTION_HEAD.value, Role.GENERAL_AFFAIRS.value})
"""Who sees tasks about a worker's health, and that they were done."""

PRIVATE: Final = frozenset({"rest", "care_offer", "care_check"})

_SINGLE: Final = frozenset({"rest", "care_offer", "report", "police_report", "recall", "debrief"})
"""What an incident asks for at most once."""

WATCH_WEEKS: Final = 8
"""So far ahead of the last look stand the weekly ones, and so long after a post was found people are asked whether to
end them. No document names an end (our choice): they go on until somebody says so.
"""

WATCHED: Final = timedelta(weeks=WATCH_WEEKS + 2)
"""What a post asks for is due within this after it was seen, however long ago its incident's contact was."""

OFFICE: Final = timezone(timedelta(hours=9), "JST")
_MORNING: Final = 9
_POLICE: Final = "警察"
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday")


@dataclass(frozen=True, slots=True)
class Over:
    """An incident as far as tasks look at it. `ended_at`: when its contact was over; None while it goes on: then only
    what was promised, and what trouble on a visit asks for, is to be done. `outcome`: as it was closed.
    """

    id: str
    state: State
    drill: bool
    false_press: bool
    ended_at: datetime | None
    origin: Origin = Origin.COUNTER
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done. `id` is the same however often it is worked out; `unit` is whom to consult.

    `due_at` is None where the city's papers ask for it and name no day: none is invented (SET-13).
    """

    id: str
    incident: str
    kind: Kind
    due_at: datetime | None
    days: int
    done_at: datetime | None
    unit: str = ""

    @property
    def private(self) -> bool:
        """Whether only carers see it."""
        return self.kind in PRIVATE

    @property
    def in_time(self) -> tuple[bool, datetime]:
        """Sorts what is due first in front, and what has no day last."""
        return self.due_at is None, self.due_at or _NEVER

    def is_for_now(self, now: datetime) -> bool:
        """Whether it is to be done at `now`: its time has come, or nobody has set one and soon is best."""
        return self.due_at is None or self.due_at <= now


def tasks(profile: PolicyProfile, over: Over, course: Course) -> list[Task]:
    """Every task of an incident, done or not, by when it is due. Drills and false presses leave none."""
    if over.drill or over.false_press:
        return []
    said = (*_told_police(course), *_reported(course), *_sent(course), *course.of_kind(Entry.TASK_DONE))
    done = {_once(one.data.get("task", "")): one.at for one in said}
    found = [
        Task(f"{kind}:{days}", over.id, kind, at, days, done.get(_once(f"{kind}:{days}")))
        for kind, at, days in (*_visit(course), *_after(profile, over, course), *_meetings(course))
    ]
    found += [
        Task(name, over.id, one.data["what"], morning_of(date.fromisoformat(one.data["on"])), 0, done.get(name),
             one.data.get("unit", ""))
        for one in course.of_kind(Entry.PROMISED)
        for name in (one.data["task"],)
    ]  # fmt: skip
    if over.origin is Origin.POST and over.ended_at is not None:
        found += [
            Task(name, over.id, "first_report", over.ended_at, 0, done.get(name), office)
            for office in recipients(profile)
            for name in (f"first_report:{office}",)
        ]
    return sorted(found, key=lambda task: (task.in_time, task.id))


def recipients(profile: PolicyProfile) -> tuple[str, ...]:
    """The offices that get the first report of a post; the police have a task of their own (SET-19, YUR-05)."""
    return tuple(office for office in profile.sns.recipients if office != _POLICE)


def sent(course: Course) -> dict[str, datetime]:
    """The offices to which somebody sent the first report of a post, or said so of their task, and when first."""
    found: dict[str, datetime] = {}
    for one in sorted((*course.of_kind(Entry.POST_SENT), *course.of_kind(Entry.TASK_DONE)), key=lambda one: one.at):
        kind, _, office = one.data.get("task", "").partition(":")
        for name in (office,) if kind == "first_report" else one.data.get("to", ()):
            found.setdefault(name, one.at)
    return found


def _once(task: str) -> str:
    """What of a task's id was done: a city that changes the days of its report does not ask for a sent one again."""
    kind, _, _ = task.partition(":")
    return kind if kind in _SINGLE else task


def watch_dates(profile: PolicyProfile, found_at: datetime, looked_at: datetime | None = None) -> list[datetime]:
    """When to look for a post again: each day for the first days, then each week on the city's day (SET-20), up to
    `WATCH_WEEKS` ahead of these days or of the last look.
    """
    daily, weekday = profile.sns.watch_days, profile.sns.watch_weekday
    if daily is None:
        return []
    dates = [_morning(found_at, days) for days in range(1, daily + 1)]
    if weekday is not None:
        wanted = _WEEKDAYS.index(weekday)
        last = max(daily, _days(found_at, looked_at or found_at)) + 7 * WATCH_WEEKS
        later = (_morning(found_at, days) for days in range(daily + 1, last + 1))
        dates += [moment for moment in later if moment.astimezone(OFFICE).weekday() == wanted]
    return dates


def _visit(course: Course) -> Iterator[tuple[Kind, datetime, int]]:
    """After trouble on a visit the team is always called back and asked what happened (SHI-12; Shin T7)."""
    for one in course.of_kind(Entry.OPENED):
        if one.data.get("why") == "trouble":
            yield "recall", one.at, 0
            yield "debrief", one.at, 0


def morning_of(day: date) -> datetime:
    """The office's morning of a day; in UTC like every moment."""
    return datetime.combine(day, time(_MORNING), OFFICE).astimezone(UTC)


def _after(profile: PolicyProfile, over: Over, course: Course) -> Iterator[tuple[Kind, datetime | None, int]]:
    """What is due once the contact is over."""
    if over.ended_at is not None:
        yield from _care(profile, over.origin, over.ended_at)
        yield from _report(profile, over, course, over.ended_at)
        yield from _posts(profile, course)


def _care(profile: PolicyProfile, origin: Origin, ended_at: datetime) -> Iterator[tuple[Kind, datetime, int]]:
    if profile.aftercare.immediate and origin is not Origin.POST:  # nobody has just come out of a hard contact
        yield "rest", ended_at, 0
    if "health_desk" in profile.aftercare.immediate and origin is Origin.POST:
        yield "care_offer", ended_at, 0
    for days in profile.aftercare.checks:
        yield "care_check", _morning(ended_at, days), days


def _report(
    profile: PolicyProfile, over: Over, course: Course, ended_at: datetime
) -> Iterator[tuple[Kind, datetime | None, int]]:
    """The report that the city's papers ask for, with their day or with none (SET-13). What people closed as no
    harassment asks for none any more; one that was sent stays on the list of what was done.
    """
    days = profile.report.deadline_days
    needless = over.outcome is Outcome.NOT_HARASSMENT and not course.of_kind(Entry.REPORTED)
    if profile.report.to and not needless:
        yield "report", None if days is None else _morning(ended_at, days), days or 0


def _posts(profile: PolicyProfile, course: Course) -> Iterator[tuple[Kind, datetime, int]]:
    seen = [one.at for one in course.marks("act") if one.data.get("act") == "online"]
    if not seen:
        return
    if _POLICE in profile.sns.recipients:
        yield "police_report", seen[0], 0  # YUR-05
    yield from _watch(profile, course, seen)


def _watch(profile: PolicyProfile, course: Course, seen: list[datetime]) -> Iterator[tuple[Kind, datetime, int]]:
    """The looks for posts, until somebody says that they end (SET-20); a post that is seen after that begins anew.

    What was done stays; what was not is no longer asked for once somebody looked later, or the watch has ended.
    """
    first, looks = 0, {}
    for one in course.of_kind(Entry.TASK_DONE):
        kind, _, number = str(one.data.get("task", "")).partition(":")
        if kind == "sns_watch":
            looks[int(number)] = one.at
        elif (kind, number) == ("watch_end", str(first)):
            yield "watch_end", one.at, first
            first = next((place for place, at in enumerate(seen) if at > one.at), len(seen))
    for days in looks:
        yield "sns_watch", _morning(seen[0], days), days
    if first == len(seen):
        return
    since = seen[first]
    looked_at = max((at for at in looks.values() if at > since), default=since)
    for moment in watch_dates(profile, since, looked_at):
        days = _days(seen[0], moment)
        if days not in looks and moment > looked_at:
            yield "sns_watch", moment, days
    if profile.sns.watch_weekday is not None and profile.sns.watch_days is not None:
        yield "watch_end", _morning(since, profile.sns.watch_days + 7 * WATCH_WEEKS), first


def _days(since: datetime, at: datetime) -> int:
    """By the office's calendar."""
    return (at.astimezone(OFFICE).date() - since.astimezone(OFFICE).date()).days


def _told_police(course: Course) -> list[Happened]:
    """The police step of a post, as what it does: nobody says a second time that the police know."""
    steps = (one for one in course.of_kind(Entry.POST_STEP) if one.data.get("step") == "police")
    return [Happened(one.kind, one.at, {"task": "police_report"}) for one in steps][:1]


def _reported(course: Course) -> list[Happened]:
    """The report that somebody wrote down, as what it does: nobody ticks it off a second time."""
    return [Happened(one.kind, one.at, {"task": "report"}) for one in course.of_kind(Entry.REPORTED)][:1]


def _sent(course: Course) -> list[Happened]:
    """The first report that was sent, as what it does, office by office; to the police it is the report to them."""
    return [
        Happened(one.kind, one.at, {"task": "police_report" if office == _POLICE else f"first_report:{office}"})
        for one in course.of_kind(Entry.POST_SENT)
        for office in one.data.get("to", ())
    ]


def _meetings(course: Course) -> Iterator[tuple[Kind, datetime, int]]:
    """An emergency meeting that was asked for, each time; done when people have met or decided not to (SET-21)."""
    for place, one in enumerate(course.of_kind(Entry.MEETING_ASKED), start=1):
        yield "meeting", one.at, place


def _morning(since: datetime, days: int) -> datetime:
    """The office's morning, so many days after `since`; in UTC like every moment."""
    local = since.astimezone(OFFICE) + timedelta(days=days)
    return local.replace(hour=_MORNING, minute=0, second=0, microsecond=0).astimezone(since.tzinfo)
