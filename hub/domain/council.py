"""When the council on harassment gets the figures, where the city shares them with it regularly (SET-14). Pure.

Setagaya's handbook says "regularly" (2(4)) and names no interval: after each quarter is our choice.
"""

from datetime import datetime
from typing import Final

from contract.profile import PolicyProfile
from hub.domain.statistics import Period, bounds, fiscal_year
from hub.domain.tasks import OFFICE, morning_of

REGULARLY: Final = "council_regularly"


def quarter_over(profile: PolicyProfile, now: datetime) -> Period | None:
    """The quarter that was over last, where the city's council gets its figures."""
    if REGULARLY not in profile.report.share:
        return None
    year, number = fiscal_year(now), (now.astimezone(OFFICE).month - 4) % 12 // 3
    return Period("quarter", year, number) if number else Period("quarter", year - 1, 4)


def span(quarter: Period) -> tuple[datetime, datetime]:
    """When a quarter begins and when it is over."""
    return bounds(quarter.months[0])[0], bounds(quarter.months[-1])[1]


def due_at(quarter: Period) -> datetime:
    """The office's morning of the day after it."""
    return morning_of(span(quarter)[1].astimezone(OFFICE).date())
