"""The hub's presence as the wire has it, through the network process and the mail to the box's lamp; and the doctor."""

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.bundles import make_bundle
from support.waiting import until

from contract import topics
from device import hub_rules
from device.config import Bundle
from device.core.lamp import LampState
from device.simulated.lamp import SimulatedLamp
from device.uplink import Uplink
from device.wiring import Assembled, assemble
from hub.config import load_profile
from hub.places import Places

GOLDEN = Path(__file__).parents[2] / "contract" / "samples" / "hub-presence.json"
PROFILES = Path(__file__).parents[2] / "contract" / "profiles"
MISMATCH = "profile_mismatch"


@dataclass
class Both:
    """A box's two processes in one, without a broker between them and the hub: packets are handed to the uplink."""

    bundle: Bundle
    box: Assembled
    uplink: Uplink
    beat: int = 0
    thread: threading.Thread = field(init=False)

    def hears(self, **changed: Any) -> None:
        """The golden sample of the hub's presence arrives, changed so; None takes a field away."""
        self.beat += 1
        sample = json.loads(GOLDEN.read_text("utf-8")) | {"beat": self.beat} | changed
        payload = json.dumps({name: value for name, value in sample.items() if value is not None}).encode()
        self.uplink._handle("message", (topics.hub_presence("kita"), payload))

    def shows(self, state: LampState, *faults: str) -> None:
        until(lambda: (view := self.box.runner.box.view()).state is state and view.faults == faults, what=str(state))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    bundle = Bundle(make_bundle(tmp_path_factory.mktemp("rules") / "box"))
    running = Both(bundle, assemble(bundle, lamp=SimulatedLamp()), Uplink(bundle))
    running.thread = threading.Thread(target=running.box.run)
    running.thread.start()
    running.uplink._handle("connected", None)
    yield running
    running.uplink._handle("disconnected", None)
    running.uplink._goodbye()
    running.uplink._mail.close()
    running.box.runner.stop()
    running.thread.join(20)
    assert not running.thread.is_alive()


def test_the_golden_presence_lights_the_fault_of_a_box_with_other_rules_until_they_are_the_same(both: Both) -> None:
    own = {"id": "default", "digest": both.bundle.profile_digest}
    both.hears(profile=own)
    both.shows(LampState.READY)
    both.hears()  # the sample's own rules are Shinagawa's
    both.shows(LampState.FAULT, MISMATCH)
    assert hub_rules.read(both.bundle.state) == json.loads(GOLDEN.read_text("utf-8"))["profile"]["digest"]
    both.hears(state="offline", beat=0, responders=0)
    both.shows(LampState.HUB_LOST, MISMATCH)
    both.hears(profile=own)
    both.shows(LampState.READY)


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
def test_a_profile_copied_into_a_box_s_folder_is_the_hub_s_own_however_its_lines_end(tmp_path: Path, end: str) -> None:
    city = PROFILES / "sapporo.toml"
    (tmp_path / "profile.toml").write_bytes(city.read_text("utf-8").replace("\n", end).encode())
    folder = make_bundle(tmp_path / "box")
    assert Bundle(folder).profile_digest != load_profile(Places(tmp_path)).digest
    shutil.copy(tmp_path / "profile.toml", folder)
    assert Bundle(folder).profile_digest == load_profile(Places(tmp_path)).digest


def test_an_older_hub_s_presence_without_rules_is_no_mismatch_and_is_forgotten_by_the_doctor(both: Both) -> None:
    both.hears()
    both.shows(LampState.FAULT, MISMATCH)
    both.hears(profile=None)
    both.shows(LampState.READY)
    assert hub_rules.read(both.bundle.state) is None


def test_a_disk_that_refuses_does_not_keep_the_lamp_from_comparing(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    both.hears()
    both.shows(LampState.FAULT, MISMATCH)
