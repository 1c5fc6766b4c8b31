"""The live stream: nothing missed, nothing twice, slow ones cut, a cap, and no stream for people who have left."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from hub.store.schema import change, session, token, user
from hub.web.broadcast import QUEUE_MAX, Broadcaster, StreamsFull
from tests.hub_web.conftest import Hub


class Listening:
    """A client of the stream, event by event."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.chunks = iter(answer.response)
        self.waiting: list[dict[str, Any]] = []

    def next(self) -> dict[str, Any]:
        while not self.waiting:
            chunk = next(self.chunks)
            for block in (chunk.decode() if isinstance(chunk, bytes) else chunk).split("\n\n"):
                fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
                if "event" in fields:
                    self.waiting.append({**fields, "id": int(fields["id"]), "data": json.loads(fields["data"])})
        return self.waiting.pop(0)

    def ended(self) -> bool:
        return not self.waiting and next(self.chunks, None) is None


@pytest.fixture
def listen(hub: Hub) -> Iterator[Any]:
    opened: list[Listening] = []

    def start(path: str = "/api/v1/stream", client: Any = None, **headers: str) -> Listening:
        answer = (client or hub.client()).get(path, headers=headers or hub.machine(), buffered=False)
        assert answer.status_code == 200, answer.text
        opened.append(Listening(answer))
        return opened[-1]

    yield start
    for one in opened:
        one.answer.close()


def test_a_stream_begins_with_the_hubs_time_and_how_soon_to_come_back(hub: Hub, listen: Any) -> None:
    stream = listen()
    assert stream.answer.mimetype == "text/event-stream"
    assert stream.answer.headers["X-Accel-Buffering"] == "no"
    first = next(stream.chunks).decode()
    assert first.startswith("retry: 2000\n\n")
    assert '"at":"2026-11-20T02:41:36.544Z"' in first


def test_what_changes_is_told_with_its_number_and_ids_only(hub: Hub, listen: Any) -> None:
    stream = listen()
    assert stream.next()["event"] == "hb"
    incident = hub.press()
    hub.site.broadcaster.pump()
    told = [stream.next() for _ in range(3)]
    assert [one["event"] for one in told] == ["box", "incident", "incident"]
    assert [one["id"] for one in told] == [row.id for row in hub.rows(change)]
    assert set(told[1]["data"]) == {"incident", "box", "at"}
    assert told[1]["data"]["incident"] == incident


@pytest.mark.parametrize("how", ["header", "query"])
def test_who_was_away_gets_what_was_missed_once_and_in_order(hub: Hub, listen: Any, how: str) -> None:
    hub.site.broadcaster.pump()
    for _ in range(3):
        hub.press()
    numbers = [row.id for row in hub.rows(change)]
    headers = hub.machine()
    known = numbers[1]
    stream = (
        listen(**headers, **{"Last-Event-ID": str(known)})
        if how == "header"
        else listen(f"/api/v1/stream?last_id={known}", **headers)
    )
    assert stream.next()["event"] == "hb"
    hub.press()
    hub.site.broadcaster.pump()
    wanted = [row.id for row in hub.rows(change) if row.id > known]
    assert [stream.next()["id"] for _ in wanted] == wanted


def test_a_number_from_another_life_does_no_harm(hub: Hub, listen: Any) -> None:
    hub.press()
    stream = listen(**hub.machine(), **{"Last-Event-ID": "999999"})
    assert stream.next()["event"] == "hb"
    hub.press()
    hub.site.broadcaster.pump()
    assert stream.next()["event"] in ("box", "incident")


@pytest.mark.parametrize("number", ["-1", "x", "9" * 30, "1.5", "１"])
def test_a_number_that_is_none_is_refused(hub: Hub, number: str) -> None:
    answer = hub.client().get(f"/api/v1/stream?last_id={number}", headers=hub.machine())
    assert answer.status_code == 400


def test_above_the_cap_one_is_told_to_come_back(hub: Hub, listen: Any) -> None:
    streams = [listen() for _ in range(4)]
    answer = hub.client().get("/api/v1/stream", headers=hub.machine())
    assert (answer.status_code, answer.json["type"]) == (503, "urn:madomori:problem:stream-cap")
    assert answer.headers["Retry-After"] == "15"
    streams[0].answer.close()
    assert listen().next()["event"] == "hb"


def test_nobody_takes_the_last_places(hub: Hub, listen: Any) -> None:
    greedy = hub.machine()
    for _ in range(3):
        listen(**greedy)
    answer = hub.client().get("/api/v1/stream", headers=greedy)
    assert (answer.status_code, answer.json["type"]) == (503, "urn:madomori:problem:stream-cap")
    assert listen().next()["event"] == "hb"


@pytest.mark.parametrize(("cap", "own"), [(1, 1), (4, 3), (32, 24), (240, 216), (2000, 1800)])
def test_two_hundred_dashboards_of_one_token_fit_and_leave_room(hub: Hub, cap: int, own: int) -> None:
    broadcaster = Broadcaster(hub.engine, cap)
    for _ in range(own):
        broadcaster.open("one", None)
    if own < cap:
        with pytest.raises(StreamsFull):
            broadcaster.open("one", None)
        broadcaster.open("another", None)


def test_who_missed_too_much_is_told_to_look_afresh(hub: Hub, listen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.web.api.stream.REPLAY_MAX", 3)
    hub.site.broadcaster.pump()
    for _ in range(4):
        hub.box()
    hub.site.broadcaster.pump()
    newest = max(row.id for row in hub.rows(change))
    stream = listen(**hub.machine(), **{"Last-Event-ID": "0"})
    assert stream.next()["event"] == "hb"
    told = stream.next()
    assert (told["event"], told["id"], set(told["data"])) == ("reset", newest, {"at"})
    hub.box()
    hub.site.broadcaster.pump()
    assert stream.next()["id"] == newest + 1
    near = listen(**hub.machine(), **{"Last-Event-ID": str(newest - 2)})
    assert [near.next()["event"] for _ in range(4)] == ["hb", "box", "box", "box"]


def test_a_slow_stream_is_cut_and_finds_the_rest_when_it_comes_back(hub: Hub, listen: Any) -> None:
    stream, quick = listen(), listen()
    stream.next()
    quick.next()
    hub.box()
    with hub.engine.begin() as connection:
        for _ in range(QUEUE_MAX + 1):
            connection.execute(insert(change).values(kind="box", box="counter-01", at=hub.time()))
    hub.site.broadcaster.pump()
    assert hub.site.broadcaster.streams() == []
    assert stream.ended()  # it was too slow: what lies in its queue is not worth sending
    back = listen(**hub.machine(), **{"Last-Event-ID": "0"})
    back.next()
    wanted = [row.id for row in hub.rows(change)]
    assert [back.next()["id"] for _ in wanted] == wanted


def test_many_writers_and_readers_miss_nothing(hub: Hub) -> None:
    broadcaster: Broadcaster = hub.site.broadcaster
    hub.box()
    stop = threading.Event()
    thread = broadcaster.start(None, lambda: not stop.is_set())
    streams = [broadcaster.open("somebody", None) for _ in range(3)]

    def write() -> None:
        for _ in range(50):
            hub.box()

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    got = [[stream.queue.get(timeout=20) for _ in range(150)] for stream in streams]
    for writer in writers:
        writer.join()
    stop.set()
    thread.join(timeout=5)
    for stream, numbered in zip(streams, got, strict=True):
        numbers = [one[0] for one in numbered if one is not None]
        assert numbers == [row.id for row in hub.rows(change) if row.id > stream.start]
    assert not thread.is_alive()
    with pytest.raises(StreamsFull):
        broadcaster.open("too late", None)


def test_somebody_with_an_open_stream_can_respond(hub: Hub, listen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pokes: list[str] = []
    monkeypatch.setattr("hub.poke.poke", lambda directory, name: pokes.append(name))
    browser = hub.signed_in()
    stream = listen(client=browser.client, Accept="text/event-stream")
    assert hub.rows(session)[0].live_at == hub.time()
    hub.time.moves(minutes=20)
    hub.site.presence.look(write=True)
    assert hub.rows(session)[0].live_at == hub.time()
    hub.time.moves(minutes=20)
    assert browser.get("/api/v1/me").status_code == 200  # watching is use
    second = listen(client=browser.client, Accept="text/event-stream")
    second.answer.close()
    assert hub.rows(session)[0].live_at is not None
    stream.answer.close()
    assert hub.rows(session)[0].live_at is None
    assert pokes.count("worker") == 3


def leave(hub: Hub, how: str, browser: Any) -> None:
    with hub.engine.begin() as connection:
        if how == "disabled":
            connection.execute(update(user).values(disabled_at=hub.time()))
        elif how == "session gone":
            connection.execute(delete(session))
        elif how == "ten hours":
            hub.time.moves(hours=10)
            connection.execute(update(session).values(live_at=hub.time(), seen_at=hub.time()))
        else:
            connection.execute(update(token).values(revoked_at=hub.time()))


@pytest.mark.parametrize("how", ["disabled", "session gone", "ten hours", "token revoked"])
def test_a_stream_ends_when_its_person_may_no_longer_read(hub: Hub, listen: Any, how: str) -> None:
    browser = hub.signed_in()
    stream = listen() if how == "token revoked" else listen(client=browser.client, Accept="text/event-stream")
    stream.next()
    hub.site.presence.look(write=False)
    assert len(hub.site.broadcaster.streams()) == 1
    leave(hub, how, browser)
    hub.site.presence.look(write=False)
    assert hub.site.broadcaster.streams() == []
    assert stream.ended()


def test_logging_out_ends_the_streams_of_that_session_at_once(hub: Hub, listen: Any) -> None:
    browser, other = hub.signed_in(), hub.signed_in(name="田中")
    mine = listen(client=browser.client, Accept="text/event-stream")
    theirs = listen(client=other.client, Accept="text/event-stream")
    mine.next()
    theirs.next()
    browser.post("/logout")
    assert mine.ended()
    assert [stream.owner for stream in hub.site.broadcaster.streams()] != []


def test_a_database_that_does_not_answer_is_no_end(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    broadcaster: Broadcaster = hub.site.broadcaster
    stream = broadcaster.open("somebody", None)
    from sqlalchemy.exc import OperationalError

    calls = 0
    pump = Broadcaster.pump

    def sometimes(self: Broadcaster) -> int:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise OperationalError("", {}, Exception("locked"))
        return pump(self)

    monkeypatch.setattr(Broadcaster, "pump", sometimes)
    broadcaster.start(None, lambda: True)
    hub.press()
    assert stream.queue.get(timeout=10) is not None


def test_a_session_older_than_its_idle_limit_has_no_stream(hub: Hub) -> None:
    browser = hub.signed_in()
    hub.time.at += timedelta(minutes=31)
    assert browser.get("/api/v1/stream").status_code == 401
