"""One or two buttons on GPIO pins, as raw edges with the time at which the kernel saw them.

No debounce here: the rule lives in `device.core.press`, where it can be tested. A switch that closes its pin looks the
same open and with its cable cut: a cut cable is found at the next weekly press (`care.press_every_days`, fault D17).
"""

import threading
import time
from collections.abc import Callable
from typing import Any, Final, Literal

from device.adapters.pins_gpiozero import Part, input_pin, open_pins, plain
from device.core.events import ButtonName, EdgeSeen
from device.ports import ButtonError, Post

_PART: Final = Part(ButtonError, "ボタンを読めません", "The button cannot be read")
_CLOCKS_APART_S: Final = 60.0


class GpiozeroButton:
    """The `Button` port. `factory` (a gpiozero pin factory) and the clocks are for tests; left out: the real ones.

    lgpio calls back on a thread of its own, which does one thing: it puts the edge on the runner's queue.
    """

    def __init__(
        self,
        main_pin: int,
        second_pin: int | None = None,
        pull: Literal["up", "down"] = "up",
        *,
        factory: Any = None,
        monotonic_s: Callable[[], float] = time.monotonic,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self._pins = {ButtonName.MAIN: main_pin} | ({ButtonName.SECOND: second_pin} if second_pin is not None else {})
        self._pull = pull
        self._factory = factory
        self._monotonic_s = monotonic_s
        self._wall_s = wall_s
        self._devices: dict[ButtonName, Any] = {}
        self._handlers: list[Callable[[float, int], None]] = []  # gpiozero keeps weak references only
        self._posting = threading.Lock()

    def open(self) -> None:
        """Take the pins; `start` does it when nobody did before.

        Raises:
            ButtonError: a pin cannot be read.
        """
        if self._devices:
            return
        with plain(_PART, tuple(self._pins.values())):
            factory = self._factory or open_pins()
            try:
                for name, number in self._pins.items():
                    self._devices[name] = input_pin(number, self._pull, factory)
            except BaseException:
                self.close()
                raise

    def start(self, post: Post) -> None:
        """The `Button` port."""
        self.open()
        with plain(_PART, tuple(self._pins.values())):
            for name, device in self._devices.items():
                self._watch(name, device, post)

    def close(self) -> None:
        """The `Button` port."""
        for device in self._devices.values():
            if not device.closed:
                device.pin.when_changed = None  # lgpio's pins go on calling back when they are only closed
            device.close()
        self._devices.clear()
        self._handlers.clear()

    def _watch(self, name: ButtonName, device: Any, post: Post) -> None:
        def edge(tick_s: float, state: int) -> None:
            at_ms = edge_ms(tick_s, self._monotonic_s(), self._wall_s())
            with self._posting:
                post(EdgeSeen(name, bool(state) is (self._pull == "down"), at_ms))

        self._handlers.append(edge)
        pin = device.pin
        pin.bounce = None
        pin.edges = "both"
        pin.when_changed = edge
        # Looked at after edges are watched, or a press in between would be lost; and with edges held back, or a
        # release in between would be told before the press that it ends.
        with self._posting:
            if device.is_active:
                post(EdgeSeen(name, True, int(self._monotonic_s() * 1000)))


def edge_ms(tick_s: float, monotonic_s: float, wall_s: float) -> int:
    """The tick of an edge in ms of the monotonic clock, given both clocks as they are now.

    gpiozero passes lgpio's nanoseconds on as seconds. They are the kernel's stamp of the edge: of CLOCK_MONOTONIC as
    gpiozero takes it to be and as the kernel gives it unless asked otherwise, of CLOCK_REALTIME by lgpio's manual.
    Whichever fits is taken; one that fits neither is as good as none, and an edge is never in the future.
    """
    ages_s = (monotonic_s - tick_s, wall_s - tick_s)
    age_s = min(ages_s, key=abs)
    if abs(age_s) > _CLOCKS_APART_S:
        age_s = 0.0
    return int((monotonic_s - max(0.0, age_s)) * 1000)
