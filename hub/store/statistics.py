"""The rows that figures are made of, month by month. Months that nothing has touched are not read again."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, func, select
from sqlalchemy.exc import DBAPIError

from contract.units import Rules
from hub.domain import routing, statistics, time_signs
from hub.domain.clock_outcomes import outcomes
from hub.domain.course import Course
from hub.domain.incident import Entry, Origin
from hub.domain.intake import JAPAN
from hub.domain.office import Office
from hub.domain.statistics import Case, Figures, Period
from hub.store.engine import begin_read
from hub.store.practices import IN_EARNEST
from hub.store.schema import change, incident, timeline

_KINDS: Final = tuple(
    kind.value
    for kind in (
        Entry.JUDGED, Entry.STEP_TAKEN, Entry.MARKED, Entry.CLOCK_DUE, Entry.DECIDED, Entry.DRILL_REAL, Entry.REPORTED,
        Entry.PROMISED, Entry.TASK_DONE,
    )
)  # fmt: skip
_NEWS_MAX: Final = 5_000
_MONTHS_MAX: Final = 72
"""Kept months: six years, some ten megabytes at thirty busy counters."""
_AT_ONCE: Final = 500
_BEFORE: Final = time_signs.LOOK_BACK
"""So far before a month lies the contact that a recontact of its first minutes may follow."""

_COLUMNS: Final = (
    incident.c.id, incident.c.box, incident.c.pressed_at, incident.c.level, incident.c.counter, incident.c.drill,
    incident.c.state, incident.c.outcome, incident.c.responder, incident.c.raised_at, incident.c.seen_at,
    incident.c.responding_at, incident.c.contact_started_at, incident.c.contact_ended_at, incident.c.closed_at,
    incident.c.origin, incident.c.case_number,
    incident.c.received_at, incident.c.clock,
)  # fmt: skip


def cases(connection: Connection, start: datetime, end: datetime, rules: Rules) -> list[Case]:
    """Every incident that was pressed from `start` on and before `end`, with what its timeline says."""
    rows: Sequence[Any] = connection.execute(
        select(*_COLUMNS).where(incident.c.pressed_at >= start, incident.c.pressed_at < end, IN_EARNEST)
    ).all()
    told: dict[str, list[Any]] = {}
    for entry in _entries(connection, [row.id for row in rows]):
        told.setdefault(entry.incident, []).append(entry)
    known = routing.known(rules.city, (one.unit.label_ja for one in rules.units))
    return [_case(row, told.get(row.id, ()), rules, known) for row in rows]


def _entries(connection: Connection, ids: Sequence[str]) -> Iterable[Any]:
    """By the incidents' ids, some at once: the index on timeline.incident leads straight to them."""
    for place in range(0, len(ids), _AT_ONCE):
        yield from connection.execute(
            select(timeline.c.kind, timeline.c.incident, timeline.c.at, timeline.c.recorded_at, timeline.c.data)
            .where(timeline.c.incident.in_(ids[place : place + _AT_ONCE]), timeline.c.kind.in_(_KINDS))
            .order_by(timeline.c.id)
        )


def _case(row: Row[Any], entries: Iterable[Any], rules: Rules, known: Mapping[str, str]) -> Case:
    told = [one for one in entries if isinstance(one.data, dict) and not one.data.get("private")]
    course = Course.of(row, told)
    judged = [one.data for one in course.of_kind(Entry.JUDGED)]  # the last one stands
    marked = course.of_kind(Entry.MARKED)
    unit, profile = rules.unit_of(row.box), rules.of(row.box)
    online = frozenset({"online"} if row.origin == Origin.POST.value else ())
    return Case(
        id=row.id,
        pressed_at=row.pressed_at,
        level=row.level,
        counter=row.counter,
        drill=row.drill,
        state=row.state,
        outcome=row.outcome,
        responder=row.responder,
        raised_at=row.raised_at,
        seen_at=row.seen_at,
        responding_at=row.responding_at,
        contact_started_at=row.contact_started_at,
        contact_ended_at=row.contact_ended_at,
        origin=row.origin,
        case_number=row.case_number,
        unit=unit.id if unit else statistics.NO_UNIT,
        acts=frozenset(map(str, judged[-1].get("acts") or ())) if judged else online,
        steps=frozenset(str(one.data.get("step")) for one in course.of_kind(Entry.STEP_TAKEN)),
        marks=frozenset(str(one.data.get("mark")) for one in marked),
        clocks=outcomes(profile, course),
        offices=frozenset(_office(office, known) for office, _ in routing.turned_to(profile, course)),
        heads=_heads(course),
        near_miss=row.outcome == "near_miss"
        or (row.outcome is None and bool(judged) and judged[-1].get("finding") == "near_miss"),
    )


def _office(office: str, known: Mapping[str, str]) -> str:
    """Which office a referral is counted under. What people wrote by hand is not repeated: it may be a name."""
    unit = routing.plain(str(office))
    return known.get(unit, statistics.OTHER_OFFICE) if unit else statistics.UNNAMED_OFFICE


def _heads(course: Course) -> tuple[tuple[datetime, int], ...]:
    counts = course.marks("head_count")
    return tuple((one.at, one.data["staff"]) for one in counts if isinstance(one.data.get("staff"), int))


def listed(
    connection: Connection, period: Period, rules: Rules
) -> tuple[list[tuple[Row[Any], Case]], Mapping[str, time_signs.Again]]:
    """Every incident of a period, oldest first, as figures look at it; and which of them followed soon on another."""
    (start, _), (_, end) = (statistics.bounds(month) for month in (period.months[0], period.months[-1]))
    rows = connection.execute(
        select(incident)
        .where(incident.c.pressed_at >= start, incident.c.pressed_at < end, IN_EARNEST)
        .order_by(incident.c.pressed_at, incident.c.id)
    ).all()
    found = cases(connection, start - _BEFORE, end, rules)
    by_id = {case.id: case for case in found}
    return [(row, by_id[row.id]) for row in rows], time_signs.recontacts(found)


@dataclass
class Months:
    """Figures by month and by day, kept in memory. The change log says which days to read again. Any thread."""

    rules: Rules
    office: Office = field(default_factory=Office)
    _kept: dict[date, Figures] = field(default_factory=dict)
    _days: dict[date, dict[date, Figures]] = field(default_factory=dict)
    _seen: int | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def of(self, connection: Connection, period: Period, now: datetime) -> Figures:
        """The figures of `period` at `now`, as `connection`'s transaction sees the database."""
        with self._turn:
            self._forget(connection)
            return sum((self._month(connection, month, now) for month in period.months), start=Figures())

    def read_ahead(self, database: Engine, now: datetime, alive: Callable[[], bool]) -> None:
        """Read this fiscal year and the one before, newest month first: the first person who asks need not wait.

        On a thread of its own; it ends when there is nothing left to read or `alive` says no. A database that refuses
        is left alone: whoever asks for figures is told.
        """
        period = Period("year", statistics.fiscal_year(now))
        for month in sorted((*period.months, *period.before.months), reverse=True):
            if not alive():
                return
            try:
                with begin_read(database) as connection, self._turn:
                    self._forget(connection)
                    self._month(connection, month, now)
            except DBAPIError:
                return

    def _month(self, connection: Connection, month: date, now: datetime) -> Figures:
        if month in self._kept:
            return self._kept[month]
        if len(self._kept) >= _MONTHS_MAX:
            self._clear()
        days = self._days.setdefault(month, {})
        missing = [day for day in statistics.days(month) if day not in days]
        if missing:
            days.update(self._read(connection, missing[0], missing[-1], now))
        whole = sum(days.values(), start=Figures())
        running = [day for day, figures in days.items() if figures.totals["running"]]
        if running:  # a call that may still be answered in time counts otherwise some seconds from now
            for day in running:
                del days[day]
        else:
            self._kept[month] = whole
        return whole

    def _read(self, connection: Connection, first: date, last: date, now: datetime) -> dict[date, Figures]:
        """Every day from `first` to `last`, both included."""
        start, end = statistics.midnight(first), statistics.midnight(last + timedelta(days=1))
        found = cases(connection, start - _BEFORE, end, self.rules)
        again = time_signs.recontacts(found)
        by_day: dict[date, list[Case]] = {first + timedelta(days=place): [] for place in range((last - first).days + 1)}
        for case in found:
            if case.pressed_at >= start:
                by_day[_day_of(case.pressed_at)].append(case)
        return {day: statistics.figures(some, self.office, now, again) for day, some in by_day.items()}

    def _forget(self, connection: Connection) -> None:
        """Drop the days of incidents that have changed since; all of them when the log does not say."""
        # Two questions: asked for both at once, SQLite reads the whole log.
        first = connection.execute(select(func.min(change.c.id))).scalar_one()
        last = connection.execute(select(func.max(change.c.id))).scalar_one()
        seen, self._seen = self._seen, last
        if seen == last:
            return
        if seen is None or last is None or last < seen or first > seen + 1 or last - seen > _NEWS_MAX:
            self._clear()
            return
        news = set(
            connection.execute(
                select(change.c.incident).where(change.c.id > seen, change.c.incident.is_not(None)).distinct()
            ).scalars()
        )
        touched = connection.execute(select(incident.c.pressed_at).where(incident.c.id.in_(news))).scalars().all()
        if len(touched) < len(news):  # one is gone: where it was counted nobody can tell
            self._clear()
        for at in touched:
            for day in (_day_of(at), _day_of(at + _BEFORE)):  # what follows it may be a recontact
                month = day.replace(day=1)
                self._kept.pop(month, None)
                self._days.get(month, {}).pop(day, None)

    def _clear(self) -> None:
        self._kept.clear()
        self._days.clear()


def _day_of(at: datetime) -> date:
    return at.astimezone(JAPAN).date()
