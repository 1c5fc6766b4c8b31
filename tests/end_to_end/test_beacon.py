"""A beacon and a wall lamp against a real broker: they light with no hub, and go on when even the broker is gone."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.hubs import LiveHub, make_site, until

from device.adapters.control_unix import NobodyAnswers, call

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
PATIENCE_S = 40.0
SMALL = "\n[media]\nwidth = 320\nheight = 180\nframes_per_second = 10\nvideo_kbps = 300\n"
COUNTER = "2階 住民票 3番"


class Program:
    """`madomori-box simulate` on a bundle."""

    def __init__(self, bundle: Path, settings: str) -> None:
        self.bundle = bundle
        with (bundle / "box.toml").open("a", encoding="utf-8") as file:
            file.write(settings)
        self.start()

    def start(self) -> None:
        with (self.bundle.parent / f"{self.bundle.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "device", "simulate", str(self.bundle)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        try:
            return call(self.bundle / "state", message, 30)
        except NobodyAnswers:
            return {}

    def shows(self, met: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """What the lamp shows as soon as it is as wanted."""

        def seen() -> dict[str, Any] | None:
            shown = self.ask({"do": "state"})
            return shown if shown and met(shown) else None

        found = until(seen, PATIENCE_S, what)
        assert found is not None
        return found


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LiveHub]:
    live = LiveHub(make_site(tmp_path / "site"))
    try:
        live.start()
        yield live
    finally:
        live.stop()


@pytest.fixture
def start(hub: LiveHub) -> Iterator[Callable[..., Program]]:
    programs: list[Program] = []

    def started(name: str, counter: str, settings: str) -> Program:
        programs.append(Program(hub.enrol(name, counter), settings))
        return programs[-1]

    yield started
    for program in programs:
        program.stop()


def lamp(state: str, **more: Any) -> Callable[[dict[str, Any]], bool]:
    return lambda shown: shown["lamp"] == state and all(shown[name] == value for name, value in more.items())


def test_a_beacon_lights_while_the_hub_is_dead_and_keeps_the_call_when_the_broker_is_gone(
    hub: LiveHub, start: Callable[..., Program]
) -> None:
    beacon = start("beacon-01", "警備室", '\n[role]\nkind = "beacon"\n')
    elsewhere = start("lamp-09", "3階 廊下", '\n[role]\nkind = "wall_lamp"\nfollow = ["counter-09"]\n')
    counter = start("counter-01", COUNTER, SMALL)
    beacon.shows(lamp("watching"), "all is quiet")
    counter.shows(lamp("nobody"), "the counter is ready")

    hub.kill("worker")
    beacon.shows(lamp("hub_silent"), "the hub is dead")
    pressed = counter.ask({"do": "press", "level": "assist", "until": "received", "timeout_s": 20})
    assert pressed["ok"]
    beacon.shows(lamp("call_assist", name=COUNTER, others=0, stale=False), "the call, without a hub")
    pressed = counter.ask({"do": "press", "level": "emergency", "until": "received", "timeout_s": 20})
    assert pressed["ok"]
    beacon.shows(lamp("call_emergency", name=COUNTER), "the emergency")
    assert elsewhere.ask({"do": "state"})["lamp"] == "hub_silent"  # it follows another counter

    hub.kill("broker")
    beacon.shows(lamp("call_emergency", name=COUNTER, stale=True), "the last that was known")
    elsewhere.shows(lamp("link_lost"), "nothing is known")

    hub.start_broker()
    beacon.shows(lamp("call_emergency", stale=False), "the call again, from the counter itself")
    beacon.kill()
    beacon.start()
    beacon.shows(lamp("call_emergency", name=COUNTER, stale=False), "a beacon that was started anew lights at once")


def test_a_beacon_tells_that_a_person_has_seen_the_call_and_goes_quiet_when_it_is_taken_away(
    hub: LiveHub, start: Callable[..., Program]
) -> None:
    beacon = start("beacon-01", "警備室", '\n[role]\nkind = "beacon"\n')
    beacon.shows(lamp("watching"), "all is quiet")
    field = hub.box("counter-02")
    field.publish("alarm", STANDING, retain=True)
    beacon.shows(lamp("call_assist", name="1階 国保 1番"), "the call")
    field.publish("alarm", STANDING.replace(b'"seen":false', b'"seen":true'), retain=True)
    beacon.shows(lamp("call_seen"), "a person has seen it")
    field.publish("alarm", b"", retain=True)  # its box was taken out of service
    beacon.shows(lamp("watching"), "all is quiet again")


STANDING = (
    '{"v":1,"state":"assist","counter":"1階 国保 1番","since":"2026-11-20T02:00:00.000Z","seen":false,"drill":false,'
    '"at":"2026-11-20T02:00:00.000Z"}'
).encode()
