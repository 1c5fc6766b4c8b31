"""The box's uploader against the real pages, over a link that is cut again and again (faults, W08)."""

import base64
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.proxy import Proxy

from device import upload
from device.adapters.hub_network import AddressBook
from device.upload import Uploader
from tests.hub_web.sealing import SigningBox, segment
from tests.hub_web.serving import Server

pytestmark = pytest.mark.end_to_end

CUT_BYTES = 100_000


@pytest.fixture
def link(tmp_path: Path) -> Iterator[tuple[Server, Proxy]]:
    server = Server(tmp_path / "site")
    server.start()
    proxy = Proxy(server.port).start()
    yield server, proxy
    proxy.stop()
    server.stop()
    server.engine.dispose()


def cut_when_enough_passed(proxy: Proxy, cuts: int, done: threading.Event) -> threading.Thread:
    """Cut the link each time that `CUT_BYTES` more have passed."""

    def watch() -> None:
        for cut in range(1, cuts + 1):
            while proxy.passed < cut * CUT_BYTES and not done.wait(0.005):
                pass
            proxy.reset()
        proxy.bytes_per_second = None

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def test_w08_a_segment_gets_through_a_link_that_breaks_again_and_again(
    link: tuple[Server, Proxy], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, proxy = link
    monkeypatch.setattr(upload, "RETRY_FIRST_S", 0.05)
    monkeypatch.setattr(upload, "RETRY_MAX_S", 0.1)
    box = SigningBox()
    incident = server.press(server.box(box.name, evidence_key=box.public))
    content = segment(0) + bytes(4 * CUT_BYTES)
    folder = tmp_path / "state" / "segments" / incident
    folder.mkdir(parents=True)
    headers = box.headers(box.record(incident, 0, content))
    record = base64.b64decode(headers["Madomori-Record"]).decode()
    (folder / "000000.json").write_text(json.dumps({"record": record, "signature": headers["Madomori-Signature"]}))
    (folder / "000000.seg").write_bytes(content)

    proxy.bytes_per_second = 1_000_000
    done = threading.Event()
    bundle: Any = SimpleNamespace(
        state=tmp_path / "state",
        directory=tmp_path,
        settings=SimpleNamespace(hub=SimpleNamespace(url=f"http://127.0.0.1:{proxy.port}")),
    )
    uploader = Uploader(bundle, AddressBook(tmp_path / "addresses.json"), lambda *_: done.set())
    watching = cut_when_enough_passed(proxy, 3, done)
    uploader.start()
    assert done.wait(60)
    uploader.stop()
    watching.join(10)
    assert (server.directory / "evidence" / incident / "0.seg").read_bytes() == content
    assert proxy.accepted >= 4, "the link was cut three times"
    assert proxy.passed < 1.4 * len(content), (
        "what had come was not sent again; from the beginning each time it is 1.75 times"
    )
