"""The words that systemd hears, on a real datagram socket in its place."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.adapters.watchdog_systemd import SystemdWatchdog


class Manager:
    """The service manager's end."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self.socket.settimeout(5)

    def hear(self) -> str:
        return self.socket.recv(4096).decode()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@madomori-test-{os.getpid()}"
    heard = Manager(name)
    yield heard
    heard.socket.close()


def test_ready_feed_status_and_stopping_are_the_words_of_sd_notify(manager: Manager) -> None:
    watchdog = SystemdWatchdog({"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "30000000"})
    assert watchdog.every_s == 10
    watchdog.ready()
    assert manager.hear() == "READY=1"
    watchdog.feed()
    assert manager.hear() == "WATCHDOG=1"
    watchdog.tell("録画中\nSTATUS=forged / recording")
    assert manager.hear() == "STATUS=録画中 STATUS=forged / recording"  # one line, whatever is told
    watchdog.stopping()
    assert manager.hear() == "STOPPING=1"


def test_without_a_manager_nothing_is_said_and_nothing_fails() -> None:
    watchdog = SystemdWatchdog({})
    assert watchdog.every_s is None
    watchdog.ready()
    watchdog.feed()


def test_a_watchdog_meant_for_another_process_is_not_ours(manager: Manager) -> None:
    environment = {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}
    assert SystemdWatchdog(environment).every_s is None


def test_a_manager_that_went_away_or_does_not_read_stops_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lost = SystemdWatchdog({"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    lost.feed()
    lost.feed()
    assert caplog.text.count("cannot be reached") == 1
    full = Manager(str(tmp_path / "notify"))
    watchdog = SystemdWatchdog({"NOTIFY_SOCKET": full.name})
    for _ in range(10_000):  # far more than any socket buffer holds
        watchdog.feed()
    assert full.hear() == "WATCHDOG=1"
    full.socket.close()
