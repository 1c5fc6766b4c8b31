"""Keeps the clocks of the city's policy for all open incidents: reads, asks the domain, writes, prompts.

It prompts and does nothing else. Time is counted on the monotonic clock, also across restarts (`hub.store.limits`).
Whatever else has clocks is watched by the same `ClockWatch`, with a `Keeper` of its own (`hub.visit_limits`).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import Connection
from sqlalchemy import Engine as Database
from sqlalchemy.exc import DBAPIError

from contract.profile import PolicyProfile
from hub.domain.policy_clock import Clock, clocks, told_already
from hub.scenario_files import rules_at
from hub.store import changes, limits
from hub.store.course import courses
from hub.store.engine import begin_read, begin_write
from hub.store.limits import Anchor, Prompt

LATE_S: Final = 1.0
"""A prompt that comes later than this after its time says so."""


@dataclass(slots=True)
class _Running:
    """One clock that runs. `since_s`: its start on the monotonic clock."""

    clock: Clock
    since_s: float
    kept: bool
    leads: bool
    fires: bool


@dataclass(slots=True)
class _Watched:
    """The clocks of one subject as it stood at `changed_at`, and when the next of them has something to say."""

    changed_at: datetime
    running: list[_Running]
    next_s: float


class Keeper(Protocol):
    """Where clocks come from and where they are kept. A row has `id`, `box` and `changed_at`."""

    def running(self, connection: Connection) -> Sequence[Any]:
        """Everything whose clocks may run."""

    def clocks(self, connection: Connection, rows: Sequence[Any]) -> Mapping[str, Sequence[Clock]]:
        """The clocks of each of `rows`, by its id."""

    def anchors(self, connection: Connection, ids: Sequence[str], boot: str) -> Mapping[tuple[str, str], Anchor]:
        """What is kept of them, by id and key."""

    def begin(self, connection: Connection, id: str, key: str, boot: str, since_ms: int) -> None:
        """Keep when a clock began."""

    def fire(self, connection: Connection, one: Prompt, now: datetime, late_ms: int | None) -> bool:
        """Prompt once; False when that was done before, or nobody needs it any more."""

    def changed(self, connection: Connection, rows: Sequence[Any], now: datetime) -> None:
        """Tell the pages."""


class ClockWatch:
    """Used by the engine's thread alone."""

    def __init__(self, keeper: Keeper, database: Database, boot: str) -> None:
        """`boot` names the machine's boot."""
        self._keeper, self._database, self._boot = keeper, database, boot
        self._watched: dict[str, _Watched] = {}

    def cycle(self, now: datetime, monotonic_s: float) -> tuple[float, bool]:
        """One round: the seconds until something can be due, and whether something was.

        Raises:
            sqlalchemy.exc.DBAPIError: the database refuses. Nothing is forgotten.
        """
        with begin_read(self._database) as connection:
            rows = {row.id: row for row in self._keeper.running(connection)}
            fresh = [row for row in rows.values() if self._is_new(row)]
            found = self._keeper.clocks(connection, fresh) if fresh else {}
            kept = self._keeper.anchors(connection, [row.id for row in fresh], self._boot) if fresh else {}
        anchors: dict[str, dict[str, Anchor]] = defaultdict(dict)
        for (id, key), anchor in kept.items():
            anchors[id][key] = anchor
        self._watched = {id: one for id, one in self._watched.items() if id in rows}
        for row in fresh:
            running = [
                self._begun(clock, anchors[row.id], now, monotonic_s)
                for clock in found[row.id]
                if clock.ended_at is None
            ]
            self._watched[row.id] = _Watched(row.changed_at, running, monotonic_s)
        fired = self._prompt(rows, now, monotonic_s)
        return min((one.next_s - monotonic_s for one in self._watched.values()), default=float("inf")), fired

    def _is_new(self, row: Any) -> bool:
        known = self._watched.get(row.id)
        return known is None or known.changed_at != row.changed_at

    def _begun(self, clock: Clock, known: Mapping[str, Anchor], now: datetime, monotonic_s: float) -> _Running:
        kept = known.get(clock.key)
        told = [anchor for key, anchor in known.items() if key == clock.key or told_already(clock, key)]
        if kept is not None and kept.since_ms is not None:
            since_s = kept.since_ms / 1000
        else:  # only here the wall clock counts: a start is seen within a second, or the machine was booted since
            since_s = monotonic_s - (now - clock.started_at).total_seconds()  # an overrun begins in the future
        return _Running(
            clock,
            since_s,
            kept=kept is not None and kept.since_ms is not None,
            leads=all(anchor.lead_at is None for anchor in told),
            fires=all(anchor.due_at is None for anchor in told),
        )

    def _prompt(self, rows: dict[str, Any], now: datetime, monotonic_s: float) -> bool:
        ripe = {id: one for id, one in self._watched.items() if one.next_s <= monotonic_s}
        unkept = [(id, run) for id, one in ripe.items() for run in one.running if not run.kept]
        prompts = [
            prompt for id, one in ripe.items() for run in one.running if (prompt := _due(rows[id], run, monotonic_s))
        ]
        fired: set[str] = set()
        if unkept or prompts:
            try:
                fired = self._write(unkept, prompts, rows, now)
            except DBAPIError:
                for one in ripe.values():
                    one.next_s = monotonic_s
                raise
        for _, run in unkept:
            run.kept = True
        for one in ripe.values():
            for run in one.running:
                phases = run.clock.phases(monotonic_s - run.since_s)
                run.leads, run.fires = run.leads and not phases, run.fires and "due" not in phases
            waits = [run.clock.next_s(monotonic_s - run.since_s) for run in one.running]
            one.next_s = monotonic_s + min((wait for wait in waits if wait is not None), default=float("inf"))
        return bool(fired)

    def _write(
        self, unkept: Sequence[tuple[str, _Running]], prompts: Sequence[Prompt], rows: dict[str, Any], now: datetime
    ) -> set[str]:
        with begin_write(self._database) as connection:
            for id, run in unkept:
                self._keeper.begin(connection, id, run.clock.key, self._boot, round(run.since_s * 1000))
            fired = {one.subject for one in prompts if self._keeper.fire(connection, one, now, _late_ms(one.late_s))}
            self._keeper.changed(connection, [rows[id] for id in sorted(fired)], now)
        return fired


def _due(row: Any, run: _Running, monotonic_s: float) -> Prompt | None:
    """The newest prompt that has come and was not given; who looks late is not told the earlier one as well."""
    elapsed_s = monotonic_s - run.since_s
    phases = run.clock.phases(elapsed_s)
    if not phases:
        return None
    phase = phases[-1]
    if not (run.fires if phase == "due" else run.leads):
        return None
    late_s = elapsed_s - (run.clock.due_s if phase == "due" else run.clock.lead_s)
    return Prompt(row.id, row.box, run.clock, phase, late_s)


def _late_ms(late_s: float) -> int | None:
    return round(late_s * 1000) if late_s > LATE_S else None


class Limits(ClockWatch):
    """The clocks of all open incidents."""

    def __init__(
        self, rules_of: Callable[[str], PolicyProfile], digest_of: Callable[[str], str], database: Database, boot: str
    ) -> None:
        """`rules_of` gives the rules that a box's counter follows, `digest_of` their digest."""
        super().__init__(_OfIncidents(rules_of, digest_of), database, boot)


class _OfIncidents:
    def __init__(self, rules_of: Callable[[str], PolicyProfile], digest_of: Callable[[str], str]) -> None:
        self._rules_of, self._digest_of = rules_of, digest_of

    def running(self, connection: Connection) -> Sequence[Any]:
        return limits.running(connection)

    def clocks(self, connection: Connection, rows: Sequence[Any]) -> dict[str, list[Clock]]:
        told = courses(connection, rows)
        return {row.id: clocks(self._rules_of(row.box), told[row.id]) for row in rows}

    def anchors(self, connection: Connection, ids: Sequence[str], boot: str) -> dict[tuple[str, str], Anchor]:
        return limits.anchors(connection, ids, boot)

    def begin(self, connection: Connection, id: str, key: str, boot: str, since_ms: int) -> None:
        limits.begin(connection, id, key, boot, since_ms)

    def fire(self, connection: Connection, one: Prompt, now: datetime, late_ms: int | None) -> bool:
        practised = rules_at(one.box)
        return limits.fire(
            connection, one, now, late_ms, self._digest_of(one.box) if practised is None else practised.digest
        )

    def changed(self, connection: Connection, rows: Sequence[Any], now: datetime) -> None:
        changes.add(connection, [("incident", row.id, row.box) for row in rows], now)
