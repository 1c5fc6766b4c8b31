"""What the timeline says on paper: the course of events, the clocks and the steps of one incident."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from hub.domain.form import Case, Count, Length, Moment, Person, Row, Table, Term, Told, Value, Words

QUIET: Final = ("segment.sealed", "alerted", "fault.raised", "fault.cleared")
"""Kinds that a person who reads the course of events does not look for."""

_TERMS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "marked": (("mark", "MARKS"), ("act", "ACTS"), ("card", "CARDS")),
    "step.taken": (("step", "STEPS"), ("ground", "GROUNDS")),
    "decided": (("about", "DECISIONS"), ("outcome", "DECISION_OUTCOMES"), ("clock", "CLOCKS")),
    "clock.lead": (("clock", "CLOCKS"),),
    "clock.due": (("clock", "CLOCKS"),),
    "judged": (("finding", "FINDINGS"),),
    "closed": (("outcome", "OUTCOMES"),),
    "notified": (("why", "WHYS"),),
    "notice.sent": (("why", "WHYS"),),
    "account": (("kind", "WRITTEN"),),
    "task.done": (("kind", "TASKS"),),
    "alarm.raised": (("level", "LEVELS"),),
    "alarm.repeated": (("level", "LEVELS"),),
}
"""What of an entry's data says what happened, by its kind, and which words it comes from."""

_COUNTS: Final = (("minutes", "minutes"), ("visitors", "visitors"), ("staff", "staff"))
_PLAIN: Final = ("to", "persons", "unit", "shared_with", "taker", "issuer", "issuer_name", "announcer", "route", "case")
"""Names and offices that stand as they were given."""


def course(case: Case) -> Table:
    """Everything that happened, in order of time."""
    return Table(
        "course",
        ("at", "what", "by", "said"),
        tuple(
            ((Moment(told.at),), tuple(_what(told)), by(told), _said(told))
            for told in case.told
            if told.kind not in QUIET
        ),
    )


def _what(told: Told) -> Iterator[Value]:
    yield Term("ENTRIES", told.kind)
    for key, table in _TERMS.get(told.kind, ()):
        name = told.data.get(key)
        if isinstance(name, str):
            yield Term(table, name)
    count = told.data.get("count")
    if told.kind == "step.taken" and isinstance(count, int):
        yield Count(count, "nth")
    yield from _named_then(told)
    yield from _corrected(told)
    if told.data.get("calls"):
        yield Term("NOTICES", "calls")
    if told.data.get("skipped"):
        yield Term("NOTICES", "skipped")
        yield from (Term("STEPS", step) for step in told.data["skipped"])
    for key, unit in _COUNTS:
        number = told.data.get(key)
        if isinstance(number, int):
            yield Count(number, unit)
    if told.kind in ("notified", "notice.sent"):
        yield from (Term("ROLES", role) for role in told.data.get("roles", ()))
        if told.data.get("nobody"):
            yield Term("NOTICES", "nobody")
        yield from (Term("ROLES", role) for role in told.data.get("nobody", ()))
    for key in _PLAIN:
        yield from _words(told.data.get(key))


def named(case: Case, judged: Told) -> Iterator[Row]:
    """Which act was named to the person, and when: with the judgement, or after it, when the contact was long over
    (SET-03). A line to write on where harassment was found and nobody wrote it down.
    """
    then = tuple(_named_then(judged))[1:]
    acts = [Term("ACTS", str(act)) for act in judged.data.get("acts", ())] if then else []
    later = [
        part
        for told in case.told
        if told.data.get("mark") == "act_named"
        for part in (Term("ACTS", str(told.data.get("act", ""))), Moment(told.at))
    ]
    if then or later or judged.data.get("finding") == "harassment":
        yield Row("act_named", (*acts, *then, *later))


def _named_then(told: Told) -> Iterator[Value]:
    at = told.data.get("act_named_at")
    if isinstance(at, str):
        yield Term("MARKS", "act_named")
        yield Moment(datetime.fromisoformat(at))


def _corrected(told: Told) -> Iterator[Value]:
    """What stood there before a further entry put it right."""
    before = told.data.get("before")
    if isinstance(before, str) and told.kind == "closed":
        yield Term("NOTICES", "before")
        yield Term("OUTCOMES", before)
    if isinstance(before, str) and told.kind == "contact.ended":
        yield Term("NOTICES", "before")
        yield Moment(datetime.fromisoformat(before))


def _words(value: object) -> Iterator[Words]:
    for one in value if isinstance(value, list | tuple) else (value,):
        if isinstance(one, str) and one.strip():
            yield Words(one)


def _said(told: Told) -> tuple[Value, ...]:
    alone = tuple(_words(told.data.get("not_shared")))
    label = (Term("NOTICES", "not_shared"),) if alone else ()
    return (*_words(told.text), *_words(told.data.get("reason")), *label, *alone)


def by(told: Told) -> tuple[Value, ...]:
    """Who or what made the entry."""
    if told.source != "person":
        return (Term("SOURCES", told.source),)
    return (Person(told.name, told.role),)


def clocks(case: Case) -> Table:
    """The clocks that ran, and whether they came to their end."""
    rows = [
        (
            (Term("CLOCKS", clock.name),),
            (Count(clock.minutes, "minutes"),),
            (Moment(clock.started_at),),
            (Length(length_ms(clock.started_at, clock.ended_at)),) if clock.ended_at else (),
            (Moment(clock.due_at),) if clock.ended_at is None or clock.ended_at >= clock.due_at else (),
        )
        for clock in case.clocks
    ]
    return Table("clocks", ("clock", "limit", "clock_from", "clock_length", "clock_due"), tuple(rows))


def length_ms(start: datetime, end: datetime) -> int:
    """From `start` to `end`, never less than nothing."""
    return max(0, round((end - start).total_seconds() * 1000))


def steps(case: Case) -> Table:
    """The steps that were said, how often, when and by whom."""
    taken: dict[str, list[Told]] = {}
    for told in case.told:
        if told.kind == "step.taken":
            taken.setdefault(str(told.data.get("step", "")), []).append(told)
    return Table(
        "steps",
        ("step", "times", "times_at", "step_by"),
        tuple(
            (
                (Term("STEPS", step),),
                (Count(len(all_told), "times"),),
                tuple(Moment(told.at) for told in all_told),
                tuple(dict.fromkeys(value for told in all_told for value in _speaker(told))),
            )
            for step, all_told in taken.items()
        ),
    )


def _speaker(told: Told) -> tuple[Value, ...]:
    """Who said it: a named superior or office, else whoever wrote it down."""
    named: Mapping[str, Any] = told.data
    office = " ".join(one.text for key in ("issuer", "issuer_name") for one in _words(named.get(key)))
    return tuple(_words(office or named.get("announcer"))) or by(told)
