"""Figures about all incidents of a period, without personal data. Rows in, counts out; figures of months add up.

Counted are incidents that were neither drills nor false presses; those two, and near misses, stand apart. For the
council small cells become "1-2" (`shown`): who knows the counter and the day must not recognise anybody.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

from hub.domain.incident import Origin, Outcome
from hub.domain.intake import JAPAN

SMALL: Final = 3
"""Cells below this are not told to the council (our choice; official statistics use 3 to 10)."""

HIDDEN: Final = "1-2"
AT_LEAST: Final = "3+"
"""A count that is hidden only because another could be worked out from it."""
UNTOLD: Final = "-"

PARTITIONS: Final = ("level", "outcome", "counter", "hour", "weekday", "length")
"""Tables whose counts add up to the number of cases, which is told: one hidden count alone could be worked out."""

WITHIN_S: Final = (10, 40)
"""After how many seconds the share of answered calls is shown (the building manager's promise)."""

LENGTHS_MINUTES: Final = (5, 15, 30, 60, 120)
"""Upper ends of the classes of contact length; the last class is open."""

RECONTACT: Final = timedelta(minutes=15)
"""A contact at the same counter so soon after the last is marked: perhaps somebody came back (choice)."""

DAY_MAX: Final = timedelta(hours=24)
"""A contact whose end nobody told lasts no longer than a visit can."""

ELSEWHERE: Final = {"visit": "(visit)"}
"""What a visit is counted under instead of a counter: a place in the city would tell who it was."""

Kind = Literal["year", "quarter", "month"]


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """When the counters are open, Monday to Friday. Public holidays are not known here."""

    opens: time = time(8, 30)
    closes: time = time(17, 15)

    def outside(self, at: datetime) -> bool:
        """Whether `at` lies outside."""
        local = at.astimezone(JAPAN)
        return local.weekday() >= 5 or not self.opens <= local.time() < self.closes


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
    """One incident as far as figures look at it. `acts`, `steps` and `marks` come from its timeline."""

    id: str
    pressed_at: datetime
    level: str
    counter: str
    drill: bool
    outcome: str | None
    responder: str | None  # an opaque id
    answered_at: datetime | None
    called_at: datetime  # when the hub learnt of the press
    contact_started_at: datetime | None
    contact_ended_at: datetime | None
    acts: frozenset[str] = frozenset()
    steps: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()
    clocks: frozenset[str] = frozenset()  # name:outcome
    near_miss: bool = False
    origin: str = Origin.COUNTER.value

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
    "level", "outcome", "act", "counter", "hour", "weekday", "length", "step", "clock", "mark",
)  # fmt: skip
"""What is counted by what."""


def recontacts(cases: Sequence[Case]) -> frozenset[str]:
    """The ids of cases that began soon after the last contact at the same counter had ended. Not a verdict: it may have
    been somebody else.
    """
    found, ended = set(), dict[str, datetime]()
    counters = [case for case in cases if case.called and case.counter not in ELSEWHERE.values()]
    for case in sorted(counters, key=lambda one: (one.pressed_at, one.id)):
        last, start = ended.get(case.counter), case.contact_started_at or case.pressed_at
        if last is not None and timedelta(0) <= start - last <= RECONTACT:
            found.add(case.id)
        if case.contact_ended_at is not None and not case.drill:
            ended[case.counter] = max(case.contact_ended_at, last or case.contact_ended_at)
    return frozenset(found)


def figures(cases: Iterable[Case], hours: OfficeHours, again: frozenset[str] = frozenset()) -> Figures:
    """The counts of `cases`. `again`: those that `recontacts` found."""
    totals: Counter[str] = Counter()
    tables: dict[str, Counter[str]] = {name: Counter() for name in TABLES}
    loads: Counter[str] = Counter()
    for case in cases:
        if case.drill or case.outcome == Outcome.DRILL:
            totals["drills"] += 1
        elif case.outcome == Outcome.FALSE_PRESS:
            totals["false_presses"] += 1
        else:
            _count(case, totals, tables, hours, case.id in again)
            if case.responder is not None:
                loads[case.responder] += 1
    return Figures(totals, tables, loads)


def _count(
    case: Case, totals: Counter[str], tables: Mapping[str, Counter[str]], hours: OfficeHours, again: bool
) -> None:
    totals["cases"] += 1
    totals["near_misses"] += case.near_miss
    totals["outside_hours"] += hours.outside(case.contact_started_at or case.pressed_at)
    totals["recontacts"] += again
    totals["referrals"] += "referred" in case.marks
    local = case.pressed_at.astimezone(JAPAN)
    tables["level"][case.level if case.called else case.origin] += 1
    tables["outcome"][case.outcome or "open"] += 1
    tables["counter"][case.counter] += 1
    tables["hour"][str(local.hour)] += 1
    tables["weekday"][str(local.weekday())] += 1
    for name, found in (("act", case.acts), ("step", case.steps), ("mark", case.marks), ("clock", case.clocks)):
        tables[name].update(found)
    held_s = case.contact_s
    tables["length"][_length(held_s)] += 1
    if held_s is not None:
        totals["timed"] += 1
        totals["held_s"] += held_s
    totals["calls"] += case.called
    if case.called:
        _answered(case, totals)


def _length(held_s: int | None) -> str:
    if held_s is None:
        return "unknown"
    return next((str(minutes) for minutes in LENGTHS_MINUTES if held_s <= minutes * 60), "more")


def _answered(case: Case, totals: Counter[str]) -> None:
    if case.answered_at is None:
        totals["unanswered"] += 1
        return
    waited_s = (case.answered_at - case.called_at).total_seconds()
    totals["answered"] += 1
    for within_s in WITHIN_S:
        totals[f"within_{within_s}"] += waited_s <= within_s


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
    """`part` of `whole` in per cent. Hidden where it would give a hidden count away."""
    if whole == 0 or (council and (whole < SMALL or 0 < part < SMALL or 0 < whole - part < SMALL)):
        return Cell(UNTOLD, None)
    return Cell(f"{round(100 * part / whole)}%", round(100 * part / whole))
