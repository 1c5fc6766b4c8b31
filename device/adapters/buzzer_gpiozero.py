"""A buzzer or a vibration motor (through its transistor) on a GPIO pin."""

import threading
from typing import Any, Final, Literal

from device.adapters.pins_gpiozero import Part
from device.adapters.player_gpiozero import Piece, PinPlayer, Wait
from device.core.buzz import Buzzing
from device.ports import BuzzerError, Post

_PART: Final = Part(BuzzerError, "ブザー・振動を動かせません", "Buzzer or vibration motor cannot be driven")


class GpiozeroBuzzer:
    """The `Buzzer` port. `factory` (a gpiozero pin factory) and `wait` are for tests; left out: the real ones."""

    def __init__(
        self, pin: int, kind: Literal["vibration", "buzzer"], *, factory: Any = None, wait: Wait = threading.Event.wait
    ) -> None:
        self._heard = kind == "buzzer"
        self._player = PinPlayer(_PART, (pin,), factory=factory, wait=wait)

    def start(self, post: Post) -> None:
        """The `Buzzer` port."""
        self._player.start(post)

    def buzz(self, buzzing: Buzzing) -> None:
        """The `Buzzer` port."""
        steps = () if buzzing.quiet and self._heard else buzzing.steps
        self._player.play(Piece(tuple(((on,), ms) for on, ms in steps), buzzing.repeat))

    def close(self) -> None:
        """The `Buzzer` port."""
        self._player.close()
