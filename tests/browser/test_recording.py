"""What a box recorded plays in a browser, from the hub, after a reason was given."""

import http.client
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect
from support.opening import Opening
from support.studio import Film

from device.recorder.recording import Recording
from device.recorder.watching import Faults
from hub.store.schema import access
from tests.browser.conftest import Visitor
from tests.hub_web.sealing import SigningBox
from tests.hub_web.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.media]

START_MS = 50_000
SECONDS = 7
REASON = "現場の様子を確かめるため"


@pytest.fixture(scope="session")
def segments() -> list[bytes]:
    """A recording as the box's own recorder makes it."""
    film = Film()
    kept = Recording(film.encoders, Faults(lambda event: None), "incident", True, START_MS, 0, 2_000)
    made = []
    for packet in film.shoot(START_MS, SECONDS):
        made += kept.add(packet)
    return [segment.content for segment in made + kept.finish()]


@pytest.fixture
def opening(server: Server) -> Iterator[Opening]:
    """What opens the recordings of `server`."""
    running = Opening(server.directory)
    yield running
    running.stop()


def put(server: Server, signer: SigningBox, incident: str, seq: int, content: bytes) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    stored, text = signer.sealed(incident, seq, content)
    connection.request("PUT", f"/api/v1/incidents/{incident}/segments/{seq}", stored, signer.headers(text))
    assert connection.getresponse().status == 201
    connection.close()


def test_a_recording_arrives_plays_seeks_and_every_look_is_known(
    server: Server, visit: Callable[..., Visitor], segments: list[bytes], opening: Opening
) -> None:
    assert len(segments) >= 3
    signer = SigningBox(recipients=server.config.evidence.recipients)
    server.box(signer.name, counter="市民課 1番", evidence_key=signer.public, recording="recording")
    incident = server.press(signer.name)
    visitor = visit().log_in(server.person(name="佐藤"))
    page = visitor.page
    page.goto(f"{server.url}/incidents/{incident}")
    expect(page.get_by_text("この案件の録画は、まだ届いていません。")).to_be_visible()
    for seq, content in enumerate(segments[:-1]):
        put(server, signer, incident, seq, content)
    page.locator("#reason").fill(REASON)
    page.get_by_role("button", name="録画を見る").click()

    video = page.locator("video")
    expect(video).to_have_js_property("readyState", 4)
    before = video.evaluate("node => node.duration")
    assert before > 2
    assert [(row.actor_name, row.reason) for row in server.rows(access, act="recording.viewed")] == [("佐藤", REASON)]
    assert video.evaluate(
        """node => new Promise(done => { node.onseeked = () => done(node.currentTime); node.currentTime = 2.5 })"""
    ) == pytest.approx(2.5, abs=0.2)
    video.evaluate("node => { node.muted = true; return node.play() }")
    expect(video).to_have_js_property("ended", True, timeout=20_000)

    put(server, signer, incident, len(segments) - 1, segments[-1])
    page.get_by_role("link", name="新しい部分まで開き直す").click()
    expect(video).to_have_js_property("readyState", 4)
    assert video.evaluate("node => node.duration") > before
    assert len(server.rows(access, act="recording.viewed")) == 1
    page.goto(f"{server.url}/incidents/{incident}")
    expect(page.get_by_text(REASON, exact=True).first).to_be_attached()
    assert visitor.errors == []
