"""Whoever sends slowly, wrongly or not at all harms nobody else (faults U09). In front of the real web process."""

import itertools
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from hub.web.gate import CSP
from hub.web.http_worker import BODY_S, HEAD_S, Wait, Waits
from tests.hub_web.serving import Peer, Server

pytestmark = pytest.mark.end_to_end

HEAD = "GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n"
FORM = "Host: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
HELLO = b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03"  # the first bytes of TLS's ClientHello
ROOM = "hub.web.http_worker."
SHORT = {ROOM + "HEAD_S": 0.3, ROOM + "BODY_S": 0.3, ROOM + "BODY_BYTES_PER_S": 10**9}


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    with ExitStack() as running:

        def start(tls: str = "off", **constants: Any) -> Server:
            def change(text: str) -> str:
                return text.replace("stream_cap = 240", "stream_cap = 4").replace('tls = "auto"', f'tls = "{tls}"')

            server = Server(tmp_path / "site", change, constants=constants)
            running.callback(server.engine.dispose)
            running.callback(server.stop)
            server.start()
            return server

        yield start


def protected(headers: dict[str, str]) -> bool:
    return headers["content-security-policy"] == CSP and headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "begun",
    [HEAD + "X: a", "POST /login HTTP/1.1\r\n" + FORM + "Content-Length: 1000\r\n\r\nlogin=", ""],
    ids=["head", "body", "nothing"],
)
def test_hundreds_of_unfinished_requests_leave_everybody_else_their_pages(serve: Any, begun: str) -> None:
    server = serve()
    for _ in range(400):
        server.peer().says(begun)
    for _ in range(5):
        assert server.get("/login").status == 200


def test_hundreds_who_hang_up_only_when_it_suits_them_delay_nobody(serve: Any) -> None:
    server = serve()
    rude = [server.peer().says(HEAD + "Connection: close\r\n\r\n") for _ in range(200)]
    assert server.get("/login").status == 200
    for peer in rude:
        assert peer.hears()[0] == 200


def test_a_head_that_never_ends_is_answered_with_408(serve: Any) -> None:
    peer: Peer = serve(**SHORT).peer().says(HEAD + "X: ")
    peer.drips()
    status, headers, body = peer.hears()
    assert status == 408
    assert protected(headers)
    assert headers["connection"] == "close"
    assert {"ja", "en"} <= json.loads(body).keys()


@pytest.mark.parametrize("begun", ["head", "handshake"])
def test_with_tls_who_never_ends_is_cut(serve: Any, begun: str) -> None:
    server = serve("on", **SHORT)
    peer: Peer = server.peer(tls=True).says(HEAD + "X: ") if begun == "head" else server.peer().says(HELLO)
    peer.drips()
    assert peer.is_cut()
    assert server.get("/login").status == 200


def test_a_body_that_comes_too_slowly_is_answered_with_408(serve: Any) -> None:
    peer: Peer = serve(**SHORT).peer().says("POST /login HTTP/1.1\r\n" + FORM + "Content-Length: 100000\r\n\r\nlogin=")
    peer.drips()
    status, headers, _ = peer.hears()
    assert (status, headers["connection"]) == (408, "close")
    assert protected(headers)


def test_who_sends_steadily_outlasts_who_does_not(serve: Any) -> None:
    server = serve(**{ROOM + "BODY_S": 0.3, ROOM + "BODY_BYTES_PER_S": 1, ROOM + "PIECE_BYTES": 1024})
    head = "POST /login HTTP/1.1\r\n" + FORM + "Content-Length: 4006\r\n\r\n"
    steady: Peer = server.peer().says(head + "login=" + "x" * 3000)
    idle: Peer = server.peer().says(head + "login=")
    assert idle.hears()[0] == 408  # it began later and is over; the other one has earned minutes
    assert steady.says("x" * 1000).hears()[0] == 401


def test_a_segment_gets_through_a_link_of_one_kilobyte_a_second() -> None:
    wait = Wait(None, "10.0.0.9", 0.0, HEAD_S)
    assert wait.deadline() == HEAD_S
    wait.expect_body(10.0)
    for second in range(1, 4000):
        wait.received = second // 8 * 8 * 1024  # counted piece by piece
        assert wait.deadline() > 10.0 + second
    wait.received = 0
    assert wait.deadline() == 10.0 + BODY_S


class _Connection:
    """As much of a connection as is needed to be cut."""

    def __init__(self, peer: Any) -> None:
        self.sock = peer


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Wait]]:
    """Peers that are waited for, one a second, in a house with room for three. Gives the wait of who just came."""
    monkeypatch.setattr("hub.web.http_worker.WAITS_MAX", 3)
    waits, seconds = Waits(), itertools.count()
    with ExitStack() as leaving:

        def comes(address: str) -> Wait:
            ours, theirs = socket.socketpair()
            leaving.callback(ours.close)
            leaving.callback(theirs.close)
            wait = Wait(_Connection(ours), address, float(next(seconds)), HEAD_S)
            leaving.enter_context(waits.during(wait))
            return wait

        yield comes


def test_when_there_are_too_many_the_address_with_most_loses_its_stalest(crowd: Callable[[str], Wait]) -> None:
    waits = [crowd(address) for address in ("10.0.0.1", "10.0.0.9", "10.0.0.9", "10.0.0.9")]
    assert [wait.ended for wait in waits] == [False, True, False, False]  # not the oldest of all
    assert waits[1].connection.sock.recv(1) == b""


def test_who_just_came_is_spared_although_a_head_has_less_time_than_a_body(crowd: Callable[[str], Wait]) -> None:
    waits = [crowd("10.0.0.9") for _ in range(3)]
    for second, wait in enumerate(waits):
        wait.expect_body(float(second))
    waits.append(crowd("10.0.0.9"))
    assert waits[3].deadline() < waits[0].deadline()
    assert [wait.ended for wait in waits] == [True, False, False, False]


# --- what is no HTTP ------------------------------------------------------------------------------------------------

CHUNKED = "Host: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
BAD_BODIES = (
    "zz\r\nlogin=a\r\n0\r\n\r\n",
    "-5\r\nlogin\r\n0\r\n\r\n",
    "5\r\nloginXX0\r\n\r\n",
    "5;\x01\r\nlogin\r\n0\r\n\r\n",
)


def test_a_body_that_is_no_http_is_the_senders_fault_on_every_route(serve: Any) -> None:
    server = serve()
    token = f"Authorization: {server.machine()['Authorization']}\r\n"
    incident = server.press()
    form, json_ = (f"Content-Type: application/{kind}\r\n" for kind in ("x-www-form-urlencoded", "json"))
    routes = {
        "/login": form,
        f"/api/v1/incidents/{incident}/notes": json_ + token,
        f"/incidents/{incident}/notes": form + token,
        "/preferences": form + token,
    }
    for (path, more), bad in itertools.product(routes.items(), BAD_BODIES):
        status, headers, body = server.peer().says(f"POST {path} HTTP/1.1\r\n{CHUNKED}{more}\r\n{bad}").hears()
        assert status == 400, (path, bad, body)
        assert protected(headers)
        if path.startswith("/api/"):
            assert json.loads(body)["type"] == "urn:madomori:problem:bad-request"


NEVER_SEEN = [
    (f"GET /{'x' * 9000} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 414),
    (f"{HEAD}X: {'x' * 9000}\r\n\r\n", 431),
    (f"{HEAD}bad header\r\n\r\n", 400),
    (f"{HEAD}Transfer-Encoding: pigeon\r\n\r\n", 501),
    (f"{HEAD}Expect: miracles\r\n\r\n", 417),
    ("nonsense\r\n\r\n", 400),
]


def test_what_never_reaches_the_pages_is_answered_like_the_rest(serve: Any) -> None:
    server = serve()
    for said, expected in NEVER_SEEN:
        status, headers, body = server.peer().says(said).hears()
        assert status == expected
        assert protected(headers)
        assert headers["content-type"] == "application/problem+json"
        assert json.loads(body)["status"] == expected


# --- the end --------------------------------------------------------------------------------------------------------

FOR_EVER = {
    "gunicorn.workers.gthread.STOP_KEEPALIVE_LINGER": 3600.0,
    "gunicorn.workers.gthread.DEFAULT_WORKER_DATA_TIMEOUT": 3600.0,
    **{f"hub.web.server.{name}": 3600 for name in ("GRACEFUL_S", "KEEPALIVE_S", "SILENCE_S")},
}


def test_the_pages_stop_although_screens_are_open(serve: Any) -> None:
    server = serve(**FOR_EVER)
    stream = server.peer().says(
        f"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {server.machine()['Authorization']}\r\n\r\n"
    )
    idle = server.peer().says(HEAD + "\r\n")
    assert idle.hears()[0] == 200
    server.peer()  # has not begun
    server.peer().says(HEAD)  # has not finished
    seen = b""
    while b"event: hb" not in seen:
        seen += stream.connection.recv(4096)
    assert server.process is not None
    server.process.terminate()
    while data := stream.connection.recv(4096):
        seen += data
    assert seen.endswith(b"0\r\n\r\n")  # the stream's orderly end
    assert server.process.wait(60) == 0
