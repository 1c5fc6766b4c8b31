"""One certificate in two machines, and messages a box may not send: both are shown, and no press is refused for it."""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.field_box import FieldBox
from support.hubs import LiveHub, make_site, until
from support.running import Running

from hub.clock import now_utc
from hub.domain.broker_log import TAKEN_OVER, WITHIN_S, BrokerLog
from hub.domain.presence import RETURNS, Doubles
from hub.store import tokens
from hub.store.engine import begin_write
from hub.store.schema import box as boxes
from hub.store.schema import change, incident

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    run = Running(make_site(tmp_path_factory.mktemp("suspicions") / "site"))
    try:
        yield run.ready()
    finally:
        run.end()


@pytest.fixture
def site(running: Running) -> Iterator[LiveHub]:
    hub = LiveHub(running.config)
    yield hub
    hub.stop()


def row(site: LiveHub, name: str) -> Any:
    return site.rows(boxes, boxes.c.name == name)[0]


def shown(site: LiveHub) -> dict[str, Any]:
    """The boxes as the API shows them."""
    with begin_write(site.database) as connection:
        _, bearer = tokens.add(connection, name="t", role="administrator", now=now_utc())
    headers = {"Authorization": f"Bearer {bearer}"}
    answer = httpx.get(f"{site.config.http.url}/api/v1/boxes", headers=headers).json()
    return {box["name"]: box for box in answer["boxes"]}


@pytest.mark.end_to_end
def test_d27_a_cloned_box_is_shown_and_both_presses_count(site: LiveHub) -> None:
    bundle = site.enrol("cloned")
    twins = [FieldBox(bundle), FieldBox(bundle)]
    twins[1].session = twins[0].session + 1
    calm = site.box("calm")
    try:
        for twin in twins:
            # As the real box does it: a birth at every connection.
            twin.connect(wait=False)
        pressed = [twin.press() for twin in twins]
        until(lambda: row(site, "cloned").shared_at is not None, 60, "the suspicion")
        for twin, (_, event) in zip(twins, pressed, strict=True):
            until(lambda twin=twin, event=event: event not in twin.outbox, 60, "receipt")
    finally:
        for twin in twins:
            twin.close()
    assert {one.id for one in site.rows(incident, incident.c.box == "cloned")} == {name for name, _ in pressed}
    assert shown(site)["cloned"]["faults"] == ["certificate_shared"]
    assert shown(site)["calm"]["faults"] == []
    assert calm.pressed()[1]
    site.enrol("cloned")
    assert shown(site)["cloned"]["faults"] == [], "new certificates end it"


@pytest.mark.end_to_end
def test_w12_w18_what_the_broker_refuses_is_counted_and_a_flood_of_it_leaves_no_rows(
    running: Running, site: LiveHub
) -> None:
    box = site.box("curious", connect=False)
    box.client.will_set(f"madomori/v1/{box.site}/box/other/presence", b"x", qos=1)
    box.connect()
    before = len(site.rows(change))
    last = None
    for _ in range(500):
        for topic in ("box/other/event", "box/curious/receipt", "hub/presence"):
            last = box.client.publish(f"madomori/v1/{box.site}/{topic}", b"{}", qos=1)
    assert last is not None
    last.wait_for_publish(30)
    assert box.pressed()[1], "its own press is taken"
    box.close()  # what waits for its minute to be over is written down at the end of the hub, so look at the first
    until(lambda: row(site, "curious").refused, 15, "the count")
    assert row(site, "curious").refused_at is not None
    assert len(site.rows(change)) - before < 20
    assert row(site, "curious").shared_at is None
    log = running.log_path.read_text("utf-8")
    assert "Denied PUBLISH" not in log
    assert "Received PUBLISH" not in log
    said = [entry for entry in running.entries("broker.suspicious") if entry["box"] == "curious"]
    assert len(said) == 1
    assert said[0]["refused"] == row(site, "curious").refused
    assert (
        f'madomori_broker_refused_total{{box="curious"}} {row(site, "curious").refused}.0'
        in httpx.get(f"{site.config.http.url}/metrics").text
    )


def reader() -> BrokerLog:
    return BrokerLog(lambda box: {f"t/{box}/presence"}, 7)


CONNECTED = b"1: New client connected from 10.0.0.9:1 as %s (p5, c0, k%d, u'%s').\n"


def connect(name: bytes, keepalive: int = 10) -> bytes:
    return b"1: Client %s already connected, closing old connection.\n" % name + CONNECTED % (name, keepalive, name)


LOG = (
    b"1: mosquitto version 2.0.11 running\n"
    + CONNECTED % (b"a", 10, b"a")
    + b"1: Will message specified (1 bytes) (r1, q1).\n1: \tt/b/presence\n1: Sending CONNACK to a (0, 0)\n"
    + CONNECTED % (b"b", 10, b"b")
    + b"1: Will message specified (1 bytes) (r1, q1).\n1: \tt/b/presence\n"
    + b"1: Denied PUBLISH from b (d0, q0, r0, m0, 'Denied PUBLISH from a (', ... (2 bytes))\n"
    + b"1: Received PUBLISH from b (d0, q1, r0, m3, 'x', ... (2 bytes))\n1: Client a disconnected.\n"
)


@given(st.lists(st.integers(1, len(LOG) - 1), max_size=20))
def test_however_the_log_is_cut_into_pieces_the_same_is_read(cuts: list[int]) -> None:
    log, left = reader(), b""
    places = [0, *sorted(cuts), len(LOG)]
    for start, end in itertools.pairwise(places):
        left += log.take(LOG[start:end], 0.0)
    assert log.refused == {"a": 1, "b": 1}
    assert left == b"".join(
        line
        for line in LOG.splitlines(keepends=True)
        if b"version" in line or b"New client" in line or b"disconnected" in line
    )


def test_take_overs_in_a_row_are_two_machines_but_seldom_ones_and_our_own_are_not() -> None:
    log = reader()
    for turn in range(TAKEN_OVER):
        assert not log.shared
        log.take(connect(b"a"), turn * 2.0)
        log.take(connect(b"cut", keepalive=7), turn * 2.0)
        log.take(connect(b"flaky"), turn * (WITHIN_S / (TAKEN_OVER - 1) + 1))
        log.take(CONNECTED % (b"calm", 10, b"calm"), turn * 2.0)
    assert log.shared == {"a"}


def test_sessions_that_come_back_are_two_machines_and_restarts_are_not() -> None:
    doubles = Doubles()
    for session in range(20):
        doubles.born("restarts", session, float(session))
        doubles.born("reconnects", 7, float(session))
    assert doubles.take() == set()
    for turn in range(RETURNS + 2):
        doubles.born("cloned", turn % 2, float(turn))
    assert doubles.take() == {"cloned"}
    assert doubles.take() == set()


def test_a_log_that_cannot_be_read_does_not_stop_the_broker(tmp_path: Path) -> None:
    """The broker stands still when its log is not read, so it is read on whatever happens."""
    import os

    from hub.broker_log import Watch

    passed: list[bytes] = []
    second = threading.Event()

    def tell(text: bytes) -> None:
        passed.append(text)
        if len(passed) == 1:
            raise ZeroDivisionError
        second.set()

    read, write = os.pipe()
    Watch(make_site(tmp_path / "site"), tell).follow(os.fdopen(read, "rb", 0))
    os.write(write, b"1: first\n")
    until(lambda: passed, what="the first line")
    os.write(write, b"1: second\n")
    assert second.wait(10)
    os.close(write)
