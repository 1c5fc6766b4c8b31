"""The real box as a service: ready, watched, asked, stopped. systemd's place is taken by a real notify socket."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.bundles import RECIPIENTS, make_bundle

from device.adapters.control_unix import NobodyAnswers, call
from device.adapters.spool_sqlite import SpoolReader, SpoolWriter
from device.adapters.wire_unix import BOX, UPLINK, Mailbox

pytestmark = pytest.mark.media

ROOT = Path(__file__).resolve().parents[2]
SMALL = f"""
[media]
width = 320
height = 180
frames_per_second = 10
video_kbps = 300

[evidence]
recipients = ["{RECIPIENTS[0]}", "{RECIPIENTS[1]}"]
"""


class Service:
    """A program run the way systemd runs it."""

    def __init__(self, bundle: Path, folder: Path, command: Sequence[str]) -> None:
        self.bundle = bundle
        notify = folder / f"notify-{time.monotonic_ns()}"
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(notify))
        self.words: list[str] = []
        self.begun_s = time.monotonic()
        self.log = (folder / "box.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, *command],
            env={
                **os.environ,
                "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
                "NOTIFY_SOCKET": str(notify),
                "WATCHDOG_USEC": "900000",
            },
            stdout=self.log,
            stderr=self.log,
            stdin=subprocess.DEVNULL,
        )

    def hear(self, wanted: Callable[[str], bool], timeout_s: float = 30) -> str:
        """The next word of that kind; all words are kept."""
        until_s = time.monotonic() + timeout_s
        while (left_s := until_s - time.monotonic()) > 0:
            self.manager.settimeout(left_s)
            word = self.manager.recv(4096).decode()
            self.words.append(word)
            if wanted(word):
                return word
        raise AssertionError(f"not heard; there was {self.words[-5:]}")

    def state(self) -> dict[str, Any]:
        return call(self.bundle / "state", {"do": "state"}, 5)

    def until(self, met: Callable[[dict[str, Any]], bool], timeout_s: float = 30) -> dict[str, Any]:
        until_s = time.monotonic() + timeout_s
        while True:
            try:
                state = self.state()
            except NobodyAnswers:
                state = {}
            if state and met(state):
                return state
            assert time.monotonic() < until_s, state
            time.sleep(0.02)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self.manager.close()
        self.log.close()


Start = Callable[..., Service]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Service] = []
    bundle = make_bundle(tmp_path / "box", extra=SMALL)

    def begin(*options: str) -> Service:
        command = [str(Path(__file__).with_name("real_child.py")), str(bundle), *options]
        started.append(Service(bundle, tmp_path, command))
        return started[-1]

    yield begin
    for service in started:
        service.end()


def test_it_is_ready_fed_asked_and_ends_at_sigterm(start: Start) -> None:
    """Also with a button that cannot be read: a box that does not start tells nobody."""
    box = start()
    assert box.hear(lambda word: word == "READY=1")
    assert box.hear(lambda word: word == "WATCHDOG=1")
    assert "button" in box.hear(lambda word: word.startswith("STATUS=") and "button" in word)
    state = box.until(lambda state: state["recorder"] == "armed")
    assert "button" in state["faults"]
    box.process.send_signal(signal.SIGTERM)
    box.hear(lambda word: word == "STOPPING=1")
    assert box.process.wait(20) == 0


def test_a_loop_that_hangs_is_named_and_no_longer_fed(start: Start, tmp_path: Path) -> None:
    hang = tmp_path / "hang"
    box = start("--loop-limit", "2", "--hang-when", str(hang))
    box.hear(lambda word: word == "WATCHDOG=1")
    box.until(lambda state: state["recorder"] == "armed")
    uplink = Mailbox(tmp_path / "box/state", UPLINK, BOX)
    hang.touch()
    uplink.send({"t": "link", "listening": True, "connected": True, "responders": 2})  # the lamp is to change now
    uplink.close()
    assert "loop" in box.hear(lambda word: word.startswith("STATUS=") and "hangs" in word)
    heard = len(box.words)
    with pytest.raises(TimeoutError):  # systemd would kill it at 0.9 s; here it hears nothing for longer
        box.hear(lambda word: word == "WATCHDOG=1", timeout_s=2)
    assert "WATCHDOG=1" not in box.words[heard:]


def test_d01_after_kill_9_it_is_armed_again_within_5_s(start: Start) -> None:
    first = start()
    first.until(lambda state: state["recorder"] == "armed")
    first.process.kill()
    first.process.wait(10)
    again = start()
    again.hear(lambda word: word == "READY=1")
    again.until(lambda state: state["recorder"] == "armed")
    assert time.monotonic() - again.begun_s < 5  # the promise itself (issue: restart to armed)


def test_a_self_test_can_be_asked_for_and_prints_json(start: Start, tmp_path: Path) -> None:
    box = start()
    box.until(lambda state: state["recorder"] == "armed")
    command = [sys.executable, "-m", "device", "selftest", str(tmp_path / "box" / "box.toml"), "--json"]
    wanted = {"picture", "sound", "speaker_heard", "pre_roll", "spool", "key", "recipients", "disk"}
    until_s = time.monotonic() + 60
    while True:  # a ring that only just begins to fill cannot hold the whole melody
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
        report = json.loads(done.stdout)
        names = {check["name"] for check in report["checks"]}
        if wanted <= names:
            break
        assert time.monotonic() < until_s, names
    failed = {check["name"] for check in report["checks"] if not check["ok"]}
    assert report["ok"] == (done.returncode == 0)
    assert failed <= {"clock", "link"}
    reader = SpoolReader(tmp_path / "box/state/spool.db")
    waiting = [json.loads(event.payload)["type"] for event in reader.pending(50, urgent=False)]
    reader.close()
    assert "selftest.finished" in waiting  # told to the hub


def test_the_uplink_is_a_watched_service_too(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "box", extra=SMALL)
    (bundle / "state").mkdir()
    spool = SpoolWriter(bundle / "state/spool.db", lambda event: None)  # as the box makes it
    spool.close()
    uplink = Service(bundle, tmp_path, ["-m", "device", "uplink", str(bundle)])
    try:
        uplink.hear(lambda word: word == "READY=1")
        uplink.hear(lambda word: word == "WATCHDOG=1")
        uplink.hear(lambda word: word.startswith("STATUS=") and "not connected" in word)
        uplink.process.send_signal(signal.SIGTERM)
        assert uplink.process.wait(20) == 0
    finally:
        uplink.end()


def test_without_a_box_the_self_test_says_so(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "box")
    command = [sys.executable, "-m", "device", "selftest", str(bundle)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "箱が動いていません" in done.stderr
