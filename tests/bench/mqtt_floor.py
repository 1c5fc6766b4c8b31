"""What paho and the site's own broker cost with nothing behind them: mutual TLS, QoS 1, two processes.

Run as a program it is the publisher; `measure` starts it and is the subscriber. Payloads have the size of a press.
"""

import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import paho.mqtt.client as mqtt
from bench.figures import Broken, Spread
from paho.mqtt.enums import CallbackAPIVersion

from contract import topics
from contract.topics import Kind
from device.config import Bundle

PAYLOAD_BYTES = 460
"""An `alarm.raised` event is that long."""

WINDOW = 20
EVERY_S = 0.01


@dataclass(slots=True)
class Floor:
    """Measured on the site's broker."""

    one_way: Spread
    puback: Spread
    per_second: float


def client(bundle: Bundle) -> mqtt.Client:
    """A paho client with the box's certificate, set up as the box's own."""
    made = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=bundle.settings.box, protocol=mqtt.MQTTv5)
    made.max_inflight_messages_set(WINDOW)
    context = ssl.create_default_context(cafile=str(bundle.directory / "ca.crt"))
    context.load_cert_chain(bundle.directory / "box.crt", bundle.directory / "box.key")
    made.tls_set_context(context)
    made.on_socket_open = _without_delay
    return made


def _without_delay(_client: Any, _data: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@dataclass(slots=True)
class _Subscriber:
    """Hears everything that the publisher says on its own alarm topic, which every box may read."""

    latencies_ms: list[float] = field(default_factory=list)
    arrivals_s: list[float] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)

    def message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        now_s = time.monotonic()
        if message.payload[:1] == b"t":
            self.latencies_ms.append((now_s - float(message.payload[1:20])) * 1000)
        else:
            self.arrivals_s.append(now_s)


def measure(publisher: Path, subscriber: Path, count: int, flood_s: float) -> Floor:
    """The floor between two enrolled boxes, given by their bundles: one at a time, then for `flood_s` at full speed."""
    heard, bundle = _Subscriber(), Bundle(subscriber)
    listener = client(bundle)
    listener.on_message = heard.message
    listener.on_subscribe = lambda *_: heard.ready.set()
    listener.connect(*bundle.mqtt_address, keepalive=10)
    listener.subscribe(topics.box_topic(bundle.settings.site, Bundle(publisher).settings.box, Kind.ALARM), qos=1)
    listener.loop_start()
    if not heard.ready.wait(10):
        raise Broken("the broker did not take the subscription")
    try:
        command = [sys.executable, str(Path(__file__)), str(publisher), str(count), str(flood_s)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    finally:
        listener.disconnect()
        listener.loop_stop()
    said = json.loads(done.stdout)
    span_s = heard.arrivals_s[-1] - heard.arrivals_s[0]
    return Floor(
        Spread.of(heard.latencies_ms[count // 10 :]),
        Spread.of(said["puback_ms"][count // 10 :]),
        round(len(heard.arrivals_s) / span_s, 1),
    )


def _publish(bundle: Bundle, count: int, flood_s: float) -> list[float]:
    acknowledged = threading.Semaphore(0)
    speaker = client(bundle)
    connected = threading.Event()
    speaker.on_connect = lambda *_: connected.set()
    speaker.on_publish = lambda *_: acknowledged.release()
    speaker.connect(*bundle.mqtt_address, keepalive=10)
    speaker.loop_start()
    connected.wait(10)
    topic = topics.box_topic(bundle.settings.site, bundle.settings.box, Kind.ALARM)
    pubacks: list[float] = []
    for _ in range(count):
        begun_s = time.monotonic()
        speaker.publish(topic, f"t{begun_s:019.9f}".ljust(PAYLOAD_BYTES).encode(), qos=1)
        acknowledged.acquire()
        pubacks.append((time.monotonic() - begun_s) * 1000)
        time.sleep(EVERY_S)
    payload = b"f" * PAYLOAD_BYTES
    end_s = time.monotonic() + flood_s
    for _ in range(WINDOW):
        acknowledged.release()
    while time.monotonic() < end_s:
        acknowledged.acquire()
        speaker.publish(topic, payload, qos=1)
    speaker.disconnect()
    speaker.loop_stop()
    return pubacks


if __name__ == "__main__":
    print(json.dumps({"puback_ms": _publish(Bundle(Path(sys.argv[1])), int(sys.argv[2]), float(sys.argv[3]))}))
