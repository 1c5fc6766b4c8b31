"""The rows that figures are made of, month by month. Months that nothing has touched are not read again."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, func, select
from sqlalchemy.exc import DBAPIError

from hub.domain import statistics
from hub.domain.intake import JAPAN
from hub.domain.statistics import Case, Figures, OfficeHours, Period
from hub.store.engine import begin_read
from hub.store.schema import change, incident, timeline

_KINDS: Final = ("judged", "step.taken", "marked", "clock.due", "decided")
_NEWS_MAX: Final = 5_000
_MONTHS_MAX: Final = 72
"""Kept months: six years, some ten megabytes at thirty busy counters."""
_AT_ONCE: Final = 500
_BEFORE: Final = timedelta(hours=24)
"""So far before a month lies the contact that a recontact of its first minutes may follow."""

_COLUMNS: Final = (
    incident.c.id, incident.c.pressed_at, incident.c.level, incident.c.counter, incident.c.drill, incident.c.outcome,
    incident.c.responder, incident.c.seen_at, incident.c.received_at,
    incident.c.contact_started_at, incident.c.contact_ended_at,
)  # fmt: skip


def cases(connection: Connection, start: datetime, end: datetime) -> list[Case]:
    """Every incident that was pressed from `start` on and before `end`, with what its timeline says."""
    rows: Sequence[Any] = connection.execute(
        select(*_COLUMNS).where(incident.c.pressed_at >= start, incident.c.pressed_at < end)
    ).all()
    told: dict[str, dict[str, set[str]]] = {}
    for kind, incident_id, data in _entries(connection, [row.id for row in rows]):
        _note(told.setdefault(incident_id, {}), kind, data)
    return [_case(row, told.get(row.id, {})) for row in rows]


def _entries(connection: Connection, ids: Sequence[str]) -> Iterable[tuple[str, str, Any]]:
    """By the incidents' ids, some at once: the index on timeline.incident leads straight to them."""
    for place in range(0, len(ids), _AT_ONCE):
        yield from connection.execute(  # type: ignore[misc]
            select(timeline.c.kind, timeline.c.incident, timeline.c.data)
            .where(timeline.c.incident.in_(ids[place : place + _AT_ONCE]), timeline.c.kind.in_(_KINDS))
            .order_by(timeline.c.id)
        )


def _note(told: dict[str, set[str]], kind: str, data: Any) -> None:
    if not isinstance(data, dict):
        return
    if kind == "judged":  # the last judgement stands
        told["acts"] = {str(act) for act in data.get("acts") or ()}
        told["finding"] = {str(data.get("finding"))}
    elif kind == "step.taken":
        told.setdefault("steps", set()).add(str(data.get("step")))
    elif kind == "marked" and not data.get("private"):
        told.setdefault("marks", set()).add(str(data.get("mark")))
    elif data.get("clock"):
        told.setdefault("clocks", set()).add(f"{data['clock']}:{'due' if kind == 'clock.due' else 'adjusted'}")


def _case(row: Row[Any], told: dict[str, set[str]]) -> Case:
    finding = told.get("finding", set())
    return Case(
        id=row.id,
        pressed_at=row.pressed_at,
        level=row.level,
        counter=row.counter,
        drill=row.drill,
        outcome=row.outcome,
        responder=row.responder,
        answered_at=row.seen_at,
        called_at=row.received_at,
        contact_started_at=row.contact_started_at,
        contact_ended_at=row.contact_ended_at,
        acts=frozenset(told.get("acts", ())),
        steps=frozenset(told.get("steps", ())),
        marks=frozenset(told.get("marks", ())),
        clocks=frozenset(told.get("clocks", ())),
        near_miss=row.outcome == "near_miss" or (row.outcome is None and "near_miss" in finding),
    )


def listed(connection: Connection, period: Period) -> list[tuple[Row[Any], frozenset[str]]]:
    """Every incident of a period, oldest first, with the acts of its last judgement."""
    (start, _), (_, end) = (statistics.bounds(month) for month in (period.months[0], period.months[-1]))
    rows = connection.execute(
        select(incident)
        .where(incident.c.pressed_at >= start, incident.c.pressed_at < end)
        .order_by(incident.c.pressed_at, incident.c.id)
    ).all()
    acts = {case.id: case.acts for case in cases(connection, start, end)}
    return [(row, acts.get(row.id, frozenset())) for row in rows]


def contact_s(row: Row[Any]) -> int | None:
    """How long the talk of an incident lasted."""
    return _case(row, {}).contact_s


@dataclass
class Months:
    """Figures by month and by day, kept in memory. The change log says which days to read again. Any thread."""

    hours: OfficeHours = field(default_factory=OfficeHours)
    _kept: dict[date, Figures] = field(default_factory=dict)
    _days: dict[date, dict[date, Figures]] = field(default_factory=dict)
    _seen: int | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def of(self, connection: Connection, period: Period) -> Figures:
        """The figures of `period` as `connection`'s transaction sees the database."""
        with self._turn:
            self._forget(connection)
            return sum((self._month(connection, month) for month in period.months), start=Figures())

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
                    self._month(connection, month)
            except DBAPIError:
                return

    def _month(self, connection: Connection, month: date) -> Figures:
        if month not in self._kept:
            if len(self._kept) >= _MONTHS_MAX:
                self._clear()
            days = self._days.setdefault(month, {})
            missing = [day for day in statistics.days(month) if day not in days]
            if missing:
                days.update(self._read(connection, missing[0], missing[-1]))
            self._kept[month] = sum(days.values(), start=Figures())
        return self._kept[month]

    def _read(self, connection: Connection, first: date, last: date) -> dict[date, Figures]:
        """Every day from `first` to `last`, both included."""
        start, end = statistics.midnight(first), statistics.midnight(last + timedelta(days=1))
        found = cases(connection, start - _BEFORE, end)
        again = statistics.recontacts(found)
        by_day: dict[date, list[Case]] = {first + timedelta(days=place): [] for place in range((last - first).days + 1)}
        for case in found:
            if case.pressed_at >= start:
                by_day[_day_of(case.pressed_at)].append(case)
        return {day: statistics.figures(some, self.hours, again) for day, some in by_day.items()}

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
