"""Sealed segments to the hub, on a thread and a connection of their own, in order, until each is durable there.

An upload that breaks off goes on where it broke off, so that a slow link gets through a segment at last (faults, W08).

What was uploaded is noted in `state/uploads/<incident>`; losing a note only means that a segment is offered again, and
the hub answers that it has it.
"""

import http.client
import json
import logging
import threading
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from device.adapters.hub_network import AddressBook, https_connection, mind_the_clock, trust
from device.config import Bundle

log = logging.getLogger("madomori.upload")

TIMEOUT_S: Final = 15.0
IDLE_S: Final = 2.0
AFTER_THE_CALL_S: Final = 0.25
"""The first segments are sealed while their own call is still on its way: it goes first, here and at the hub."""

RETRY_FIRST_S: Final = 1.0
RETRY_MAX_S: Final = 30.0

_TAKEN: Final = frozenset({200, 201})
_NO_ROOM: Final = frozenset({429, 507})
"""The hub has no room for any segment now. They wait here; nothing is dropped."""


class HubFull(OSError):
    """The hub takes no segments for the moment: the others are not offered either until the next round."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sealed segment that the hub does not have yet."""

    incident: str
    seq: int
    content: Path
    record: Path


class Ledger:
    """Which segments were uploaded: one number per incident, because they go in order."""

    def __init__(self, state: Path) -> None:
        self._segments = state / "segments"
        self._notes = state / "uploads"
        self._notes.mkdir(mode=0o700, exist_ok=True)

    def next(self, incident: str) -> int:
        """The number of the first segment of `incident` that is not at the hub."""
        try:
            return int((self._notes / incident).read_text("ascii"))
        except (FileNotFoundError, ValueError):
            return 0

    def note(self, incident: str, seq: int) -> None:
        """Segment `seq` is at the hub."""
        temporary = self._notes / f"{incident}.new"
        temporary.write_text(str(seq + 1), "ascii")
        temporary.replace(self._notes / incident)

    def waiting(self) -> list[Waiting]:
        """The next segment of each incident, newest incident first: it is the one that somebody watches."""
        if not self._segments.is_dir():
            return []
        found = []
        for folder in sorted((path for path in self._segments.iterdir() if path.is_dir()), reverse=True):
            seq = self.next(folder.name)
            content, record = folder / f"{seq:06d}.seg", folder / f"{seq:06d}.json"
            if content.is_file() and record.is_file():
                found.append(Waiting(folder.name, seq, content, record))
        return found


class Uploader:
    """Uploads until stopped. `done(incident, seq)` is called on the uploader's thread."""

    def __init__(self, bundle: Bundle, addresses: AddressBook, done: Callable[[str, int], None]) -> None:
        self._ledger = Ledger(bundle.state)
        self._done = done
        url = urlsplit(bundle.settings.hub.url)
        self._secure = url.scheme == "https"
        self._host, self._port = url.hostname or "", url.port
        self._addresses = addresses
        self._trust = trust(bundle.directory, certificate=False) if self._secure else None
        self._broke_off: Waiting | None = None
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self.beat: Callable[[], None] = lambda: None
        """Called each time around and for each segment. Set before `start`."""
        self._thread = threading.Thread(target=self._run, name="upload", daemon=True)

    def start(self) -> None:
        """Begin to upload."""
        self._thread.start()

    def poke(self) -> None:
        """A segment is ready. Safe from any thread."""
        self._wake.set()

    def stop(self) -> None:
        """End soon; a request under way is cut by the end of the process."""
        self._stopping.set()
        self._wake.set()

    def _run(self) -> None:
        retry_s = RETRY_FIRST_S
        while not self._stopping.is_set():
            self.beat()
            self._wake.clear()
            try:
                failed = not self._upload_all()
            except (OSError, http.client.HTTPException, ValueError) as error:
                log.info("upload interrupted: %s", error)
                failed = True
            if failed:
                self._stopping.wait(retry_s)
                retry_s = min(retry_s * 2, RETRY_MAX_S)
            else:
                retry_s = RETRY_FIRST_S
                if self._wake.wait(IDLE_S):
                    self._stopping.wait(AFTER_THE_CALL_S)

    def _upload_all(self) -> bool:
        """Offer everything that waits; False when the hub would not take some of it yet."""
        waiting = self._ledger.waiting()
        if not waiting:
            return True
        connection = self._connect()
        try:
            refused: set[str] = set()
            while waiting and not self._stopping.is_set():
                for segment in waiting:
                    self.beat()
                    if self._upload(connection, segment):
                        self._ledger.note(segment.incident, segment.seq)
                        self._done(segment.incident, segment.seq)
                    else:
                        refused.add(segment.incident)
                waiting = [segment for segment in self._ledger.waiting() if segment.incident not in refused]
            return not refused
        finally:
            connection.close()

    def _upload(self, connection: http.client.HTTPConnection, segment: Waiting) -> bool:
        sidecar: dict[str, str] = json.loads(segment.record.read_text("utf-8"))
        headers = {
            "Madomori-Record": b64encode(sidecar["record"].encode()).decode(),
            "Madomori-Signature": sidecar["signature"],
        }
        path = f"/api/v1/incidents/{segment.incident}/segments/{segment.seq}"
        content = segment.content.read_bytes()
        if self._broke_off == segment:
            offset = _offset(connection, path, headers, len(content))
            headers["Upload-Offset"] = str(offset)
            content = content[offset:]
        self._broke_off = segment
        connection.request("PUT", path, content, headers | {"Content-Type": "application/octet-stream"})
        response = connection.getresponse()
        answer = response.read(4096)
        self._broke_off = None
        if response.status in _TAKEN:
            return True
        if response.status in _NO_ROOM:
            raise HubFull(f"the hub has no room ({response.status}); the recordings wait here")
        log.log(
            logging.INFO if response.status in (404, 503) else logging.ERROR,
            "hub refuses segment %s of %s: %s %s", segment.seq, segment.incident, response.status, answer[:200],
        )  # fmt: skip
        return False

    def _connect(self) -> http.client.HTTPConnection:
        if self._trust is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_S)
        mind_the_clock(self._trust)
        return https_connection(self._host, self._port, self._trust, self._addresses, TIMEOUT_S)


def _offset(connection: http.client.HTTPConnection, path: str, headers: dict[str, str], length: int) -> int:
    """Where an upload that broke off goes on; 0 when the hub does not say."""
    connection.request("HEAD", path, headers=headers)
    response = connection.getresponse()
    response.read()
    told = response.headers.get("Upload-Offset", "")
    offset = int(told) if response.status == 204 and told.isascii() and told.isdigit() else 0
    return offset if offset <= length else 0
