"""`madomori-hub run` as a process of its own."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
from support.hubs import LiveHub, until

from hub.config import HubConfig

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
        until(lambda: set(self.pids()) == {"broker", "worker", "evidence", "web"}, 30, "children")
        hub = LiveHub(self.config)
        try:
            until(hub.linked, 30, "worker's connection")
        finally:
            hub.database.dispose()
        until(lambda: serves(self.config.http.url), 30, "pages")  # the port alone is open before there are any
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


def serves(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
