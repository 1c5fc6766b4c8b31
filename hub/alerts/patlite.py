"""Signal towers of PATLITE, by its PNS protocol over TCP.

A tower shows a state; it is lit with the first alert, and `hub.alerts.towers` puts it out. Never the only channel: the
manual of the NH series says that it is not designed for uses tied to human life (`hub.contacts` refuses it).
"""

import socket
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from contract.messages import Level
from hub.alerts.channel import Bundle, SendFailed
from hub.config import HubConfig
from hub.contacts import Contact, Light, host_port

LIGHTS: Final[tuple[Light, ...]] = ("red", "amber", "green", "blue", "white", "buzzer")

OFF, ON, SLOW, QUICK, AS_IT_IS = 0, 1, 2, 3, 9
"""What a light does. A buzzer knows the same numbers as its patterns."""

_PRODUCTS: Final = {"nh": b"\x58\x58", "la6": b"\x41\x42"}
_OPERATE: Final = b"\x53\x00\x00\x06"
"""The operation command, an empty byte, and the length of what follows."""

ACK: Final = b"\x06"
NAK: Final = b"\x15"

Pattern = dict[Light, int]

EMERGENCY: Final[Pattern] = {"red": QUICK, "buzzer": ON}
ASSIST: Final[Pattern] = {"amber": SLOW}
DRILL: Final[Pattern] = {"green": SLOW, "blue": SLOW}
CALM: Final[dict[str, Pattern]] = {"off": {}, "green": {"green": ON}}


def pattern(calls: Iterable[tuple[str, bool]], calm: Pattern) -> Pattern:
    """What `calls` (level, drill) look like together: the most urgent; a drill only when nobody calls in earnest."""
    levels = {"drill" if drill else level for level, drill in calls}
    if Level.EMERGENCY.value in levels:
        return EMERGENCY
    if levels - {"drill"}:
        return ASSIST
    return DRILL if levels else calm


def frame(model: str, shown: Pattern, leave: Sequence[Light] = ()) -> bytes:
    """The command that makes a tower show it. What stands in `leave` is not touched."""
    return _PRODUCTS[model] + _OPERATE + bytes(AS_IT_IS if one in leave else shown.get(one, OFF) for one in LIGHTS)


@dataclass(slots=True)
class Tower:
    """A tower, and what it said it shows; None: unknown. Hold `turn` while deciding and telling it."""

    contact: Contact
    turn: threading.Lock
    calls: set[tuple[str, bool]]
    shown: Pattern | None = None


def make(config: HubConfig) -> "PatliteChannel | None":
    """The channel, or None where there is no tower."""
    towers = [contact for contact in config.contacts if contact.channel == "patlite"]
    return PatliteChannel(towers, config.alerts.patlite.timeout_s, CALM[config.alerts.patlite.calm]) if towers else None


class PatliteChannel:
    """Shows calls on towers. One exchange at a time with each; a connection for each exchange (the LA6 has eight)."""

    def __init__(self, contacts: Sequence[Contact], timeout_s: float, calm: Pattern) -> None:
        self.towers = {one.target: Tower(one, threading.Lock(), set()) for one in contacts}
        self._timeout_s, self._calm = timeout_s, calm

    def send(self, bundle: Bundle) -> None:
        """Show the calls of the bundle beside those that the tower shows already.

        Raises:
            SendFailed: it did not confirm.
        """
        tower = self.towers.get(bundle.target)
        if tower is None:  # an alert from before the contact was taken out of hub.toml
            raise SendFailed("patlite: no such signal tower in hub.toml")
        with tower.turn:
            self.show(tower, tower.calls | {(item.level, item.drill) for item in bundle.items})

    def show(self, tower: Tower, calls: set[tuple[str, bool]]) -> None:
        """Make the tower show `calls`; with none of them it is calm. Only with its `turn` held.

        Raises:
            SendFailed: it did not confirm.
        """
        wanted = pattern(calls, self._calm)
        tower.calls, tower.shown = calls, None
        contact = tower.contact
        answer = self._exchange(contact.target, frame(contact.model or "nh", wanted, contact.leave))
        if answer == NAK:
            raise SendFailed("patlite: the tower refused the command (NAK); check its model in hub.toml")
        if answer != ACK:
            raise SendFailed("patlite: the tower gave no answer")
        tower.shown = wanted

    def _exchange(self, target: str, command: bytes) -> bytes:
        address = host_port(target)
        end_s = time.monotonic() + self._timeout_s
        try:
            with socket.create_connection(address or ("", 0), timeout=self._timeout_s) as connection:
                connection.settimeout(max(0.01, end_s - time.monotonic()))
                connection.sendall(command)
                connection.settimeout(max(0.01, end_s - time.monotonic()))
                return connection.recv(1)
        except (OSError, ValueError) as error:
            raise SendFailed(f"patlite: {type(error).__name__}") from error
