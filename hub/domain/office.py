"""When the office is open: hours by the day of the week, and days on which it is closed (SET-24). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from hub.domain.intake import JAPAN

Hours = tuple[int, int]
"""From when until when, in minutes after the day's midnight."""

WEEK: Final[Mapping[int, Hours]] = dict.fromkeys(range(5), (8 * 60 + 30, 17 * 60 + 15))
"""Monday to Friday, 8:30 to 17:15, until the city says otherwise (choice; no document names hours)."""


@dataclass(frozen=True, slots=True)
class Office:
    """`week`: the hours of each day of the week, Monday is 0; a day that is not among them is closed all day."""

    week: Mapping[int, Hours] = field(default_factory=lambda: WEEK)
    holidays: frozenset[date] = frozenset()

    def closed(self, at: datetime) -> bool:
        """Whether the office is closed at `at`, on its own wall clock. The closing minute is outside."""
        local = at.astimezone(JAPAN)
        hours = None if local.date() in self.holidays else self.week.get(local.weekday())
        return hours is None or not hours[0] <= local.hour * 60 + local.minute < hours[1]
