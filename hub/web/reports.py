"""The city's forms of one incident: read the facts, lay them out, hand them over. Every making is logged first."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal

from flask import render_template
from sqlalchemy import insert, select

from hub.domain import report
from hub.domain.course import Course
from hub.domain.form import Case, ClockFact, Form, GapFact, Look, RecordingFact, Row, Rules, Section, Table, Told
from hub.domain.incident import Entry
from hub.domain.posts import MOMENTS
from hub.reports.pdf import NotMade
from hub.store.engine import begin_read, begin_write
from hub.store.schema import access
from hub.web import readings, report_words, shapes
from hub.web.gate import caller
from hub.web.practice_seen import require_sight
from hub.web.problems import Trouble, language
from hub.web.site import Site, site

FormName = Literal["record", "report", "police", "sns"]

LOOKED: Final = ("recording.viewed", "recording.exported", "evidence.viewed")

_TROUBLES: Final = {"engine": "form-engine", "font": "form-engine", "busy": "form-late", "slow": "form-late"}


def form(incident_id: str, name: str) -> Form:
    """The form `name` of an incident, as far as it can be filled in.

    Raises:
        Trouble: there is no such incident.
    """
    return report.FORMS[name](case(incident_id), site().now())


def case(incident_id: str) -> Case:
    """Everything that a form may say about an incident.

    Raises:
        Trouble: there is none.
    """
    here = site()
    with begin_read(here.engine) as connection:
        found = readings.incident_detail(connection, here, incident_id, here.now(), caller().person.role)
        looks = connection.execute(
            select(access).where(access.c.incident == incident_id, access.c.act.in_(LOOKED)).order_by(access.c.id)
        ).all()
        if found is None:
            raise Trouble("not-found")
        require_sight(connection, found.box, incident_id)
    return _case(found, looks, here)


def _case(found: shapes.IncidentDetail, looks: Any, here: Site) -> Case:
    return Case(
        **{
            name: getattr(found, name)
            for name in (
                "number", "counter", "level", "drill", "presses", "pressed_at", "clock", "received_at", "seen_at",
                "responding_at", "contact_started_at", "contact_ended_at", "closed_at",
            )
        },
        seen_name=found.seen_by.name if found.seen_by else "",
        responder_name=found.responder.name if found.responder else "",
        outcome=found.outcome.value if found.outcome else None,
        told=tuple(_told(entry) for entry in found.timeline if _leaves_the_house(entry)),
        clocks=tuple(
            ClockFact(clock.name, clock.minutes, clock.started_at, clock.due_at, clock.ended_at)
            for clock in found.clocks
        ),
        recording=_recording(found.recordings),
        looks=tuple(Look(row.at, row.actor_name or "", row.reason) for row in looks),
        rules=_rules(found, here),
        record=_record(found),
        of_visit=found.visit is not None,
        of_post=found.post is not None,
        whereabouts=report.whereabouts(Course.of(found, found.timeline)),
        sns=_sns(found),
    )  # fmt: skip


def _leaves_the_house(entry: shapes.TimelineEntry) -> bool:
    """Papers are for people outside too: nothing of a worker's health, nor of who asked for what to be disclosed, and
    the account of who was harmed stays with those to whom it was promised (SUG-02).
    """
    statement = entry.kind == Entry.ACCOUNT and entry.data.get("kind") == "statement"
    return not entry.data.get("private") and entry.kind != Entry.DISCLOSURE and not statement


def _told(entry: shapes.TimelineEntry) -> Told:
    return Told(
        entry.at, entry.kind, entry.source, entry.actor_name or "", entry.actor_role or "", entry.text, entry.data
    )


def _record(found: shapes.IncidentDetail) -> Mapping[str, Any]:
    """What people wrote down, under the form's own names: the record, marks, decisions and the close."""
    fields: dict[str, Any] = {"place_kind": "offsite"} if found.visit is not None else {}
    fields |= _filled(found, "record")
    for entry in found.timeline:
        data = entry.data
        if entry.kind == Entry.ACCOUNT and data.get("kind") == "damage":
            hurt = [data[name] for name in ("hurt", "broken") if data.get(name)]
            fields["injuries"] = [*fields.get("injuries", ()), *hurt]
            fields |= {"how": data["how"]} if data.get("how") and "how" not in fields else {}
        elif entry.kind in (Entry.CONTACT_STARTED, Entry.CONTACT_ENDED):
            place = _PLACES.get(data.get("place") or "") or _PLACES.get(data.get("means") or "")
            fields |= {"place_kind": place} if place else {}
        elif entry.kind == Entry.ACCOUNT and data.get("kind") == "record":
            written = {
                "words": data.get("verbatim"), "who": data.get("who"), "how": data.get("how"),
                "means": data.get("where"),
            }  # fmt: skip
            fields |= {name: words for name, words in written.items() if words}
            fields |= {"note_taker": data["note_taker"]} if data.get("note_taker") else {}
        elif entry.kind == Entry.DECIDED and data.get("circumstances"):
            fields["circumstances"] = data["circumstances"]
        elif entry.kind == Entry.CLOSED and data.get("prevention"):
            fields["prevention"] = data["prevention"]
        elif data.get("mark") == "removal_wished":
            fields["removal"] = "remove"
        elif data.get("mark") == "injury" and entry.text:
            fields["injuries"] = [*fields.get("injuries", ()), entry.text]
        elif data.get("mark") == "head_count" and data.get("visitors"):
            fields["visitors"] = data["visitors"]
    return fields


_PLACES: Final = {"open": "open_space", "room": "room", "outside": "offsite", "phone": "phone", "visit": "offsite"}
"""Where a contact took place or by which means, as the form has it."""


def _filled(found: shapes.IncidentDetail, name: str) -> Mapping[str, Any]:
    """What people wrote into a form of that name: later entries win, field by field."""
    fields: dict[str, Any] = {}
    for entry in found.timeline:
        written = entry.data.get(name)
        if isinstance(written, dict):
            fields |= written
    return fields


def _sns(found: shapes.IncidentDetail) -> Mapping[str, Any]:
    """The first report of a post. Times that came as such are written like all others; words stay words."""
    return {name: _moment(value) if name in MOMENTS else value for name, value in _filled(found, "sns").items()}


def _moment(value: object) -> object:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return value
    return moment if moment.tzinfo is not None else value


def _recording(recordings: list[shapes.Recording]) -> RecordingFact | None:
    if not recordings:
        return None
    kept = recordings[0]
    return RecordingFact(
        kept.video, kept.audio, kept.pre_roll_ms, kept.playable_ms, max(kept.segments or 0, kept.stored_segments),
        kept.stored_segments, len(kept.damaged_segments),
        tuple(GapFact(gap.stream, gap.why, gap.start_ms, gap.end_ms) for gap in kept.gaps),
    )  # fmt: skip


def _rules(found: shapes.IncidentDetail, here: Site) -> Rules:
    """The site's rules; of an incident that followed others only their name is known."""
    profile, _ = here.rules_of(found.box)
    return Rules(
        profile.meta.label_ja if found.policy.matches else found.policy.id,
        found.policy.digest,
        profile.report.to,
        profile.sns.recipients,
        profile.clock.circumstances,
    )


def write_down(act: str, incident_id: str | None, **data: object) -> None:
    """Log, then act: when this fails, nothing is made."""
    who = caller().person
    with begin_write(site().engine) as connection:
        connection.execute(
            insert(access).values(
                at=site().now(), actor=who.id, actor_name=who.name, act=act, incident=incident_id,
                data={**data, "role": who.role},
            )
        )  # fmt: skip


def as_pdf(made: Form) -> bytes:
    """`made` on paper.

    Raises:
        Trouble: this machine cannot make it now, with what to do about it.
    """
    tongue = language()
    page = render_template(
        f"reports/{made.name}.html", form=made, title=report_words.TITLES[made.name],
        about=report_words.ABOUT[made.name], words=report_words, grouped=grouped,
        written=partial(report_words.written, tongue), called=partial(report_words.called, tongue),
    )  # fmt: skip
    try:
        return site().setter.make(page)
    except NotMade as error:
        if error.why not in _TROUBLES:
            raise
        raise Trouble(_TROUBLES[error.why], headers={"Retry-After": "10"}) from error


def grouped(section: Section) -> list[list[Row] | Table]:
    """A section's fields in runs, each a table of its own on paper, between the lists."""
    groups: list[list[Row] | Table] = []
    for part in section.parts:
        if isinstance(part, Table):
            groups.append(part)
        elif groups and isinstance(groups[-1], list):
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups
