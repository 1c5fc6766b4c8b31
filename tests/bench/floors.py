"""The floors: what each step costs on this machine, in this run, with nothing of ours in it."""

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import mqtt_floor
from bench.figures import Spread
from bench.listening import LiveStream
from support.stage import free_port

DUMP_BYTES = 3_200_000
"""Ten seconds of the default picture and sound: what a press makes durable first."""


@dataclass(slots=True)
class Floors:
    """All of them. `dump` is one append of the ring's bytes and one fdatasync; `sync` the same with one page."""

    mqtt: mqtt_floor.Floor
    commit: Spread
    sse: Spread
    sync: Spread
    dump: Spread

    @property
    def f50(self) -> float:
        """MQTT one way + durable commit + SSE to one client: sum of the medians."""
        return self.mqtt.one_way.p50 + self.commit.p50 + self.sse.p50

    @property
    def f99(self) -> float:
        """The same of the 99th percentiles."""
        return self.mqtt.one_way.p99 + self.commit.p99 + self.sse.p99


def measure(directory: Path, publisher: Path, subscriber: Path, *, count: int, flood_s: float) -> Floors:
    """All floors, with the bench's files in `directory` and the bundles of two boxes of the running site."""
    return Floors(
        mqtt=mqtt_floor.measure(publisher, subscriber, count, flood_s),
        commit=_commit(directory / "floor.db", count),
        sse=_sse(count),
        sync=_append(directory / "floor.bin", 4096, count),
        dump=_append(directory / "floor.bin", DUMP_BYTES, max(10, count // 10)),
    )


def _commit(path: Path, count: int) -> Spread:
    """One row with the size of a press, committed with full sync, in a database that stands in WAL mode."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS row (id TEXT PRIMARY KEY, payload TEXT NOT NULL)")
        values = []
        for number in range(count + count // 10):
            begun_s = time.monotonic()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO row VALUES (?, ?)", (f"{begun_s:.9f}-{number}", "x" * 460))
            connection.execute("COMMIT")
            values.append((time.monotonic() - begun_s) * 1000)
            time.sleep(mqtt_floor.EVERY_S / 2)
    return Spread.of(values[count // 10 :])


def _append(path: Path, size_bytes: int, count: int) -> Spread:
    content, values = os.urandom(size_bytes), []
    for _ in range(count):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            begun_s = time.monotonic()
            os.write(descriptor, content)
            os.fdatasync(descriptor)
            values.append((time.monotonic() - begun_s) * 1000)
        finally:
            os.close(descriptor)
    path.unlink()
    return Spread.of(values)


def _sse(count: int) -> Spread:
    port = free_port()
    values: list[float] = []

    def take(at_s: float, _kind: str, data: dict[str, Any]) -> None:
        values.append((at_s - float(data["incident"])) * 1000)

    command = [sys.executable, str(Path(__file__).with_name("floor_server.py")), f"127.0.0.1:{port}"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    stream = LiveStream(f"http://127.0.0.1:{port}/", take=take)
    try:
        stream.start()
        while len(values) < count + count // 10:
            time.sleep(0.05)
    finally:
        stream.stop()
        server.terminate()
        server.wait(10)
    return Spread.of(values[count // 10 :])
