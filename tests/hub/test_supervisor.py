"""`madomori-hub run` as a process: it restarts what dies, ends cleanly, and leaves nothing behind when it is killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.field_box import FieldBox
from support.hubs import LiveHub, make_site, until

from hub.config import HubConfig, load
from hub.supervisor import BACKOFF_S

pytestmark = pytest.mark.end_to_end

ROOT = Path(__file__).parents[2]


class Running:
    """A supervisor under test."""

    def __init__(self, config: HubConfig) -> None:
        self.config = config
        self.log_path = config.places.directory / "run.log"
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hub", "run", str(config.places.directory)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                start_new_session=True,
            )

    def entries(self, event: str) -> list[dict[str, Any]]:
        """Log entries of the supervisor."""
        found = []
        for line in self.log_path.read_text("utf-8", "replace").splitlines():
            if line.startswith("{") and (entry := json.loads(line)).get("event") == event:
                found.append(entry)
        return found

    def pids(self) -> dict[str, int]:
        """The newest process of each child."""
        return {entry["child"]: entry["pid"] for entry in self.entries("child.started")}

    def ready(self) -> "Running":
        until(lambda: set(self.pids()) == {"broker", "worker", "web"}, 30, "children")
        hub = LiveHub(self.config)
        try:
            until(hub.linked, 30, "worker's connection")
        finally:
            hub.database.dispose()
        until(lambda: answers(self.config.http.port), 30, "pages")
        return self

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        until(lambda: not any(map(alive, self.pids().values())), 15, "children gone")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@pytest.fixture
def config(tmp_path: Path) -> HubConfig:
    return make_site(tmp_path / "site")


@pytest.fixture
def running(config: HubConfig) -> Iterator[Running]:
    run = Running(config)
    try:
        yield run.ready()
    finally:
        run.end()


def press(config: HubConfig) -> None:
    """A press goes all the way."""
    hub = LiveHub(config)
    try:
        assert hub.box().pressed()[1]
    finally:
        hub.stop()


def test_what_dies_is_started_again_and_a_press_goes_through(running: Running) -> None:
    press(running.config)
    before = running.pids()
    for name in ("worker", "broker"):
        os.kill(before[name], signal.SIGKILL)
    until(lambda: all(running.pids()[name] != before[name] for name in ("worker", "broker")), 20, "new children")
    assert running.pids()["web"] == before["web"]
    hub = LiveHub(running.config)
    try:
        field = FieldBox(hub.enrol("late"))
        field.connect(wait=False)
        assert field.connected.wait(30)
        assert field.pressed()[1]
        field.close()
    finally:
        hub.stop()
    died = {entry["child"]: entry for entry in running.entries("child.died")}
    assert {name: died[name]["code"] for name in ("worker", "broker")} == {"worker": -9, "broker": -9}
    assert all(entry["restart_in_s"] == BACKOFF_S[0] for entry in died.values())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_within_five_seconds_and_takes_its_children_along(running: Running, number: signal.Signals) -> None:
    begun = time.monotonic()
    running.process.send_signal(number)
    assert running.process.wait(10) == 0
    assert time.monotonic() - begun < 5
    assert not any(map(alive, running.pids().values()))
    assert not running.entries("child.killed")
    assert not answers(running.config.mqtt.port)


def test_its_children_die_with_it_even_when_it_is_killed_and_the_next_one_starts(running: Running) -> None:
    running.process.kill()
    assert running.process.wait(10) == -signal.SIGKILL
    until(lambda: not any(map(alive, running.pids().values())), 10, "children gone")
    again = Running(running.config)
    try:
        again.ready()
        press(again.config)
    finally:
        again.end()


def refused(config: HubConfig) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "hub", "run", str(config.places.directory)],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr.decode()


def test_h12_a_second_hub_on_the_same_site_is_refused(running: Running) -> None:
    said = refused(running.config)
    assert str(running.process.pid) in said
    assert "already running" in said
    press(running.config)


@pytest.mark.parametrize("what", ["mqtt", "http"])
def test_a_taken_port_is_explained(config: HubConfig, what: str) -> None:
    port = getattr(load(config.places.directory), what).port
    with socket.create_server(("127.0.0.1", port)):
        said = refused(config)
    assert str(port) in said
    assert "hub.toml" in said
    assert "Traceback" not in said


def test_without_mosquitto_it_says_what_to_install(config: HubConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    from hub import broker, supervisor

    def none(*_: object) -> list[str]:
        raise broker.NoBroker

    monkeypatch.setattr(broker, "command", none)
    with pytest.raises(supervisor.CannotRun, match="mosquitto"):
        supervisor._children(config)
