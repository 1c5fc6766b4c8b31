"""What the city's forms say about one incident: facts in, sections of rows out.

Nothing is invented. What nobody wrote down becomes a line to write on, or choices to tick by hand; an empty field for
the words as they were spoken carries a warning. How a row is called and how a value is spelled is said elsewhere.

`Case.record` holds what people wrote into the record form, by these names: `place_kind` `means` `who` `visitors` `how`
`words` `note_taker` `trigger` `circumstances` `injuries` `danger` `prevention` `removal`; `Case.sns` those of
`SNS_FIELDS`.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final, Literal

from hub.domain import post_form, report_told
from hub.domain.course import Course
from hub.domain.findings import BOTH, VIEWPOINTS
from hub.domain.form import (
    Case,
    Count,
    Form,
    Length,
    Moment,
    Person,
    RecordingFact,
    Row,
    Section,
    Table,
    Term,
    Told,
    Value,
    Words,
)
from hub.domain.incident import Origin
from hub.domain.notices import DANGEROUS

PLACES: Final = ("open_space", "room", "offsite", "phone")
REMOVALS: Final = ("remove", "caution", "record_only")
WEAPON: Final = "weapon_or_dangerous_item"

SNS_FIELDS: Final = (
    "occurred_at", "staff_unit", "staff_name", "course", "situation", "first_response", "other", "reported_at",
    "unit", "person_in_charge", "contact",
)  # fmt: skip
"""The fields of a first report about a post on the internet (Setagaya's SNS procedure, form 1)."""


def record(case: Case, now: datetime) -> Form:
    """The record of what was done: when, where, who, how, in which words."""
    return Form(
        "record", case.number, case.drill, now, (),
        (
            Section("when_where", (*_when(case), *_where(case))),
            Section("people", _people(case)),
            Section("how", (_told_row(case, "trigger", 2), _told_row(case, "how", 3), _words(case), _notes(case))),
            Section("course", (report_told.course(case),)),
            Section("circumstances", (_circumstances(case), _told_row(case, "injuries", 1))),
            Section("judgement", _judgement(case)),
            Section("clocks_steps", (report_told.clocks(case), report_told.steps(case))),
            Section("recording", _recording(case)),
            Section("rules", (_one("rules", Words(f"{case.rules.label} {case.rules.digest[:23]}")),)),
        ),
    )  # fmt: skip


def report(case: Case, now: datetime) -> Form:
    """The head of section's report: circumstances, outcome, course."""
    return Form(
        "report", case.number, case.drill, now, case.rules.report_to,
        (
            Section("sender", (Row("sender_unit"), Row("sender_name"), Row("sender_contact"))),
            Section(
                "circumstances",
                (*_when(case), *_where(case), _staff(case), _acts(case), _reported(case, "circumstances"),
                 _told_row(case, "trigger", 2), _words(case), _circumstances(case)),
            ),
            Section(
                "outcome",
                (_outcome(case), _reported(case, "outcome"), *_judgement(case), *_called(case),
                 _told_row(case, "injuries", 1)),
            ),
            Section("course", (_reported(case, "course"), report_told.course(case), report_told.steps(case))),
            Section("next", (_told_row(case, "prevention", 3), Row("consult", lines=2))),
        ),
    )  # fmt: skip


def police(case: Case, now: datetime) -> Form:
    """What officers need when they arrive. Of the visitor it says only what was noted."""
    return Form(
        "police", case.number, case.drill, now, (),
        (
            Section("place_time", (*_when(case), *_where(case), *_still_here(case))),
            Section("happened", (_seen_acts(case), _told_row(case, "how", 2), _words(case), _notes(case),
                                 _told_row(case, "who", 1))),
            Section("danger", (_danger(case), _told_row(case, "injuries", 2))),
            Section("orders", (report_told.steps(case), *_called(case))),
            Section("evidence", _evidence(case)),
            Section("wish", (_chosen(case, "removal", "REMOVALS", REMOVALS), Row("wish_more", lines=2))),
            Section("handover", (_staff(case), Row("handed_by"), Row("officer"), Row("police_number"))),
        ),
    )  # fmt: skip


def sns(case: Case, now: datetime) -> Form:
    """The first report about a post on the internet. What nobody has filled in is left to the pen."""
    long = {"course": 4, "situation": 4, "first_response": 3, "other": 2}
    rows = tuple(Row(name, _texts(case.sns.get(name)), long.get(name, 1)) for name in SNS_FIELDS)
    what, who = rows[:7], rows[7:]
    return Form(
        "sns", case.number, case.drill, now, case.rules.sns_to,
        (Section("sns_what", (_one("number", Words(case.number)), *what)), Section("sns_who", who)),
    )  # fmt: skip


FORMS: Final[Mapping[str, Callable[[Case, datetime], Form]]] = {
    "record": record,
    "report": report,
    "police": police,
    "sns": sns,
}
"""Every form by its name in the address."""

OF_CONTACTS: Final = ("record", "report", "police")
OF_POSTS: Final = ("sns", "report", "police")
"""The forms that make sense of what happened between people, and of a post on the internet (SET-20)."""


def _one(name: str, *values: Value | None, lines: int = 1) -> Row:
    return Row(name, tuple(value for value in values if value is not None), lines)


def _moment(at: datetime | None) -> Moment | None:
    return None if at is None else Moment(at)


def _texts(value: object) -> tuple[Value, ...]:
    if isinstance(value, datetime):
        return (Moment(value),)
    if isinstance(value, list | tuple):
        return tuple(Words(str(one)) for one in value if str(one).strip())
    return (Words(str(value)),) if value is not None and str(value).strip() else ()


def _told_row(case: Case, name: str, lines: int) -> Row:
    return Row(name, _texts(case.record.get(name)), lines)


def _when(case: Case) -> tuple[Row, ...]:
    if case.of_post:  # nobody pressed anything, and nobody talked
        return (_one("number", Words(case.number)), _one("found_at", Moment(case.pressed_at)))
    certain = case.clock == "synced"
    warning = "of_visit" if case.of_visit else "" if certain else "clock_unsure"  # nobody pressed a button there
    return (
        _one("number", Words(case.number)),
        Row("pressed_at", (Moment(case.pressed_at),), warning=warning),
        *(() if certain else (_one("received_at", Moment(case.received_at)),)),
        _one("contact_started_at", _moment(case.contact_started_at)),
        _one("contact_ended_at", _moment(case.contact_ended_at)),
        *(
            (_one("contact_length", Length(report_told.length_ms(case.contact_started_at, case.contact_ended_at))),)
            if case.contact_started_at and case.contact_ended_at
            else ()
        ),
    )


def _where(case: Case) -> tuple[Row, ...]:
    return (
        _one("counter", Words(case.counter)),
        *(() if case.of_post else (_chosen(case, "place_kind", "PLACES", PLACES),)),
        _told_row(case, "means", 1),
    )


def _chosen(case: Case, name: str, table: str, known: tuple[str, ...]) -> Row:
    said = case.record.get(name)
    names = [str(one) for one in said] if isinstance(said, list | tuple) else [] if said is None else [str(said)]
    choices = tuple(Term(table, one) for one in known)
    values = tuple(Term(table, one) if one in known else Words(one) for one in names if one.strip())
    return Row(name, values, choices=choices)


def _people(case: Case) -> tuple[Row, ...]:
    visitors = case.record.get("visitors")
    return (
        _staff(case),
        _one("seen", _name(case.seen_name), _moment(case.seen_at)),
        _one("responder", _name(case.responder_name), _moment(case.responding_at)),
        _told_row(case, "note_taker", 1),
        _told_row(case, "who", 2),
        _one("visitors", Count(visitors, "people") if isinstance(visitors, int) else None),
    )


def _name(name: str) -> Words | None:
    return Words(name) if name else None


def _staff(case: Case) -> Row:
    """Everybody who did something, by the name and role that are shown."""
    people = (Person(told.name, told.role) for told in case.told if told.source == "person" and told.name)
    return Row("staff", tuple(dict.fromkeys(people)), 2)


def _words(case: Case) -> Row:
    """The visitor's words as spoken. A label or a summary is no substitute, so an empty field says so (SHI-28)."""
    spoken = (
        *_texts(case.record.get("words")),
        *(one for told in case.told for one in _texts(told.data.get("spoken"))),
    )
    return Row("words", spoken, 3, warning="" if spoken else "no_words")


def _notes(case: Case) -> Row:
    notes = [(Moment(told.at), Words(told.text)) for told in case.told if told.kind == "noted" and told.text.strip()]
    return Row("notes", tuple(part for note in notes for part in note), 2)


def _circumstances(case: Case) -> Row:
    """What was weighed: as it was written, else what the city's rules ask to weigh, to be ticked by hand."""
    written = case.record.get("circumstances") or _latest(case, "circumstances")
    choices = tuple(Term("CIRCUMSTANCES", one) for one in case.rules.circumstances)
    if isinstance(written, list | tuple):
        known = {one.name for one in choices}
        return Row(
            "weighed",
            tuple(Term("CIRCUMSTANCES", str(one)) if str(one) in known else Words(str(one)) for one in written),
            2,
            choices,
        )
    return Row("weighed", _texts(written), 2, () if _texts(written) else choices)


def _latest(case: Case, name: str) -> object:
    """As it was decided last; a report's own words of that name are another matter."""
    return next((told.data[name] for told in reversed(case.told) if told.kind == "decided" and name in told.data), None)


def _judged(case: Case) -> Told | None:
    return next((told for told in reversed(case.told) if told.kind == "judged"), None)


def _judgement(case: Case) -> tuple[Row | Table, ...]:
    found = _judged(case)
    if found is None:
        return (_one("judgement", Term("ABSENT", "not_judged")),)
    return (
        _one("judgement", Term("FINDINGS", str(found.data.get("finding", ""))), Moment(found.at)),
        _acts(case),
        Row("judges", _texts(found.data.get("persons"))),
        *report_told.named(case, found),
        *_weighed(found),
        Row("reasons", _texts(found.text), 2),
    )


def _weighed(found: Told) -> Iterator[Row]:
    """What a judgement looked at, each under the question that it answers (SHI-03, SET-02)."""
    for name in (*VIEWPOINTS, "environment"):
        if words := _texts(found.data.get(name)):
            yield Row(f"judged_{name}", words)
    for name in (*BOTH, "average_employee", "dropped"):
        answer = found.data.get(name)
        if isinstance(answer, bool):
            yield Row(f"judged_{name}", (Term("ANSWERS", "yes" if answer else "no"),))


def _seen_acts(case: Case) -> Row:
    """The acts that people saw, with those of the judgement: officers come before anybody has judged."""
    seen = [Term("ACTS", str(told.data["act"])) for told in _marks(case, "act") if told.data.get("act")]
    return Row("seen_acts", tuple(dict.fromkeys((*seen, *_acts(case).values))))


def _acts(case: Case) -> Row:
    found = _judged(case)
    return Row("acts", tuple(Term("ACTS", str(act)) for act in (found.data.get("acts", ()) if found else ())))


def _outcome(case: Case) -> Row:
    if case.outcome is None:
        return _one("outcome", Term("ABSENT", "not_closed"))
    return _one("outcome", Term("OUTCOMES", case.outcome), _moment(case.closed_at))


def _reported(case: Case, part: str) -> Row:
    """A part of the report as it was written down when somebody reported (SET-13)."""
    found = next((told for told in reversed(case.told) if told.kind == "reported"), None)
    return Row(f"reported_{part}", _texts(found.data.get(part)) if found else (), 2)


def _marks(case: Case, name: str) -> list[Told]:
    return [told for told in case.told if told.data.get("mark") == name]


def _called(case: Case) -> tuple[Row, ...]:
    """Guards and police: when they were called and came. A step that told the police counts as a call."""
    guards = [
        told
        for told in case.told
        if told.data.get("mark") == "guards_called" or (told.kind == "notified" and told.data.get("why") == "guards")
    ]
    calls = [
        told for told in case.told if told.data.get("mark") == "police_called" or told.data.get("step") == "police"
    ]
    return (
        Row("guards_called", tuple(Moment(told.at) for told in guards)),
        Row("police_called", tuple(part for told in calls for part in (Moment(told.at), *_texts(told.text)))),
        Row("police_arrived", tuple(Moment(told.at) for told in _marks(case, "police_arrived"))),
    )


def whereabouts(course: Course) -> Literal["here", "left", "unsaid"] | None:
    """Whether who came is still there, as far as people wrote it down: an end of the contact alone does not say it, and
    who came back is there again (SHI-22, SHI-23). None where nobody came.
    """
    if course.origin == Origin.POST or not course.in_building:
        return None
    if course.gone:
        return "left"
    return "here" if course.ended_at is None else "unsaid"


def _still_here(case: Case) -> tuple[Row, ...]:
    if case.whereabouts is None:
        return ()
    choices = (Term("WHEREABOUTS", "here"), Term("WHEREABOUTS", "left"))
    if case.whereabouts == "unsaid":  # silence is no statement to officers: they, or the worker, tick it
        return (Row("visitor_left", choices=choices, warning="unsaid"),)
    if case.whereabouts == "left":
        left = _marks(case, "visitor_left")[-1]
        return (Row("visitor_left", (choices[1], Moment(left.at), *_texts(left.text)), choices=choices),)
    back = _marks(case, "visitor_back")
    return (Row("visitor_left", (choices[0], *(Moment(told.at) for told in back[-1:])), choices=choices),)


def _danger(case: Case) -> Row:
    found = [act for act in _seen_acts(case).values if isinstance(act, Term) and act.name in DANGEROUS]
    grounds = [Term("GROUNDS", WEAPON)] if any(told.data.get("ground") == WEAPON for told in case.told) else []
    alarm = [Term("LEVELS", case.level)] if case.level == "emergency" else []
    return Row("danger", (*alarm, *found, *grounds, *_texts(case.record.get("danger"))), 2)


def _notice(case: Case) -> Row:
    return Row("notice", tuple(Moment(told.at) for told in case.told if told.kind == "notice.played"))


def _evidence(case: Case) -> tuple[Row | Table, ...]:
    """Whether there is a recording to look at. Who looked is for the record, not for officers."""
    return (*post_form.kept(case), *(part for part in _recording(case) if part.name != "looks"))


def _recording(case: Case) -> tuple[Row | Table, ...]:
    refused = _marks(case, "recording_refused")
    refusal = (Row("refused", tuple(Moment(told.at) for told in refused)),) if refused else ()
    kept = case.recording
    if kept is None:
        return (_one("recording", Term("ABSENT", "no_recording")), _notice(case), *refusal, _looks(case))
    kinds = [Term("MEDIA", name) for name, has in (("video", kept.video), ("audio", kept.audio)) if has]
    more = [Count(kept.damaged, "parts_damaged")] if kept.damaged else []
    return (
        _one("recording", *kinds, Length(kept.playable_ms)),
        _one("parts", Count(kept.parts_here, "parts"), Count(kept.parts, "parts_all"), *more),
        *((_one("pre_roll", Length(kept.pre_roll_ms)),) if kept.pre_roll_ms else ()),
        _notice(case),
        *refusal,
        _gaps(kept),
        _looks(case),
    )


def _gaps(kept: RecordingFact) -> Row | Table:
    if not kept.gaps:
        return _one("gaps", Term("ABSENT", "no_gaps"))
    rows = tuple(
        ((Length(gap.start_ms),), (Length(gap.end_ms),), (Term("GAP_STREAMS", gap.stream),), (Term("GAPS", gap.why),))
        for gap in kept.gaps
    )
    return Table("gaps", ("gap_from", "gap_to", "gap_stream", "gap_why"), rows)


def _looks(case: Case) -> Row | Table:
    if not case.looks:
        return _one("looks", Term("ABSENT", "no_looks"))
    rows = tuple(((Moment(look.at),), (Words(look.name),), (Words(look.reason),)) for look in case.looks)
    return Table("looks", ("at", "by", "reason"), rows)
