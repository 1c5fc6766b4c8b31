"""Figures about all incidents of a period, without personal data. Rows in, counts out; figures of months add up.

Counted are incidents that were neither drills nor false presses; those two, and near misses, stand apart. For the
council small cells become "1-2" (`shown`): who knows the counter and the day must not recognise anybody.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from hub.domain import clock_outcomes, response
from hub.domain.incident import Origin, Outcome
from hub.domain.intake import JAPAN
from hub.domain.office import Office
from hub.domain.response import MARKS_S, Asked
from hub.domain.staff_time import staff_s
from hub.domain.time_signs import Again, outside_hours

SMALL: Final = 3
"""Cells below this are not told to the council (our choice; official statistics use 3 to 10)."""

HIDDEN: Final = "1-2"
AT_LEAST: Final = "3+"
"""A count that is hidden only because another could be worked out from it."""
UNTOLD: Final = "-"

PARTITIONS: Final = ("level", "outcome", "unit", "counter", "hour", "weekday", "length", "referral")
"""Tables whose counts add up to a number that is told: one hidden count alone could be worked out. Those of referrals
do not always, when a case went to several offices; they are hidden as if they did.
"""

LENGTHS_MINUTES: Final = (5, 15, 30, 60, 120)
"""Upper ends of the classes of contact length; the last class is open."""

DAY_MAX: Final = timedelta(hours=24)
"""A contact whose end nobody told lasts no longer than a visit can."""

ELSEWHERE: Final = {"visit": "(visit)"}
"""What a visit is counted under instead of a counter: a place in the city would tell who it was."""

NO_UNIT: Final = "(none)"
"""What is counted of a counter that belongs to no unit."""

OTHER_OFFICE: Final = "(other)"
"""An office that the city's rules do not name: it was written by hand, so it may be a person's name."""

UNNAMED_OFFICE: Final = "(unnamed)"
"""A referral of which nobody wrote where to."""

Kind = Literal["year", "quarter", "month"]


@dataclass(frozen=True, slots=True)
class Period:
    """A fiscal year from 1 April, a quarter or a month of one. `number`: 1 to 4, or the month of the calendar."""

    kind: Kind
    year: int
    number: int = 0

    @property
    def months(self) -> tuple[date, ...]:
        """The first days of its months, in order."""
        first, count = self._span()
        start = date(self.year, 4, 1)
        return tuple(_later(start, first + place) for place in range(count))

    def _span(self) -> tuple[int, int]:
        if self.kind == "year":
            return 0, 12
        return ((self.number - 1) * 3, 3) if self.kind == "quarter" else ((self.number - 4) % 12, 1)

    @property
    def before(self) -> "Period":
        """The same a year earlier."""
        return Period(self.kind, self.year - 1, self.number)


def _later(first: date, months: int) -> date:
    place = first.month - 1 + months
    return date(first.year + place // 12, place % 12 + 1, 1)


def midnight(day: date) -> datetime:
    """When a day begins on the office's wall clock."""
    return datetime(day.year, day.month, day.day, tzinfo=JAPAN).astimezone(UTC)


def bounds(month: date) -> tuple[datetime, datetime]:
    """When a month begins and when it is over, on the office's wall clock."""
    return midnight(month), midnight(_later(month, 1))


def days(month: date) -> list[date]:
    """The days of a month, in order."""
    return [month + timedelta(days=place) for place in range((_later(month, 1) - month).days)]


def fiscal_year(at: datetime) -> int:
    """The fiscal year that `at` lies in."""
    local = at.astimezone(JAPAN)
    return local.year - (local.month < 4)


@dataclass(frozen=True, slots=True)
class Case:
    """One incident as far as figures look at it. What is below `unit` comes from its timeline."""

    id: str
    pressed_at: datetime
    level: str
    counter: str
    drill: bool
    state: str
    outcome: str | None
    responder: str | None  # an opaque id
    raised_at: datetime
    seen_at: datetime | None
    responding_at: datetime | None
    contact_started_at: datetime | None
    contact_ended_at: datetime | None
    origin: str = Origin.COUNTER.value
    case_number: str | None = None
    unit: str = NO_UNIT  # its id
    acts: frozenset[str] = frozenset()
    steps: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()
    clocks: frozenset[str] = frozenset()  # clock:outcome, see hub.domain.clock_outcomes
    offices: frozenset[str] = frozenset()  # that it was referred to
    heads: tuple[tuple[datetime, int], ...] = ()  # from when on how many of the staff were in it
    near_miss: bool = False

    @property
    def asked(self) -> Asked:
        """The call and its answer."""
        return Asked(self.level, self.drill, self.state, self.outcome, self.raised_at, self.seen_at, self.responding_at)

    @property
    def called(self) -> bool:
        """Whether somebody called for help. A post is found: there is no level, no answer and no length."""
        return self.origin != Origin.POST.value

    @property
    def contact_s(self) -> int | None:
        """How long the talk held somebody; unknown until both ends were told."""
        if self.contact_started_at is None or self.contact_ended_at is None:
            return None
        return max(0, round(min(self.contact_ended_at - self.contact_started_at, DAY_MAX).total_seconds()))

    @property
    def staff_s(self) -> int | None:
        """How much of all the staff's time it took; unknown as long as `contact_s` is."""
        begun_at, held_s = self.contact_started_at, self.contact_s
        if begun_at is None or held_s is None:
            return None
        return staff_s(begun_at, begun_at + timedelta(seconds=held_s), self.heads)


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of one period. Figures of months add up to those of a year."""

    totals: Counter[str] = field(default_factory=Counter)
    tables: Mapping[str, Counter[str]] = field(default_factory=dict)
    loads: Counter[str] = field(default_factory=Counter)  # by the responder's opaque id

    def table(self, name: str) -> Counter[str]:
        """The counts of one table; empty when there are none."""
        return self.tables.get(name, Counter())

    def __add__(self, other: "Figures") -> "Figures":
        names = dict.fromkeys((*self.tables, *other.tables))
        return Figures(
            _sum(self.totals, other.totals),
            {name: _sum(self.table(name), other.table(name)) for name in names},
            _sum(self.loads, other.loads),
        )


def _sum(one: Counter[str], other: Counter[str]) -> Counter[str]:
    """The sum that keeps what is 0: `Counter.__add__` drops it."""
    both = Counter(one)
    both.update(other)
    return both


TABLES: Final = (
    "level", "outcome", "act", "unit", "counter", "hour", "weekday", "length", "step", "clock", "mark", "referral",
)  # fmt: skip
"""What is counted by what."""


def figures(cases: Iterable[Case], office: Office, now: datetime, again: Mapping[str, Again] | None = None) -> Figures:
    """The counts of `cases` as they stand at `now`. `again`: those that `time_signs.recontacts` found.

    As long as the total "running" is not 0, time alone changes them.
    """
    totals: Counter[str] = Counter()
    tables: dict[str, Counter[str]] = {name: Counter() for name in TABLES}
    loads: Counter[str] = Counter()
    for case in cases:
        if case.asked.drilled:
            totals["drills"] += 1
            continue
        if case.called:
            _answered(case.asked, totals, now)
        if case.outcome == Outcome.FALSE_PRESS:
            totals["false_presses"] += 1
            continue
        _count(case, totals, tables)
        totals["outside_hours"] += outside_hours(case, office)
        found = again.get(case.id) if again else None
        totals["recontacts"] += found is not None
        totals["recontacts_of_case"] += found == "case"
        if case.responder is not None:
            loads[case.responder] += 1
    return Figures(totals, tables, loads)


def _count(case: Case, totals: Counter[str], tables: Mapping[str, Counter[str]]) -> None:
    totals["cases"] += 1
    totals["near_misses"] += case.near_miss
    totals["referrals"] += bool(case.offices)
    local = case.pressed_at.astimezone(JAPAN)
    tables["level"][case.level if case.called else case.origin] += 1
    tables["outcome"][case.outcome or "open"] += 1
    tables["unit"][case.unit] += 1
    tables["counter"][ELSEWHERE.get(case.origin, case.counter)] += 1
    tables["hour"][str(local.hour)] += 1
    tables["weekday"][str(local.weekday())] += 1
    for name, found in (
        ("act", case.acts), ("step", case.steps), ("mark", case.marks), ("clock", case.clocks),
        ("referral", case.offices),
    ):  # fmt: skip
        tables[name].update(found)
    held_s = case.contact_s
    tables["length"][_length(held_s)] += 1
    if held_s is not None:
        totals["timed"] += 1
        totals["held_s"] += held_s
        totals["staff_s"] += case.staff_s or 0


def _length(held_s: int | None) -> str:
    if held_s is None:
        return "unknown"
    return next((str(minutes) for minutes in LENGTHS_MINUTES if held_s <= minutes * 60), "more")


def _answered(asked: Asked, totals: Counter[str], now: datetime) -> None:
    """Counted as on the page of alerts, whatever came of the call: who answered a false press answered."""
    standing, waited_s = asked.standing(now), asked.waited_s
    totals[standing] += 1
    if standing in ("running", "mistaken"):
        return
    for name in ("calls", f"calls_{asked.level}"):
        totals[name] += 1
    for within_s in MARKS_S:
        in_time = waited_s is not None and waited_s <= within_s
        for name in (f"within_{within_s}", f"within_{within_s}_{asked.level}"):
            totals[name] += in_time


def load_classes(loads: Mapping[str, int]) -> Counter[str]:
    """How many people had how many cases, without saying who."""
    classes: Counter[str] = Counter()
    for cases in loads.values():
        classes["1" if cases == 1 else "2-4" if cases < 5 else "5-9" if cases < 10 else "10+"] += 1
    return classes


@dataclass(frozen=True, slots=True)
class Cell:
    """A count as it is told. `exact` is None where it is hidden; charts draw that as nothing."""

    text: str
    exact: int | None


def shown(count: int, council: bool) -> Cell:
    """`count` for those inside, or for the council."""
    if council and 0 < count < SMALL:
        return Cell(HIDDEN, None)
    return Cell(str(count), count)


def partition_shown(counts: Mapping[str, int], council: bool) -> dict[str, Cell]:
    """The cells of a table whose sum is known.

    For the council so many more are hidden that no count below three can be worked out from the sum and the rest.
    Across periods it still could: a quarter less two of its months is the third.
    """
    cells = {key: shown(count, council) for key, count in counts.items()}
    small = [key for key, cell in cells.items() if cell.exact is None]
    if not small:
        return cells
    others = sorted((key for key, cell in cells.items() if cell.exact), key=lambda key: (counts[key], key))
    more: list[str] = []
    while not _hidden_well(small, more, counts) and others:
        more.append(others.pop(0))
    if not _hidden_well(small, more, counts):
        return {key: Cell(UNTOLD, None) if counts[key] else cell for key, cell in cells.items()}
    return cells | {key: Cell(AT_LEAST, None) for key in more}


def clocks_shown(counts: Mapping[str, int], council: bool) -> dict[str, Cell]:
    """The cells of the table of limits: how often each was reached, and the parts of that, which add up to it.

    How often one ended before and how often it was changed add up with other figures to what is told elsewhere (an
    overrun runs when the slot was reached; a slot was announced): the council is not told them.
    """
    if council:
        counts = {
            key: count for key, count in counts.items() if key.partition(":")[2] not in clock_outcomes.UNTOLD_CLOCKS
        }
    cells = {key: shown(count, council) for key, count in counts.items()}
    for name in {key.partition(":")[0] for key in counts}:
        parts = {key: counts[key] for after in clock_outcomes.AFTER if (key := f"{name}:{after}") in counts}
        reached = cells.get(f"{name}:{clock_outcomes.REACHED}")
        if reached is not None and reached.exact is None:
            cells |= {key: Cell(UNTOLD, None) for key, count in parts.items() if count}
        else:
            cells |= partition_shown(parts, council)
    return cells


def _hidden_well(small: Sequence[str], more: Sequence[str], counts: Mapping[str, int]) -> bool:
    """Whether each of `small` could be 1 as well as 2 for somebody who knows the sum, and that `more` are not small."""
    least, most = len(small), 2 * len(small)
    hidden = sum(counts[key] for key in (*small, *more))
    if not more:
        return least < hidden < most
    return hidden - SMALL * len(more) > least


def minutes_shown(held_s: int, timed: int, council: bool) -> Cell:
    """Minutes that contacts took together; hidden where too few people's time would be told."""
    if council and 0 < timed < SMALL:
        return Cell(UNTOLD, None)
    return Cell(str(round(held_s / 60)), round(held_s / 60))


def share(part: int, whole: int, council: bool) -> Cell:
    """`part` of `whole` in per cent, as `response.percent`. Hidden where it would give a hidden count away."""
    percent = response.percent(part, whole)
    if percent is None or (council and (whole < SMALL or 0 < part < SMALL or 0 < whole - part < SMALL)):
        return Cell(UNTOLD, None)
    return Cell(f"{percent}%", percent)


def share_of_level(totals: Mapping[str, int], name: str, level: str, council: bool) -> Cell:
    """The share `name` (within_10, within_40) of the calls of one level.

    The council is told none of them as soon as one must be hidden: the share of all calls is told, and with it and the
    others the hidden one could be worked out.
    """
    cells = {
        one: share(totals.get(f"{name}_{one}", 0), totals.get(f"calls_{one}", 0), council) for one in response.LEVELS
    }
    if any(cell.exact is None and totals.get(f"calls_{one}", 0) for one, cell in cells.items()):
        return Cell(UNTOLD, None)
    return cells[level]
