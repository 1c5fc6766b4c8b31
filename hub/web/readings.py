"""What pages and API read from the database, as the shapes they answer."""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, func, or_, select

from hub.clock import boot_id
from hub.domain import ladder, policy_clock
from hub.domain.course import Course
from hub.domain.deed import BACK_DATED_MAX
from hub.domain.incident import ALARMING, OPEN, Origin, Outcome, State
from hub.domain.permissions import Action, allows
from hub.domain.privacy import told_to
from hub.domain.repeats import folded
from hub.domain.time_signs import Again, outside_hours
from hub.evidence import playback
from hub.evidence.gaps import gaps_of
from hub.scenario_files import rules_at
from hub.store import drills, limits, retention, time_signs, visits
from hub.store.cases import case_of
from hub.store.practices import AT_COUNTERS, IN_EARNEST
from hub.store.schema import access, box, incident, quarantine, recording, timeline
from hub.web import alert_readings, post_readings, shapes
from hub.web.site import Site

LIST_MAX: Final = 200
QUARANTINE_MAX: Final = 100

STILL_HERE: Final = timedelta(hours=8)
"""A working day: so long after a contact the page at its counter tells where to turn."""

SHARED_SHOWN: Final = timedelta(days=1)
"""How long it is shown that two machines seemed to use one certificate; a new enrolment ends it at once."""


class BadCursor(ValueError):
    """A cursor that no answer of ours gave out."""


def incident_shape(row: Row[Any], site: Site, again: Again | None = None) -> shapes.Incident:
    """One row of `incident`; `again`: whether it followed soon on another contact."""
    return shapes.Incident(**_incident_fields(row, site, again))


def _incident_fields(row: Row[Any], site: Site, again: Again | None) -> dict[str, Any]:
    return {
        **{name: row._mapping[name] for name in shapes.Incident.model_fields if name in row._mapping},
        "seen_by": _person(row.seen_by, row.seen_name),
        "responder": _person(row.responder, row.responder_name),
        "policy": _policy(row.profile_id, row.profile_digest, site, row.box),
        "outside_hours": outside_hours(row, site.office),
        "recontact": again,
    }


def _person(person_id: str | None, name: str | None) -> shapes.PersonShape | None:
    return None if person_id is None else shapes.PersonShape(id=person_id, name=name or "")


def _policy(profile_id: str, digest: str, site: Site, box_name: str) -> shapes.Policy:
    practised = rules_at(box_name)
    expected = site.profile_digest if practised is None else practised.digest  # a box has the city's, not the unit's
    return shapes.Policy(id=profile_id, digest=digest, matches=digest == expected)


def incidents(
    connection: Connection,
    site: Site,
    states: Iterable[State] = (),
    since: datetime | None = None,
    limit: int = 50,
    cursor: str | None = None,
    case: str | None = None,
) -> tuple[list[shapes.Incident], str | None]:
    """A page of incidents, newest press first, and the cursor of the next page; with `case` those of that case.

    Raises:
        BadCursor: see there.
    """
    query = (
        select(incident).where(IN_EARNEST).order_by(incident.c.pressed_at.desc(), incident.c.id.desc()).limit(limit + 1)
    )
    wanted = [state.value for state in states]
    if wanted:
        query = query.where(incident.c.state.in_(wanted))
    if since is not None:
        query = query.where(incident.c.changed_at >= since)
    if case is not None:
        query = query.where(incident.c.case_number == case)
    if cursor is not None:
        pressed_at, last_id = _read_cursor(cursor)
        query = query.where(
            or_(
                incident.c.pressed_at < pressed_at,
                and_(incident.c.pressed_at == pressed_at, incident.c.id < last_id),
            )
        )
    rows = connection.execute(query).all()
    shown = rows[:limit]
    after = _cursor(shown[-1]) if len(rows) > limit else None
    again = time_signs.again(connection, shown)
    return [incident_shape(row, site, again.get(row.id)) for row in shown], after


def _cursor(row: Row[Any]) -> str:
    text = json.dumps([row.pressed_at.isoformat(), row.id])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        pressed_at, last_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = datetime.fromisoformat(pressed_at)
        if moment.tzinfo is None or not isinstance(last_id, str) or not 1970 <= moment.year <= 9000:
            raise BadCursor(cursor)
        last_id.encode()
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise BadCursor(cursor) from error
    return moment, last_id


def open_incidents(connection: Connection, site: Site) -> list[shapes.Incident]:
    """The queue: what nobody has seen, then what is being handled, then what is left to finish.

    In each, emergencies come first, then the oldest. Drills come after everything that is none, in the same order.
    """
    open_ = incident.c.state.in_([state.value for state in OPEN])
    rows = connection.execute(select(incident).where(open_, IN_EARNEST)).all()
    found = [incident_shape(row, site) for row in rows]
    return sorted(found, key=_urgency)


def _urgency(one: shapes.Incident) -> tuple[bool, int, bool, datetime, str]:
    stage = 0 if one.state is State.RAISED else 1 if one.state in ALARMING else 2
    return one.drill, stage, one.level != "emergency", one.raised_at, one.id


def incident_detail(
    connection: Connection, site: Site, incident_id: str, now: datetime, role: str = ""
) -> shapes.IncidentDetail | None:
    """One incident with everything around it, its steps as a person with `role` finds them; None when there is none."""
    row = connection.execute(select(incident).where(incident.c.id == incident_id)).one_or_none()
    if row is None:
        return None
    entries = _timeline(connection, incident_id, role)
    course = Course.of(row, entries)
    case = case_of(connection, row)
    alerts, delivery = alert_readings.told(connection, incident_id)
    return shapes.IncidentDetail(
        **_incident_fields(row, site, time_signs.again(connection, [row]).get(row.id)),
        timeline=entries,
        clocks=clocks(connection, [row], {row.id: course}, site, now)[row.id],
        steps=_steps(row, course, site, role, now) if row.origin != Origin.POST.value else [],
        alerts=alerts,
        alerts_total=sum(one.total for one in delivery),
        delivery=delivery,
        recordings=_recordings(connection, site, incident_id),
        case=shapes.Case.model_validate(case) if case is not None else None,
        holds=[
            shapes.Hold.model_validate(hold)
            for hold in retention.holds(connection, row)
            if hold.reason != "disclosure" or allows(Action.DISCLOSURES_READ, role)
        ],
        post=post_readings.post(connection, incident_id, course) if row.origin == Origin.POST.value else None,
        visit=visits.visit_of(connection, incident_id) if row.origin == Origin.VISIT.value else None,
    )


def _timeline(connection: Connection, incident_id: str, role: str) -> list[shapes.TimelineEntry]:
    """What happened, as far as `role` may know it; repeated alerts as a number."""
    known = []
    for entry in connection.execute(
        select(timeline).where(timeline.c.incident == incident_id).order_by(timeline.c.at, timeline.c.id)
    ):
        seen = told_to(role, entry.kind, entry.text, entry.data)
        if seen is not None:
            known.append((entry, *seen))
    told = {entry.id: repeats for entry, repeats in folded([entry for entry, _, _ in known])}
    return [
        shapes.TimelineEntry.model_validate(
            {
                **{name: entry._mapping[name] for name in shapes.TimelineEntry.model_fields if name in entry._mapping},
                "text": text,
                "data": data,
                "repeats": told[entry.id],
            }
        )
        for entry, text, data in known
        if entry.id in told
    ]


def clocks(
    connection: Connection, rows: Sequence[Any], courses: Mapping[str, Course], site: Site, now: datetime
) -> dict[str, list[shapes.ClockShape]]:
    """The clocks of each incident in `rows`, whose course is in `courses`, by its id.

    Counted as the worker counts: on the machine's own clock where that is known.
    """
    kept = limits.anchors(connection, [row.id for row in rows], boot_id())
    return {
        row.id: [
            shape
            for clock in policy_clock.clocks(site.rules_of(row.box)[0], courses[row.id])
            if (shape := _clock(clock, kept.get((row.id, clock.key)), site, now)) is not None
        ]
        for row in rows
    }


def _clock(
    clock: policy_clock.Clock, anchor: limits.Anchor | None, site: Site, now: datetime
) -> shapes.ClockShape | None:
    """None while it has not begun: it follows another that still runs."""
    since_at = clock.started_at
    if anchor is not None and anchor.since_ms is not None and clock.ended_at is None:
        since_at = now - timedelta(seconds=site.monotonic_s() - anchor.since_ms / 1000)
    elapsed_s = (now - since_at).total_seconds()
    if elapsed_s < 0:
        return None
    return shapes.ClockShape(
        name=clock.name,
        started_at=clock.started_at,
        since_at=since_at,
        minutes=clock.minutes,
        lead_minutes=clock.lead_minutes,
        due_at=since_at + timedelta(seconds=clock.due_s),
        ended_at=clock.ended_at,
        state=clock.state_after(elapsed_s),
        adjusted=clock.adjusted,
        estimated=clock.estimated,
        source=clock.source,
    )


def _steps(row: Row[Any], course: Course, site: Site, role: str, now: datetime) -> list[shapes.StepShape]:
    profile, site_type = site.rules_of(row.box)
    return [
        shapes.StepShape(
            step=one.step, count=one.count, last_at=one.last_at, offered=one.offered, missing=list(one.missing)
        )
        for one in ladder.stands(profile, site_type, course, role, now)
    ]


def _recordings(connection: Connection, site: Site, incident_id: str) -> list[shapes.Recording]:
    known = connection.execute(select(recording).where(recording.c.incident == incident_id)).one_or_none()
    stored = playback.stored_segments(connection, incident_id)
    if known is None and not stored:
        return []
    outlook = site.player.outlook(stored)
    count = known._mapping["count"] if known is not None else None
    stops, reached = outlook.stops, outlook.segments + len(outlook.damaged)
    if stops is None and (count is None or reached < count):
        stops = "missing" if len(stored) > reached or count is not None else "growing"
    return [
        shapes.Recording(
            box=known.box if known is not None else stored[0].box,
            pre_roll_ms=known.pre_roll_ms if known is not None else None,
            video=known.video if known is not None else None,
            audio=known.audio if known is not None else None,
            segments=count,
            stored_segments=len(stored),
            playable_segments=outlook.segments,
            playable_ms=outlook.duration_ms,
            damaged_segments=list(outlook.damaged),
            gaps=[
                shapes.RecordingGap(stream=gap.stream, start_ms=gap.start_ms, end_ms=gap.end_ms, why=gap.why)
                for gap in gaps_of(stored)
            ],
            closed_at=known.closed_at if known is not None else None,
            stops=stops,
        )
    ]


def boxes(connection: Connection, site: Site) -> list[shapes.Box]:
    """Every box that is not revoked, by counter, each with its newest open incident; a drill comes after all others."""
    running: dict[str, str] = {
        row.box: row.id
        for row in connection.execute(
            select(incident.c.box, incident.c.id)
            .where(incident.c.state.in_([state.value for state in OPEN]), incident.c.origin == Origin.COUNTER.value)
            .order_by(incident.c.drill.desc(), incident.c.raised_at)
        )
    }
    rows = connection.execute(
        select(box).where(box.c.revoked_at.is_(None), AT_COUNTERS).order_by(box.c.counter, box.c.name)
    ).all()
    held = {one.id: one for one in drills_held(connection)} if any(row.drill for row in rows) else {}
    return [
        shapes.Box(
            **{
                **{name: row._mapping[name] for name in shapes.Box.model_fields if name in row._mapping},
                "drill": held.get(row.drill),
                "faults": [*row.faults, *_noticed(row, site)],
            },
            profile=_policy(row.profile_id or "", row.profile_digest, site, row.name) if row.profile_digest else None,
            incident=running.get(row.name),
        )
        for row in rows
    ]


def just_over(connection: Connection, box_name: str, now: datetime) -> str | None:
    """The contact at that counter that ended last, while whoever was there is probably still in the house. None of a
    drill, and none where nothing had happened.
    """
    ended_at = func.coalesce(incident.c.contact_ended_at, incident.c.closed_at)
    return connection.execute(
        select(incident.c.id)
        .where(
            incident.c.box == box_name,
            incident.c.origin == Origin.COUNTER.value,
            incident.c.drill.is_(False),
            incident.c.pressed_at >= now - STILL_HERE - BACK_DATED_MAX,
            ended_at >= now - STILL_HERE,
            or_(incident.c.outcome.is_(None), incident.c.outcome != Outcome.FALSE_PRESS.value),
        )
        .order_by(ended_at.desc())
        .limit(1)
    ).scalar_one_or_none()


def drills_held(connection: Connection) -> list[shapes.Drill]:
    """The drills that go on, then the newest that are over."""
    return [
        shapes.Drill(
            **{name: row._mapping[name] for name in shapes.Drill.model_fields if name in row._mapping}
            | {
                "started_by": _person(row.started_by, row.started_name),
                "ended_by": _person(row.ended_by, row.ended_name),
            }
        )
        for row in drills.listed(connection)
    ]


def _noticed(row: Row[Any], site: Site) -> list[str]:
    """Faults of a box that the hub notices and the box cannot know."""
    now, found = site.now(), []
    if row.shared_at is not None and now - row.shared_at < SHARED_SHOWN:
        found.append("certificate_shared")
    if row.name in site.room.over_quota(now):
        found.append("evidence_quota")
    return found


def quarantined(connection: Connection) -> list[shapes.QuarantineEntry]:
    """The newest messages that could not be understood."""
    rows = connection.execute(select(quarantine).order_by(quarantine.c.id.desc()).limit(QUARANTINE_MAX)).all()
    return [
        shapes.QuarantineEntry(
            **{name: row._mapping[name] for name in shapes.QuarantineEntry.model_fields if name != "payload"},
            payload=base64.b64encode(row.payload).decode("ascii"),
        )
        for row in rows
    ]


def looks_at(connection: Connection, incident_id: str) -> list[Row[Any]]:
    """Who looked at an incident's recording or evidence and why, newest first."""
    return list(
        connection.execute(
            select(access)
            .where(access.c.incident == incident_id, access.c.act.in_(["recording.viewed", "evidence.viewed"]))
            .order_by(access.c.id.desc())
            .limit(50)
        )
    )
