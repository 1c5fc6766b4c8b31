"""A hub without room: recordings wait in the box, whole and in order, and the hub is not asked again at once."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from device import upload
from device.adapters.hub_network import AddressBook
from device.upload import Uploader

INCIDENTS = [f"01938f2e-6b0a-7c11-9a3e-00000000000{number}" for number in range(3)]


class Hub:
    """Answers every PUT with `status`, and remembers the paths."""

    def __init__(self) -> None:
        self.status, self.asked = 507, list[str]()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                hub.asked.append(self.path)
                self.send_response(hub.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()
    yield hub
    hub.server.shutdown()
    hub.server.server_close()


class Rounds(threading.Event):
    """Stands for the uploader's own patience: each wait after a failure is remembered, and ends when the test says."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []
        self.waited, self.go_on = threading.Semaphore(0), threading.Semaphore(0)

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        self.waited.release()
        self.go_on.acquire()
        return self.is_set()


@pytest.mark.parametrize("status", [507, 429])
def test_segments_wait_while_the_hub_has_no_room(hub: Hub, tmp_path: Path, status: int) -> None:
    hub.status = status
    for incident in INCIDENTS:
        folder = tmp_path / "segments" / incident
        folder.mkdir(parents=True)
        (folder / "000000.seg").write_bytes(b"sealed")
        (folder / "000000.json").write_text(json.dumps({"record": "{}", "signature": "x"}))
    url = f"http://127.0.0.1:{hub.server.server_port}"
    bundle: Any = SimpleNamespace(
        state=tmp_path, directory=tmp_path, settings=SimpleNamespace(hub=SimpleNamespace(url=url))
    )
    done: list[str] = []
    all_there = threading.Event()

    def note(incident: str, _seq: int) -> None:
        done.append(incident)
        if len(done) == len(INCIDENTS):
            all_there.set()

    uploader = Uploader(bundle, AddressBook(tmp_path / "addresses.json"), note)
    rounds = uploader._stopping = Rounds()
    uploader.start()
    for asked in (1, 2, 3):
        assert rounds.waited.acquire(timeout=10)
        assert len(hub.asked) == asked, "one question a round, however many recordings wait"
        if asked < 3:
            rounds.go_on.release()
    assert rounds.waits == [upload.RETRY_FIRST_S, 2 * upload.RETRY_FIRST_S, 4 * upload.RETRY_FIRST_S]
    assert done == []
    assert len(list(tmp_path.glob("segments/*/*.seg"))) == len(INCIDENTS)
    hub.status = 201
    rounds.go_on.release()
    assert all_there.wait(10)
    rounds.set()
    uploader.poke()
    rounds.go_on.release(100)
