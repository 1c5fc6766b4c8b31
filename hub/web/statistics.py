"""Figures of a year, a quarter or a month, beside the same a year earlier; for those inside, or for the council."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

from flask import Blueprint, Response, render_template
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Row

from hub.domain import chart
from hub.domain.chart import Bar
from hub.domain.permissions import Action
from hub.domain.statistics import (
    PARTITIONS,
    UNTOLD,
    Cell,
    Figures,
    Period,
    fiscal_year,
    load_classes,
    minutes_shown,
    partition_shown,
    share,
    shown,
)
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
from hub.wording import N_, TOKYO, say

blueprint = Blueprint("statistics", __name__)

PARTS: Final = {
    "year": N_("一年"),
    "q1": N_("第 1 四半期（4〜6月）"),
    "q2": N_("第 2 四半期（7〜9月）"),
    "q3": N_("第 3 四半期（10〜12月）"),
    "q4": N_("第 4 四半期（1〜3月）"),
    "m4": N_("4月"), "m5": N_("5月"), "m6": N_("6月"), "m7": N_("7月"), "m8": N_("8月"), "m9": N_("9月"),
    "m10": N_("10月"), "m11": N_("11月"), "m12": N_("12月"), "m1": N_("1月"), "m2": N_("2月"), "m3": N_("3月"),
}  # fmt: skip

TOTALS: Final = {
    "cases": N_("件数（訓練と誤って押したものを除く）"),
    "near_misses": N_("うち、カスハラに至らない困難な事案"),
    "outside_hours": N_("うち、開庁時間の外"),
    "recontacts": N_("うち、前の応対のすぐ後（同じ窓口で 15 分以内）"),
    "referrals": N_("ほかの課や窓口につないだもの"),
    "held": N_("応対にかかった時間の合計（分）"),
    "timed": N_("応対の長さが分かるもの"),
    "within_10": N_("10 秒以内に確認した割合"),
    "within_40": N_("40 秒以内に確認した割合"),
    "false_presses": N_("何事もなかったもの"),
    "drills": N_("訓練"),
}

TABLES: Final = {
    "level": N_("呼び出しの種類"),
    "outcome": N_("結果"),
    "act": N_("行為の種類"),
    "counter": N_("窓口"),
    "length": N_("応対の長さ"),
    "hour": N_("時間帯"),
    "weekday": N_("曜日"),
    "step": N_("伝えた段階"),
    "mark": N_("付けた印"),
    "clock": N_("時計の結果"),
    "load": N_("一人あたりの件数"),
}

WEEKDAYS: Final = {
    "0": N_("月曜"), "1": N_("火曜"), "2": N_("水曜"), "3": N_("木曜"), "4": N_("金曜"), "5": N_("土曜"),
    "6": N_("日曜"),
}  # fmt: skip

LENGTHS: Final = {
    "5": N_("5 分まで"),
    "15": N_("15 分まで"),
    "30": N_("30 分まで"),
    "60": N_("1 時間まで"),
    "120": N_("2 時間まで"),
    "more": N_("2 時間を超える"),
    "unknown": N_("分からない"),
}

LOADS: Final = {
    "1": N_("1 件の人"),
    "2-4": N_("2〜4 件の人"),
    "5-9": N_("5〜9 件の人"),
    "10+": N_("10 件以上の人"),
}

OUTCOMES: Final = {**labels.OUTCOMES, "open": N_("まだ終わっていない")}
MARKS: Final = {**labels.MARKS, "referred": N_("ほかの課や窓口につないだ")}

ELSEWHERE: Final = {"(visit)": N_("訪問")}

NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "level": {**labels.LEVELS, "post": N_("投稿")}, "outcome": OUTCOMES, "act": labels.ACTS, "length": LENGTHS,
    "weekday": WEEKDAYS, "step": labels.STEPS, "mark": MARKS, "load": LOADS, "counter": ELSEWHERE,
}  # fmt: skip

WHOLE: Final = ("level", "weekday", "length", "load")
"""Tables that show their rows even where nothing was counted."""

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

    def picture(self) -> Markup:
        """The chart of this table. Every text in it is escaped by `hub.domain.chart`."""
        rows = [Bar(one.label, one.now.exact, one.now.text, one.before.exact, one.before.text) for one in self.lines]
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
    period = wanted.period(fiscal_year(here.now()))
    with begin_read(here.engine) as connection:
        now, before = here.months.of(connection, period), here.months.of(connection, period.before)
    names = [name for name in TABLES if not (wanted.council and name == "load")]
    blocks = [_block(name, now, before, wanted.council, tongue) for name in names]
    return Overview(
        period.year, wanted.part, wanted.council, tuple(_totals(now, before, wanted.council, tongue)),
        tuple(block for block in blocks if block.lines),
    )  # fmt: skip


def _totals(now: Figures, before: Figures, council: bool, tongue: str) -> Iterable[Line]:
    for name, title in TOTALS.items():
        yield Line(name, say(tongue, title), _total(name, now, council), _total(name, before, council))


def _total(name: str, figures: Figures, council: bool) -> Cell:
    totals = figures.totals
    if name == "held":
        return minutes_shown(totals["held_s"], totals["timed"], council)
    if name.startswith("within_"):
        return share(totals[name], totals["calls"], council)
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
    return Block(name, say(tongue, TABLES[name]), tuple(lines))


def _cells_of(name: str, counts: Mapping[str, int], council: bool) -> dict[str, Cell]:
    if name in PARTITIONS:
        return partition_shown(counts, council)
    return {key: shown(count, council) for key, count in counts.items()}


def _keys(name: str, one: Mapping[str, int], other: Mapping[str, int]) -> list[str]:
    """The rows of a table: in their own order where they have one, else the most frequent first."""
    if name == "hour":
        hours = [int(key) for key in (*one, *other)] or [9]
        return [str(hour) for hour in range(min(*hours, 8), max(*hours, 17) + 1)]
    found = {key for key in (*one, *other) if one.get(key) or other.get(key)}
    if name in WHOLE:
        return list(NAMES[name]) + sorted(found - set(NAMES[name]))
    return sorted(found, key=lambda key: (-one.get(key, 0), -other.get(key, 0), key))[:COUNTERS_MAX]


def _name(table: str, key: str, tongue: str) -> str:
    if table == "hour":
        return f"{key}:00"
    if table == "clock":
        clock, _, outcome = key.partition(":")
        return f"{report_words.called(tongue, labels.CLOCKS, clock)} {outcome}"
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


LIST: Final = (
    N_("番号"), N_("押した時刻"), N_("窓口"), N_("種類"), N_("訓練"), N_("押された回数"), N_("状態"), N_("結果"),
    N_("当たる行為"), N_("確認した時刻"), N_("確認した人"), N_("向かった時刻"), N_("対応した人"), N_("応対の始まり"),
    N_("応対の終わり"), N_("応対の長さ（分）"), N_("終了した時刻"),
)  # fmt: skip


def list_as_file(wanted: Listed, ending: str) -> Response:
    """Every incident of a period, one on a line. It names staff, so the export is written down first."""
    here, tongue = site(), language()
    period = Wanted(year=wanted.year, part=wanted.part).period(fiscal_year(here.now()))
    with begin_read(here.engine) as connection:
        found = store.listed(connection, period)
    write_down("incidents.exported", None, year=period.year, part=wanted.part, kind=ending, count=len(found))
    rows = [_listed(one, acts, tongue) for one, acts in found]
    sheet = Sheet(say(tongue, N_("案件の記録")), tuple(say(tongue, name) for name in LIST), rows)
    return _file([sheet], f"incidents-{period.year}-{wanted.part}.{ending}", ending)


def _listed(one: Row[Any], acts: frozenset[str], tongue: str) -> list[sheets.Cell]:
    called = partial(report_words.called, tongue)
    held_s = store.contact_s(one)
    return [
        one.number, one.pressed_at, one.counter, called(NAMES["level"], "post" if one.origin == "post" else one.level),
        say(tongue, N_("訓練")) if one.drill else "", one.presses, called(labels.STATES, one.state),
        called(labels.OUTCOMES, one.outcome) if one.outcome else "",
        "、".join(called(labels.ACTS, act) for act in sorted(acts)), one.seen_at, one.seen_name, one.responding_at,
        one.responder_name, one.contact_started_at, one.contact_ended_at,
        None if held_s is None else round(held_s / 60, 1), one.closed_at,
    ]  # fmt: skip


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
        years=sorted({*range(this_year - 5, this_year + 1), found.year}),
    )


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
