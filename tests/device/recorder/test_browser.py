"""A joined recording in a real Chromium: its length is known, it seeks, and it plays to its end."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from support.encoding_camera import EncodedFilm
from support.studio import SETTINGS, Film, joined

from device.recorder.encoding import Encoders
from device.recorder.recording import Recording
from device.recorder.watching import Faults

pytestmark = [pytest.mark.media, pytest.mark.browser]

START_MS = 50_000
SECONDS = 8


def film_of_an_incident(kind: str) -> bytes:
    """Eight seconds; sound may be kept only from the fourth on, unless there is nothing else at the beginning.

    "encoded, late": the header was made before the camera's own parameter sets were known.
    """
    film = EncodedFilm() if kind.startswith("encoded") else Film()
    late = {"picture_from_ms": START_MS + 3_000} if kind == "encoded, late" else {}
    sound = kind in ("sound alone", "encoded, late")
    encoders = Encoders(None, SETTINGS) if kind == "sound alone" else film.encoders
    kept = Recording(encoders, Faults(lambda event: None), "incident", sound, START_MS, 0, 2_000)
    segments = []
    for packet in film.shoot(START_MS, SECONDS, **late):
        if packet.video and kind == "sound alone":
            continue
        if packet.at_us >= (START_MS + 4_000) * 1000:
            kept.allow_sound(START_MS + 4_000)
        segments += kept.add(packet)
    return joined([segment.content for segment in segments + kept.finish()])


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    opened = chromium.new_page()
    yield opened
    opened.close()


@pytest.fixture(params=["pictures", "sound alone", "encoded", "encoded, late"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    recording = film_of_an_incident(request.param)

    class Player(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == "/":
                self.answer(200, "text/html", b"<video id=v src=/recording.mp4 preload=auto muted></video>", {})
            elif self.path != "/recording.mp4":
                self.answer(404, "text/plain", b"", {})
            else:
                wanted = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "bytes=0-")
                assert wanted is not None
                first, last = int(wanted[1]), int(wanted[2] or len(recording) - 1)
                span = {"Content-Range": f"bytes {first}-{last}/{len(recording)}", "Accept-Ranges": "bytes"}
                self.answer(206, "video/mp4", recording[first : last + 1], span)

        def answer(self, status: int, kind: str, body: bytes, more: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Player)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_joined_recording_plays_in_a_browser(page: Page, address: str, request: pytest.FixtureRequest) -> None:
    page.goto(address)
    page.wait_for_function("v.readyState >= 4 || v.error", timeout=15_000)
    assert page.evaluate("v.error && v.error.message") is None
    if "late" not in request.node.callspec.id:  # Chromium takes a picture track's late begin for more length
        assert page.evaluate("v.duration") == pytest.approx(SECONDS, abs=0.05)
    assert page.evaluate("v.videoWidth") == (0 if "sound" in request.node.callspec.id else 320)
    for at_s in (7.0, 1.5, 3.98):
        page.evaluate("at => { v.currentTime = at }", at_s)
        page.wait_for_function("!v.seeking && v.readyState >= 2 || v.error", timeout=10_000)
        assert page.evaluate("v.error && v.error.message") is None
        assert page.evaluate("v.currentTime") == pytest.approx(at_s, abs=0.01)
    page.evaluate("() => { v.currentTime = 0; v.playbackRate = 4; v.play() }")
    page.wait_for_function("v.ended || v.error", timeout=20_000)
    assert page.evaluate("v.error && v.error.message") is None
    assert page.evaluate("v.webkitAudioDecodedByteCount") > 0
    if "sound" not in request.node.callspec.id:
        assert page.evaluate("v.getVideoPlaybackQuality().totalVideoFrames") > 50
