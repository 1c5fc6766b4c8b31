"""For those who run the hub: is it alive, is it ready, what does it count."""

import json
from datetime import datetime, timedelta
from typing import Final

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from hub.domain.incident import State
from hub.domain.permissions import Action
from hub.store import counters
from hub.store.engine import begin_read
from hub.store.practices import AT_COUNTERS, IN_EARNEST
from hub.store.schema import alert, beat, box, change, incident, quarantine
from hub.web.gate import needs
from hub.web.notices import notices
from hub.web.site import site

FRESH: Final = timedelta(seconds=5)

blueprint = Blueprint("operations", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """This process answers."""
    return _json({"alive": True}, 200)


@blueprint.get("/readyz")
def readyz() -> Response:
    """200 when a press would be taken, written down and shown; else 503 with what is missing."""
    missing = not_ready(site().now())
    return _json({"ready": not missing, "missing": missing, "notices": notices(site())}, 503 if missing else 200)


def not_ready(now: datetime) -> list[str]:
    """What keeps this hub from working: `database`, `worker`, `mqtt`."""
    try:
        with begin_read(site().engine) as connection:
            beats = {row.name: row for row in connection.execute(select(beat))}
    except SQLAlchemyError:
        return ["database"]
    fresh = {name for name, row in beats.items() if abs(now - row.at) < FRESH}
    connected = "mqtt" in fresh and beats["mqtt"].data.get("connected", True) is True
    return [*([] if "worker" in fresh else ["worker"]), *([] if connected else ["mqtt"])]


@blueprint.get("/metrics")
@needs(Action.METRICS_READ)
def metrics() -> Response:
    """Prometheus text. Counted from the database at the moment of asking, so that restarts lose nothing."""
    registry = CollectorRegistry()
    with begin_read(site().engine) as connection:
        _count(connection, registry)
    ready = Gauge("madomori_ready", "1 when a press would be taken and shown", registry=registry)
    ready.set(0 if not_ready(site().now()) else 1)
    _count_room(registry)
    streams = Gauge("madomori_streams", "Open live streams", registry=registry)
    streams.set(len(site().broadcaster.streams()))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _count(connection: Connection, registry: CollectorRegistry) -> None:
    incidents = Gauge("madomori_incidents", "Incidents by state and level", ["state", "level"], registry=registry)
    for state in State:
        for level in ("assist", "emergency"):
            incidents.labels(state.value, level).set(0)
    for row in connection.execute(
        select(incident.c.state, incident.c.level, func.count().label("n"))
        .where(IN_EARNEST)
        .group_by(incident.c.state, incident.c.level)
    ):
        incidents.labels(row.state, row.level).set(row.n)
    boxes = Gauge("madomori_boxes", "Boxes by presence", ["presence"], registry=registry)
    for presence in ("online", "offline", "never"):
        boxes.labels(presence).set(0)
    for row in connection.execute(
        select(box.c.presence, func.count().label("n"))
        .where(box.c.revoked_at.is_(None), AT_COUNTERS)
        .group_by(box.c.presence)
    ):
        boxes.labels(row.presence).set(row.n)
    other = Gauge("madomori_boxes_other_rules", "Boxes that follow other rules than this hub", registry=registry)
    other.set(
        connection.execute(
            select(func.count()).where(
                box.c.revoked_at.is_(None), AT_COUNTERS, box.c.profile_digest != site().profile_digest
            )
        ).scalar_one()
    )
    if not site().external_broker:  # of another's broker nothing is known, and 0 would be a lie
        denied = Counter("madomori_broker_refused", "Messages and wills a box may not send", ["box"], registry=registry)
        for row in connection.execute(select(box.c.name, box.c.refused).where(box.c.revoked_at.is_(None), AT_COUNTERS)):
            denied.labels(row.name).inc(row.refused)
    alerts = Gauge("madomori_alerts", "Alerts by state", ["state"], registry=registry)
    for row in connection.execute(select(alert.c.state, func.count().label("n")).group_by(alert.c.state)):
        alerts.labels(row.state).set(row.n)
    last = Gauge("madomori_change_number", "Number of the newest change", registry=registry)
    last.set(connection.execute(select(func.max(change.c.id))).scalar_one_or_none() or 0)
    refused = Counter("madomori_quarantined", "Messages that could not be understood, ever", registry=registry)
    refused.inc(counters.value(connection, counters.QUARANTINED))
    kept = Gauge("madomori_quarantine_kept", "Those of them that can still be looked at", registry=registry)
    kept.set(connection.execute(select(func.count()).select_from(quarantine)).scalar_one())


def _count_room(registry: CollectorRegistry) -> None:
    room = site().room
    free = Gauge("madomori_evidence_free_bytes", "Free on the disk of the recordings", registry=registry)
    try:
        free.set(room.free_bytes())
    except OSError:
        free.set(float("nan"))
    kept = Gauge("madomori_evidence_keep_free_bytes", "Below this recordings wait in their boxes", registry=registry)
    kept.set(room.keep_free_bytes)
    refused = Counter(
        "madomori_evidence_refused", "Uploads refused since the pages started", ["reason"], registry=registry
    )
    for reason in ("disk", "quota"):
        refused.labels(reason).inc(room.refused[reason])


def _json(fields: dict[str, object], status: int) -> Response:
    return Response(json.dumps(fields), status, mimetype="application/json")
