"""Keeps the clocks of visits: the limit prompts, an agreed time without word calls the office (SHI-12).

Counted like every limit (`hub.limits`): on the monotonic clock, once, across restarts, marked late when late.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy import Engine as Database

from contract.profile import PolicyProfile
from hub.domain import visit as visiting
from hub.domain.policy_clock import Clock
from hub.domain.visit import CHECKIN, GRACE_MINUTES, LIMIT, OPEN, Entry, State, Why
from hub.limits import ClockWatch
from hub.store import visit_calls, visits
from hub.store.limits import Anchor, Prompt
from hub.store.opening import Holding
from hub.store.visits import Machine

_ENTRIES: Final = {
    (LIMIT, "lead"): Entry.LIMIT_LEAD,
    (LIMIT, "due"): Entry.LIMIT_DUE,
    (CHECKIN, "lead"): Entry.CHECKIN_ASKED,
    (CHECKIN, "due"): Entry.CHECKIN_MISSED,
}


class VisitLimits(ClockWatch):
    """The clocks of all visits that are under way."""

    def __init__(
        self, rules_of: Callable[[str], PolicyProfile], holding: Holding, database: Database, boot: str
    ) -> None:
        """`rules_of` gives the rules that a box's counter follows, `holding` what a call for help needs."""
        super().__init__(_OfVisits(rules_of, holding), database, boot)


class _OfVisits:
    def __init__(self, rules_of: Callable[[str], PolicyProfile], holding: Holding) -> None:
        self._rules_of, self._holding = rules_of, holding

    def running(self, connection: Connection) -> Sequence[Any]:
        return visits.running(connection)

    def clocks(self, connection: Connection, rows: Sequence[Any]) -> Mapping[str, Sequence[Clock]]:
        agreed = visits.agreed(connection, [row.id for row in rows])
        nowhere = Machine("", 0.0)  # what is left is for deeds; here each clock is anchored by its start
        return {
            row.id: visiting.clocks(
                visits.facts(row, agreed[row.id], {}, row.changed_at, nowhere), self._rules_of(row.box).source
            )
            for row in rows
        }

    def anchors(self, connection: Connection, ids: Sequence[str], boot: str) -> Mapping[tuple[str, str], Anchor]:
        return visits.anchors(connection, ids, boot)

    def begin(self, connection: Connection, id: str, key: str, boot: str, since_ms: int) -> None:
        visits.begin(connection, id, key, boot, since_ms)

    def fire(self, connection: Connection, one: Prompt, now: datetime, late_ms: int | None) -> bool:
        """An entry, once; an agreed time that nobody kept calls the office in the same transaction."""
        row = visits.one(connection, one.subject, lock=True)
        clock, due = one.clock, one.phase == "due"
        if row is None or State(row.state) not in OPEN or not self._still(connection, row, clock):
            return False
        if not visits.prompted(connection, row.id, clock.key, one.phase, now):
            return False
        data: dict[str, Any] = {"late_ms": late_ms} if late_ms is not None else {}
        if clock.name == CHECKIN:
            data["agreed_at"] = clock.started_at.isoformat()
            if due:
                visits.missed(connection, row.id, clock.started_at, now)
                data["incident"], data["new"] = visit_calls.call(
                    connection, row, Why.MISSED, now, self._holding, agreed_at=clock.started_at
                )
                data["grace_minutes"] = GRACE_MINUTES
        else:
            data |= {"minutes": clock.minutes, "source": clock.source}
        visits.enter(connection, row, _ENTRIES[clock.name, one.phase], now, now, data=data)
        return True

    def _still(self, connection: Connection, row: Any, clock: Clock) -> bool:
        """Whether the prompt is needed: word, leave or another limit may have come since the reading."""
        if clock.name == CHECKIN:
            return visits.waits_for_word(connection, row.id, clock.started_at)
        return row.ended_at is None and row.limit_minutes == clock.minutes

    def changed(self, connection: Connection, rows: Sequence[Any], now: datetime) -> None:
        """`fire` has told the pages."""
