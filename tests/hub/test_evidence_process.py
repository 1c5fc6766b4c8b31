"""The evidence process of a running hub: it alone opens recordings, for its own user only, and comes back."""

import json
import os
import signal
import socket
import stat
import struct
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.hubs import make_site, until
from support.running import ROOT, Running
from support.stage import descendants

from hub.evidence.client import EvidenceAway, EvidenceClient, NotOpened
from hub.evidence.protocol import FRAME_MAX, Ref
from hub.store.engine import open_database
from tests.hub_web.hands import Hands
from tests.hub_web.sealing import SigningBox, segment

pytestmark = pytest.mark.end_to_end

INCIDENT = "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a02"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    run = Running(make_site(tmp_path_factory.mktemp("evidence") / "site"))
    try:
        yield run.ready()
    finally:
        run.end()


@pytest.fixture
def hands(running: Running) -> Iterator[Hands]:
    engine = open_database(running.config.database_url)
    yield Hands(engine, lambda: datetime.now(UTC), "")
    engine.dispose()


def asks(running: Running) -> EvidenceClient:
    return EvidenceClient(running.config.places.run)


def stored(running: Running, content: bytes, seq: int = 0) -> Ref:
    """A sealed segment in its place, and what its record says."""
    box = SigningBox(recipients=running.config.evidence.recipients)
    sealed, text = box.sealed(INCIDENT, seq, content)
    place = running.config.places.directory / "evidence" / INCIDENT / f"{seq}.seg"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(sealed)
    record = json.loads(text)
    return Ref(seq=seq, bytes=len(sealed), ciphertext=record["ciphertext"], plaintext=record["plaintext"])


def test_it_is_killed_while_a_recording_plays_and_plays_again_once_it_is_back(running: Running, hands: Hands) -> None:
    box = SigningBox(name="counter-09", recipients=running.config.evidence.recipients)
    incident = hands.press(hands.box(box.name, evidence_key=box.public))
    url = f"{running.config.http.url}/api/v1/incidents/{incident}"
    for seq in range(3):
        sealed, record = box.sealed(incident, seq, segment(seq, size=200_000))
        assert httpx.put(f"{url}/segments/{seq}", content=sealed, headers=box.headers(record)).status_code == 201
    headers = hands.machine()

    def play() -> httpx.Response:
        return httpx.get(f"{url}/recording.mp4", params={"reason": "確認"}, headers=headers, timeout=20)

    whole = play()
    assert whole.status_code == 200
    before = running.pids()
    os.kill(before["evidence"], signal.SIGSTOP)  # first silent, so that the next question is under way when it dies
    os.kill(before["evidence"], signal.SIGKILL)
    away = play()
    if away.status_code != 200:  # it may be back that soon
        assert (away.status_code, away.json()["type"]) == (503, "urn:madomori:problem:evidence-away")
        assert away.json()["ja"]["title"]
    until(lambda: running.pids()["evidence"] != before["evidence"], 20, "a new evidence process")
    until(lambda: play().status_code == 200, 20, "it plays again")
    assert play().content == whole.content
    assert {name: pid for name, pid in running.pids().items() if name != "evidence"} == {
        name: pid for name, pid in before.items() if name != "evidence"
    }
    used = running.entries("viewing_key.used")
    assert {entry["incident"] for entry in used} == {incident}
    assert [entry["process"] for entry in used] == ["evidence"] * len(used)


def test_only_its_own_user_reaches_it(running: Running) -> None:
    mode = (running.config.places.run / "evidence.sock").stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_it_has_no_network_where_the_kernel_lets_it_go(running: Running) -> None:
    [*_, entry] = running.entries("evidence.started")
    pid = running.pids()["evidence"]
    if entry["network"] != "none":
        pytest.skip("this machine lets nobody make a network of his own")
    assert Path(f"/proc/{pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    assert Path(f"/proc/{pid}/net/tcp").read_text().count("\n") == 1  # the heading alone: it listens to nothing


def test_it_alone_has_read_the_viewing_key(tmp_path: Path) -> None:
    """Worker and pages start, and are asked things, while strace watches every file that they open."""
    config = make_site(tmp_path / "site")
    for name in ("web", "worker", "evidence"):
        log = tmp_path / f"{name}.trace"
        command = [sys.executable, "-m", "hub", name, str(config.places.directory)]
        with subprocess.Popen(
            ["strace", "-f", "-e", "trace=open,openat", "-o", str(log), *command],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                ready = {"web": "profile.toml", "worker": "receipt.key", "evidence": "viewing.key"}[name]
                until(lambda ready=ready, log=log: ready in traced(log), 40, f"{name} has begun")
            finally:
                for pid in descendants(process.pid):
                    os.kill(pid, signal.SIGKILL)  # strace would let go of it when it ends itself
        assert ("viewing.key" in traced(log)) == (name == "evidence")


def traced(log: Path) -> str:
    return log.read_text("utf-8", "replace") if log.exists() else ""


def test_it_answers_ranges_and_refuses_what_is_no_question(running: Running) -> None:
    content = segment(0, size=5000)
    ref = stored(running, content)
    ask = asks(running)
    [found] = ask.layouts(INCIDENT, [ref], 1)
    assert not isinstance(found, str)
    assert content.startswith(found.init)
    assert found.media_end == len(content)
    assert ask.content(INCIDENT, ref, 1, 100, 50) == content[100:150]
    for wrong in (
        b"", b"\x00", struct.pack(">I", FRAME_MAX + 1), struct.pack(">I", 5) + b"[1,2]", struct.pack(">I", 2) + b"{}",
        frame({"do": "content", "incident": "../../keys", "look": 1, "segment": {}, "offset": 0, "length": 1}),
        frame({"do": "layouts", "incident": INCIDENT, "look": 1, "segments": [{"path": "/etc/passwd"}]}),
        frame({"do": "shell"}),
    ):  # fmt: skip
        with socket.socket(socket.AF_UNIX) as raw:
            raw.settimeout(5)
            raw.connect(str(running.config.places.run / "evidence.sock"))
            raw.sendall(wrong)
            raw.shutdown(socket.SHUT_WR)
            assert b'"ok":true' not in raw.recv(1000)
    assert ask.content(INCIDENT, ref, 1, 0, 10) == content[:10]


def frame(fields: dict[str, Any]) -> bytes:
    raw = json.dumps(fields).encode()
    return struct.pack(">I", len(raw)) + raw


def test_silent_askers_do_not_keep_others_out(running: Running) -> None:
    ref = stored(running, segment(7), 7)
    silent = [socket.socket(socket.AF_UNIX) for _ in range(7)]
    try:
        for one in silent:
            one.connect(str(running.config.places.run / "evidence.sock"))
        assert asks(running).content(INCIDENT, ref, 1, 0, 10) == segment(7)[:10]
    finally:
        for one in silent:
            one.close()


def test_wrong_bytes_are_never_given(running: Running) -> None:
    ref = stored(running, segment(3, size=150_000), 3)
    place = running.config.places.directory / "evidence" / INCIDENT / "3.seg"
    good = place.read_bytes()
    for at in (0, 200, 70_000, len(good) - 1):
        place.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        with pytest.raises(NotOpened, match="damaged"):
            asks(running).content(INCIDENT, ref, 1, 0, 10)
    place.write_bytes(good[:-1])
    with pytest.raises(NotOpened, match="damaged"):
        asks(running).content(INCIDENT, ref, 1, 0, 10)
    place.unlink()
    with pytest.raises(NotOpened, match="missing"):
        asks(running).content(INCIDENT, ref, 1, 0, 10)
    place.write_bytes(good)
    assert asks(running).content(INCIDENT, ref, 1, 0, 10) == segment(3)[:10]


def test_nobody_there_is_said_and_does_not_wait(tmp_path: Path) -> None:
    with pytest.raises(EvidenceAway):
        EvidenceClient(tmp_path).content(INCIDENT, Ref(seq=0, bytes=1, ciphertext=ZERO, plaintext=ZERO), 1, 0, 1)


ZERO = "sha256:" + "0" * 64
