"""`madomori-hub run`: one parent for broker, worker, pages and evidence process. It restarts what dies."""

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import structlog

from hub import broker
from hub.broker_log import Watch
from hub.config import HubConfig
from hub.places import write_private

_log = structlog.get_logger()

BACKOFF_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Waits before the 1st, 2nd ... restart in a row. A child that lived a minute starts again at the first."""
_LIVED_S: Final = 60.0
_END_S: Final = 3.5
"""How long children may take to end before they are killed; with start-up and waiting the whole stays under 5 s."""
_PORT_WAIT_S: Final = 3.0
"""After a crash of the parent the old children need a moment to let go of their ports."""
_PR_SET_PDEATHSIG: Final = 1


class CannotRun(Exception):
    """The hub cannot start, for a reason said in Japanese and English."""

    def __init__(self, ja: str, en: str) -> None:
        super().__init__(f"{ja} / {en}")


@dataclass(slots=True)
class Child:
    """One kind of process. `command` is asked at each start. Times are monotonic seconds."""

    name: str
    command: Callable[[], list[str]]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    due_at: float = field(default=0.0)
    log: Callable[[IO[bytes]], None] | None = None  # who reads what it says; None: it says it to our own stderr


def run(config: HubConfig) -> int:
    """Run the site until SIGTERM or SIGINT; the exit code. Main thread only, because of signals and PDEATHSIG.

    Raises:
        CannotRun: a second hub, a taken port, or no broker program.
    """
    with SingleInstance(config, "hub"):
        _check_ports(config)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        watch = Watch(config)
        children = _children(config, watch)
        watch.start()
        _log.info("hub.started", site=config.site, http=config.http.url, mqtt=config.mqtt.public)
        try:
            while not stop.is_set():
                now = time.monotonic()
                for child in children:
                    _look_after(child, config, now)
                stop.wait(0.1)
        finally:
            _end(children, config)
            watch.stop()
    _log.info("hub.stopped", site=config.site)
    return 0


def run_broker(config: HubConfig) -> int:
    """Run only the broker in the foreground; its exit code.

    Raises:
        CannotRun: a second broker, a taken port, or no broker program.
    """
    with SingleInstance(config, "broker"):
        _refuse_taken("MQTT", config.mqtt.host, config.mqtt.port)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        watch = Watch(config)
        child = Child("broker", lambda: _broker_command(config), log=watch.follow)
        watch.start()
        try:
            _start(child, config, time.monotonic())
            while not stop.is_set() and _alive(child):
                stop.wait(0.1)
            return 0 if stop.is_set() or child.process is None else 1
        finally:
            _end([child], config)
            watch.stop()


class SingleInstance:
    """A lock that lives as long as its process: a second hub or worker on the same site finds it taken.

    Raises:
        CannotRun: it is taken.
    """

    def __init__(self, config: HubConfig, name: str) -> None:
        config.places.run.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = config.places.run / f"{name}.lock"
        self._name = name

    def __enter__(self) -> None:
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        until = time.monotonic() + _PORT_WAIT_S
        while True:
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() < until:  # an old one may be on its way out
                    threading.Event().wait(0.1)
                    continue
                owner = os.pread(self._handle, 20, 0).decode("ascii", "replace").strip() or "?"
                os.close(self._handle)
                raise CannotRun(
                    f"このサイトの {self._name} はもう動いています（プロセス {owner}）。先に止めてください。",
                    f"the {self._name} of this site is already running (process {owner}). Stop it first.",
                ) from error
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, f"{os.getpid()}\n".encode("ascii"), 0)
            return

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)


def _children(config: HubConfig, watch: Watch) -> list[Child]:
    site = str(config.places.directory)
    children = [
        Child("worker", lambda: [sys.executable, "-m", "hub", "worker", site]),
        Child("evidence", lambda: [sys.executable, "-m", "hub", "evidence", site]),
        Child("web", lambda: [sys.executable, "-m", "hub", "web", site]),
    ]
    if not config.mqtt.external:
        _broker_command(config)  # tell at once when it is not installed
        children.insert(0, Child("broker", lambda: _broker_command(config), log=watch.follow))
    return children


def _broker_command(config: HubConfig) -> list[str]:
    try:
        return broker.command(broker.write_settings(config))
    except broker.NoBroker as error:
        raise CannotRun(
            "Mosquitto が見つかりません。mosquitto を入れてください（例: apt install mosquitto）。",
            "Mosquitto was not found. Install mosquitto (for example: apt install mosquitto).",
        ) from error


def _look_after(child: Child, config: HubConfig, now: float) -> None:
    if child.process is not None:
        if _alive(child):
            return
        code = child.process.returncode
        child.failures = 1 if now - child.started_at > _LIVED_S else child.failures + 1
        wait_s = BACKOFF_S[min(child.failures, len(BACKOFF_S)) - 1]
        child.due_at, child.process = now + wait_s, None
        _log.error("child.died", child=child.name, code=code, restart_in_s=wait_s)
    if now >= child.due_at:
        try:
            _start(child, config, now)
        except (OSError, CannotRun) as error:
            child.failures += 1
            child.due_at = now + BACKOFF_S[-1]
            _log.error("child.not_started", child=child.name, error=str(error))


def _start(child: Child, config: HubConfig, now: float) -> None:
    parent = os.getpid()
    # The broker ends cleanly and saves itself; the others may be killed at any time by design, so they are.
    last_word = signal.SIGTERM if child.name == "broker" else signal.SIGKILL
    child.process = subprocess.Popen(
        child.command(),
        stdin=subprocess.DEVNULL,
        stderr=None if child.log is None else subprocess.PIPE,
        process_group=0,  # Ctrl-C at a terminal reaches the parent alone, which then ends them in order
        preexec_fn=lambda: _die_with(parent, last_word),
        env=_environment(),
    )
    child.started_at = now
    if child.log is not None and child.process.stderr is not None:
        child.log(child.process.stderr)
    if child.name == "broker":
        write_private(broker.process_file(config.places), f"{child.process.pid}\n".encode("ascii"))
    _log.info("child.started", child=child.name, pid=child.process.pid)


def _environment() -> dict[str, str]:
    """The children must find the program even when it runs from a source folder."""
    root = str(Path(__file__).parent.parent)
    paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


_LIBC: Final = _libc()


def _die_with(parent: int, number: int) -> None:
    """In the child: have the kernel send it `number` when the parent is gone, kill -9 included (prctl(2))."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)


def _alive(child: Child) -> bool:
    return child.process is not None and child.process.poll() is None


def _end(children: list[Child], config: HubConfig) -> None:
    """End the pages, then the worker, then the broker, so that the worker can still say goodbye to the boxes."""
    until = time.monotonic() + _END_S
    for names in (("web", "evidence", "worker"), ("broker",)):
        running = [child for child in children if child.name in names and _alive(child)]
        for child in running:
            if child.process is not None:
                child.process.terminate()
        for child in running:
            if child.process is not None and not _ended(child.process, until):
                _log.error("child.killed", child=child.name)
                child.process.kill()
                child.process.wait()
    broker.process_file(config.places).unlink(missing_ok=True)


def _ended(process: subprocess.Popen[bytes], until: float) -> bool:
    try:
        process.wait(timeout=max(0.1, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def _check_ports(config: HubConfig) -> None:
    if not config.mqtt.external:
        _refuse_taken("MQTT", config.mqtt.host, config.mqtt.port)
    _refuse_taken("HTTP", config.http.host, config.http.port)


def _refuse_taken(what: str, host: str, port: int) -> None:
    until = time.monotonic() + _PORT_WAIT_S
    while True:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind, protocol) as trial:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                trial.bind(address)
        except OSError as error:
            if time.monotonic() < until:
                threading.Event().wait(0.2)
                continue
            raise CannotRun(
                f"{what} の {host}:{port} が使えません（{error.strerror}）。別のプログラムが使っているか、この機械の"
                f"アドレスではありません。`ss -ltnp` で調べ、止めるか hub.toml の番号を変えてください。",
                f"{what} cannot use {host}:{port} ({error.strerror}). Another program has it, or it is no address of "
                f"this machine. Look with `ss -ltnp`; stop that program or change hub.toml.",
            ) from error
        return
