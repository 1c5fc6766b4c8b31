"""`madomori-hub run` as a process: it restarts what dies, ends cleanly, and leaves nothing behind when it is killed."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.field_box import FieldBox
from support.hubs import LiveHub, make_site, until
from support.running import ROOT, Running, alive, answers

from hub.config import HubConfig, load
from hub.supervisor import BACKOFF_S

pytestmark = [pytest.mark.end_to_end, pytest.mark.in_time]


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
    killed = ("worker", "broker", "evidence")
    for name in killed:
        os.kill(before[name], signal.SIGKILL)
    until(lambda: all(running.pids()[name] != before[name] for name in killed), 20, "new children")
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
    assert {name: died[name]["code"] for name in killed} == dict.fromkeys(killed, -9)
    assert all(entry["restart_in_s"] == BACKOFF_S[0] for entry in died.values())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_before_it_has_to_kill_and_takes_its_children_along(running: Running, number: signal.Signals) -> None:
    running.process.send_signal(number)
    assert running.process.wait(60) == 0
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
    from hub.broker_log import Watch

    def none(*_: object) -> list[str]:
        raise broker.NoBroker

    monkeypatch.setattr(broker, "command", none)
    with pytest.raises(supervisor.CannotRun, match="mosquitto"):
        supervisor._children(config, Watch(config))
