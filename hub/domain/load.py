"""Whether contacts fall on one person (SET-17). Pure: contacts in, warnings out, for those who look after people only.

It compares what was carried, never how: no figure here says anything about anybody's work. It sees who went to a
contact and who is written down as having taken over; who stood at the counter from the beginning is written nowhere.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from hub.domain.statistics import DAY_MAX
from hub.domain.swap import Taken


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on somebody is named. No document gives a number: all three are a choice (`[load]` of hub.toml)."""

    days: int = 7
    contacts: int = 4
    hours: float = 4.0


@dataclass(frozen=True, slots=True)
class Carried:
    """A contact, or a part of it, and who talked then: an account, or the name that was written down; None: unknown."""

    contact: str
    person: str | None
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


def parts(whole: Carried, taken: Sequence[Taken], accounts: Mapping[str, str]) -> Iterator[Carried]:
    """The contact in `whole`, cut where somebody took over: from then on it is theirs, unknown where no name stands.

    `accounts`: whose account it is, by each name that just one bears.
    """
    now = whole
    for one in taken:
        at = max(one.at, now.begun_at)
        if whole.ended_at is not None and at >= whole.ended_at:
            break
        if now.begun_at < at:
            yield replace(now, ended_at=at)
        person, name = _written(one.taker or "", accounts)
        now = replace(whole, person=person, name=name, begun_at=at)
    yield now


def _written(taker: str, accounts: Mapping[str, str]) -> tuple[str | None, str]:
    """Whose account a written name means, with or without an office before it; the name itself where that is open."""
    words = taker.split()
    for name in (" ".join(words), *words[-1:]):
        if name in accounts:
            return accounts[name], name
    return " ".join(words) or None, " ".join(words)


def loads(carried: Iterable[Carried], limits: Limits, now: datetime) -> list[Load]:
    """Everybody who carried something, the heaviest load first. Only the part within the last days counts."""
    since = now - timedelta(days=limits.days)
    names: dict[str, str] = {}
    spent: dict[str, dict[str, timedelta]] = defaultdict(lambda: defaultdict(timedelta))
    for one in carried:
        until = min(one.ended_at or now, one.begun_at + DAY_MAX, now)
        if one.person is None or until < since or one.begun_at > now:
            continue
        names[one.person] = one.name
        before, more = spent[one.person][one.contact], max(until - max(one.begun_at, since), timedelta())
        spent[one.person][one.contact] = min(before + more, DAY_MAX)
    found = []
    for person, each in spent.items():
        minutes = round(sum(each.values(), timedelta()).total_seconds() / 60)
        rest = [len(other) for who, other in spent.items() if who != person]
        over = len(each) >= limits.contacts or minutes >= limits.hours * 60
        found.append(Load(person, names[person], len(each), minutes, float(median(rest)) if rest else 0.0, over))
    return sorted(found, key=lambda one: (not one.over, -one.contacts, -one.minutes, one.name))
