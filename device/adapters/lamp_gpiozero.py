"""RGB LED, three-lamp tower or single LED on GPIO pins."""

import threading
from typing import Any, Final

from device.adapters.pins_gpiozero import Part
from device.adapters.player_gpiozero import Piece, PinPlayer, Wait
from device.core.lamp import LampKind, LampView, frames
from device.ports import LampError, Post

_PART: Final = Part(LampError, "ランプを光らせられません", "The lamp cannot be driven")


class GpiozeroLamp:
    """The `Lamp` port. `factory` (a gpiozero pin factory) and `wait` are for tests; left out: the real ones."""

    def __init__(
        self,
        kind: LampKind,
        pins: tuple[int, ...],
        *,
        active_high: bool = True,
        factory: Any = None,
        wait: Wait = threading.Event.wait,
    ) -> None:
        self._kind = kind
        self._shown: Piece | None = None
        self._player = PinPlayer(_PART, pins, active_high=active_high, factory=factory, wait=wait)

    def start(self, post: Post) -> None:
        """The `Lamp` port."""
        self._player.start(post)

    def show(self, view: LampView) -> None:
        """The `Lamp` port. The same state with other words goes on where its pattern is."""
        piece = Piece(frames(self._kind, view))
        if piece != self._shown:
            self._shown = piece
            self._player.play(piece)

    def close(self) -> None:
        """The `Lamp` port."""
        self._player.close()
