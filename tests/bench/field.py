"""Many boxes in one light process: the real outbox and receipt check of the uplink, over one connection per box.

Run as a program by `storms.py`, so that it competes with the hub for the cores but not for an interpreter. It says
`ready` when all boxes are connected, begins at the monotonic second that it then reads, and answers with JSON.
"""

import argparse
import json
import selectors
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import paho.mqtt.client as mqtt
from bench.mqtt_floor import client

from contract import topics
from contract.topics import Kind
from device.adapters.clock_system import new_id
from device.config import Bundle
from device.receipts import ReceiptKeys
from device.uplink import WINDOW, Outbox

GIVE_UP_S = 30.0


@dataclass(slots=True)
class Sent:
    """One event: when it was to be sent, when it was, and when its receipt came (monotonic seconds)."""

    event: str
    incident: str
    planned_s: float
    sent_s: float = 0.0
    receipt_s: float | None = None
    receipts: int = 0


@dataclass(slots=True)
class Tally:
    """Everything that was sent, by event."""

    sent: dict[str, Sent] = field(default_factory=dict)
    resent: int = 0
    refused: int = 0
    open: int = 0


class FieldBox:
    """A box reduced to its uplink. One thread drives all of them."""

    def __init__(self, directory: Path, tally: Tally) -> None:
        self._bundle = Bundle(directory)
        settings = self._bundle.settings
        self._site, self.name = settings.site, settings.box
        self._tally = tally
        self._keys = ReceiptKeys(settings.hub.receipt_keys)
        self.outbox = Outbox()
        self._boot, self._seq = new_id(), 0
        self.incident = ""
        self.subscribed = False
        self.client = client(self._bundle)
        self.client.on_message = self._message
        self.client.on_connect = lambda *_: self.client.subscribe(self._topic(Kind.RECEIPT), qos=1)
        self.client.on_subscribe = self._subscribed

    def connect(self) -> None:
        """Connect; the answers come while the boxes are driven."""
        self.client.connect(*self._bundle.mqtt_address, keepalive=30)

    def raise_alarm(self, planned_s: float) -> None:
        """A new call for help."""
        self.incident = new_id()
        self._add("alarm.raised", {"incident": self.incident, "drill": False}, planned_s)

    def repeat(self) -> None:
        """A further press of the call that stands."""
        self._add("alarm.repeated", {"incident": self.incident}, time.monotonic())

    def send_due(self, now_s: float) -> None:
        """Publish what is due, for the first time or again."""
        for payload in self.outbox.due(now_s):
            self.client.publish(self._topic(Kind.EVENT), payload, qos=1)
            sent = self._tally.sent[json.loads(payload)["id"]]
            self._tally.resent += bool(sent.sent_s)
            sent.sent_s = sent.sent_s or time.monotonic()

    def read(self) -> None:
        """Take what has come."""
        self.client.loop_read()
        while (sock := self.client.socket()) is not None and sock.pending():  # type: ignore[union-attr]
            self.client.loop_read()
        if self.client.want_write():  # what a callback sent only waits in paho's queue
            self.client.loop_write()

    def _add(self, kind: str, body: dict[str, Any], planned_s: float) -> None:
        event, self._seq = new_id(), self._seq + 1
        profile = {"id": self._bundle.profile.meta.id, "digest": self._bundle.profile_digest}
        wall = time.time() - (time.monotonic() - planned_s)
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(wall)) + f".{int(wall % 1 * 1000):03d}Z"
        fields = {
            "v": 1, "id": event, "type": kind, "site": self._site, "box": self.name, "boot": self._boot,
            "seq": self._seq, "at": at, "mono_ms": int(planned_s * 1000), "clock": "synced", "profile": profile,
            "body": body | {"level": "assist", "gesture": "short"},
        }  # fmt: skip
        self._tally.sent[event] = Sent(event, body["incident"], planned_s)
        self._tally.open += 1
        now_s = time.monotonic()
        if not self.outbox.add(event, json.dumps(fields, separators=(",", ":")).encode(), now_s):
            raise RuntimeError("the window is full")
        self.send_due(now_s)

    def _message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        at_s = time.monotonic()
        receipt = self._keys.accept(bytes(message.payload))
        if receipt is None:
            self._tally.refused += 1
            return
        self.outbox.receipted(receipt.events)
        for event in receipt.events:
            sent = self._tally.sent[event]
            self._tally.open -= sent.receipt_s is None
            sent.receipts += 1
            sent.receipt_s = sent.receipt_s or at_s

    def _subscribed(self, *_: Any) -> None:
        self.subscribed = True

    def _topic(self, kind: Kind) -> str:
        return topics.box_topic(self._site, self.name, kind)


class Field:
    """All boxes and the one loop."""

    def __init__(self, bundles: list[Path]) -> None:
        self.tally = Tally()
        self.boxes = [FieldBox(bundle, self.tally) for bundle in bundles]
        self._selector = selectors.DefaultSelector()
        self._care_s = 0.0

    def connect(self) -> None:
        """Connect every box and wait for its subscription."""
        for box in self.boxes:
            box.connect()
            self._selector.register(box.client.socket(), selectors.EVENT_READ, box)
        while not all(box.subscribed for box in self.boxes):
            self.turn(0.1)

    def turn(self, timeout_s: float) -> None:
        """One round: read what came, send again what is due, keep the connections alive."""
        for key, _ in self._selector.select(max(0.0, timeout_s)):
            key.data.read()
        now_s = time.monotonic()
        if now_s >= self._care_s:
            self._care_s = now_s + 0.2
            for box in self.boxes:
                box.client.loop_misc()
                box.send_due(now_s)

    def presses(self, begin_s: float, count: int, span_s: float) -> None:
        """`count` calls at even distances over `span_s`, each at its instant, answered or not what went before."""
        plan = deque(
            (begin_s + number * span_s / count, self.boxes[number % len(self.boxes)]) for number in range(count)
        )
        while plan:
            planned_s, box = plan[0]
            if time.monotonic() >= planned_s:
                box.raise_alarm(planned_s)
                plan.popleft()
            else:
                self.turn(min(0.05, planned_s - time.monotonic()))
        self._finish()

    def sustained(self, begin_s: float, span_s: float) -> None:
        """Every box presses again and again, `WINDOW` presses under way, as fast as they are receipted."""
        for box in self.boxes:
            box.raise_alarm(begin_s)
        self._finish()
        end_s = time.monotonic() + span_s
        while time.monotonic() < end_s:
            for box in self.boxes:
                for _ in range(WINDOW - len(box.outbox.flights)):
                    box.repeat()
            self.turn(0.05)
        self._finish()

    def close(self) -> None:
        """Say goodbye."""
        for box in self.boxes:
            box.client.disconnect()

    def answers(self) -> Iterator[dict[str, Any]]:
        """What was sent."""
        return (asdict(sent) for sent in self.tally.sent.values())

    def _finish(self) -> None:
        end_s = time.monotonic() + GIVE_UP_S
        while self.tally.open and time.monotonic() < end_s:
            self.turn(0.05)


def main() -> None:
    """Drive the boxes as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundles", type=Path)
    parser.add_argument("boxes", type=int)
    parser.add_argument("--presses", type=int, default=0, help="so many calls over the span; 0: as many as are taken")
    parser.add_argument("--span", type=float, default=1.0, help="seconds")
    given = parser.parse_args()
    crowd = Field(sorted(given.bundles.iterdir())[: given.boxes])
    crowd.connect()
    print("ready", flush=True)
    begin_s = float(sys.stdin.readline())
    cpu_s = time.process_time()
    if given.presses:
        crowd.presses(begin_s, given.presses, given.span)
    else:
        crowd.sustained(begin_s, given.span)
    cpu_s = time.process_time() - cpu_s
    crowd.close()
    tally = crowd.tally
    json.dump(
        {"resent": tally.resent, "refused": tally.refused, "cpu_s": cpu_s, "sent": list(crowd.answers())}, sys.stdout
    )


if __name__ == "__main__":
    main()
