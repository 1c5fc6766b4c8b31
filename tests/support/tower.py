"""A signal tower made from the facts of the PNS protocol: two letters, S, a zero, a length, six bytes; 06 or 15 back.

It can refuse, stall, drop the line in the middle, or be away.
"""

import socket
import threading
from dataclasses import dataclass, field
from typing import Final, Literal

ACK: Final = b"\x06"
NAK: Final = b"\x15"
LIGHTS: Final = ("red", "amber", "green", "blue", "white", "buzzer")

Mood = Literal["good", "nak", "stall", "drop", "mute"]


@dataclass
class SimulatedTower:
    """`lights` is what it shows; `frames` are the commands it got. Its mood may be changed at any time."""

    product: bytes = b"\x58\x58"
    mood: Mood = "good"
    port: int = 0
    lights: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LIGHTS, 0))
    frames: list[bytes] = field(default_factory=list)
    open_now: int = 0
    open_most: int = 0

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._listener.settimeout(0.1)
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def lit(self) -> set[str]:
        """What is not dark and silent."""
        return {name for name, value in self.lights.items() if value}

    def wait_for(self, lit: set[str], timeout_s: float = 15.0) -> bool:
        """Whether it comes to show exactly this."""
        with self._changed:
            return self._changed.wait_for(lambda: self.lit == lit, timeout_s)

    def loses_power(self) -> None:
        """It comes back dark."""
        with self._changed:
            self.lights = dict.fromkeys(LIGHTS, 0)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(5)
        self._listener.close()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                continue
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._changed:
            self.open_now += 1
            self.open_most = max(self.open_most, self.open_now)
        try:
            with connection:
                connection.settimeout(20)
                self._answer(connection)
        except OSError:
            return
        finally:
            with self._changed:
                self.open_now -= 1

    def _answer(self, connection: socket.socket) -> None:
        if self.mood == "drop":
            connection.recv(3)
            return
        command = b""
        while len(command) < 12 and (part := connection.recv(12 - len(command))):
            command += part
        with self._changed:
            self.frames.append(command)
            self._changed.notify_all()
        if self.mood == "stall":
            connection.recv(1)
        elif self.mood != "mute":
            good = self.mood == "good" and self._does(command)
            connection.sendall(ACK if good else NAK)

    def _does(self, command: bytes) -> bool:
        if len(command) != 12 or command[:6] != self.product + b"\x53\x00\x00\x06":
            return False
        with self._changed:
            for name, value in zip(LIGHTS, command[6:], strict=True):
                if value != 9:
                    self.lights[name] = value
            self._changed.notify_all()
        return True
