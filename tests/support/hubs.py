"""A hub of one's own: a real site, with its broker and worker as processes on free ports."""

import os
import signal
import socket
import subprocess
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, select, text
from support import sites
from support.field_box import FieldBox
from support.free_ports import free_port
from support.waiting import until
from support.warm import Program

from hub import broker, enrol
from hub.config import HubConfig, load
from hub.site import Wanted
from hub.store.engine import begin_read, open_database

PASSWORD = "correct horse battery"


def postgresql_url() -> str | None:
    """A new, empty schema in the PostgreSQL database that MADOMORI_TEST_DB_URL names; None without one."""
    base = os.environ.get("MADOMORI_TEST_DB_URL")
    if not base:
        return None
    schema = f"t_{uuid.uuid4().hex}"
    engine = create_engine(base.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    engine.dispose()
    return f"{base}?options=-csearch_path%3D{schema}"


def make_site(directory: Path, *, profile: str = "default", extra: str = "", **wanted: Any) -> HubConfig:
    """A new site on free ports, on PostgreSQL when MADOMORI_TEST_DB_URL is set; `extra` is added to its hub.toml."""
    options = {
        "http": ("127.0.0.1", free_port()),
        "mqtt": ("127.0.0.1", free_port()),
        "database_url": postgresql_url(),
    } | wanted
    sites.init(Wanted(directory, "kita", profile, password=PASSWORD, **options))
    settings = directory / "hub.toml"
    settings.write_text(settings.read_text("utf-8") + extra, "utf-8")
    return load(directory)


class LiveHub:
    """Broker and worker of one site as processes."""

    def __init__(self, config: HubConfig) -> None:
        self.config = config
        self.directory = config.places.directory
        self.database: Engine = open_database(config.database_url)
        self.processes: dict[str, subprocess.Popen[bytes] | Program] = {}
        self._boxes: list[FieldBox] = []
        self._count = 0

    def start(self) -> None:
        """Start broker and worker and wait until a press would be stored."""
        self.start_broker()
        self.start_worker()

    def start_broker(self) -> None:
        command = broker.command(broker.write_settings(self.config))
        with (self.directory / "broker.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.processes["broker"] = process
        broker.process_file(self.config.places).write_text(f"{process.pid}\n")
        until(lambda: self._accepts(self.config.mqtt.port), what="broker")

    def start_worker(self) -> None:
        before = self.beat("worker")
        self.processes["worker"] = Program("worker", str(self.directory), log=self.directory / "worker.log")
        until(lambda: self.beat("worker") != before, 40, "worker's beat")
        until(self.linked, 20, "worker's connection")

    def kill(self, name: str) -> None:
        """`kill -9`, and proof that it was that which ended the process."""
        process = self.processes.pop(name)
        process.kill()
        assert process.wait(10) == -signal.SIGKILL

    def stop(self) -> None:
        """End everything."""
        for box in self._boxes:
            box.close()
        for name in ("worker", "broker"):
            if process := self.processes.pop(name, None):
                process.terminate()
                process.wait(10)
        self.database.dispose()

    def log(self, name: str) -> str:
        return (self.directory / f"{name}.log").read_text("utf-8", "replace")

    def beat(self, name: str) -> Any:
        with begin_read(self.database) as connection:
            from hub.store import beats

            row = beats.every(connection).get(name)
        return None if row is None else (row.at, row.data)

    def linked(self) -> bool:
        found = self.beat("mqtt")
        return bool(found and found[1].get("connected"))

    def rows(self, table: Any, *where: Any) -> list[Any]:
        """Rows of a table as they are committed now."""
        with begin_read(self.database) as connection:
            return list(connection.execute(select(table).where(*where)))

    def enrol(self, name: str | None = None, counter: str = "2階 住民票 3番") -> Path:
        """A bundle for a new box."""
        self._count += 1
        name = name or f"counter-{self._count:02d}"
        bundle = self.directory.parent / f"bundle-{name}-{self._count}"
        enrol.enrol(self.config, self.database, name, counter, bundle, datetime.now(UTC))
        return bundle

    def box(self, name: str | None = None, *, connect: bool = True, **options: Any) -> FieldBox:
        """An enrolled and connected box."""
        box = FieldBox(self.enrol(name), **options)
        self._boxes.append(box)
        if connect:
            box.connect()
        return box

    def _accepts(self, port: int) -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
        except OSError:
            return False
        return True
