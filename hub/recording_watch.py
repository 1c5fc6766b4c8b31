"""Tells people when a recording that the city wants whole has a gap (YUR-02). Reads, asks, writes."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy import Engine as Database

from contract.profile import PolicyProfile
from hub.domain.duty import Roster
from hub.domain.whole_recording import NOT_BEGUN
from hub.store import whole_recording as store
from hub.store.engine import begin_read, begin_write

LATER_S: Final = NOT_BEGUN.total_seconds() + 1.0


class RecordingWatch:
    """Used by the engine's thread alone. Only what changed is read again, and once more when its box is overdue."""

    def __init__(self, rules_of: Callable[[str], PolicyProfile], roster: Roster, database: Database) -> None:
        self._rules_of, self._roster, self._database = rules_of, roster, database
        self._seen: int | None = None
        self._again: dict[str, float] = {}

    def cycle(self, now: datetime, monotonic_s: float) -> bool:
        """One round; whether somebody was told of a gap.

        Raises:
            sqlalchemy.exc.DBAPIError: the database refuses. Nothing is forgotten.
        """
        due = [id for id, at_s in self._again.items() if at_s <= monotonic_s]
        with begin_read(self._database) as connection:
            changed, newest = store.touched(connection, self._seen)
            only = None if changed is None else [*changed, *due]
            rows = store.watched(connection, self._rules_of, only) if only is None or only else []
            found = [
                (row, course, gaps)
                for row, course in rows
                if (gaps := store.missing(connection, row, course, self._rules_of(row.box), now))
            ]
        if found:
            with begin_write(self._database) as connection:
                for row, course, gaps in found:
                    store.tell(connection, self._roster, row, course, gaps, now)
        self._seen = newest
        for row, _ in rows:
            self._again.setdefault(row.id, monotonic_s + LATER_S)
        for id in due:
            del self._again[id]
        return bool(found)
