"""The uplink against a real broker and worker: long absences, and a network that has lost its name service."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.desk import Desk
from support.hubs import LiveHub, make_site, until

from contract.messages import CommandType, Event
from device.adapters.spool_sqlite import SpoolReader, SpoolWriter
from device.adapters.wire_unix import BOX, UPLINK, Mailbox
from device.config import Bundle
from device.core.events import CommandArrived
from device.uplink import Uplink
from hub.store import schema

pytestmark = pytest.mark.timeout(300)

CALLS_AWAY = 250
"""Calls while nobody listens; with what goes with each, thousands of events."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LiveHub]:
    live = LiveHub(make_site(tmp_path / "site"))
    try:
        live.start()
        yield live
    finally:
        live.stop()


class Counter:
    """A box's spool and mail, with no box behind them."""

    def __init__(self, hub: LiveHub) -> None:
        folder = hub.enrol("counter-01")
        settings = folder / "box.toml"
        settings.write_text(settings.read_text("utf-8").replace("127.0.0.1", "localhost"), "utf-8")
        self.bundle = Bundle(folder)
        self.spool = SpoolWriter(self.bundle.state / "spool.db", lambda _: None)
        self.spool.start()
        self.mail = Mailbox(self.bundle.state, BOX, UPLINK)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def keep(self, events: list[Event]) -> None:
        """Put `events` into the spool and wait until it has them: an empty spool then means that the hub does."""
        for event in events:
            self.spool.persist(event)
        assert self.spool.try_out(60)

    def waiting(self) -> list[str]:
        reader = SpoolReader(self.bundle.state / "spool.db")
        try:
            return [one.id for urgent in (True, False) for one in reader.pending(100_000, urgent=urgent)]
        finally:
            reader.close()

    def drained(self) -> bool:
        return self.spool.depth() == 0

    def close(self) -> None:
        self._closing.set()
        self._thread.join(5)
        self.spool.close()
        self.mail.close()

    def _read(self) -> None:
        while not self._closing.is_set():
            mail = self.mail.receive(0.2)
            if mail is not None and mail["t"] == "receipt":
                self.spool.receipted(tuple(mail["ids"]), mail["incident"], mail["number"])


@contextmanager
def linked(counter: Counter) -> Iterator[Uplink]:
    uplink = Uplink(counter.bundle)
    thread = threading.Thread(target=uplink.run, daemon=True)
    thread.start()
    try:
        yield uplink
    finally:
        uplink.stop()
        thread.join(10)


@pytest.fixture
def counter(hub: LiveHub) -> Iterator[Counter]:
    one = Counter(hub)
    yield one
    one.close()


def calls(desk: Desk, count: int) -> list[Event]:
    """The events of so many calls, one after the other."""
    before = len(desk.events())
    for _ in range(count):
        desk.tap()
        assert desk.box.standing is not None
        desk.feed(CommandArrived(CommandType.RECORDING_STOP, desk.box.standing.incident, ""))
        desk.wait(60_000)
    return desk.events()[before:]


def test_w02_what_was_kept_for_days_without_a_hub_drains_in_order_with_its_true_times(
    hub: LiveHub, counter: Counter
) -> None:
    desk = Desk()
    counter.keep(calls(desk, 2))
    with linked(counter):
        until(counter.drained, 30, "the clean case drains")
    hub.kill("broker")
    away = calls(desk, CALLS_AWAY)
    counter.keep(away)
    assert counter.spool.depth() == len(away)
    with linked(counter):
        hub.start_broker()
        until(counter.drained, 120, "the spool drains")
    stored = {row.id: row for row in hub.rows(schema.event)}
    assert set(stored) == {event.id for event in desk.events()[1:]}  # its start was never put into the spool
    raised = [event for event in away if event.type == "alarm.raised"]
    incidents = {row.id: row for row in hub.rows(schema.incident)}
    assert len(incidents) == CALLS_AWAY + 2
    for event in raised:
        assert event.incident is not None
        assert incidents[event.incident].pressed_at == event.at
    numbers = [incidents[event.incident].number for event in raised if event.incident]
    assert numbers == sorted(numbers), "calls came in the order in which they were made"


def test_w24_a_call_goes_out_when_the_name_service_has_gone(
    hub: LiveHub, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk()
    counter.keep(calls(desk, 1))
    with linked(counter):
        until(counter.drained, 30, "the clean case drains")
    asked: list[str] = []
    monkeypatch.setattr(socket, "getaddrinfo", without_names(socket.getaddrinfo, asked))
    counter.keep(calls(desk, 1))
    with linked(counter):
        until(counter.drained, 30, "the call goes out")
    assert "localhost" in asked, "the name service was asked, and failed"


def without_names(real: Callable[..., Any], asked: list[str]) -> Callable[..., Any]:
    def lookup(host: str, *given: Any, **named: Any) -> Any:
        asked.append(host)
        if host[:1].isdigit():
            return real(host, *given, **named)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    return lookup
