"""Playback: a reason first, written down before the first byte; then one file with Range."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain, islice
from typing import Annotated, Any, Final

from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Row, insert, select
from werkzeug.datastructures import ContentRange
from werkzeug.http import parse_if_range_header, quote_etag

from hub.domain.incident import State
from hub.domain.permissions import Action, may_look
from hub.domain.saying import Line
from hub.evidence import playback
from hub.evidence.client import EvidenceAway, NotOpened
from hub.evidence.playback import Plan
from hub.evidence.ranges import Unsatisfiable, one_range
from hub.store.engine import begin_read, begin_write
from hub.store.schema import access, incident
from hub.web.api.described import Api, Given, Operation, Raw, read_query
from hub.web.gate import caller
from hub.web.problems import Trouble
from hub.web.site import site

SAME_LOOK: Final = timedelta(minutes=10)
"""Requests of one player for parts of one recording count as one look for so long."""

DAMAGED_PASSED: Final = 8
"""So many damaged segments are passed over before the first byte of one answer."""

NO_KEY: Final = ("off", "no-key", "sealed")


class View(BaseModel):
    """Why somebody looks. `until` fixes how many segments are shown, so that a growing file keeps its length."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Line
    until: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


def get_recording(incident_id: str) -> Response:
    """The recording as far as it is here, as one MP4."""
    view = read_query(View)
    rows = _rows(incident_id, view.until)
    look = _write_down(incident_id, view.reason, len(rows))
    for _ in range(DAMAGED_PASSED):
        try:
            return _answer(site().player.plan(rows, look), look)
        except EvidenceAway as error:
            raise Trouble("evidence-away", headers={"Retry-After": "2"}) from error
        except NotOpened as error:
            if error.why in NO_KEY:
                raise Trouble("viewing-off" if error.why == "off" else "viewing-key") from error
            # A segment was found damaged at its first byte: the next plan leaves it out.
    raise Trouble("no-recording")


def _answer(plan: Plan, look: int) -> Response:
    if not plan.spans:
        raise Trouble("no-recording")
    etag = quote_etag(plan.digest)
    headers = {"Accept-Ranges": "bytes", "ETag": etag, "Cache-Control": "private, no-store"}
    if etag in request.headers.get("If-None-Match", ""):
        return Response(status=304, headers=headers)
    start, length, status = 0, plan.length, 200
    try:
        wanted = one_range(_range_header(plan.digest), plan.length)
    except Unsatisfiable as error:
        raise Trouble("range", headers={"Content-Range": f"bytes */{plan.length}"}) from error
    if wanted is not None:
        (start, length), status = wanted, 206
        headers["Content-Range"] = ContentRange("bytes", start, start + length, plan.length).to_header()
    headers["Content-Length"] = str(length)
    body: Iterator[bytes] = iter(())
    if request.method == "GET":
        pieces = site().player.read(plan, look, start, length)
        # Opened before the head is sent: afterwards nobody could be told what is wrong.
        opened = list(islice(pieces, 2))
        body = chain(opened, pieces)
    return Response(body, status, headers, mimetype="video/mp4", direct_passthrough=True)


def _rows(incident_id: str, until: int | None) -> list[Row[Any]]:
    with begin_read(site().engine) as connection:
        row = connection.execute(
            select(incident.c.box, incident.c.state).where(incident.c.id == incident_id)
        ).one_or_none()
        if row is None:
            raise Trouble("not-found")
        if not may_look(caller().person.role, site().rules_of(row.box)[0], closed=row.state == State.CLOSED.value):
            raise Trouble("not-allowed")
        rows = playback.stored_segments(connection, incident_id)[:until]
    if not rows or rows[0].seq != 0:
        raise Trouble("no-recording")
    if not site().player.viewing:
        raise Trouble("viewing-off")
    return rows


def _range_header(digest: str) -> str | None:
    condition = parse_if_range_header(request.headers.get("If-Range"))
    if condition.date is not None or (condition.etag is not None and condition.etag != digest):
        return None
    return request.headers.get("Range") if request.method == "GET" else None


def _write_down(incident_id: str, reason: str, segments: int) -> int:
    """Log, then act: when this fails, nothing is opened. The number of the entry, for the evidence process's log."""
    who, now = caller().person, site().now()
    with begin_read(site().engine) as connection:
        same = connection.execute(
            select(access.c.id).where(
                access.c.act == "recording.viewed",
                access.c.incident == incident_id,
                access.c.actor == who.id,
                access.c.reason == reason,
                access.c.at > now - SAME_LOOK,
            )
        ).scalar()
    if same is not None:
        return int(same)
    with begin_write(site().engine) as connection:
        written = connection.execute(
            insert(access).values(
                at=now, actor=who.id, actor_name=who.name, act="recording.viewed", incident=incident_id, reason=reason,
                data={"segments": segments, "role": who.role},
            )
        )  # fmt: skip
        number = written.inserted_primary_key
    if number is None:
        raise LookupError("the entry has no number")
    return int(number[0])


def register(api: Api) -> None:
    """Add the routes of this file."""
    for method in ("GET", "HEAD"):
        api.add(
            Operation(
                f"{method.lower()}_recording", method, "/incidents/<uuid_text:incident_id>/recording.mp4",
                "録画を見る / play the recording; the reason is written down first",
                {
                    200: Raw("video/mp4", ("ETag", "Accept-Ranges")),
                    206: Raw("video/mp4", ("ETag", "Accept-Ranges", "Content-Range")),
                    304: Raw("video/mp4", ("ETag",)),
                },
                Action.RECORDING_VIEW,
                given=[
                    Given("reason", "query", {"type": "string", "minLength": 1, "maxLength": 200}, required=True),
                    Given("until", "query", {"type": "integer", "minimum": 1, "maximum": 1_000_000}),
                    Given("Range", "header", {"type": "string"}),
                ],
                troubles=("not-found", "no-recording", "range", "invalid", "evidence-away", "viewing-off",
                          "viewing-key"),
            ),
            get_recording,
        )  # fmt: skip
