"""Buttons on GPIO pins: gpiozero's own pins driven with the edges that a contact makes, up to the core's decisions."""

import os
import random
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from support.desk import Desk
from support.pins import MAIN_PIN, SECOND_PIN, Board, StandInLgpio, forget_pins

from contract.messages import Gesture, Level, RecordingState
from device.adapters.button_gpiozero import GpiozeroButton, edge_ms
from device.core import events
from device.core.events import ButtonName, EdgeSeen
from device.core.press import STUCK_MS
from device.ports import ButtonError

Pull = Literal["up", "down"]


class Counter:
    """A desk whose buttons hang on mock pins; both share one clock that moves only when told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, pull: Pull = "up") -> None:
        self.desk = Desk()
        self.board = Board(monkeypatch, lambda: self.desk.ms / 1000)
        self.pull = pull
        self.edges: list[EdgeSeen] = []
        self.button = GpiozeroButton(
            MAIN_PIN, SECOND_PIN, pull, factory=self.board.factory, monotonic_s=self.board.now_s, wall_s=lambda: 1.8e9
        )

    def start(self) -> "Counter":
        self.button.start(self.take)
        return self

    def take(self, event: events.Happening) -> None:
        assert isinstance(event, EdgeSeen)
        self.edges.append(event)
        self.desk.feed(event)

    def contact(self, closed: bool, pin: int = MAIN_PIN) -> None:
        self.board.drive(pin, closed is (self.pull == "down"))

    def bounce(self, edges: int, within_ms: int, *, closed: bool, pin: int = MAIN_PIN, seed: int = 1) -> None:
        """A train of `edges` that ends `closed`, at uneven times as a spring makes them."""
        chance = random.Random(seed)
        moments = sorted(chance.sample(range(within_ms), edges))
        begun_ms = self.desk.ms
        for place, moment in enumerate(moments):
            self.desk.wait(begun_ms + moment - self.desk.ms)
            self.contact(closed is ((edges - place) % 2 == 1), pin)
        self.desk.wait(begun_ms + within_ms - self.desk.ms)

    def tap(self, pin: int = MAIN_PIN) -> None:
        self.contact(True, pin)
        self.desk.wait(150)
        self.contact(False, pin)
        self.desk.wait(150)

    def presses(self) -> list[tuple[str, Gesture]]:
        return [(event.type, event.body.gesture) for event in self.desk.events() if event.type.startswith("alarm.r")]


@pytest.fixture(params=["up", "down"])
def counter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Counter:
    return Counter(monkeypatch, request.param).start()


def test_a_clean_tap_is_one_press_with_the_ticks_of_its_edges(counter: Counter) -> None:
    begun_ms = counter.desk.ms
    counter.tap()
    assert counter.edges == [
        EdgeSeen(ButtonName.MAIN, True, begun_ms),
        EdgeSeen(ButtonName.MAIN, False, begun_ms + 150),
    ]
    assert counter.presses() == [("alarm.raised", Gesture.SHORT)]


def test_the_second_button_is_told_apart(counter: Counter) -> None:
    counter.tap(SECOND_PIN)
    assert {edge.button for edge in counter.edges} == {ButtonName.SECOND}
    assert counter.presses() == [("alarm.raised", Gesture.SECOND_BUTTON)]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("pin", [MAIN_PIN, SECOND_PIN], ids=["main", "second"])
def test_d15_fifty_edges_in_100_ms_are_one_press(counter: Counter, pin: int, seed: int) -> None:
    counter.bounce(49, 100, closed=True, pin=pin, seed=seed)
    counter.desk.wait(300)
    counter.bounce(49, 100, closed=False, pin=pin, seed=seed + 100)  # letting go bounces as well
    counter.desk.wait(300)
    assert len(counter.edges) == 98  # nothing was swallowed on the way to the core
    assert len(counter.presses()) == 1
    counter.tap(pin)
    assert len(counter.presses()) == 2


def test_d16_a_button_held_for_ten_minutes_is_one_press_and_a_fault_and_the_other_button_still_calls(
    counter: Counter,
) -> None:
    counter.contact(True)
    counter.desk.wait(600_000)
    assert counter.presses() == [("alarm.raised", Gesture.SHORT), ("alarm.repeated", Gesture.LONG)]
    assert counter.desk.box.faults == ("button_main_stuck",)
    counter.tap(SECOND_PIN)
    assert counter.presses()[2:] == [("alarm.repeated", Gesture.SECOND_BUTTON)]
    counter.contact(False)
    counter.desk.wait(300)
    assert counter.desk.box.faults == ()


def test_d18_a_hundred_presses_while_recording_are_one_incident_and_each_is_told(counter: Counter) -> None:
    counter.tap()
    incident = counter.desk.box.standing.incident
    counter.desk.persist_all()
    counter.desk.feed(events.RecorderChanged(RecordingState.RECORDING))
    counter.desk.feed(events.RecordingBegan(incident, 9_800, True, True))
    for _ in range(100):
        counter.tap()
    assert [kind for kind, _ in counter.presses()] == ["alarm.raised"] + ["alarm.repeated"] * 100
    assert {event.incident for event in counter.desk.events() if event.type.startswith("alarm.")} == {incident}
    assert counter.desk.box.standing.alarm.value == Level.ASSIST.value
    assert counter.desk.box.recorder is RecordingState.RECORDING


@pytest.mark.parametrize("pull", ["up", "down"])
def test_a_button_that_is_held_when_the_box_starts_calls(pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter(monkeypatch, pull)
    counter.button.open()
    counter.contact(True, SECOND_PIN)
    counter.start()
    assert counter.edges == [EdgeSeen(ButtonName.SECOND, True, counter.desk.ms)]
    assert counter.presses() == [("alarm.raised", Gesture.SECOND_BUTTON)]
    counter.desk.wait(STUCK_MS)
    assert counter.desk.box.faults == ("button_second_stuck",)
    counter.contact(False, SECOND_PIN)
    counter.desk.wait(300)
    assert counter.desk.box.faults == ()


def test_the_pins_are_free_again_after_close(counter: Counter) -> None:
    counter.button.close()
    counter.contact(True)
    assert counter.edges == []
    again = GpiozeroButton(MAIN_PIN, SECOND_PIN, factory=counter.board.factory)
    again.start(counter.take)
    again.close()


# --- the real factory, with a stand-in for the C library below it ---------------------------------------------------


@pytest.mark.parametrize("clock", [time.monotonic_ns, time.time_ns], ids=["monotonic", "since 1970"])
def test_lgpio_stamps_of_either_clock_become_the_boxs_own_time(
    clock: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    lgpio = StandInLgpio.install(monkeypatch)
    edges: list[EdgeSeen] = []
    button = GpiozeroButton(MAIN_PIN)
    button.start(edges.append)  # type: ignore[arg-type]
    before_ms = time.monotonic_ns() // 1_000_000
    lgpio.edge(MAIN_PIN, 0, clock() - 300_000_000)  # seen 300 ms after it happened
    after_ms = time.monotonic_ns() // 1_000_000
    button.close()
    assert lgpio.watchers == {}
    assert edges[0].pressed
    assert before_ms - 302 <= edges[0].mono_ms <= after_ms - 298  # two clocks read one after the other


def test_an_edge_is_never_in_the_future_and_an_unknown_clock_counts_as_now() -> None:
    assert edge_ms(1000.0, 1000.2, 1.8e9) == 1_000_000
    assert edge_ms(1.8e9 - 0.2, 1000.2, 1.8e9) == pytest.approx(1_000_000, abs=1)
    assert edge_ms(1001.0, 1000.0, 1.8e9) == 1_000_000
    assert edge_ms(0.0, 1000.0, 1.8e9) == 1_000_000


def test_lgpio_writes_nothing_into_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    StandInLgpio.install(monkeypatch)
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    GpiozeroButton(MAIN_PIN).open()
    assert Path(os.environ["LG_WD"]).parent == tmp_path


# --- a bad install ----------------------------------------------------------------------------------------------------


def refused() -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # gpiozero only warns when it falls back
        with pytest.raises(ButtonError) as caught:
            GpiozeroButton(MAIN_PIN).start(lambda _: None)
    message = str(caught.value)
    assert message.startswith("ボタンを読めません（GPIO 17）。")
    assert "The button cannot be read" in message
    return message


def test_a_missing_library_is_told_and_no_other_one_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_pins(monkeypatch)
    monkeypatch.setitem(sys.modules, "lgpio", None)
    for other in ("RPi", "RPi.GPIO", "pigpio"):
        monkeypatch.setitem(sys.modules, other, StandInLgpio())
    assert "apt install python3-gpiozero python3-lgpio" in refused()


def test_a_machine_that_is_no_raspberry_pi_is_told_to_simulate(monkeypatch: pytest.MonkeyPatch) -> None:
    StandInLgpio.install(monkeypatch, board=False)

    def unknown() -> int:
        from gpiozero.exc import PinUnknownPi

        raise PinUnknownPi("unable to locate Pi revision")

    monkeypatch.setattr("gpiozero.pins.local.get_pi_revision", unknown)
    assert "madomori-box simulate" in refused()


def test_a_user_outside_the_gpio_group_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    StandInLgpio.install(monkeypatch).refuses_to_open = True
    assert "gpio グループ" in refused()


def test_a_pin_that_something_else_holds_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    board = Board(monkeypatch, time.monotonic)
    first = GpiozeroButton(MAIN_PIN, factory=board.factory)
    first.start(lambda _: None)
    with pytest.raises(ButtonError, match="ほかのものがこのピンを"):
        GpiozeroButton(SECOND_PIN, MAIN_PIN, factory=board.factory).start(lambda _: None)
    GpiozeroButton(SECOND_PIN, factory=board.factory).start(lambda _: None)  # what was taken on the way is given back
