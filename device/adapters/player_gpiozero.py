"""Plays steps of on and off on output pins: the lamp's patterns, the buzzer's signals."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from device.adapters.pins_gpiozero import Part, open_pins, output_pin, plain
from device.core.events import FaultGone, FaultSeen
from device.ports import PortError, Post

log = logging.getLogger("madomori.pins")

RETRY_S: Final = 5.0
"""How soon pins that failed are taken anew; each new thing to play tries at once."""

Step = tuple[tuple[bool, ...], int]
"""Which pins are on, and for how many ms."""

Wait = Callable[[threading.Event, float | None], bool]
"""Waits for the event, but no longer than so many seconds; whether it came. `threading.Event.wait`, or a test's own."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is played. Without steps: nothing, all off."""

    steps: tuple[Step, ...] = ()
    repeat: bool = True


class PinPlayer:
    """Plays one piece at a time on a thread of its own. `play` is called from the runner's thread and never blocks.

    A pin that fails is a fault, posted once, and never stops the program; the pins are taken anew until they work.
    """

    def __init__(
        self,
        part: Part,
        numbers: tuple[int, ...],
        *,
        active_high: bool = True,
        factory: Any = None,
        wait: Wait = threading.Event.wait,
    ) -> None:
        self._part = part
        self._numbers = numbers
        self._active_high = active_high
        self._factory = factory
        self._wait = wait
        self._devices: list[Any] = []
        self._broken = False
        self._piece, self._place = Piece(), 0
        self._post: Post = lambda _: None
        self._changed = threading.Event()
        self._closing = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"{part.error.fault}-pins", daemon=True)

    def start(self, post: Post) -> None:
        """Take the pins and begin; faults go to `post`."""
        self._post = post
        with self._lock:
            self._try(self._take)
        self._thread.start()

    def play(self, piece: Piece) -> None:
        """Begin `piece`, which ends the one before; its first step is on the pins when this returns.

        Raises:
            PortError: of the kind of this part; it is tried again.
        """
        with self._lock:
            self._piece, self._place = piece, 0
            try:
                if not self._broken and self._devices:
                    self._write()
            except PortError:
                self._broken = True
                raise
            finally:
                self._changed.set()  # last: the thread that wakes competes for the interpreter

    def close(self) -> None:
        """Switch everything off and give the pins back. Safe to call twice."""
        with self._lock:
            self._closing = True
            self._changed.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            self._piece, self._place = Piece(), 0
            try:
                self._write()
            except PortError as error:
                log.error("%s", error)
            self._release()

    # --- on the player's thread -------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            self._wait(self._changed, self._pause_s())
            with self._lock:
                changed = self._changed.is_set()  # what was waited for is old news when another piece began meanwhile
                self._changed.clear()
                if self._closing:
                    return
                if self._broken:
                    self._try(self._take)
                elif not changed:
                    self._try(self._advance)

    def _pause_s(self) -> float | None:
        with self._lock:
            if self._broken:
                return RETRY_S
            return self._piece.steps[self._place][1] / 1000 if self._piece.steps else None

    def _advance(self) -> None:
        self._place += 1
        if self._place == len(self._piece.steps):
            self._place = 0
            if not self._piece.repeat:
                self._piece = Piece()
        self._write()

    def _try(self, what: Callable[[], None]) -> None:
        """Do it; tell when it begins to fail and when it works again."""
        try:
            what()
        except PortError as error:
            if not self._broken:
                self._broken = True
                log.error("%s", error)
                self._post(FaultSeen(error.fault, str(error)))
            return
        if self._broken:
            self._broken = False
            self._post(FaultGone(self._part.error.fault))

    def _take(self) -> None:
        """Take the pins anew and show what is to be shown."""
        self._release()
        with plain(self._part, self._numbers):
            factory = self._factory or open_pins()
            for number in self._numbers:
                self._devices.append(output_pin(number, self._active_high, factory))
        self._write()

    def _release(self) -> None:
        for device in self._devices:
            try:
                device.close()
            except Exception as error:  # noqa: BLE001 - a broken pin may refuse even this; it is taken anew or left
                log.warning("%s: %r", self._part.en, error)
        self._devices.clear()

    def _write(self) -> None:
        lit = self._piece.steps[self._place][0] if self._piece.steps else (False,) * len(self._numbers)
        with plain(self._part, self._numbers):
            # What is to shine comes first: each pin takes a tenth of a millisecond, and somebody waits for the light.
            for device, on in sorted(zip(self._devices, lit, strict=False), key=lambda pair: not pair[1]):
                device.value = on
