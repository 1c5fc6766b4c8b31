"""A board without a board: gpiozero's mock pins with a clock of the test's own, and a stand-in for lgpio."""

import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import gpiozero
import pytest
from gpiozero.pins.local import LocalPiFactory
from gpiozero.pins.mock import MockFactory

MAIN_PIN, SECOND_PIN = 17, 5


class Board:
    """Mock pins. The ticks of their edges are `now_s()`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, now_s: Callable[[], float]) -> None:
        monkeypatch.setattr("gpiozero.pins.mock.monotonic", now_s)
        self.factory = MockFactory()
        self.now_s = now_s

    def drive(self, number: int, level: bool) -> None:
        """What an outside contact does to a pin."""
        pin = self.factory.pin(number)
        pin.drive_high() if level else pin.drive_low()


@dataclass(frozen=True, slots=True)
class Watch:
    """What lgpio gives for a callback."""

    cancel: Callable[[], object]


class StandInLgpio(ModuleType):
    """The part of lgpio that gpiozero's factory touches; everything else that it calls does nothing and says 0."""

    class error(Exception):
        """As lgpio has it: not an OSError, not a GPIOZeroError."""

    LINE_FLAGS = 0

    def __init__(self) -> None:
        super().__init__("lgpio")
        self.levels: dict[int, int] = {}
        self.watchers: dict[int, Callable[[int, int, int, int], None]] = {}
        self.outputs: set[int] = set()
        self.wrote: Callable[[int, bool], None] = lambda _number, _level: None
        self.refuses_to_open = False
        for place, name in enumerate(("RISING_EDGE", "FALLING_EDGE", "BOTH_EDGES"), 1):
            setattr(self, name, place)
        self.SET_PULL_NONE, self.SET_PULL_UP, self.SET_PULL_DOWN = 128, 32, 64

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_: 0

    def gpiochip_open(self, _chip: int) -> int:
        """A handle, or the error that somebody outside of the group gpio gets."""
        if self.refuses_to_open:
            raise self.error("can not open gpiochip")
        return 1

    def gpio_claim_input(self, _handle: int, number: int, _flags: int = 0) -> int:
        """The pin reads what is outside."""
        self.outputs.discard(number)
        return 0

    def gpio_claim_output(self, _handle: int, number: int, _level: int = 0, _flags: int = 0) -> int:
        """The pin drives what is outside."""
        self.outputs.add(number)
        return 0

    def gpio_get_mode(self, _handle: int, number: int) -> int:
        """Bit 1: an output."""
        return 2 if number in self.outputs else 0

    def gpio_write(self, _handle: int, number: int, level: bool) -> int:
        """Tell whoever watches."""
        self.levels[number] = int(level)
        self.wrote(number, level)
        return 0

    def gpio_read(self, _handle: int, number: int) -> int:
        """An open input reads high."""
        return self.levels.get(number, 1)

    def callback(self, _handle: int, number: int, _edges: int, call: Callable[[int, int, int, int], None]) -> Any:
        """Keep the callback for `edge`."""
        self.watchers[number] = call
        return Watch(lambda: self.watchers.pop(number))

    def edge(self, number: int, level: int, stamp_ns: int) -> None:
        """An edge as lgpio's thread tells it; a cancelled callback hears nothing more."""
        self.levels[number] = level
        watcher = self.watchers.get(number)
        if watcher is not None:
            watcher(0, number, level, stamp_ns)

    @classmethod
    def install(cls, monkeypatch: pytest.MonkeyPatch, *, board: bool = True) -> "StandInLgpio":
        """What `import lgpio` finds, on a Raspberry Pi 4 when `board`."""
        forget_pins(monkeypatch)
        module = cls()
        monkeypatch.setitem(sys.modules, "lgpio", module)
        if board:
            monkeypatch.setattr("gpiozero.pins.local.get_pi_revision", lambda: 0xC03111)
        return module


def forget_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new program: no pin factory chosen, none loaded."""
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    monkeypatch.delenv("LG_WD", raising=False)
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
    monkeypatch.setattr(gpiozero.Device, "pin_factory", None)
    monkeypatch.setattr(LocalPiFactory, "pins", {})
    monkeypatch.setattr(LocalPiFactory, "_reservations", defaultdict(list))
