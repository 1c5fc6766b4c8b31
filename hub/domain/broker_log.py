"""What Mosquitto's log tells about boxes: what it refused them, and who takes whose connection over.

Refusals stand only in its debug messages, of which there are some ten for every call. So pieces of the log are searched
as a whole and never taken apart line by line.
"""

import re
from collections import Counter, deque
from collections.abc import Callable, Container
from typing import Final

PIECE_MAX: Final = 256 * 1024
"""A longer rest without a line's end is no log of Mosquitto's."""

TAKEN_OVER: Final = 5
WITHIN_S: Final = 60.0
"""So many take-overs in such a time are two machines that throw each other out. A box with a bad link makes fewer: it
comes back only after it has noticed the loss, which takes longer than 10 s."""

_TOLD: Final = re.compile(
    rb"^(?:\d+: )?(?:"
    rb"Denied PUBLISH from (?P<denied>[a-z0-9-]{1,63}) \(|"
    rb"Client (?P<old>[a-z0-9-]{1,63}) already connected, closing old connection\.|"
    rb"New client connected from \S+ as (?P<new>[a-z0-9-]{1,63}) \(p\d+, c\d+, k(?P<keepalive>\d+)|"
    rb"Will message specified [^\n]*\n(?:\d+: )?\t(?P<will>[^\n]*)$"
    rb")",
    re.MULTILINE,
)
_NOISE: Final = re.compile(
    rb"^(?:\d+: )?(?:Sending |Received |Denied PUBLISH |No will message |Will message |\t)[^\n]*\n", re.MULTILINE
)


class BrokerLog:
    """Counts. `take` is for one thread. `may_write(box)` gives the topics on which a box's will is heard.

    `own_keepalive_s` is by what the hub's own take-overs are known (`hub.broker.cut`).
    """

    def __init__(self, may_write: Callable[[str], Container[str]], own_keepalive_s: int) -> None:
        self._may_write, self._own = may_write, own_keepalive_s
        self._rest = b""
        self._thrown_out = self._client = ""
        self._taken_over: dict[str, deque[float]] = {}
        self.refused: Counter[str] = Counter()
        self.shared: set[str] = set()  # boxes whose certificate two machines seem to use

    def take(self, piece: bytes, now_s: float) -> bytes:
        """Count what `piece` tells; what is left of it for people to read. `now_s`: monotonic seconds."""
        text = self._rest + piece
        whole, end, rest = text.rpartition(b"\n")
        # A will's topic stands on the line after its announcement: those two lines stay together.
        announced = whole.rfind(b"\n", 0, len(whole)) + 1
        if b"Will message specified" in whole[announced:]:
            whole, rest, end = whole[:announced], whole[announced:] + end + rest, b""
        self._rest = rest if len(rest) <= PIECE_MAX else b""
        for found in _TOLD.finditer(whole):
            self._note(found, now_s)
        return _NOISE.sub(b"", whole + end)

    def _note(self, found: re.Match[bytes], now_s: float) -> None:
        kind = found.lastgroup
        if kind == "denied":
            self.refused[found["denied"].decode()] += 1
        elif kind == "old":
            self._thrown_out = found["old"].decode()
        elif kind == "keepalive":
            self._client = found["new"].decode()
            if self._client == self._thrown_out and int(found["keepalive"]) != self._own:
                self._take_over(self._client, now_s)
            self._thrown_out = ""
        elif kind == "will" and found["will"].decode("utf-8", "replace") not in self._may_write(self._client):
            self.refused[self._client] += 1

    def _take_over(self, box: str, now_s: float) -> None:
        times = self._taken_over.setdefault(box, deque(maxlen=TAKEN_OVER))
        times.append(now_s)
        if len(times) == TAKEN_OVER and now_s - times[0] <= WITHIN_S:
            self.shared.add(box)
