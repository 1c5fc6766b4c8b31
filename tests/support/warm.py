"""The hub's processes, started by a fork of a process that has read the hub's modules once (Python's forkserver).

Reading them takes two seconds of a processor, for most tests more than everything else. Whoever tests the start itself
starts `python -m hub` instead: tests/hub/test_supervisor.py, and the stage of the end-to-end tests.
"""

import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_READ = ("hub.__main__", "hub.web.server", "hub.worker")


def run(environment: dict[str, str], log: str | None, command: Sequence[str], constants: Mapping[str, Any]) -> None:
    """What the fork does: `madomori-hub` with `command`. `constants`: other values by their full names."""
    os.environ.clear()
    os.environ.update(environment)
    if log is not None:
        said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(said, 1)
        os.dup2(said, 2)
        os.close(said)
    for name, value in constants.items():
        room, _, constant = name.rpartition(".")
        setattr(importlib.import_module(room), constant, value)
    sys.argv = ["madomori-hub", *command]
    importlib.import_module("hub.__main__").main(command, prog_name="madomori-hub")


class Program:
    """`madomori-hub` with `command`, started. What it says is added to the file `log`; None: to our own stderr."""

    def __init__(self, *command: str, log: Path | None = None, constants: Mapping[str, Any] | None = None) -> None:
        nursery = multiprocessing.get_context("forkserver")
        nursery.set_forkserver_preload(list(_READ))
        asked = (dict(os.environ), str(log) if log else None, command, constants or {})
        self._process = nursery.Process(target=run, args=asked, daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """The exit code, None while it runs; minus a signal's number when that ended it."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float) -> int:
        """The exit code.

        Raises:
            subprocess.TimeoutExpired: it still runs after `timeout` seconds.
        """
        self._process.join(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired("madomori-hub", timeout)
        return code
