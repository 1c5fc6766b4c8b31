"""Figures of a year, a quarter or a month, beside the same a year earlier; for those inside, or for the council."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

from flask import Blueprint, Response, render_template
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Row

from hub.domain import chart, clock_outcomes, policy_clock
from hub.domain.chart import Bar
from hub.domain.office import Hours, Office
from hub.domain.permissions import Action
from hub.domain.statistics import (
    PARTITIONS,
    UNTOLD,
    Case,
    Cell,
    Figures,
    Period,
    clocks_shown,
    fiscal_year,
    load_classes,
    minutes_shown,
    partition_shown,
    share,
    share_of_level,
    shown,
)
from hub.domain.time_signs import Again, outside_hours
from hub.reports import sheets
from hub.reports.sheets import Sheet
from hub.store import statistics as store
from hub.store.engine import begin_read
from hub.web import labels, report_words
from hub.web.api.described import read_query
from hub.web.downloads import CSV, XLSX, download
from hub.web.gate import needs
from hub.web.problems import language
from hub.web.reports import write_down
from hub.web.site import site
from hub.web.statistics_words import CLOCK_OUTCOMES, LIST, NAMES, PARTS, TABLES, TOTALS, WEEKDAYS, WHOLE
from hub.wording import N_, TOKYO, say

blueprint = Blueprint("statistics", __name__)

COUNTERS_MAX: Final = 200

Part = Literal[
    "year", "q1", "q2", "q3", "q4", "m4", "m5", "m6", "m7", "m8", "m9", "m10", "m11", "m12", "m1", "m2", "m3"
]


class Wanted(BaseModel):
    """Which period; without a year, the one that runs. `council`: small counts are hidden."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    year: int | None = Field(default=None, ge=2000, le=2200)
    part: Part = "year"
    council: bool = False

    def period(self, this_year: int) -> Period:
        """What is meant by it."""
        year = self.year or this_year
        if self.part == "year":
            return Period("year", year)
        return Period("quarter" if self.part[0] == "q" else "month", year, int(self.part[1:]))


@dataclass(frozen=True, slots=True)
class Line:
    """One figure with its name, now and a year before."""

    name: str
    label: str
    now: Cell
    before: Cell


@dataclass(frozen=True, slots=True)
class Block:
    """A table, and the picture beside it."""

    name: str
    title: str
    lines: tuple[Line, ...]
    drawn: tuple[Line, ...] | None = None
    """What the picture shows, when that is not every line."""

    def picture(self) -> Markup:
        """The chart of this table. Every text in it is escaped by `hub.domain.chart`."""
        lines = self.lines if self.drawn is None else self.drawn
        rows = [Bar(one.label, one.now.exact, one.now.text, one.before.exact, one.before.text) for one in lines]
        draw = chart.columns if self.name == "hour" else chart.bars
        return Markup(draw(self.title, rows))  # noqa: S704 - see above


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that is told about a period."""

    year: int
    part: str
    council: bool
    totals: tuple[Line, ...]
    blocks: tuple[Block, ...]


def overview(wanted: Wanted, tongue: str) -> Overview:
    """The figures of a period beside those of a year before."""
    here = site()
    moment = here.now()
    period = wanted.period(fiscal_year(moment))
    with begin_read(here.engine) as connection:
        now, before = (here.months.of(connection, one, moment) for one in (period, period.before))
    blocks = [_block(name, now, before, wanted.council, tongue) for name in _told(wanted.council)]
    return Overview(
        period.year, wanted.part, wanted.council, tuple(_totals(now, before, wanted.council, tongue)),
        tuple(block for block in blocks if block.lines),
    )  # fmt: skip


def _told(council: bool) -> list[str]:
    """The tables that are told. Counters add up to their unit, so the council is told one of the two."""
    left_out = {"load"} if council else set()
    if not site().rules.units:
        left_out.add("unit")
    elif council:
        left_out.add("counter")
    return [name for name in TABLES if name not in left_out]


def _totals(now: Figures, before: Figures, council: bool, tongue: str) -> Iterable[Line]:
    for name, title in TOTALS.items():
        if not (council and name == "recontacts_of_case"):  # with the total it would give the rest away
            yield Line(name, say(tongue, title), _total(name, now, council), _total(name, before, council))


def _total(name: str, figures: Figures, council: bool) -> Cell:
    totals = figures.totals
    if name in ("held", "staff"):
        return minutes_shown(totals[f"{name}_s"], totals["timed"], council)
    if name.startswith("within_"):
        share_name, _, level = name[len("within_") :].partition("_")
        within = f"within_{share_name}"
        return (
            share_of_level(totals, within, level, council) if level else share(totals[name], totals["calls"], council)
        )
    told_in = {"near_misses": ("outcome", "near_miss"), "timed": ("length", "unknown")}
    if council and name in told_in:
        table, key = told_in[name]
        cell = partition_shown(figures.table(table), council).get(key)
        if cell is not None and cell.exact is None:
            return cell if name == "near_misses" else Cell(UNTOLD, None)
    return shown(totals[name], council)


def _block(name: str, now: Figures, before: Figures, council: bool, tongue: str) -> Block:
    if name == "load":
        one, other = load_classes(now.loads), load_classes(before.loads)
    else:
        one, other = now.table(name), before.table(name)
    cells, before_cells = _cells_of(name, one, council), _cells_of(name, other, council)
    none = shown(0, council)
    lines = [
        Line(key, _name(name, key, tongue), cells.get(key, none), before_cells.get(key, none))
        for key in _keys(name, one, other)
    ]
    return Block(name, say(tongue, TABLES[name]), tuple(lines), _reached(lines, tongue) if name == "clock" else None)


def _reached(lines: Iterable[Line], tongue: str) -> tuple[Line, ...]:
    """How often each limit was reached: what followed would not fit beside bars."""
    told = {one.name: one for one in lines}
    clocks = dict.fromkeys(name.partition(":")[0] for name in told)
    none = shown(0, council=False)
    found = ((clock, told.get(f"{clock}:{clock_outcomes.REACHED}")) for clock in clocks)
    return tuple(
        Line(
            clock, report_words.called(tongue, labels.CLOCKS, clock), one.now if one else none,
            one.before if one else none,
        )
        for clock, one in found
    )  # fmt: skip


def _cells_of(name: str, counts: Mapping[str, int], council: bool) -> dict[str, Cell]:
    if name in PARTITIONS:
        return partition_shown(counts, council)
    if name == "clock":
        return clocks_shown(counts, council)
    return {key: shown(count, council) for key, count in counts.items()}


def _keys(name: str, one: Mapping[str, int], other: Mapping[str, int]) -> list[str]:
    """The rows of a table: in their own order where they have one, else the most frequent first."""
    if name == "hour":
        hours = [int(key) for key in (*one, *other)] or [9]
        return [str(hour) for hour in range(min(*hours, 8), max(*hours, 17) + 1)]
    found = {key for key in (*one, *other) if one.get(key) or other.get(key)}
    if name in WHOLE:
        return list(NAMES[name]) + sorted(found - set(NAMES[name]))
    if name == "clock":
        return [key for clock in policy_clock.NAMES for after in CLOCK_OUTCOMES if (key := f"{clock}:{after}") in found]
    return sorted(found, key=lambda key: (-one.get(key, 0), -other.get(key, 0), key))[:COUNTERS_MAX]


def _name(table: str, key: str, tongue: str) -> str:
    if table == "hour":
        return f"{key}:00"
    if table == "clock":
        clock, _, after = key.partition(":")
        called = partial(report_words.called, tongue)
        return say(
            tongue, N_("%(clock)s：%(after)s"), clock=called(labels.CLOCKS, clock), after=called(CLOCK_OUTCOMES, after)
        )
    unit = site().rules.unit(key) if table == "unit" else None
    if unit is not None:
        return unit.unit.label_ja if tongue == "ja" else unit.unit.label_en
    return report_words.called(tongue, NAMES.get(table, {}), key)


def tables(found: Overview, tongue: str) -> list[Sheet]:
    """The same for a spreadsheet. Hidden counts stay hidden; what is a number is one."""
    head = (say(tongue, N_("項目")), say(tongue, N_("この期間")), say(tongue, N_("一年前の同じ期間")))
    first = Sheet(say(tongue, N_("まとめ")), head, [_cells(line) for line in found.totals])
    return [first, *(Sheet(block.title, head, [_cells(line) for line in block.lines]) for block in found.blocks)]


def _cells(line: Line) -> tuple[str, str | int, str | int]:
    now, before = (
        cell.exact if cell.exact is not None and not cell.text.endswith("%") else cell.text
        for cell in (line.now, line.before)
    )
    return line.label, now, before


def file_name(found: Overview, ending: str) -> str:
    """What the file is called on a person's disk."""
    return f"statistics-{found.year}-{found.part}{'-council' if found.council else ''}.{ending}"


def as_file(wanted: Wanted, ending: str) -> Response:
    """The figures as `csv` or `xlsx`."""
    found = overview(wanted, language())
    return _file(tables(found, language()), file_name(found, ending), ending)


def _file(made: list[Sheet], name: str, ending: str) -> Response:
    if ending == "csv":
        return download(sheets.as_csv(made, TOKYO), CSV, name)
    return download(sheets.as_xlsx(made, TOKYO, site().now()), XLSX, name)


class Listed(BaseModel):
    """Which incidents go into the list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    year: int | None = Field(default=None, ge=2000, le=2200)
    part: Part = "year"


def list_as_file(wanted: Listed, ending: str) -> Response:
    """Every incident of a period, one on a line. It names staff, so the export is written down first."""
    here, tongue = site(), language()
    period = Wanted(year=wanted.year, part=wanted.part).period(fiscal_year(here.now()))
    with begin_read(here.engine) as connection:
        found, again = store.listed(connection, period, here.rules)
    write_down("incidents.exported", None, year=period.year, part=wanted.part, kind=ending, count=len(found))
    rows = [
        [*_listed(row, case, tongue), *_signs(case, again.get(case.id), here.office, tongue)] for row, case in found
    ]
    sheet = Sheet(say(tongue, N_("案件の記録")), tuple(say(tongue, name) for name in LIST), rows)
    return _file([sheet], f"incidents-{period.year}-{wanted.part}.{ending}", ending)


def _listed(one: Row[Any], case: Case, tongue: str) -> list[sheets.Cell]:
    called = partial(report_words.called, tongue)
    return [
        one.number, one.pressed_at, one.counter, called(NAMES["level"], "post" if one.origin == "post" else one.level),
        say(tongue, N_("訓練")) if one.drill else "", one.presses, called(labels.STATES, one.state),
        called(labels.OUTCOMES, one.outcome) if one.outcome else "",
        "、".join(called(labels.ACTS, act) for act in sorted(case.acts)), one.seen_at, one.seen_name,
        one.responding_at, one.responder_name, one.contact_started_at, one.contact_ended_at, _minutes(case.contact_s),
        one.closed_at,
    ]  # fmt: skip


def _signs(case: Case, again: Again | None, office: Office, tongue: str) -> list[sheets.Cell]:
    """What is worked out of a case for its line: its unit, the signs of time, the time of all staff."""
    return [
        _name("unit", case.unit, tongue) if site().rules.units else "",
        say(tongue, N_("開庁時間外")) if outside_hours(case, office) else "",
        report_words.called(tongue, labels.AGAIN, again) if again else "",
        _minutes(case.staff_s),
    ]


def _minutes(length_s: int | None) -> float | None:
    return None if length_s is None else round(length_s / 60, 1)


@blueprint.get("/statistics")
@needs(Action.STATISTICS_READ)
def page() -> str:
    """The whole page."""
    wanted = read_query(Wanted)
    found = overview(wanted, language())
    this_year = fiscal_year(site().now())
    return render_template(
        "statistics/page.html",
        found=found,
        parts=PARTS,
        hours=_hours_told(site().office, language()),
        days_closed=len(site().office.holidays),
        years=sorted({*range(this_year - 5, this_year + 1), found.year}),
    )


def _hours_told(office: Office, tongue: str) -> str:
    """The office's hours in a line: days with the same ones stand together."""
    by_hours: dict[Hours, list[str]] = {}
    for day, hours in sorted(office.week.items()):
        by_hours.setdefault(hours, []).append(say(tongue, WEEKDAYS[str(day)]))
    between = "・" if tongue == "ja" else ", "
    told = [
        f"{between.join(days)} {opens // 60}:{opens % 60:02}–{closes // 60}:{closes % 60:02}"
        for (opens, closes), days in by_hours.items()
    ]
    return " / ".join(told) or say(tongue, N_("なし（いつも時間外）"))


@blueprint.get("/statistics.<any(csv, xlsx):ending>")
@needs(Action.STATISTICS_READ)
def file(ending: str) -> Response:
    """The figures for a spreadsheet."""
    return as_file(read_query(Wanted), ending)


@blueprint.get("/incidents.<any(csv, xlsx):ending>")
@needs(Action.INCIDENTS_EXPORT)
def list_file(ending: str) -> Response:
    """The list of incidents for a spreadsheet."""
    return list_as_file(read_query(Listed), ending)
