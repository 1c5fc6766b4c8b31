"""Alerts as durable rows: written by the ladder, taken by the channels under a lease until they are sent or fail."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Row, and_, case, func, insert, not_, or_, select, update

from contract.messages import Level
from hub.domain import escalation
from hub.domain.drill import Reach
from hub.domain.escalation import Call
from hub.domain.incident import ALARMING, Entry
from hub.domain.notices import DANGEROUS, Why, for_guards
from hub.store.course import courses
from hub.store.schema import alert, incident, timeline, visit, visit_call

LEASE: Final = timedelta(seconds=10)
"""Longer than a sending may take. A worker that was killed while sending holds its rows no longer than this."""

_NEVER_FARTHER: Final = timedelta(seconds=120)
"""No backoff and no lease reaches farther than this."""

_Value = TypeVar("_Value")

_SEEN: Final = (Entry.MARKED.value, Entry.DRILL_REAL.value)

_VALUES_MAX: Final = 500

MESSAGE_MAX: Final = 50
"""Alerts in one message."""

_ALARMING: Final = [state.value for state in ALARMING]


@dataclass(frozen=True, slots=True)
class Lease:
    """Alerts of one target that this worker may send until the lease ends. Rows carry their incident's columns.

    `acts`: what was seen to happen, by incident, for those of them that guards are sent.
    """

    channel: str
    target: str
    alerts: Sequence[Row[Any]]
    acts: Mapping[str, tuple[str, ...]]


# --- the ladder ------------------------------------------------------------------------------------------------------


def calling(connection: Connection) -> Sequence[Any]:
    """Incidents for which further people must be alerted."""
    return connection.execute(
        select(
            incident.c.id,
            incident.c.box,
            incident.c.level,
            incident.c.state,
            incident.c.raised_at,
            incident.c.seen_at,
            incident.c.responding_at,
            incident.c.reach,
        ).where(_unanswered())
    ).all()


def still_calling(connection: Connection, incidents: Sequence[str]) -> list[str]:
    """Those of `incidents` that are unanswered now."""
    found: list[str] = []
    for part in _parts(incidents):
        found += connection.execute(select(incident.c.id).where(incident.c.id.in_(part), _unanswered())).scalars()
    return found


def keys(connection: Connection, calls: Sequence[Call], repeat_s: int) -> set[str]:
    """Keys of alerts that exist, as far as the ladder can ask for them again: all stages, and the newest repeats."""
    found: set[str] = set()
    for part in _parts(calls):
        rounds = {0} | {int(call.elapsed_s // repeat_s) - back for call in part for back in (0, 1)}
        ids = [call.incident for call in part]
        found |= set(
            connection.execute(
                select(alert.c.key).where(alert.c.incident.in_(ids), alert.c.round.in_(rounds))
            ).scalars()
        )
    return found


def climbed_s(connection: Connection, calls: Sequence[Any], repeat_s: int) -> dict[str, int]:
    """How far the ladders of these calls have come by the alerts that exist, in seconds from the last raise."""
    far = func.max(case((alert.c.round > 0, alert.c.round * repeat_s), else_=alert.c.stage_s))
    found: dict[str, int] = {}
    for call in calls:
        of_this_raise = alert.c.key.startswith(escalation.key_start(call.id, call.level, call.reach))
        found[call.id] = (
            connection.execute(select(far).where(alert.c.incident == call.id, of_this_raise)).scalar_one() or 0
        )
    return found


def _parts(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    """`values` in parts that fit one statement."""
    for start in range(0, len(values), _VALUES_MAX):
        yield values[start : start + _VALUES_MAX]


def needless(connection: Connection) -> list[str]:
    """The ladder's alerts that wait although somebody has answered since the last raise, or the call is over."""
    return list(
        connection.execute(
            select(alert.c.id)
            .join(incident, incident.c.id == alert.c.incident)
            .where(alert.c.state == "due", alert.c.why == Why.CALL.value, not_(_unanswered()))
        ).scalars()
    )


def free_keys(connection: Connection, incidents: Sequence[str], *, repeats_only: bool = False) -> None:
    """Let the ladders of these calls begin anew, or only repeat at once what they have reached: what was climbed before
    keeps its rows, and their keys no more.
    """
    rows = and_(alert.c.incident.in_(incidents), alert.c.why == Why.CALL.value)
    if repeats_only:
        rows = and_(rows, alert.c.round > 0)
    connection.execute(update(alert).where(rows).values(key=alert.c.id))


def cancel(connection: Connection, ids: Sequence[str]) -> list[str]:
    """Take back alerts that nobody is sending at this moment; the incidents they belong to."""
    incidents: set[str] = set()
    for part in _parts(ids):
        incidents |= set(
            connection.execute(
                update(alert)
                .where(alert.c.id.in_(part), alert.c.state == "due")
                .values(state="cancelled")
                .returning(alert.c.incident)
            ).scalars()
        )
    return sorted(incidents)


def add(connection: Connection, rows: Sequence[dict[str, Any]], entry: dict[str, Any]) -> None:
    """Write alerts and their timeline entry, but for those that exist: one call must not hold up every other."""
    known = set(connection.execute(select(alert.c.key).where(alert.c.key.in_([row["key"] for row in rows]))).scalars())
    new = [row for row in rows if row["key"] not in known]
    if new:
        connection.execute(insert(alert), new)
        connection.execute(insert(timeline), [entry])


def note(connection: Connection, entries: Sequence[dict[str, Any]]) -> None:
    """Write timeline entries of the ladder's own."""
    if entries:
        connection.execute(insert(timeline), list(entries))


def _unanswered() -> Any:
    return and_(
        incident.c.state.in_(_ALARMING),
        incident.c.responding_at.is_(None),
        or_(incident.c.level == Level.EMERGENCY.value, incident.c.seen_at.is_(None)),
        or_(incident.c.reach.is_(None), incident.c.reach != Reach.NOBODY.value),
    )


# --- the channels ----------------------------------------------------------------------------------------------------


def has_due(connection: Connection, channel: str, now: datetime, busy: Collection[str]) -> bool:
    """Whether `lease` would find something. A cheap question, so that idle senders do not take the write lock."""
    return connection.execute(select(alert.c.id).where(_open(channel, now, busy)).limit(1)).one_or_none() is not None


def lease(connection: Connection, channel: str, now: datetime, busy: Collection[str]) -> Lease | None:
    """Take what is due for the target that has waited longest, except the targets in `busy`.

    Call it in a write transaction of its own, and commit before sending.
    """
    open_ = _open(channel, now, busy)
    target = connection.execute(
        select(alert.c.target).where(open_).order_by(alert.c.next_at, alert.c.created_at).limit(1)
    ).scalar_one_or_none()
    if target is None:
        return None
    ids = list(
        connection.execute(
            select(alert.c.id)
            .where(open_, alert.c.target == target)
            .order_by(alert.c.created_at, alert.c.id)
            .limit(MESSAGE_MAX)
        ).scalars()
    )
    connection.execute(
        update(alert)
        .where(alert.c.id.in_(ids))
        .values(state="leased", lease_until=now + LEASE, tries=alert.c.tries + 1)
    )
    rows = connection.execute(
        select(
            alert,
            incident.c.number,
            incident.c.counter,
            incident.c.level,
            incident.c.drill,
            incident.c.pressed_at,
            incident.c.received_at,
            incident.c.raised_at,
            incident.c.clock,
            incident.c.seen_at,
            incident.c.seen_name,
            incident.c.responder_name,
            visit_call.c.visit,
            visit_call.c.agreed_at,
            visit.c.team,
            visit.c.left_at,
            visit.c.planned_at,
            visit.c.contact.label("contact_name"),
        )
        .join(incident, incident.c.id == alert.c.incident)
        .outerjoin(visit_call, visit_call.c.incident == incident.c.id)
        .outerjoin(visit, visit.c.id == visit_call.c.visit)
        .where(alert.c.id.in_(ids))
        .order_by(alert.c.created_at, alert.c.id)
    ).all()
    return Lease(
        channel, target, rows, _acts(connection, {row.incident for row in rows if for_guards(row.why, row.role)})
    )


def _acts(connection: Connection, incidents: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The dangerous acts that people marked in earnest. Most messages are for others, and cost no reading."""
    found: dict[str, tuple[str, ...]] = {}
    for part in _parts(sorted(incidents)):
        rows = connection.execute(select(incident).where(incident.c.id.in_(part))).all()
        for id, course in courses(connection, rows, _SEEN).items():
            found[id] = tuple(act for act in course.acts if act in DANGEROUS)
    return found


def next_at(connection: Connection, channel: str) -> datetime | None:
    """When this channel has something to do next."""
    due = connection.execute(
        select(func.min(alert.c.next_at)).where(alert.c.channel == channel, alert.c.state == "due")
    ).scalar_one()
    leased = connection.execute(
        select(func.min(alert.c.lease_until)).where(alert.c.channel == channel, alert.c.state == "leased")
    ).scalar_one()
    return min((moment for moment in (due, leased) if moment is not None), default=None)


def sent(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """Note that the target has them."""
    connection.execute(
        update(alert).where(alert.c.id.in_(ids)).values(state="sent", sent_at=now, lease_until=None, error=None)
    )


def failed(connection: Connection, ids: Sequence[str], reason: str, next_at: datetime | None) -> None:
    """Note a failed attempt; without `next_at` it was the last one."""
    values: dict[str, Any] = {"lease_until": None, "error": reason[:200]}
    values |= {"state": "failed"} if next_at is None else {"state": "due", "next_at": next_at}
    connection.execute(update(alert).where(alert.c.id.in_(ids)).values(**values))


def unanswered(connection: Connection, channel: str, target: str) -> list[tuple[str, bool]]:
    """Level, and whether it is a drill, of the unanswered calls of which `target` was told or is about to be told."""
    rows = connection.execute(
        select(incident.c.level, incident.c.drill)
        .join(alert, alert.c.incident == incident.c.id)
        .where(
            _unanswered(),
            alert.c.channel == channel,
            alert.c.target == target,
            alert.c.why == Why.CALL.value,
            alert.c.state != "cancelled",
        )
        .distinct()
    )
    return [(row.level, row.drill) for row in rows]


def _open(channel: str, now: datetime, busy: Collection[str]) -> Any:
    """Due, or left behind by a sender that died. A moment far ahead was written before the wall clock was set back."""
    far = now + _NEVER_FARTHER
    return and_(
        alert.c.channel == channel,
        alert.c.target.not_in(list(busy)),
        or_(
            and_(alert.c.state == "due", or_(alert.c.next_at <= now, alert.c.next_at > far)),
            and_(alert.c.state == "leased", or_(alert.c.lease_until <= now, alert.c.lease_until > far)),
        ),
    )
