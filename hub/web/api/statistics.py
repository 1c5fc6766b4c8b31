"""Figures of all incidents together, and the list of them, for programs and spreadsheets."""

from typing import Any

from flask import Response

from hub.domain.permissions import Action
from hub.web import statistics, statistics_words
from hub.web.api.described import Api, Given, Operation, Raw, as_json, read_body, read_query
from hub.web.council import Shared, write_shared
from hub.web.downloads import CSV, XLSX
from hub.web.problems import language
from hub.web.shapes import Shape


class Figure(Shape):
    """One figure, now and a year before. `count` is null where it is hidden or no count; `text` is what is shown."""

    name: str
    label: str
    count: int | None
    text: str
    count_before: int | None
    text_before: str


class FigureTable(Shape):
    """Figures of one kind."""

    name: str
    title: str
    figures: list[Figure]


class Statistics(Shape):
    """Everything that is told about a period: `year` is the fiscal year from 1 April."""

    year: int
    part: str
    council: bool
    totals: list[Figure]
    tables: list[FigureTable]


def get_statistics() -> Response:
    """Figures of a period beside those of a year before."""
    return _told(read_query(statistics.Wanted))


def _told(wanted: statistics.Wanted) -> Response:
    found = statistics.overview(wanted, language())
    return as_json(
        Statistics(
            year=found.year,
            part=found.part,
            council=found.council,
            totals=[_figure(line) for line in found.totals],
            tables=[
                FigureTable(name=block.name, title=block.title, figures=[_figure(line) for line in block.lines])
                for block in found.blocks
            ],
        )
    )


def _figure(line: statistics.Line) -> Figure:
    return Figure(
        name=line.name,
        label=line.label,
        count=line.now.exact,
        text=line.now.text,
        count_before=line.before.exact,
        text_before=line.before.text,
    )


def get_statistics_csv() -> Response:
    """The same for a spreadsheet."""
    return statistics.as_file(read_query(statistics.Wanted), "csv")


def get_statistics_xlsx() -> Response:
    """The same as a workbook."""
    return statistics.as_file(read_query(statistics.Wanted), "xlsx")


def get_incidents_csv() -> Response:
    """Every incident of a period, one on a line; the export is written down first."""
    return statistics.list_as_file(read_query(statistics.Listed), "csv")


def get_incidents_xlsx() -> Response:
    """The same as a workbook."""
    return statistics.list_as_file(read_query(statistics.Listed), "xlsx")


def post_statistics_shared() -> Response:
    """The council has had the figures of a quarter: answered with what it got."""
    shared = read_body(Shared)
    write_shared(shared)
    return _told(statistics.Wanted(year=shared.year, part=shared.part, council=True))


def register(api: Api) -> None:
    """Add the routes of this file."""
    part: dict[str, Any] = {"type": "string", "enum": list(statistics_words.PARTS), "default": "year"}
    period = [
        Given("year", "query", {"type": "integer", "minimum": 2000, "maximum": 2200}),
        Given("part", "query", part),
    ]
    council = Given("council", "query", {"type": "boolean", "default": False})
    api.add(
        Operation(
            "get_statistics", "GET", "/statistics", "統計 / figures of a period",
            {200: Statistics}, Action.STATISTICS_READ, given=[*period, council], troubles=("invalid",),
        ),
        get_statistics,
    )  # fmt: skip
    api.add(
        Operation(
            "post_statistics_shared", "POST", "/statistics/shared",
            "協議会に共有した / the council had the figures of a quarter; said again it is written once",
            {200: Statistics}, Action.STATISTICS_SHARE, body=Shared, troubles=("not-json", "forged", "invalid"),
        ),
        post_statistics_shared,
    )  # fmt: skip
    for name, path, summary, media_type, action, given, view in (
        ("get_statistics_csv", "/statistics.csv", "統計の表 / figures", CSV, Action.STATISTICS_READ, [*period, council],
         get_statistics_csv),
        ("get_statistics_xlsx", "/statistics.xlsx", "統計の表 / figures", XLSX, Action.STATISTICS_READ,
         [*period, council], get_statistics_xlsx),
        ("get_incidents_csv", "/incidents.csv", "案件の一覧表 / the list of incidents; written down first", CSV,
         Action.INCIDENTS_EXPORT, period, get_incidents_csv),
        ("get_incidents_xlsx", "/incidents.xlsx", "案件の一覧表 / the list of incidents; written down first", XLSX,
         Action.INCIDENTS_EXPORT, period, get_incidents_xlsx),
    ):  # fmt: skip
        api.add(
            Operation(
                name, "GET", path, summary, {200: Raw(media_type, ("Content-Disposition",))}, action, given=given,
                troubles=("invalid",),
            ),
            view,
        )  # fmt: skip
