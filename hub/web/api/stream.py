"""The live stream: server-sent events numbered by the change log."""

import queue
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from flask import Response, request

from hub.domain.permissions import Action
from hub.web.api.described import Api, Given, Operation, Raw
from hub.web.broadcast import REPLAY_MAX, Broadcaster, Stream, StreamsFull, heartbeat, reset
from hub.web.gate import caller
from hub.web.problems import Trouble
from hub.web.site import site

HEARTBEAT_S: Final = 10.0
"""A page holds the hub for lost after two of these."""

RETRY: Final = b"retry: 2000\n\n"


def get_stream() -> Response:
    """Everything that changes from now on, or from Last-Event-ID on.

    Events: `incident`, `box`, `alert` (ids in `data`), `hb` (a heartbeat with the hub's time), and `reset` when too
    much was missed to be told: load afresh what is shown, and follow from its id.
    """
    last = _last_id()
    here, who = site(), caller()
    try:
        stream = here.broadcaster.open(who.person.id, who.session.id if who.session is not None else None)
    except StreamsFull as error:
        raise Trouble("stream-cap", headers={"Retry-After": "15"}) from error
    here.presence.opened(stream)
    body = _Body(stream, here.broadcaster, _events(here.broadcaster, stream, last, here.now), here.presence.closed)
    headers = {"Cache-Control": "no-cache, no-store", "X-Accel-Buffering": "no"}
    return Response(body, mimetype="text/event-stream", headers=headers, direct_passthrough=True)


class _Body:
    """The stream's bytes. The server calls `close` however it ends, even before the first byte."""

    def __init__(
        self, stream: Stream, broadcaster: Broadcaster, events: Iterator[bytes], closed: Callable[[Stream], None]
    ) -> None:
        self._stream = stream
        self._broadcaster = broadcaster
        self._events = events
        self._closed = closed

    def __iter__(self) -> Iterator[bytes]:
        return self._events

    def close(self) -> None:
        """Give the place free."""
        self._broadcaster.close(self._stream)
        self._closed(self._stream)


def _last_id() -> int | None:
    given = request.headers.get("Last-Event-ID") or request.args.get("last_id")
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        raise Trouble("bad-request")
    return int(given)


def _events(broadcaster: Broadcaster, stream: Stream, last: int | None, now: Callable[[], datetime]) -> Iterator[bytes]:
    sent = stream.start if last is None or last > broadcaster.newest() else last
    yield RETRY + heartbeat(sent, now())
    if stream.start - sent > REPLAY_MAX:
        sent = stream.start
        yield reset(sent, now())
    for number, frame in broadcaster.missed(sent, stream.start):
        sent = number
        yield frame
    beat_at = time.monotonic() + HEARTBEAT_S
    while not stream.cut:
        try:
            numbered = stream.queue.get(timeout=max(0.0, beat_at - time.monotonic()))
        except queue.Empty:
            yield heartbeat(sent, now())
            beat_at = time.monotonic() + HEARTBEAT_S
            continue
        if numbered is None:
            return
        number, frame = numbered
        if number > sent:  # else it knew that before it came
            sent = number
            yield frame


def register(api: Api) -> None:
    """Add the routes of this file."""
    api.add(
        Operation(
            "get_stream", "GET", "/stream",
            "変化を続けて受け取る（reset は読み直し） / changes as they happen (SSE; after reset load afresh)",
            {200: Raw("text/event-stream")}, Action.INCIDENTS_READ, troubles=("stream-cap",),
            given=[
                Given("Last-Event-ID", "header", {"type": "integer", "minimum": 0}),
                Given("last_id", "query", {"type": "integer", "minimum": 0}),
            ],
        ),
        get_stream,
    )  # fmt: skip
