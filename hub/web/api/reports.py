"""Forms of one incident: PDF, the same as a table, and a city's own Word file."""

from typing import Annotated, Any, Final, Literal

from flask import Response, g
from pydantic import BaseModel, ConfigDict, StringConstraints

from hub.domain.form import Form, Moment, Row, Table
from hub.domain.permissions import Action
from hub.domain.report import FORMS, SNS_FIELDS
from hub.reports import sheets, word
from hub.reports.sheets import Sheet
from hub.web import report_words, reports
from hub.web.api.described import Api, Given, Operation, Raw, read_query
from hub.web.downloads import CSV, DOCX, PDF, download
from hub.web.problems import Trouble, language
from hub.web.report_words import COLUMNS, ROWS, SECTIONS, TABLES, TITLES, WARNINGS, called, in_words, written
from hub.web.site import site
from hub.wording import TOKYO, say


class Wanted(BaseModel):
    """Which form, in which language; without one, the reader's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: reports.FormName
    language: Literal["ja", "en"] | None = None


class WantedWord(BaseModel):
    """Which of the city's own files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: Annotated[str, StringConstraints(min_length=1, max_length=60)]


def get_report_pdf(incident_id: str) -> Response:
    """A form on paper. Written down before it is made."""
    wanted = read_query(Wanted)
    g.language = wanted.language or g.language
    form = reports.form(incident_id, wanted.form)
    reports.write_down("report.made", incident_id, form=wanted.form, kind="pdf")
    return download(reports.as_pdf(form), PDF, f"{form.number}-{wanted.form}.pdf", inline=True)


def get_report_csv(incident_id: str) -> Response:
    """The fields of a form, one on a line."""
    wanted = read_query(Wanted)
    g.language = wanted.language or g.language
    form = reports.form(incident_id, wanted.form)
    reports.write_down("report.made", incident_id, form=wanted.form, kind="csv")
    return download(sheets.as_csv(_sheets(form, language()), TOKYO), CSV, f"{form.number}-{wanted.form}.csv")


def get_report_docx(incident_id: str) -> Response:
    """The city's own file, filled in."""
    wanted = read_query(WantedWord)
    values = placeholders(incident_id)
    reports.write_down("report.made", incident_id, form=wanted.form, kind="docx")
    try:
        made = word.filled(site().forms, wanted.form, values, values["drill"])
    except word.NoForm as error:
        raise Trouble("no-form", {"name": wanted.form}) from error
    except word.BadForm as error:
        raise Trouble("bad-form", {"names": ", ".join(error.names)}) from error
    return download(made, DOCX, f"{values['number']}-{wanted.form}.docx")


PLACEHOLDERS: Final = (
    "number", "drill", "made_at", "to", "sns_to",
    *(name for name in ROWS if name not in (*SNS_FIELDS, *TABLES, "number")),
    *(f"{name}_table" for name in TABLES),
    *(f"sns_{name}" for name in SNS_FIELDS),
)  # fmt: skip
"""Every name that a city's own file may use (docs/forms.md). They are there for every incident, empty or not."""


def placeholders(incident_id: str) -> dict[str, str]:
    """What is known under each of `PLACEHOLDERS`.

    Raises:
        Trouble: there is no such incident.
    """
    case, now, tongue = reports.case(incident_id), site().now(), language()
    found = dict.fromkeys(PLACEHOLDERS, "")
    if case.drill:  # the word in Japanese for whoever makes it: the city's file is read by its own people
        found["drill"] = f"【訓練】{say(tongue, report_words.DRILL)}"
    for make in FORMS.values():
        found |= {name: text for name, text in _named(make(case, now), tongue).items() if text}
    return found


def _named(form: Form, tongue: str) -> dict[str, str]:
    """A form's facts by name. Fields of the report on posts begin with `sns_`, tables end in `_table`."""
    before = "sns_" if form.name == "sns" else ""
    found = {f"{before}to": "、".join(form.to), "made_at": written(tongue, Moment(form.made_at))}
    for part in (part for section in form.sections for part in section.parts):
        if isinstance(part, Table):
            lines = ("　".join(written(tongue, value) for cell in line for value in cell) for line in part.rows)
            found[f"{part.name}_table"] = "\n".join(lines)
        elif part.name == "number":
            found["number"] = in_words(tongue, part)
        else:  # a table with nothing in it comes as a field that says so
            name = f"{part.name}_table" if part.name in TABLES and not before else before + part.name
            found[name] = in_words(tongue, part)
    return found


def _sheets(form: Form, tongue: str) -> list[Sheet]:
    """All the fields first, then each table under its name."""
    head = tuple(say(tongue, name) for name in (report_words.PART, report_words.FIELD, report_words.CONTENT))
    to = [("", say(tongue, report_words.RECIPIENTS), "、".join(form.to))] if form.to else []
    fields = [
        (called(tongue, SECTIONS, section.name), called(tongue, ROWS, part.name), _field(tongue, part))
        for section in form.sections
        for part in section.parts
        if isinstance(part, Row)
    ]
    drill = [("", say(tongue, report_words.DRILL), "")] if form.drill else []
    return [
        Sheet(say(tongue, TITLES[form.name]), head, [*drill, *to, *fields]),
        *(_table(tongue, part) for section in form.sections for part in section.parts if isinstance(part, Table)),
    ]


def _field(tongue: str, row: Row) -> str:
    return in_words(tongue, row) or (called(tongue, WARNINGS, row.warning) if row.warning else "")


def _table(tongue: str, table: Table) -> Sheet:
    return Sheet(
        called(tongue, TABLES, table.name),
        tuple(called(tongue, COLUMNS, column) for column in table.columns),
        [["　".join(written(tongue, value) for value in cell) for cell in row] for row in table.rows],
    )


def register(api: Api) -> None:
    """Add the routes of this file."""
    forms: dict[str, Any] = {"type": "string", "enum": list(FORMS)}
    tongue = Given("language", "query", {"type": "string", "enum": ["ja", "en"]})
    for kind, media_type, view, more in (
        ("pdf", PDF, get_report_pdf, ("form-engine", "form-late")),
        ("csv", CSV, get_report_csv, ()),
    ):
        api.add(
            Operation(
                f"get_report_{kind}", "GET", f"/incidents/<uuid_text:incident_id>/report.{kind}",
                "様式 / a form of one incident; the making is written down first",
                {200: Raw(media_type, ("Content-Disposition",))}, Action.REPORT_MAKE,
                given=[Given("form", "query", forms, required=True), tongue], troubles=("not-found", "invalid", *more),
            ),
            view,
        )  # fmt: skip
    api.add(
        Operation(
            "get_report_docx", "GET", "/incidents/<uuid_text:incident_id>/report.docx",
            "市の Word の様式 / a city's own Word file, filled in",
            {200: Raw(DOCX, ("Content-Disposition",))}, Action.REPORT_MAKE,
            given=[Given("form", "query", {"type": "string", "minLength": 1, "maxLength": 60}, required=True)],
            troubles=("not-found", "invalid", "no-form", "bad-form"),
        ),
        get_report_docx,
    )  # fmt: skip
