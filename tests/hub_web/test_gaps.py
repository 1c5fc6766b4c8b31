"""What a recording lacks is shown with the reason that its box signed."""

from html.parser import HTMLParser
from typing import Any

import pytest

from contract.evidence import Gap
from tests.hub_web.conftest import Hub
from tests.hub_web.sealing import SigningBox, segment

FROZEN = {"stream": "picture", "start_ms": 500, "end_ms": 6_000, "why": "frozen"}


@pytest.fixture
def box() -> SigningBox:
    return SigningBox()


@pytest.fixture
def incident(hub: Hub, box: SigningBox) -> str:
    return hub.press(hub.box(box.name, evidence_key=box.public))


def put(hub: Hub, box: SigningBox, incident: str, seq: int, *gaps: dict[str, Any]) -> None:
    told = tuple(Gap.model_validate(gap) for gap in gaps) or None
    record = box.record(incident, seq, segment(seq), gaps=told)
    answer = hub.client().put(
        f"/api/v1/incidents/{incident}/segments/{seq}", data=segment(seq), headers=box.headers(record)
    )
    assert answer.status_code == 201, answer.text


def told(hub: Hub, incident: str) -> list[dict[str, Any]]:
    return list(hub.client().get(f"/api/v1/incidents/{incident}", headers=hub.machine()).json["recordings"][0]["gaps"])


class Items(HTMLParser):
    """The texts of a page's list items."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "li":
            self._inside = True
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "li"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[-1] += data


def test_a_whole_recording_lacks_nothing(hub: Hub, box: SigningBox, incident: str) -> None:
    put(hub, box, incident, 0)
    assert told(hub, incident) == []
    assert "欠けているところ" not in hub.signed_in().get(f"/incidents/{incident}").text


def test_a_gap_that_goes_on_from_segment_to_segment_is_told_once(hub: Hub, box: SigningBox, incident: str) -> None:
    put(hub, box, incident, 0)
    put(hub, box, incident, 1, {**FROZEN, "end_ms": 4_000})
    put(hub, box, incident, 2, {**FROZEN, "start_ms": 4_000})
    put(hub, box, incident, 3, {**FROZEN, "start_ms": 7_000, "end_ms": 7_500})
    assert told(hub, incident) == [FROZEN, {**FROZEN, "start_ms": 7_000, "end_ms": 7_500}]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ja", ["0:00–0:06 映像：止まったままの映像です", "0:06 音声：箱が止まり、動き直しました"]),
        ("en", ["0:00–0:06 Picture: the picture stands still", "0:06 Sound: the box stopped and started again"]),
    ],
)
def test_the_incident_page_says_so_in_plain_words(
    hub: Hub, box: SigningBox, incident: str, language: str, words: list[str]
) -> None:
    put(hub, box, incident, 0, FROZEN, {"stream": "sound", "start_ms": 6_000, "end_ms": 6_000, "why": "restart"})
    browser = hub.signed_in()
    browser.post("/preferences", data={"language": language, "theme": "light", "next": "/boxes"})
    page = browser.get(f"/incidents/{incident}").text
    items = [" ".join(text.split()) for text in Items(page).texts]
    assert [word for word in words if word in items] == words
