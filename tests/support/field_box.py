"""A box reduced to its link: an outbox that sends again until the hub's signed receipt."""

import base64
import json
import socket
import ssl
import threading
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from contract.codec import canonical
from contract.evidence import CHAIN_START, SegmentRecord, head_of, signed_bytes
from hub.store.ids import new_id

RESEND_S = 0.5


class FieldBox:
    """A box reduced to its link: an outbox that sends again until the hub's signed receipt."""

    def __init__(self, bundle: Path, *, resend: bool = True) -> None:
        self.bundle = bundle
        settings = tomllib.loads((bundle / "box.toml").read_text("utf-8"))
        self.site, self.name = settings["site"], settings["box"]
        host, _, port = settings["hub"]["mqtt"].rpartition(":")
        self._address = (host, int(port))
        key = settings["hub"]["receipt_keys"]["hub-1"]
        self._hub_key = Ed25519PublicKey.from_public_bytes(base64.b64decode(key))
        self.root = f"madomori/v1/{self.site}/box/{self.name}"
        self.boot, self.seq = new_id(), 0
        self.session = time.time_ns() // 1_000_000
        self.evidence = Ed25519PrivateKey.generate()
        self.outbox: dict[str, bytes] = {}
        self.receipts: list[dict[str, Any]] = []
        self.receipted_at: dict[str, float] = {}
        self.commands: list[dict[str, Any]] = []
        self.heard: list[tuple[str, bytes]] = []
        self.connected = threading.Event()
        self.refused: list[str] = []
        self.changed = threading.Condition()
        self._closed = threading.Event()
        self._resends = resend
        self.client = self._make_client()

    def _make_client(self) -> mqtt.Client:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self.name, protocol=mqtt.MQTTv5)
        client.tls_set_context(tls(self.bundle))
        client.reconnect_delay_set(1, 1)
        client.on_connect = self._on_connect
        client.on_disconnect = lambda *_: self.connected.clear()
        client.on_message = self._on_message
        client.on_subscribe = lambda *_: self.connected.set()
        client.on_socket_open = _without_delay
        client.will_set(f"{self.root}/presence", self._presence("offline"), qos=1, retain=True)
        return client

    def connect(self, wait: bool = True) -> None:
        """Connect, and keep sending what has no receipt."""
        session = Properties(PacketTypes.CONNECT)
        session.SessionExpiryInterval = 3600
        self.client.connect_async(*self._address, keepalive=10, clean_start=False, properties=session)
        self.client.loop_start()
        if self._resends:
            threading.Thread(target=self._send_again, daemon=True).start()
        if wait:
            assert self.connected.wait(15), self.refused

    def drop(self) -> None:
        """Cut the connection without a word, as a power cut does: the will is heard."""
        sock = self.client.socket()
        self.client.loop_stop()
        assert sock is not None
        sock.close()

    def close(self) -> None:
        self._closed.set()
        self.client.disconnect()
        self.client.loop_stop()

    def publish(self, kind: str, payload: str | bytes, *, qos: int = 1, retain: bool = False) -> mqtt.MQTTMessageInfo:
        return self.client.publish(f"{self.root}/{kind}", payload, qos=qos, retain=retain)

    def event(self, kind: str, body: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """An event as the wire has it, with the next sequence number."""
        self.seq += 1
        return {
            "v": 1,
            "id": new_id(),
            "type": kind,
            "site": self.site,
            "box": self.name,
            "boot": self.boot,
            "seq": self.seq,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "mono_ms": time.monotonic_ns() // 1_000_000,
            "clock": "synced",
            "profile": {"id": "default", "digest": "sha256:" + "0" * 64},
            "body": body,
        } | changes

    def send(self, event: dict[str, Any]) -> str:
        """Put an event into the outbox and send it; its id."""
        payload = json.dumps(event).encode()
        self.outbox[event["id"]] = payload
        self.publish("event", payload)
        return str(event["id"])

    def press(self, level: str = "assist", **body: Any) -> tuple[str, str]:
        """(incident id, event id) of a press that is on its way."""
        incident = new_id()
        raised = {"incident": incident, "level": level, "gesture": "short", "drill": False} | body
        return incident, self.send(self.event("alarm.raised", raised))

    def pressed(self, level: str = "assist", **body: Any) -> tuple[str, dict[str, Any]]:
        """(incident id, receipt) of a press that the hub has."""
        incident, event = self.press(level, **body)
        return incident, self.receipt(event)

    def receipt(self, event: str, timeout_s: float = 20) -> dict[str, Any]:
        """The receipt of an event, whose signature was checked when it came."""

        def found() -> dict[str, Any] | None:
            return next((one for one in self.receipts if event in one["events"]), None)

        with self.changed:
            assert self.changed.wait_for(lambda: found() is not None, timeout_s), f"no receipt for {event}"
        result = found()
        assert result is not None
        return result

    def command(self, kind: str, timeout_s: float = 15) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            return next((one for one in self.commands if one["type"] == kind), None)

        with self.changed:
            assert self.changed.wait_for(lambda: found() is not None, timeout_s), f"no command {kind}"
        result = found()
        assert result is not None
        return result

    def sealed(self, incident: str, count: int) -> list[dict[str, Any]]:
        """`segment.sealed` bodies of a whole chain."""
        bodies, prev = [], CHAIN_START
        for seq in range(count):
            text = self.record(incident, seq, prev).signed_text()
            bodies.append({"incident": incident, "record": text, "signature": self.sign(text)})
            prev = head_of(text)
        return bodies

    def record(self, incident: str, seq: int, prev: str, **changes: Any) -> SegmentRecord:
        fields = {
            "incident": incident,
            "site": self.site,
            "box": self.name,
            "device_key": base64.b64encode(self.evidence.public_key().public_bytes_raw()).decode(),
            "boot": self.boot,
            "seq": seq,
            "prev": prev,
            "at": datetime.now(UTC),
            "mono_ms": 1000 + seq,
            "clock": "synced",
            "start_ms": seq * 2000,
            "end_ms": (seq + 1) * 2000,
            "seal": "none",
            "bytes": 1000,
            "ciphertext": "sha256:" + "1" * 64,
            "plaintext": "sha256:" + "2" * 64,
            "video": True,
            "audio": True,
        }
        return SegmentRecord.model_validate(fields | changes)

    def sign(self, text: str) -> str:
        return base64.b64encode(self.evidence.sign(signed_bytes(text))).decode()

    def health(self, **changes: Any) -> dict[str, Any]:
        return {
            "v": 1,
            "box": self.name,
            "boot": self.boot,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "mono_ms": 1,
            "clock": "synced",
            "profile": {"id": "default", "digest": "sha256:" + "0" * 64},
            "recording": "armed",
            "faults": [],
            "spool_depth": 0,
            "disk_free_bytes": 10**9,
            "temperature_c": 45.5,
        } | changes

    def hub_presence(self) -> dict[str, Any] | None:
        """The last that the hub said of itself."""
        said = [payload for topic, payload in self.heard if topic.endswith("/hub/presence") and payload]
        return json.loads(said[-1]) if said else None

    def _presence(self, state: str) -> str:
        return json.dumps({"v": 1, "state": state, "session": self.session})

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self.refused.append(str(reason))
            return
        client.subscribe(
            [(f"{self.root}/receipt", 1), (f"{self.root}/command", 1), (f"madomori/v1/{self.site}/hub/presence", 1)]
        )
        client.publish(f"{self.root}/presence", self._presence("online"), qos=1, retain=True)

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        with self.changed:
            self.heard.append((message.topic, bytes(message.payload)))
            if message.topic.endswith("/receipt"):
                self._take_receipt(json.loads(message.payload))
            elif message.topic.endswith("/command"):
                self.commands.append(json.loads(message.payload))
            self.changed.notify_all()

    def _take_receipt(self, receipt: dict[str, Any]) -> None:
        signature = base64.b64decode(receipt["signature"])
        signed = {name: value for name, value in receipt.items() if name != "signature"}
        self._hub_key.verify(signature, canonical(signed))  # raises: the event stays in the outbox
        self.receipts.append(receipt)
        for event in receipt["events"]:
            self.outbox.pop(event, None)
            self.receipted_at.setdefault(event, time.monotonic())

    def _send_again(self) -> None:
        while not self._closed.wait(RESEND_S):
            if self.connected.is_set():
                for payload in list(self.outbox.values())[:20]:
                    self.publish("event", payload)


def _without_delay(_client: Any, _data: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def tls(bundle: Path) -> ssl.SSLContext:
    """What a box needs to speak to the broker."""
    context = ssl.create_default_context(cafile=str(bundle / "ca.crt"))
    context.load_cert_chain(bundle / "box.crt", bundle / "box.key")
    return context
