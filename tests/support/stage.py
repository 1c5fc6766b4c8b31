"""The whole product on one machine, made of its real programs: hub, broker, simulated boxes, mail and webhook sinks.

Used by `make demo`, `make demo-check`, `make bench` and the end-to-end tests. Everything but accounts and tokens goes
through the public commands and interfaces of the design, section 8.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from support.free_ports import free_port
from support.sinks import Arrival, Mailbox, Webhook

from hub.clock import now_utc
from hub.config import load
from hub.store import tokens, users
from hub.store.engine import begin_write, open_database

BIN = Path(sys.executable).parent
SITE = "kita"
PASSWORD = "madomori-demo-2026"

ACCOUNTS = (
    ("sato", "佐藤", "supervisor"),
    ("suzuki", "鈴木", "supervisor"),
    ("tanaka", "田中", "section_head"),
    ("yamada", "山田", "building_manager"),
    ("keibi", "警備室", "guard"),
    ("hokan", "保管担当", "evidence_custodian"),
)

CONTACTS = (
    ("supervisor-board", "supervisor", "webhook", "/supervisors"),
    ("section-head", "section_head", "email", "section-head@city.example"),
    ("building-manager", "building_manager", "email", "building-manager@city.example"),
    ("guards", "guard", "email", "guards@city.example"),
    ("guard-room", "guard", "webhook", "/guards"),
)

Say = Callable[[str], None]


class StageError(RuntimeError):
    """A program did not do what it should; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens, on 127.0.0.1."""

    http: int
    mqtt: int
    smtp: int
    webhook: int
    pages: tuple[int, ...]

    @classmethod
    def free(cls, boxes: int) -> "Ports":
        """Ports that were free a moment ago."""
        return cls(free_port(), free_port(), free_port(), free_port(), tuple(free_port() for _ in range(boxes)))


@dataclass(slots=True)
class BoxOnStage:
    """A simulated box."""

    name: str
    counter: str
    bundle: Path
    page: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Its page."""
        return f"http://127.0.0.1:{self.page}/"

    def press(self, level: str = "assist", until: str = "hub", timeout_s: float = 20) -> dict[str, Any]:
        """Press its button with the public command; the report, `ok` false when it did not come that far."""
        command = [str(BIN / "madomori-box"), "press", str(self.bundle), "--level", level, "--until", until]
        done = subprocess.run(
            [*command, "--timeout", str(timeout_s), "--json"],
            capture_output=True,
            timeout=timeout_s + 20,
            check=False,
        )
        if not done.stdout:
            raise StageError(f"press: {done.stderr.decode()}")
        return dict(json.loads(done.stdout))

    def shown(self) -> dict[str, Any]:
        """What its page shows."""
        return dict(httpx.get(self.url + "state", timeout=5).json()["lamp"] or {})


@dataclass(slots=True)
class Stage:
    """Everything together. `directory` keeps site, bundles and logs."""

    directory: Path
    ports: Ports
    counters: tuple[tuple[str, str], ...] = (("counter-01", "2階 住民票 3番"), ("counter-02", "1階 国保 1番"))
    profile: str = "default"
    say: Say = lambda _: None
    told: Callable[[str, Arrival], None] | None = None
    boxes: list[BoxOnStage] = field(default_factory=list)
    mail: Mailbox = field(init=False)
    webhook: Webhook = field(init=False)
    hub: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        told = self.told
        self.mail = Mailbox(self.ports.smtp, (lambda arrival: told("mail", arrival)) if told else None)
        self.webhook = Webhook(self.ports.webhook, (lambda arrival: told("webhook", arrival)) if told else None)

    @property
    def site(self) -> Path:
        """The hub's folder."""
        return self.directory / "site"

    @property
    def url(self) -> str:
        """The hub's pages."""
        return f"http://127.0.0.1:{self.ports.http}"

    # --- making -----------------------------------------------------------------------------------------------------

    def make(self) -> None:
        """Make the site and the bundles, unless they are there from an earlier time."""
        self.directory.mkdir(parents=True, exist_ok=True)
        if not (self.site / "hub.toml").exists():
            self.say("サイトを作っています / making the site")
            self._make_site()
        elif "\nescrow = " not in (self.site / "hub.toml").read_text("utf-8"):
            raise StageError(
                f"{self.directory}: 録画を封じる前の版で作られています。消してから、もう一度始めてください。"
                " / was made before recordings were sealed. Delete it and start again."
            )
        for place, (name, counter) in enumerate(self.counters):
            bundle = self.directory / name
            if not (bundle / "box.toml").exists():
                self.run("madomori-hub", "enroll", self.site, name, "--counter", counter, "--out", bundle)
            self.boxes.append(BoxOnStage(name, counter, bundle, self.ports.pages[place]))

    def _make_site(self) -> None:
        password = self.directory / "password"
        password.write_text(PASSWORD + "\n", "utf-8")
        password.chmod(0o600)
        self.run(
            "madomori-hub", "init", self.site, "--site", SITE, "--profile", self.profile, "--admin-password-file",
            password, "--http", f"127.0.0.1:{self.ports.http}", "--mqtt", f"127.0.0.1:{self.ports.mqtt}",
        )  # fmt: skip
        settings = self.site / "hub.toml"
        settings.write_text(settings.read_text("utf-8") + self._alerts(), "utf-8")

        self._add_accounts()

    def _add_accounts(self) -> None:
        """What `madomori-hub user add` does, without a program start for each."""
        database = open_database(load(self.site).database_url)
        with begin_write(database) as connection:
            for login, name, role in ACCOUNTS:
                users.add(
                    connection, login=login, name=name, role=role, password=PASSWORD, now=now_utc(), language="ja"
                )
        database.dispose()

    def _alerts(self) -> str:
        lines = [
            "\n[alerts.email]",
            'smtp_host = "127.0.0.1"',
            f"smtp_port = {self.ports.smtp}",
            'sender = "madomori@city.example"',
            'security = "none"',
        ]
        for contact, role, channel, target in CONTACTS:
            full = f"http://127.0.0.1:{self.ports.webhook}{target}" if channel == "webhook" else target
            lines += [
                "\n[[contacts]]",
                f'id = "{contact}"',
                f'role = "{role}"',
                f'channel = "{channel}"',
                f'target = "{full}"',
            ]
        return "\n".join(lines) + "\n"

    def token(self, role: str, name: str = "stage") -> str:
        """A bearer token: what `madomori-hub token` does, without a program start for each."""
        database = open_database(load(self.site).database_url)
        with begin_write(database) as connection:
            _, bearer = tokens.add(connection, name=name, role=role, now=now_utc())
        database.dispose()
        return bearer

    def run(self, program: str, *arguments: object) -> str:
        """Run one of the project's commands to its end; its output.

        Raises:
            StageError: it failed.
        """
        done = subprocess.run([BIN / program, *map(str, arguments)], capture_output=True, check=False, timeout=60)
        if done.returncode != 0:
            raise StageError(f"{program} {arguments}: {done.stderr.decode()}{done.stdout.decode()}")
        return done.stdout.decode()

    # --- running ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start everything and wait until it is ready."""
        self.mail.start()
        self.webhook.start()
        self.start_hub()
        for box in self.boxes:
            self.start_box(box)
        for box in self.boxes:
            self.wait_for_page(box)

    def start_hub(self) -> None:
        """Start `madomori-hub run` and wait for /readyz."""
        self.say("ハブを始めています / starting the hub")
        self.hub = self._spawn("hub", [BIN / "madomori-hub", "run", self.site])
        self.wait_until(self.ready, 40, "ハブの /readyz", self.hub)

    def start_box(self, box: BoxOnStage) -> None:
        """Start `madomori-box simulate` (its page may take a moment)."""
        self.say(f"箱「{box.counter}」を始めています / starting box {box.name}")
        box.process = self._spawn(
            box.name, [BIN / "madomori-box", "simulate", box.bundle, "--page", f"127.0.0.1:{box.page}"]
        )

    def wait_for_page(self, box: BoxOnStage) -> None:
        """Wait until the box's page is served."""
        self.wait_until(lambda: self.shown_or_none(box) is not None, 20, f"{box.name} の画面 / its page")

    def ready(self) -> bool:
        """Whether the hub says that it works."""
        try:
            return httpx.get(self.url + "/readyz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def shown_or_none(self, box: BoxOnStage) -> dict[str, Any] | None:
        """What the box's page shows, or None while it is not there."""
        try:
            return box.shown()
        except httpx.HTTPError:
            return None

    def stop_hub(self, number: int = signal.SIGTERM) -> None:
        """End the hub and everything it started."""
        if self.hub is not None:
            self.hub.send_signal(number)
            self.hub.wait(timeout=15)
            self.hub = None

    def stop_box(self, box: BoxOnStage, number: int = signal.SIGTERM) -> None:
        """End a box."""
        if box.process is not None:
            box.process.send_signal(number)
            box.process.wait(timeout=20)
            box.process = None

    def stop(self) -> None:
        """End everything."""
        for process in (self.hub, *(box.process for box in self.boxes)):
            if process is not None:
                process.send_signal(signal.SIGTERM)  # all at once, then wait for each
        for box in self.boxes:
            self.stop_box(box)
        self.stop_hub()
        self.webhook.stop()
        self.mail.stop()

    def kill(self, program: str) -> int:
        """`kill -9` the hub's child whose command line holds `program`; its process id.

        Raises:
            StageError: no such child.
        """
        for pid in descendants(self.hub.pid if self.hub else 0):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if program in command:
                os.kill(pid, signal.SIGKILL)
                return pid
        raise StageError(f"no child runs {program!r}")

    def wait_until(
        self, met: Callable[[], object], timeout_s: float, what: str, process: "subprocess.Popen[bytes] | None" = None
    ) -> None:
        """Wait for a condition.

        Raises:
            StageError: it was not met in time, or `process` ended meanwhile.
        """
        until_s = time.monotonic() + timeout_s
        while not met():
            if process is not None and process.poll() is not None:
                raise StageError(f"{what}: ended with {process.returncode}\n{self.log_tail('hub')}")
            if time.monotonic() > until_s:
                raise StageError(f"{what}: not in {timeout_s} s\n{self.log_tail('hub')}")
            time.sleep(0.02)

    def log_tail(self, name: str) -> str:
        """The end of a program's log."""
        path = self.directory / f"{name}.log"
        return path.read_text("utf-8", errors="replace")[-4000:] if path.exists() else ""

    def _spawn(self, name: str, command: list[Any]) -> "subprocess.Popen[bytes]":
        log = (self.directory / f"{name}.log").open("ab")
        with log:
            # A group of its own: Ctrl-C reaches only the stage, which ends its programs in order.
            return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)


@contextmanager
def running(stage: Stage) -> Iterator[Stage]:
    """The stage, made and running, ended at the end whatever happens."""
    stage.make()
    try:
        stage.start()
        yield stage
    finally:
        stage.stop()


def descendants(pid: int) -> list[int]:
    """All processes below `pid`, nearest first."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text("ascii", errors="replace").rsplit(")", 1)[1].split()
            except OSError:
                continue  # it ended meanwhile
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found
