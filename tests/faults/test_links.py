"""Links that are half open, slow or refused between a box and its hub (faults W05-W08)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.api import Api
from support.proxy import Proxy
from support.stage import BoxOnStage, Ports, Stage, running

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(300)]

NOTICED_S = 20
"""Faults W06: a half-open link is noticed within this. Asserted as a bound of the product, not as a speed."""


class Linked:
    """A stage whose first box reaches broker and pages through proxies."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.mqtt = Proxy(stage.ports.mqtt).start()
        self.web = Proxy(stage.ports.http).start()
        box = stage.boxes[0]
        stage.stop_box(box)
        settings = box.bundle / "box.toml"
        text = settings.read_text("utf-8")
        text = text.replace(f"127.0.0.1:{stage.ports.mqtt}", f"127.0.0.1:{self.mqtt.port}")
        settings.write_text(text.replace(f"127.0.0.1:{stage.ports.http}", f"127.0.0.1:{self.web.port}"), "utf-8")
        stage.start_box(box)
        stage.wait_for_page(box)
        self.box: BoxOnStage = box
        self.api = Api(stage.url, stage.token("supervisor"))
        self.lamp_is("ready", "nobody")

    def lamp_is(self, *states: str, timeout_s: float = 30) -> None:
        self.stage.wait_until(lambda: self.box.shown().get("state") in states, timeout_s, f"lamp {states}")

    def told(self, incident: str) -> dict[str, Any] | None:
        known = [one for one in self.api.incidents() if one["id"] == incident]
        return self.api.incident(incident) if known else None

    def end(self, incident: str) -> None:
        self.api.do(incident, "contact", action="ended")
        self.lamp_is("ready", "nobody")


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Linked]:
    path: Path = tmp_path_factory.mktemp("links")
    with running(Stage(path, Ports.free(1), counters=(("counter-01", "2階 住民票 3番"),))) as stage:
        link = Linked(stage)
        yield link
        link.mqtt.stop()
        link.web.stop()


def test_w06_a_half_open_link_is_shown_and_the_press_in_it_arrives_once_when_it_heals(linked: Linked) -> None:
    clean = linked.box.press(until="hub")
    assert clean["ok"]
    linked.end(clean["incident"])

    linked.mqtt.hole = True
    linked.lamp_is("hub_lost", timeout_s=NOTICED_S)
    report = linked.box.press(until="received")
    assert (report["ok"], report["lamp"]) == (True, "call_lost")
    assert linked.mqtt.swallowed > 0, "the hole swallowed nothing"
    assert linked.told(report["incident"]) is None

    linked.mqtt.hole = False
    linked.mqtt.reset()
    linked.lamp_is("hub_has", timeout_s=40)
    incident = linked.told(report["incident"])
    assert incident is not None
    presses = [entry for entry in incident["timeline"] if entry["kind"].startswith("alarm.r")]
    assert [entry["data"]["event"] for entry in presses] == [report["event"]]
    linked.end(report["incident"])


def test_w05_the_hub_shows_a_lost_box_and_keeps_its_alarm(linked: Linked) -> None:
    report = linked.box.press(until="hub")
    assert report["ok"]
    linked.mqtt.refuse = True
    linked.mqtt.reset()
    name = linked.box.name

    def presence() -> str:
        return next(str(one["presence"]) for one in linked.api.get("/boxes")["boxes"] if one["name"] == name)

    linked.stage.wait_until(lambda: presence() == "offline", NOTICED_S, "the hub shows that the box is lost")
    incident = linked.told(report["incident"])
    assert incident is not None
    assert incident["state"] == "raised"  # a lost box ends nothing
    again = linked.box.press(until="received")
    assert again["ok"]
    linked.mqtt.refuse = False
    linked.stage.wait_until(lambda: presence() == "online", 30, "it comes back")
    linked.stage.wait_until(lambda: (linked.told(report["incident"]) or {}).get("presses") == 2, 30, "both presses")
    linked.end(report["incident"])


def test_w07_on_a_link_that_takes_two_seconds_the_call_arrives_once(linked: Linked) -> None:
    clean = linked.box.press(until="hub")
    assert clean["ok"]
    linked.end(clean["incident"])
    linked.mqtt.delay_s = 2.0
    try:
        report = linked.box.press(until="hub", timeout_s=40)
        assert report["ok"]
        incident = linked.told(report["incident"])
        assert incident is not None
        assert incident["presses"] == 1, "what was sent again meanwhile is the same press"
        assert incident["alerts"], "people are alerted"
    finally:
        linked.mqtt.delay_s = 0.0
    linked.end(report["incident"])


def test_w08_on_a_link_of_a_kilobyte_a_second_the_call_goes_before_the_recording(linked: Linked) -> None:
    linked.web.bytes_per_second = 1024
    linked.web.reset()
    report = linked.box.press(until="hub")
    assert report["ok"], "the call does not wait for the recording"
    incident = linked.told(report["incident"])
    assert incident is not None
    linked.end(report["incident"])

    def stored() -> int:
        recordings = linked.api.incident(report["incident"])["recordings"]
        return int(recordings[0]["stored_segments"]) if recordings else 0

    assert stored() <= 1, "a kilobyte a second cannot have carried this"
    linked.web.bytes_per_second = None
    linked.web.reset()

    def complete() -> bool:
        recordings = linked.api.incident(report["incident"])["recordings"]
        return bool(recordings and recordings[0]["closed_at"] and recordings[0]["stops"] is None)

    linked.stage.wait_until(complete, 90, "the whole recording arrives when the link is good again")


def test_a_box_that_was_away_when_the_contact_ended_is_told_when_it_comes_back(linked: Linked) -> None:
    report = linked.box.press(until="hub")
    assert report["ok"]
    linked.mqtt.refuse = True
    linked.mqtt.reset()
    linked.lamp_is("hub_has")  # what it knew it still shows
    linked.api.do(report["incident"], "contact", action="ended")
    assert linked.box.shown()["recording"] is True
    linked.mqtt.refuse = False
    linked.lamp_is("ready", "nobody")
    linked.stage.wait_until(lambda: linked.box.shown()["recording"] is False, 20, "the recording ends")
