"""Who would be alerted now, who is away, and how soon calls are answered: shapes and their reading."""

from typing import Literal

from sqlalchemy import Connection

from contract.problems import Problem
from hub.domain import escalation, hearing
from hub.domain.duty import Called
from hub.domain.hearing import Hears
from hub.domain.response import MARKS_S, OVER, shares
from hub.store import absences, answers, boxes
from hub.web.shapes import Moment, Shape
from hub.web.site import Site


class Away(Shape):
    """An absence that runs or is to come."""

    from_at: Moment
    until_at: Moment
    noted_name: str


class DutyContact(Shape):
    """Somebody who can be alerted, without their address. `deputies` take their place, in the order they are named.

    `near`: the counters whose calls are for them; every counter's, when it is empty. `hears`: calls, only messages
    for another reason, only what they are told as a deputy, or nothing at all.
    """

    id: str
    name: str | None
    role: str
    channel: str
    presence: Literal["here", "away", "off_hours"]
    hours: list[str]
    deputies: list[str]
    away: list[Away]
    near: list[str]
    hears: Hears


class DutyCalled(Shape):
    """Somebody who would be alerted for a role; `stands_for` names whose place they take."""

    contact: str
    role: str
    stands_for: list[str]


class DutyStage(Shape):
    """Whom an unanswered call reaches after so many seconds. `missing`: roles of which hub.toml names nobody."""

    after_s: int
    called: list[DutyCalled]
    missing: list[str]


class DutyWarning(Shape):
    """A contact that would never be told, or not of what it is there for: which field of it, and what to do."""

    contact: str
    field: Literal["role", "near"]
    value: str
    ja: str
    en: str


class Duty(Shape):
    """Who would be alerted now. `unattended`: roles of which nobody is on duty, so that all are alerted anyway.

    The stages tell of all counters together: whoever is near only some of them is called for those.
    """

    assist: list[DutyStage]
    emergency: list[DutyStage]
    repeat_s: int
    unattended: list[str]
    contacts: list[DutyContact]
    warnings: list[DutyWarning]
    at: Moment


class ResponseShare(Shape):
    """How soon the calls of one level were answered. `calls`: those that are answered or should have been by now."""

    level: Literal["assist", "emergency"]
    drill: bool
    calls: int
    answered: int
    within_10_s: int
    within_40_s: int
    percent_10_s: int | None
    percent_40_s: int | None
    median_s: float | None
    running: int
    mistaken: int


class ResponseFigures(Shape):
    """Answers to the calls raised from `since` until `at`. An emergency is answered when a named person is coming."""

    since: Moment
    at: Moment
    levels: list[ResponseShare]


def duty(connection: Connection, site: Site) -> Duty:
    """Who would be alerted now."""
    now, rules = site.now(), site.profile.alert
    found = absences.duty(connection, site.roster, now)
    standing = absences.standing(connection, now)
    reached = {contact.role for contact in site.contacts}
    hears = hearing.hears(site.profile, site.contacts)
    counters = boxes.counters(connection)

    def stages(level: str) -> list[DutyStage]:
        return [
            DutyStage(
                after_s=stage.after_s,
                called=[_called(one) for one in people],
                missing=[role for role in stage.roles if role not in reached],
            )
            for stage, people in escalation.plan(rules, level, found.called)
        ]

    return Duty(
        assist=stages("assist"),
        emergency=stages("emergency"),
        repeat_s=rules.repeat_s,
        unattended=list(found.unattended),
        contacts=[
            DutyContact(
                id=one.id,
                name=one.name,
                role=one.role,
                channel=one.channel,
                presence=found.presence[one.id],
                hours=list(one.hours),
                deputies=[other.id for other in site.contacts if one.id in other.deputy_for],
                away=[Away.model_validate(row) for row in standing if row.contact == one.id],
                near=[counters.get(box, box) for box in one.near],
                hears=hears[one.id],
            )
            for one in site.contacts
        ],
        warnings=[_warning(one) for one in hearing.warnings(site.profile, site.contacts, counters)],
        at=now,
    )


def _warning(found: Problem) -> DutyWarning:
    _, contact, field = found.field.split(".")
    return DutyWarning(contact=contact, field=field, value=found.value, ja=found.ja, en=found.en)  # type: ignore[arg-type]


def _called(one: Called) -> DutyCalled:
    return DutyCalled(contact=one.id, role=one.role, stands_for=list(one.stands_for))


def response(connection: Connection, site: Site) -> ResponseFigures:
    """How soon calls were answered in the last twelve months."""
    now = site.now()
    quick, slow = MARKS_S
    return ResponseFigures(
        since=now - OVER,
        at=now,
        levels=[
            ResponseShare(
                level=one.level,  # type: ignore[arg-type]
                drill=one.drill,
                calls=one.calls,
                answered=one.answered,
                within_10_s=one.within[quick],
                within_40_s=one.within[slow],
                percent_10_s=one.percent(quick),
                percent_40_s=one.percent(slow),
                median_s=one.median_s,
                running=one.running,
                mistaken=one.mistaken,
            )
            for one in shares(answers.asked(connection, now), now)
        ],
    )
