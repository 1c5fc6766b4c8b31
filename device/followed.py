"""The network side of a beacon or wall lamp: other boxes' retained alarms, from the broker to the box's process.

No hub is asked: the broker keeps each alarm, and gives it at every new connection.
"""

from collections.abc import Callable
from typing import Any, Final

from contract import topics
from device.config import BoxSettings

SETTLE_S: Final = 5.0
"""So long after a new connection the broker has given every alarm it keeps; one that did not come was taken away."""


class Followed:
    """What was heard, and what the box's process has yet to be told. Used on the uplink's thread; times are monotonic.

    `send` puts a mail into the box's mailbox; False when nobody took it, and it is tried again.
    """

    def __init__(self, settings: BoxSettings, send: Callable[[dict[str, Any]], bool]) -> None:
        self._site, self._own, self._send = settings.site, settings.box, send
        self._names = () if settings.role.kind == "counter" else settings.role.follow or ("+",)
        self._payloads: dict[str, str] = {}
        self._came: set[str] = set()
        self._due: set[str] = set()
        self._settles_s: float | None = None
        self._settled = False
        self._list_due = False

    @property
    def filters(self) -> list[str]:
        """Topics to subscribe to; none at a counter."""
        return [topics.box_topic(self._site, name, topics.Kind.ALARM) for name in self._names]

    def connected(self, now_s: float) -> None:
        """A new connection: the broker gives all that it keeps."""
        self._came.clear()
        self._settles_s = now_s + SETTLE_S

    def disconnected(self) -> None:
        """What was known stays."""
        self._settles_s = None

    def message(self, topic: str, payload: bytes) -> bool:
        """Take a message in; whether it was an alarm of a box that is followed."""
        address = topics.parse(topic)
        if not self._names or address is None or address.kind is not topics.Kind.ALARM or address.box is None:
            return False
        if address.box != self._own:
            self._came.add(address.box)
            self._payloads[address.box] = payload.decode("utf-8", "replace")
            self._due.add(address.box)
        return True

    def again(self) -> None:
        """The box's process is new and knows nothing."""
        self._due |= set(self._payloads)
        self._list_due = self._settled

    def pass_on(self, now_s: float) -> None:
        """Tell the box's process what it has not been told."""
        if self._settles_s is not None and now_s >= self._settles_s:
            self._settles_s = None
            self._payloads = {box: payload for box, payload in self._payloads.items() if box in self._came}
            self._due &= set(self._payloads)
            self._settled = self._list_due = True
        for box in sorted(self._due):
            if not self._send({"t": "followed", "box": box, "payload": self._payloads[box]}):
                return
            self._due.discard(box)
        if self._list_due and self._send({"t": "following", "boxes": sorted(self._payloads)}):
            self._list_due = False
