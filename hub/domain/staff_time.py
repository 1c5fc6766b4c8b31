"""How much of the staff's time a contact took: its length times those who were in it, as people counted them. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

UNCOUNTED: Final = 1
"""So many are in a contact until somebody counts them."""


def staff_s(started_at: datetime, ended_at: datetime, counts: Iterable[tuple[datetime, int]]) -> int:
    """Seconds of all staff together. `counts`: from when on how many of the staff were there, as marked."""
    staff, since, spent_s = UNCOUNTED, started_at, 0.0
    for at, count in sorted(counts, key=lambda one: one[0]):
        until = min(max(at, since), ended_at)
        spent_s += staff * (until - since).total_seconds()
        staff, since = count, until
    return round(spent_s + staff * max(0.0, (ended_at - since).total_seconds()))
