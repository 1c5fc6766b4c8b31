"""Real parts from box.toml, and a whole box around GPIO pins: pressed, lit, and with a lamp that fails."""

import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gpiozero
import pytest
from gpiozero.pins.mock import MockFactory, MockPin
from support.bundles import RECIPIENTS, make_bundle
from support.hubs import until
from support.pins import forget_pins

from contract.messages import Event, RecordingState
from device.adapters.camera_av import AvCamera
from device.adapters.camera_picamera2 import Picamera2Camera
from device.config import Bundle
from device.core.events import FaultSeen, Happening
from device.ports import EncodedCamera
from device.simulated.camera import SimulatedCamera
from device.simulated.lamp import SimulatedLamp
from device.simulated.microphone import SimulatedMicrophone
from device.simulated.room import Room
from device.simulated.speaker import SimulatedSpeaker
from device.wiring import Assembled, Hardware, assemble, hardware

SMALL = f"""
[media]
width = 320
height = 180
frames_per_second = 10
video_kbps = 300

[evidence]
recipients = ["{RECIPIENTS[0]}", "{RECIPIENTS[1]}"]

[button]
second_pin = 5

[buzzer]
pin = 6
"""
MAIN, SECOND, LAMP, BUZZER = 17, 5, (22, 27, 24), 6


class FragilePin(MockPin):  # type: ignore[misc]
    """A pin that fails while its number is among `broken`."""

    broken: frozenset[int] = frozenset()

    def _set_state(self, value: float) -> None:
        if self._number in type(self).broken:
            raise OSError(5, "Input/output error")
        super()._set_state(value)


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> MockFactory:
    """What the program finds when it opens the board's pins."""
    monkeypatch.setattr(FragilePin, "broken", frozenset())
    factory = MockFactory(pin_class=FragilePin)
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    return factory


def bundle(directory: Path, extra: str) -> Bundle:
    return Bundle(make_bundle(directory / "bundle", extra=extra))


# --- choosing -------------------------------------------------------------------------------------------------------


def released(parts: Hardware) -> None:
    for part in (parts.button, parts.lamp, parts.buzzer):
        if part is not None:
            part.close()


@pytest.mark.usefixtures("board")
def test_a_counter_gets_what_its_settings_name(tmp_path: Path) -> None:
    parts = hardware(bundle(tmp_path, SMALL))
    assert parts.button is not None
    assert parts.buzzer is not None
    assert isinstance(parts.camera, Picamera2Camera)
    assert isinstance(parts.camera, EncodedCamera)
    assert (parts.camera.width, parts.camera.height, parts.camera.frames_per_second) == (320, 180, 10)
    assert parts.microphone is not None
    assert parts.speaker is not None
    released(parts)


@pytest.mark.usefixtures("board")
def test_a_usb_camera_and_no_lamp(tmp_path: Path) -> None:
    parts = hardware(bundle(tmp_path, '\n[camera]\nkind = "usb"\ndevice = "/dev/video7"\n\n[lamp]\nkind = "none"\n'))
    assert isinstance(parts.camera, AvCamera)
    assert parts.buzzer is None
    released(parts)


@pytest.mark.usefixtures("board")
@pytest.mark.parametrize("kind", ["beacon", "wall_lamp"])
def test_a_beacon_has_neither_button_nor_camera_nor_microphone(tmp_path: Path, kind: str) -> None:
    parts = hardware(bundle(tmp_path, f'{SMALL}\n[role]\nkind = "{kind}"\n'))
    assert (parts.button, parts.camera, parts.microphone, parts.speaker) == (None, None, None, None)
    assert parts.buzzer is not None
    released(parts)


def test_a_board_that_cannot_be_opened_is_a_fault_from_the_first_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_pins(monkeypatch)
    monkeypatch.setitem(__import__("sys").modules, "lgpio", None)
    parts = hardware(bundle(tmp_path, SMALL))
    assert parts.button is not None
    news: list[Happening] = []
    parts.button.start(news.append)
    parts.button.close()
    (fault,) = news
    assert isinstance(fault, FaultSeen)
    assert fault.fault == "button"
    assert "ボタンを読めません" in fault.detail


# --- a whole box ------------------------------------------------------------------------------------------------------


class WholeBox:
    """Core, spool and recorder as they are; pins, camera and sound are not there."""

    def __init__(self, box: Assembled, board: MockFactory) -> None:
        self.box = box
        self.board = board
        self.sent: queue.SimpleQueue[Event] = queue.SimpleQueue()
        box.runner.sent_watchers.append(self._sent)
        self._thread = threading.Thread(target=box.run, name="box")
        self._thread.start()

    def _sent(self, events: tuple[Event, ...]) -> None:
        for event in events:
            self.sent.put(event)

    def close(self) -> None:
        self.box.runner.stop()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def hold(self, pin: int, pressed: bool) -> None:
        self.board.pin(pin).drive_low() if pressed else self.board.pin(pin).drive_high()

    def of(self, kind: str) -> Any:
        """The next event of this type that is handed to the network."""
        while True:
            event = self.sent.get(timeout=20)
            if event.type == kind:
                return event

    def until(self, kind: str, fault: str) -> None:
        """Wait for this news of this fault; another part may fail, or be mended, before it."""
        while self.of(kind).body.fault != fault:
            pass

    def lit(self) -> tuple[bool, ...]:
        return tuple(bool(self.board.pin(number).state) for number in LAMP)


@pytest.fixture
def whole(tmp_path: Path, board: MockFactory) -> Iterator[WholeBox]:
    made = bundle(tmp_path, SMALL)
    parts, room, media = hardware(made), Room(), made.settings.media
    box = assemble(
        made,
        lamp=parts.lamp,
        button=parts.button,
        buzzer=parts.buzzer,
        speaker=SimulatedSpeaker(room),
        camera=SimulatedCamera("counter-01", media.width, media.height, media.frames_per_second),
        microphone=SimulatedMicrophone(room),
    )
    running = WholeBox(box, board)
    running.of("box.started")
    yield running
    running.close()
    assert running.lit() == (False, False, False)  # a dark lamp: this box does not run


@pytest.mark.media
def test_a_press_of_the_pin_lights_the_lamp_moves_the_hand_and_is_recorded(whole: WholeBox) -> None:
    felt: list[Any] = whole.board.pin(BUZZER).states
    whole.hold(MAIN, True)
    whole.hold(MAIN, False)
    raised = whole.of("alarm.raised")
    assert whole.of("segment.sealed").incident == raised.incident
    assert any(state for _, state in felt)


@pytest.mark.media
def test_d30_a_lamp_and_a_buzzer_that_fail_never_stop_a_recording_and_are_shown_and_mended(whole: WholeBox) -> None:
    whole.hold(MAIN, True)
    whole.hold(MAIN, False)
    incident = whole.of("segment.sealed").incident
    FragilePin.broken = frozenset({*LAMP, BUZZER})
    whole.until("fault.raised", "lamp")
    whole.hold(SECOND, True)  # still heard
    whole.hold(SECOND, False)
    assert whole.of("alarm.repeated").incident == incident
    assert whole.of("segment.sealed").incident == incident
    FragilePin.broken = frozenset()
    whole.until("fault.cleared", "lamp")
    assert whole.of("segment.sealed").incident == incident


@pytest.mark.parametrize(("audio", "video"), [("off", "button"), ("button", "off"), ("off", "off")])
def test_what_the_city_does_not_let_be_recorded_is_not_even_opened(tmp_path: Path, audio: str, video: str) -> None:
    folder = make_bundle(tmp_path / "bundle", extra=SMALL)
    profile = folder / "profile.toml"
    text = profile.read_text("utf-8")
    changed = text.replace('audio = "button"', f'audio = "{audio}"').replace('video = "button"', f'video = "{video}"')
    assert changed != text
    profile.write_text(changed, "utf-8")
    opened: list[str] = []

    class Camera(SimulatedCamera):
        def frames(self) -> Iterator[tuple[int, Any]]:
            opened.append("camera")
            return super().frames()

    class Microphone(SimulatedMicrophone):
        def blocks(self) -> Iterator[tuple[int, bytes]]:
            opened.append("microphone")
            return super().blocks()

    box = assemble(
        Bundle(folder), lamp=SimulatedLamp(), camera=Camera("X", 320, 180, 10), microphone=Microphone(Room())
    )
    thread = threading.Thread(target=box.run)
    thread.start()
    expected = [name for name, policy in (("camera", video), ("microphone", audio)) if policy != "off"]
    until(lambda: box.recorder is None or box.recorder.state() is RecordingState.ARMED)
    box.runner.stop()
    thread.join(20)
    assert opened == expected
    assert (box.recorder is None) is (expected == [])
    assert not {"camera", "microphone"} & set(box.runner.box.faults)
