"""Lamp and buzzer on mock pins: what a person sees and feels, step by step, and what happens when a pin fails."""

import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory, MockPin

from device.adapters.buzzer_gpiozero import GpiozeroBuzzer
from device.adapters.lamp_gpiozero import GpiozeroLamp
from device.adapters.player_gpiozero import RETRY_S
from device.core.buzz import Buzzing
from device.core.events import FaultGone, FaultSeen, Happening
from device.core.lamp import LampKind, LampState, LampView, frames
from device.ports import BuzzerError, LampError

RGB, ONE, BUZZER = (22, 27, 24), (22,), 6


class Metronome:
    """Time for a player: a step ends when the test says so. `asked_s` is how long the player wanted to wait."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._ticks = 0
        self.asked_s: list[float | None] = []

    def wait(self, changed: threading.Event, seconds: float | None) -> bool:
        with self._turn:
            self.asked_s.append(seconds)
            self._turn.notify_all()
            before = self._ticks
        while not changed.wait(0.002):
            with self._turn:
                if self._ticks > before:
                    return False
        return True

    def tick(self) -> None:
        """End the step; afterwards the player waits for the end of the next one."""
        with self._turn:
            waits = len(self.asked_s)
            self._ticks += 1
            assert self._turn.wait_for(lambda: len(self.asked_s) > waits, 10)

    def settle(self, seconds: float | None) -> None:
        """Wait until the player waits for so long."""
        with self._turn:
            assert self._turn.wait_for(lambda: bool(self.asked_s) and self.asked_s[-1] == seconds, 10), self.asked_s


class FragilePin(MockPin):  # type: ignore[misc]
    """A pin that fails while `broken`."""

    broken = False

    def _set_state(self, value: float) -> None:
        if type(self).broken:
            raise OSError(5, "Input/output error")
        super()._set_state(value)


class Bench:
    """Pins, time and the runner's queue."""

    def __init__(self) -> None:
        self.factory = MockFactory(pin_class=FragilePin)
        self.metronome = Metronome()
        self.posted: queue.SimpleQueue[Happening] = queue.SimpleQueue()
        self.parts: list[Any] = []

    def lamp(self, kind: LampKind = LampKind.RGB, pins: tuple[int, ...] = RGB, **options: Any) -> GpiozeroLamp:
        return self._started(GpiozeroLamp(kind, pins, factory=self.factory, wait=self.metronome.wait, **options))

    def buzzer(self, kind: Any) -> GpiozeroBuzzer:
        return self._started(GpiozeroBuzzer(BUZZER, kind, factory=self.factory, wait=self.metronome.wait))

    def _started(self, part: Any) -> Any:
        self.parts.append(part)
        part.start(self.posted.put)
        self.metronome.settle(None)
        return part

    def lit(self, pins: tuple[int, ...] = RGB) -> tuple[bool, ...]:
        return tuple(bool(self.factory.pin(number).state) for number in pins)

    def seen(self, steps: int, pins: tuple[int, ...] = RGB) -> list[tuple[tuple[bool, ...], int]]:
        """What is on the pins and for how long, over so many steps."""
        found = []
        for _ in range(steps):
            found.append((self.lit(pins), round((self.metronome.asked_s[-1] or 0) * 1000)))
            self.metronome.tick()
        return found


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(FragilePin, "broken", False)
    made = Bench()
    yield made
    for part in made.parts:
        part.close()


@pytest.mark.parametrize("state", list(LampState))
@pytest.mark.parametrize(("kind", "pins"), [(LampKind.RGB, RGB), (LampKind.TOWER, RGB), (LampKind.SINGLE, ONE)])
def test_each_state_plays_its_pattern_over_and_over(
    bench: Bench, kind: LampKind, pins: tuple[int, ...], state: LampState
) -> None:
    lamp = bench.lamp(kind, pins)
    view = LampView(state)
    wanted = frames(kind, view)
    lamp.show(view)
    bench.metronome.settle(wanted[0][1] / 1000)
    assert bench.seen(2 * len(wanted), pins) == [*wanted, *wanted]


def test_a_new_state_is_on_the_pins_when_show_returns_and_other_words_do_not_disturb_it(bench: Bench) -> None:
    lamp = bench.lamp()
    lamp.show(LampView(LampState.READY))
    assert bench.lit() == (False, True, False)
    bench.metronome.settle(0.15)
    bench.metronome.tick()
    assert bench.lit() == (False, False, False)
    lamp.show(LampView(LampState.READY, faults=("camera",), recording=True))
    assert bench.lit() == (False, False, False)  # its pattern goes on
    lamp.show(LampView(LampState.PRESSED))
    assert bench.lit() == (True, True, True)


def test_a_lamp_that_is_lit_by_a_low_pin_is_dark_until_it_shows_something(bench: Bench) -> None:
    lamp = bench.lamp(active_high=False)
    assert bench.lit() == (True, True, True)
    lamp.show(LampView(LampState.PRESSED))
    assert bench.lit() == (False, False, False)


def test_a_closed_lamp_is_dark_and_its_pins_are_free(bench: Bench) -> None:
    lamp = bench.lamp()
    lamp.show(LampView(LampState.COMING))
    lamp.close()
    lamp.close()
    assert bench.lit() == (False, False, False)
    bench.lamp()


def test_the_hand_feels_a_signal_once_and_a_repeated_one_until_the_next(bench: Bench) -> None:
    buzzer = bench.buzzer("vibration")
    buzzer.buzz(Buzzing(((True, 80), (False, 120), (True, 600))))
    bench.metronome.settle(0.08)
    assert bench.seen(3, (BUZZER,)) == [((True,), 80), ((False,), 120), ((True,), 600)]
    assert bench.lit((BUZZER,)) == (False,)
    assert bench.metronome.asked_s[-1] is None
    buzzer.buzz(Buzzing(((True, 300), (False, 700)), repeat=True))
    bench.metronome.settle(0.3)
    assert bench.seen(5, (BUZZER,)) == [((True,), 300), ((False,), 700)] * 2 + [((True,), 300)]
    bench.metronome.tick()
    assert bench.lit((BUZZER,)) == (True,)
    buzzer.buzz(Buzzing(()))
    assert bench.lit((BUZZER,)) == (False,)


@pytest.mark.parametrize(("kind", "moves"), [("vibration", True), ("buzzer", False)])
def test_a_silent_emergency_is_felt_but_never_heard(bench: Bench, kind: str, moves: bool) -> None:
    buzzer = bench.buzzer(kind)
    buzzer.buzz(Buzzing(((True, 80),), quiet=True))
    assert bench.lit((BUZZER,)) == (moves,)


# --- D30 ------------------------------------------------------------------------------------------------------------


def told(bench: Bench) -> Happening:
    return bench.posted.get(timeout=10)


def test_d30_a_lamp_that_fails_when_shown_raises_and_is_mended_by_itself(bench: Bench) -> None:
    lamp = bench.lamp()
    lamp.show(LampView(LampState.READY))
    FragilePin.broken = True
    with pytest.raises(
        LampError, match=r"ランプを光らせられません（GPIO 22, GPIO 27, GPIO 24）.*The lamp cannot be driven"
    ):
        lamp.show(LampView(LampState.PRESSED))
    lamp.show(LampView(LampState.FAULT))  # what the box does about it must not fail again
    bench.metronome.settle(RETRY_S)
    bench.metronome.tick()
    assert bench.posted.empty()  # the runner knows already
    FragilePin.broken = False
    bench.metronome.tick()
    assert told(bench) == FaultGone("lamp")
    assert bench.lit() == (True, False, False)


def test_d30_a_lamp_that_fails_between_two_states_is_told_once(bench: Bench) -> None:
    lamp = bench.lamp()
    lamp.show(LampView(LampState.READY))
    bench.metronome.settle(0.15)
    FragilePin.broken = True
    for _ in range(3):
        bench.metronome.tick()
    seen = told(bench)
    assert isinstance(seen, FaultSeen)
    assert seen.fault == "lamp"
    assert bench.posted.empty()
    FragilePin.broken = False
    lamp.show(LampView(LampState.COMING))  # something new to show is tried at once
    assert told(bench) == FaultGone("lamp")
    assert bench.lit() == (False, True, False)


def test_d30_a_lamp_that_fails_from_the_start_is_a_fault_not_the_end(bench: Bench) -> None:
    FragilePin.broken = True
    lamp = GpiozeroLamp(LampKind.SINGLE, ONE, factory=bench.factory, wait=bench.metronome.wait)
    bench.parts.append(lamp)
    lamp.start(bench.posted.put)
    assert isinstance(told(bench), FaultSeen)
    FragilePin.broken = False
    lamp.show(LampView(LampState.COMING))
    assert told(bench) == FaultGone("lamp")


def test_d30_a_buzzer_that_fails_is_a_fault_of_its_own(bench: Bench) -> None:
    buzzer = bench.buzzer("buzzer")
    FragilePin.broken = True
    with pytest.raises(BuzzerError):
        buzzer.buzz(Buzzing(((True, 80),)))
    FragilePin.broken = False
    buzzer.buzz(Buzzing(((True, 80),)))
    assert told(bench) == FaultGone("buzzer")
