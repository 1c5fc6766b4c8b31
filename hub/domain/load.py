"""Whether contacts fall on one person (SET-17). Pure: contacts in, warnings out, for those who look after people only.

It compares what was carried, never how: no figure here says anything about anybody's work.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from hub.domain.statistics import DAY_MAX


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on somebody is named. No document gives a number: all three are a choice (`[load]` of hub.toml)."""

    days: int = 7
    contacts: int = 4
    hours: float = 4.0


@dataclass(frozen=True, slots=True)
class Carried:
    """One contact and who went to it."""

    person: str
    name: str
    begun_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Load:
    """What one person carried in the last days. `others`: the median of everybody else's contacts, 0 when alone."""

    person: str
    name: str
    contacts: int
    minutes: int
    others: float
    over: bool


def loads(carried: Iterable[Carried], limits: Limits, now: datetime) -> list[Load]:
    """Everybody who carried something, the heaviest load first. Only the part within the last days counts."""
    since = now - timedelta(days=limits.days)
    names: dict[str, str] = {}
    spent: dict[str, list[timedelta]] = defaultdict(list)
    for one in carried:
        until = min(one.ended_at or now, one.begun_at + DAY_MAX, now)
        if until < since or one.begun_at > now:
            continue
        names[one.person] = one.name
        spent[one.person].append(max(until - max(one.begun_at, since), timedelta()))
    found = []
    for person, each in spent.items():
        minutes = round(sum(each, timedelta()).total_seconds() / 60)
        rest = [len(other) for who, other in spent.items() if who != person]
        over = len(each) >= limits.contacts or minutes >= limits.hours * 60
        found.append(Load(person, names[person], len(each), minutes, float(median(rest)) if rest else 0.0, over))
    return sorted(found, key=lambda one: (not one.over, -one.contacts, -one.minutes, one.name))
