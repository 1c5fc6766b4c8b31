"""The evidence process: the only one that reads the viewing key. Reached by a Unix socket, without any network.

It runs beside the pages, opens in RAM what they ask for, and writes nothing but its log.
"""

import base64
import ctypes
import os
import resource
import signal
import socket
import stat
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import structlog
from pydantic import ValidationError

from hub.config import HubConfig
from hub.evidence import keys
from hub.evidence.keyholder import CannotOpen, Keyholder
from hub.evidence.protocol import SOCKET, TIMEOUT_S, Content, Copy, Layouts, Question, Seal, exactly, receive, send
from hub.poke import short_name
from hub.supervisor import CannotRun, SingleInstance

_log = structlog.get_logger()

THREADS: Final = 8
WAITING_MAX: Final = 64
_LOOKS_KEPT: Final = 1_000
_INITS_TOLD: Final = 4
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_PR_SET_DUMPABLE: Final = 4


def run(config: HubConfig) -> int:
    """Run until SIGTERM or SIGINT; the exit code. Main thread only.

    Raises:
        CannotRun: another one runs for this site, or nobody can be kept out of the socket.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with SingleInstance(config, "evidence"):
        network = _leave_the_network()
        with Listening(config.places.run) as listening:
            _leave_no_core()
            server = Server(holder(config), listening)
            server.start()
            _log.info("evidence.started", site=config.site, network=network)
            stop.wait()
            server.stop()
    _log.info("evidence.stopped", site=config.site)
    return 0


def holder(config: HubConfig) -> Keyholder:
    """What opens the site's segments: with the viewing key, or with the reason why there is none."""
    evidence, recipients = config.places.directory / "evidence", config.evidence.recipients
    if not config.evidence.viewing:
        _log.info("viewing.off", site=config.site)
        return Keyholder(evidence, None, "off", recipients)
    try:
        identity, recipient = keys.load_viewing_key(config.places)
    except keys.NoKey as error:
        _log.error("viewing_key.missing", said=str(error))
        return Keyholder(evidence, None, recipients=recipients)
    if recipient != config.evidence.viewing_recipient:
        _log.error(
            "viewing_key.differs",
            said="keys/viewing.key は hub.toml の viewing_recipient の鍵ではありません。箱は別の鍵で封をしています。"
            " / keys/viewing.key is not the key of viewing_recipient in hub.toml: boxes seal for another one.",
        )
    return Keyholder(evidence, identity, recipients=recipients)


class Listening:
    """The socket, for this user alone.

    Raises:
        CannotRun: others could reach it.
    """

    def __init__(self, run: Path) -> None:
        run.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = run / f"{SOCKET}.sock"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)  # the file is born closed; a chmod afterwards would leave it open for a moment
        try:
            with short_name(run) as folder:
                self.socket.bind(f"{folder}/{SOCKET}.sock")
        finally:
            os.umask(before)
        mode = stat.S_IMODE(self._path.stat().st_mode)
        if mode & 0o077:
            raise CannotRun(
                f"{self._path} をほかの利用者から守れません（{mode:o}）。普通のファイルシステムに置いてください。",
                f"{self._path} cannot be closed to other users ({mode:o}). Put the site on an ordinary file system.",
            )
        self.socket.listen(WAITING_MAX)

    def __enter__(self) -> "Listening":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        self._path.unlink(missing_ok=True)


class Server:
    """Answers on threads of its own, a few at a time; the others wait at the door."""

    def __init__(self, keyholder: Keyholder, listening: Listening) -> None:
        self._holder = keyholder
        self._socket = listening.socket
        self._pool = ThreadPoolExecutor(THREADS, "evidence")
        self._free = threading.Semaphore(THREADS)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._accept, name="evidence-door", daemon=True)
        self._lock = threading.Lock()
        self._looks: OrderedDict[tuple[str, int], None] = OrderedDict()

    def start(self) -> None:
        """Begin to answer."""
        self._socket.settimeout(0.2)
        self._thread.start()

    def stop(self) -> None:
        """Take no more questions. Answers that are under way are not waited for."""
        self._stopping.set()
        self._thread.join(5)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            if not self._free.acquire(timeout=0.2):
                continue
            try:
                connection, _ = self._socket.accept()
            except OSError:  # nobody came
                self._free.release()
                continue
            self._pool.submit(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                connection.settimeout(TIMEOUT_S)
                try:
                    asked = Question.model_validate({"asked": receive(connection)}).asked
                except (ValueError, ValidationError):
                    send(connection, {"ok": False, "why": "bad-request"})
                    return
                content = exactly(connection, asked.length) if isinstance(asked, Seal) else b""
                if not isinstance(asked, Seal):
                    self._note(asked)
                try:
                    self._answer(connection, asked, content)
                except CannotOpen as error:
                    send(connection, {"ok": False, "why": error.why})
        except OSError as error:
            _log.info("evidence.hung_up", error=str(error))
        except Exception as error:  # noqa: BLE001 - one odd segment must not end the thread; the asker sees it end
            _log.error("evidence.failed", exc_info=error)
        finally:
            self._free.release()

    def _note(self, asked: Layouts | Content | Copy) -> None:
        """Each look once, before anything is opened for it. Who and why stand in the access entry of that number."""
        with self._lock:
            if (asked.incident, asked.look) in self._looks:
                return
            self._looks[asked.incident, asked.look] = None
            while len(self._looks) > _LOOKS_KEPT:
                self._looks.popitem(last=False)
        _log.info("viewing_key.used", incident=asked.incident, look=asked.look)

    def _answer(self, connection: socket.socket, asked: Layouts | Content | Copy | Seal, given: bytes) -> None:
        if not isinstance(asked, Layouts):
            content = self._content(asked, given)
            send(connection, {"ok": True, "length": len(content)}, content)
            return
        inits: dict[bytes, int] = {}
        told: list[Any] = []
        for ref in asked.segments:
            try:
                found = self._holder.layout(asked.incident, ref)
            except CannotOpen as error:
                if error.why in ("off", "no-key"):
                    raise
                told.append(error.why)
                continue
            if found.init not in inits and len(inits) >= _INITS_TOLD:
                told.append("unreadable")  # only a broken box begins its segments in so many ways
                continue
            told.append([inits.setdefault(found.init, len(inits)), found.media, found.media_end])
        send(
            connection, {"ok": True, "inits": [base64.b64encode(one).decode("ascii") for one in inits], "layouts": told}
        )

    def _content(self, asked: Content | Copy | Seal, given: bytes) -> bytes | memoryview:
        match asked:
            case Content():
                return self._holder.content(asked.incident, asked.segment, asked.offset, asked.length)
            case Copy():
                return self._holder.copy(asked.incident, asked.sealed, asked.sha256)
            case Seal():
                return self._holder.seal(given)


def _leave_the_network() -> str:
    """Move into a network of its own, where there is nothing; "none" or "the machine's". Before any thread starts.

    A second bolt: where the kernel or the service manager does not let us, the unit's `PrivateNetwork` does it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET):
        if libc.unshare(flags) == 0:
            return "none"
    return "the machine's"


def _leave_no_core() -> None:
    """What was opened must not reach a disk in a core dump, nor another process of this user through ptrace."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
