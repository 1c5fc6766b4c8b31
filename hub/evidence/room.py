"""Room for recordings. They share the disk with the database, and a press must always find room there."""

import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import Connection, func, select

from hub.store.schema import segment

DAY: Final = timedelta(days=1)

SHOWN: Final = timedelta(minutes=10)
"""How long a refusal is shown. The box asks again every half minute."""

LOW: Final = 2
"""Times the floor: below this the disk is shown as nearly full."""

State = Literal["enough", "low", "full"]
Refusal = Literal["disk", "quota"]


class NotNow(Exception):
    """An upload that finds no room. The box keeps the segment and offers it again. `news`: it was not so before."""

    def __init__(self, news: bool) -> None:
        super().__init__()
        self.news = news


class NoRoom(NotNow):
    """The disk is down to what is kept free for the database."""


class OverQuota(NotNow):
    """The box has filled its share of the last 24 hours."""


class Room:
    """Lends room to uploads and remembers whom it was refused. One per process; any thread."""

    def __init__(self, evidence: Path, keep_free_bytes: int, box_bytes_per_day: int) -> None:
        self._evidence = evidence
        self.keep_free_bytes, self.box_bytes_per_day = keep_free_bytes, box_bytes_per_day
        self._lock = threading.Lock()
        self._lent: Counter[str] = Counter()  # box -> bytes of its uploads that are under way
        self._when: dict[tuple[Refusal, str], datetime] = {}  # when this box was last refused for this
        self.refused: Counter[Refusal] = Counter()

    def free_bytes(self) -> int:
        """What is free on the disk of the recordings.

        Raises:
            OSError: the disk does not answer.
        """
        return shutil.disk_usage(self._evidence if self._evidence.exists() else self._evidence.parent).free

    def state(self) -> State:
        """How the disk stands. One that does not answer counts as full."""
        try:
            free = self.free_bytes()
        except OSError:
            return "full"
        return "full" if free < self.keep_free_bytes else "low" if free < LOW * self.keep_free_bytes else "enough"

    @contextmanager
    def lent(self, box: str, wanted_bytes: int, stored_bytes: int, now: datetime) -> Iterator[None]:
        """Room for one upload of `box`, which stored `stored_bytes` within the last day, for as long as it runs.

        Uploads that run at the same time count as written, so that many at once cannot go below the floor together.

        Raises:
            NoRoom, OverQuota: see there.
            OSError: the disk does not answer.
        """
        with self._lock:
            if self.free_bytes() - self._lent.total() - wanted_bytes < self.keep_free_bytes:
                raise NoRoom(self._note("disk", box, now))
            if stored_bytes + self._lent[box] + wanted_bytes > self.box_bytes_per_day:
                raise OverQuota(self._note("quota", box, now))
            self._lent[box] += wanted_bytes
        try:
            yield
        finally:
            with self._lock:
                self._lent[box] -= wanted_bytes

    def over_quota(self, now: datetime) -> set[str]:
        """Boxes that were refused for their quota a short while ago."""
        with self._lock:
            return {box for (reason, box), at in self._when.items() if reason == "quota" and now - at < SHOWN}

    def _note(self, reason: Refusal, box: str, now: datetime) -> bool:
        """Remember a refusal; whether the pages do not show it yet. `box` is enrolled, so there are never many."""
        self.refused[reason] += 1
        before = self._when.get((reason, box))
        self._when[reason, box] = now
        return before is None or now - before >= SHOWN


def stored_bytes(connection: Connection, box: str, now: datetime) -> int:
    """How much of `box` was stored within the last day."""
    return int(
        connection.execute(
            select(func.coalesce(func.sum(segment.c.bytes), 0)).where(
                segment.c.box == box, segment.c.stored_at > now - DAY
            )
        ).scalar_one()
    )
