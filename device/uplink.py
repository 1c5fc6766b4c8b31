"""The network process: spool to hub, receipts back. It has no camera and no button.

A broker's PUBACK proves nothing (facts/hub, 3): an event is sent again until the hub's signed receipt for it arrives.
Media go over a connection and a thread of their own, so that they never delay an alarm.
"""

import logging
import queue
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from contract import topics
from contract.codec import MalformedMessage, decode, encode
from contract.messages import Command, HubPresence, Presence, Receipt, utc_text
from device.adapters.hub_network import AddressBook, HubClient, mind_the_clock, trust
from device.adapters.spool_sqlite import SpoolReader
from device.adapters.wire_unix import BOX, UPLINK, Mailbox
from device.config import Bundle
from device.followed import Followed
from device.hub_rules import HubRules
from device.pacing import Pace
from device.ports import SpoolError
from device.receipts import ReceiptKeys
from device.session import next_session
from device.upload import Uploader

log = logging.getLogger("madomori.uplink")

WINDOW: Final = 20
"""Events under way at once. paho scans all queued messages at each PUBACK, and brokers limit what is in flight."""

RESEND_FIRST_S: Final = 2.0
RESEND_MAX_S: Final = 30.0

KEEPALIVE_S: Final = 5
"""With 10 s paho noticed a dead link after 14.6 s (measured); the box has to show it within 15."""

HUB_SILENT_S: Final = 12.0
"""The hub beats every 5 s; two missed beats mean that nobody listens."""

SCAN_S: Final = 0.2
"""What a receipt's own look at the spool left behind goes at the next scan."""


@dataclass(slots=True)
class _Flight:
    """An event under way."""

    payload: bytes
    due_s: float
    urgent: bool = False
    wait_s: float = RESEND_FIRST_S


@dataclass(slots=True)
class Outbox:
    """Which events are under way and when each is sent again. Times are monotonic seconds given by the caller."""

    flights: dict[str, _Flight] = field(default_factory=dict)
    memory: dict[str, bytes] = field(default_factory=dict)

    def add(self, event_id: str, payload: bytes, now_s: float, *, urgent: bool = False) -> bool:
        """Take an event; False when it is under way or there is no room (the spool keeps it).

        Calls for help have room of their own: events that never get a receipt cannot stand in their way.
        """
        if event_id in self.flights or self.room(urgent=urgent) <= 0:
            return False
        self.flights[event_id] = _Flight(payload, now_s, urgent)
        return True

    def room(self, *, urgent: bool) -> int:
        """How many more events of this kind may be under way."""
        return WINDOW - sum(1 for flight in self.flights.values() if flight.urgent is urgent)

    def due(self, now_s: float) -> list[bytes]:
        """Payloads to send now; each is planned again, twice as far away up to `RESEND_MAX_S`."""
        payloads = []
        for flight in self.flights.values():
            if flight.due_s <= now_s:
                payloads.append(flight.payload)
                flight.due_s = now_s + flight.wait_s
                flight.wait_s = min(flight.wait_s * 2, RESEND_MAX_S)
        return payloads

    def receipted(self, event_ids: tuple[str, ...]) -> None:
        """The hub has these."""
        for event_id in event_ids:
            self.flights.pop(event_id, None)
            self.memory.pop(event_id, None)

    def again(self, now_s: float) -> None:
        """A new connection: everything under way is due at once."""
        for flight in self.flights.values():
            flight.due_s, flight.wait_s = now_s, RESEND_FIRST_S

    def next_s(self) -> float | None:
        """When the next resend is due."""
        return min((flight.due_s for flight in self.flights.values()), default=None)


class Uplink:
    """Runs on the caller's thread until `stop`. paho's and the mailbox's threads only put on its queue."""

    def __init__(self, bundle: Bundle) -> None:
        settings = bundle.settings
        self._bundle = bundle
        self._site, self._box = settings.site, settings.box
        self._keys = ReceiptKeys(settings.hub.receipt_keys)
        self._spool = SpoolReader(bundle.state / "spool.db")
        self._mail = Mailbox(bundle.state, UPLINK, BOX)
        self._queue: queue.Queue[tuple[str, Any]] = queue.Queue(maxsize=10_000)
        self._outbox = Outbox()
        self._pace = Pace()
        self._session = next_session(bundle.state / "session")
        self._alarm: bytes | None = None
        self._hub: HubPresence | None = None
        self._hub_heard_s = -HUB_SILENT_S
        self._connected = False
        self._told: tuple[bool, int, bool, str | None] | None = None
        self._hub_rules = HubRules(bundle.state)
        self._followed = Followed(settings, self._mail.send)
        self._stopping = threading.Event()
        self._addresses = AddressBook(bundle.state / "addresses.json")
        self._uploader = Uploader(bundle, self._addresses, self._uploaded)
        self._beat: Callable[[], None] = lambda: None
        self._mail_beat: Callable[[], None] = lambda: None
        self._client = self._make_client()

    def watched(self, pulse: Callable[[str], Callable[[], None]]) -> None:
        """`pulse` gives for each loop's name what it calls each time around. Before `run`."""
        self._beat, self._mail_beat, self._uploader.beat = map(pulse, ("uplink", "mail", "upload"))

    def state(self) -> str:
        """One line about the connection, for whoever looks at the service."""
        if not self._connected:
            return "ハブにつながっていません / not connected to the hub"
        told = self._told
        if told is None or not told[0]:
            return "つながっていますが、ハブが聞いていません / connected, but the hub does not listen"
        return "ハブにつながっています / connected to the hub"

    def run(self) -> None:
        """Work until `stop` is called."""
        mail = threading.Thread(target=self._read_mail, name="mail", daemon=True)
        mail.start()
        self._uploader.start()
        host, port = self._bundle.mqtt_address
        self._client.connect_async(host, port, keepalive=KEEPALIVE_S)
        self._client.loop_start()
        self._mail.send({"t": "hello"})
        scan_s = 0.0
        while not self._stopping.is_set():
            self._beat()
            self._take(self._wait_s(scan_s))
            now_s = time.monotonic()
            if now_s >= scan_s:
                scan_s = now_s + SCAN_S
                self._fill(now_s)
                self._tell_link(now_s)
                self._followed.pass_on(now_s)
            self._send_due(now_s)
        self._goodbye()
        mail.join()
        self._mail.close()

    def stop(self) -> None:
        """End `run` soon. Safe from any thread and from a signal handler."""
        self._stopping.set()

    # --- the loop -----------------------------------------------------------------------------------------------------

    def _wait_s(self, scan_s: float) -> float:
        resend_s = self._outbox.next_s() if self._connected else None
        until_s = scan_s if resend_s is None else min(scan_s, resend_s)
        return max(0.0, min(SCAN_S, until_s - time.monotonic()))

    def _take(self, timeout_s: float) -> None:
        try:
            kind, value = self._queue.get(timeout=timeout_s) if timeout_s > 0 else self._queue.get_nowait()
        except queue.Empty:
            return
        while True:
            self._handle(kind, value)
            try:
                kind, value = self._queue.get_nowait()
            except queue.Empty:
                return

    def _handle(self, kind: str, value: Any) -> None:
        match kind:
            case "mail":
                self._mail_came(value)
            case "message":
                self._message_came(*value)
            case "connected":
                self._connected = True
                self._followed.connected(time.monotonic())
                self._birth()
            case "disconnected":
                self._connected = False
                self._followed.disconnected()
                self._hub = None
                self._tell_link(time.monotonic())
            case _:
                log.error("unknown news %s", kind)

    def _mail_came(self, mail: dict[str, Any]) -> None:
        match mail.get("t"):
            case "event":
                payload = mail["payload"].encode()
                if mail.get("unkept"):
                    self._outbox.memory[mail["id"]] = payload
                self._outbox.add(mail["id"], payload, time.monotonic(), urgent=mail["urgent"])
            case "alarm":
                self._alarm = mail["payload"].encode()
                self._publish(topics.Kind.ALARM, self._alarm, retain=True)
            case "health":
                self._publish(topics.Kind.HEALTH, mail["payload"].encode(), retain=False, qos=0)
            case "segment":
                self._uploader.poke()
            case "hello":
                self._told = None
                self._tell_link(time.monotonic())
                self._followed.again()
            case other:
                log.warning("unknown mail %r", other)

    def _message_came(self, topic: str, payload: bytes) -> None:
        if topic == topics.hub_presence(self._site):
            self._hub_spoke(payload)
        elif topic == topics.box_topic(self._site, self._box, topics.Kind.RECEIPT):
            receipt = self._keys.accept(payload)
            if receipt is not None:
                self._receipted(receipt)
        elif topic == topics.box_topic(self._site, self._box, topics.Kind.COMMAND):
            self._commanded(payload)
        elif self._followed.message(topic, payload):
            self._followed.pass_on(time.monotonic())

    def _hub_spoke(self, payload: bytes) -> None:
        try:
            presence = decode(HubPresence, payload)
        except MalformedMessage as error:
            log.warning("hub presence refused: %s", error)
            return
        if self._hub is not None and presence.session < self._hub.session:
            return  # an old will cannot hide a new birth
        fresh = self._hub is None or (presence.session, presence.beat) != (self._hub.session, self._hub.beat)
        self._hub = presence
        if fresh:
            self._hub_heard_s = time.monotonic()
        self._tell_link(time.monotonic())

    def _receipted(self, receipt: Receipt) -> None:
        self._outbox.receipted(receipt.events)
        ref = receipt.incident
        self._mail.send(
            {"t": "receipt", "ids": receipt.events, "incident": ref and ref.id, "number": ref and ref.number}
        )
        self._fill(time.monotonic())

    def _commanded(self, payload: bytes) -> None:
        try:
            command = decode(Command, payload)
        except MalformedMessage as error:
            log.warning("command refused: %s", error)
            return
        said = {"type": command.type, "incident": command.incident, "name": command.name}
        self._mail.send({"t": "command", **said, "at": utc_text(command.at), "minutes": command.minutes})

    def _fill(self, now_s: float) -> None:
        for event_id, payload in self._outbox.memory.items():
            self._outbox.add(event_id, payload, now_s, urgent=True)
        try:
            for urgent in (True, False):
                room = self._pace.take(self._outbox.room(urgent=urgent), now_s)
                found = self._spool.pending(room, self._outbox.flights, urgent=urgent) if room > 0 else []
                self._pace.give_back(room - len(found))
                for pending in found:
                    self._outbox.add(pending.id, pending.payload, now_s, urgent=urgent)
        except SpoolError as error:
            log.error("spool cannot be read: %s", error)

    def _send_due(self, now_s: float) -> None:
        if not self._connected:
            return
        for payload in self._outbox.due(now_s):
            self._publish(topics.Kind.EVENT, payload, retain=False)

    def _publish(self, kind: topics.Kind, payload: bytes, *, retain: bool, qos: int = 1) -> None:
        if self._connected:  # what cannot go now is sent again from the spool, or at the next birth
            self._client.publish(topics.box_topic(self._site, self._box, kind), payload, qos=qos, retain=retain)

    def _tell_link(self, now_s: float) -> None:
        hub = self._hub
        listening = (
            self._connected
            and hub is not None
            and hub.state == "listening"
            and now_s - self._hub_heard_s < HUB_SILENT_S
        )
        rules = hub.profile.digest if hub is not None and hub.profile is not None and listening else None
        if listening:
            self._hub_rules.heard(rules)
        told = (listening, hub.responders if hub is not None and listening else 0, self._connected, rules)
        mail = dict(zip(("listening", "responders", "connected", "rules"), told, strict=True))
        if told != self._told and self._mail.send({"t": "link", **mail}):
            self._told = told

    def _uploaded(self, incident: str, seq: int) -> None:
        self._mail.send({"t": "uploaded", "incident": incident, "seq": seq})

    # --- the connection -----------------------------------------------------------------------------------------------

    def _make_client(self) -> mqtt.Client:
        client = HubClient(
            CallbackAPIVersion.VERSION2, client_id=self._box, protocol=mqtt.MQTTv5, reconnect_on_failure=True
        )
        client.addresses = self._addresses
        client.max_inflight_messages_set(WINDOW)
        client.reconnect_delay_set(min_delay=1, max_delay=5)
        context = trust(self._bundle.directory, certificate=True)
        client.tls_set_context(context)
        client.on_pre_connect = lambda *_: mind_the_clock(context)
        client.will_set(
            topics.box_topic(self._site, self._box, topics.Kind.PRESENCE), self._presence("offline"), qos=1, retain=True
        )
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_socket_open = _without_delay
        return client

    def _birth(self) -> None:
        """Everything the other side must know of a new connection; paho forgets it all at each reconnect."""
        for topic in (
            topics.hub_presence(self._site),
            topics.box_topic(self._site, self._box, topics.Kind.RECEIPT),
            topics.box_topic(self._site, self._box, topics.Kind.COMMAND),
            *self._followed.filters,
        ):
            self._client.subscribe(topic, qos=1)
        self._publish(topics.Kind.PRESENCE, self._presence("online"), retain=True)
        if self._alarm is not None:
            self._publish(topics.Kind.ALARM, self._alarm, retain=True)
        self._outbox.again(time.monotonic())

    def _presence(self, state: str) -> bytes:
        return encode(Presence.model_validate({"state": state, "session": self._session}))

    def _goodbye(self) -> None:
        if self._connected:
            topic = topics.box_topic(self._site, self._box, topics.Kind.PRESENCE)
            self._client.publish(topic, self._presence("offline"), qos=1, retain=True).wait_for_publish(timeout=1)
        self._client.disconnect()
        self._client.loop_stop()
        self._uploader.stop()
        self._spool.close()

    def _read_mail(self) -> None:
        while not self._stopping.is_set():
            self._mail_beat()
            mail = self._mail.receive(timeout_s=0.5)
            if mail is not None:
                self._put("mail", mail)

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not reason.is_failure:
            self._put("connected", None)
        else:
            log.error("the hub's broker refused this box: %s", reason)

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        self._put("disconnected", None)

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        self._put("message", (message.topic, message.payload))

    def _put(self, kind: str, value: Any) -> None:
        try:
            self._queue.put_nowait((kind, value))
        except queue.Full:
            log.error("news dropped, the loop is behind: %s", kind)  # receipts and events come again by themselves


def _without_delay(_client: Any, _data: Any, sock: Any) -> None:
    # paho never does it, and Nagle with delayed ACK costs 40 ms a press (facts/hub, 4.2).
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
