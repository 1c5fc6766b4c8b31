"""The hub's one MQTT connection. Callbacks only queue; acknowledgements come later, from the writer."""

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from contract import topics
from contract.codec import encode
from contract.messages import HubPresence, ProfileRef
from contract.topics import Kind
from hub import authority, broker
from hub.config import HubConfig
from hub.domain.flood import Meter

_log = structlog.get_logger()

SESSION_S: Final = 7 * 86400
"""How long the broker keeps messages for a hub that is away. The boxes keep them for as long as it takes."""

UNACKED_MAX: Final = 500
"""Messages on their way to the writer (MQTT 5 Receive Maximum)."""

INBOX_MAX: Final = 4 * UNACKED_MAX
KEEPALIVE_S: Final = 10
WATCH_S: Final = 1.0
WILL_DELAY_S: Final = 5
"""A restart within this time does not make the boxes show "hub lost"."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came. `connection` tells in which life of the connection: `mid` means nothing in another."""

    topic: str
    payload: bytes
    retain: bool
    qos: int
    mid: int
    connection: int


class Link:
    """The connection to the broker, kept up by a thread of its own.

    `inbox` receives messages. `changed` is called on the network thread after connecting and disconnecting; it must
    only set a flag.
    """

    def __init__(
        self,
        config: HubConfig,
        inbox: "queue.Queue[Incoming]",
        session: int,
        changed: Callable[[], None],
        rules: ProfileRef,
    ) -> None:
        """`rules` are the city's: those of every box (decision 0010), which compares its own with them."""
        self._config, self._inbox, self._session, self._changed = config, inbox, session, changed
        self._rules = rules
        self._connection = 0
        self._connected = threading.Event()
        self._stopping = threading.Event()
        self.meter = Meter()
        self.overflowed = 0  # health messages that found the inbox full
        self._client = self._make_client()
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted the connection and it stands. Any thread."""
        return self._connected.is_set()

    @property
    def alive(self) -> bool:
        """Whether the network thread runs. Any thread."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Connect, and reconnect for ever."""
        self._thread.start()

    def stop(self, timeout_s: float = 1.0) -> None:
        """Say goodbye and end the thread. What was not acknowledged comes again."""
        self._stopping.set()
        if self.connected:
            farewell = self.publish(
                topics.hub_presence(self._config.site), self._presence("offline", 0, 0), retain=True
            )
            try:
                farewell.wait_for_publish(timeout_s)
            except (RuntimeError, ValueError):
                _log.warning("link.farewell_lost")
        self._client.disconnect()
        self._thread.join(timeout_s)
        ending = threading.Thread(target=self._client.loop_stop, daemon=True)  # it waits for as long as the broker does
        ending.start()
        ending.join(timeout_s)

    def ack(self, messages: Iterable[Incoming]) -> None:
        """Acknowledge what has been dealt with. Any thread.

        A message of an earlier connection is left out: its number may belong to another message by now. The broker
        sends it again, and the store knows it by its event id.
        """
        connection = self._connection
        for message in messages:
            if message.qos and message.connection == connection:
                self._client.ack(message.mid, message.qos)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> mqtt.MQTTMessageInfo:
        """Send with QoS 1. While there is no connection it waits in memory. Any thread."""
        return self._client.publish(topic, payload, qos=1, retain=retain)

    def publish_presence(self, beat: int, responders: int, *, listening: bool) -> None:
        """Tell the boxes whether anyone listens."""
        state = "listening" if listening else "offline"
        self.publish(topics.hub_presence(self._config.site), self._presence(state, beat, responders), retain=True)

    def _presence(self, state: str, beat: int, responders: int) -> bytes:
        return encode(
            HubPresence.model_validate(
                {
                    "state": state,
                    "session": self._session,
                    "beat": beat,
                    "responders": responders,
                    "profile": self._rules,
                }
            )
        )

    def _make_client(self) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=authority.HUB, protocol=mqtt.MQTTv5, manual_ack=True
        )
        client.reconnect_delay_set(1, 5)
        client.max_inflight_messages_set(100)
        client.max_queued_messages_set(100_000)
        will = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
        will.WillDelayInterval = WILL_DELAY_S
        client.will_set(
            topics.hub_presence(self._config.site), self._presence("offline", 0, 0), qos=1, retain=True, properties=will
        )
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_socket_open = _without_delay
        return client

    def _run(self) -> None:
        """Keeps paho's network thread going. It must never end while the hub runs, whatever a library does.

        The thread is paho's own, started by `loop_start`. Under `loop_forever` on a thread of ours every `publish` and
        `ack` of another thread writes to the TLS connection itself, while the network thread uses it: now and then that
        broke the stream, and the broker cut the hub off for a second ("Protocol error", about once in 4,000 presses).
        """
        places, host, port = self._config.places, self._config.mqtt.connect_host, self._config.mqtt.port
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_S
        properties.ReceiveMaximum = UNACKED_MAX
        configured = running = False
        while not self._stopping.is_set():
            try:
                if not configured:
                    context = broker.tls_context(places, places.client_certificate, places.client_key)
                    self._client.tls_set_context(context)
                    self._client.connect_async(
                        host, port, keepalive=KEEPALIVE_S, clean_start=False, properties=properties
                    )
                    configured = True
                # Refused while the thread runs. One that died goes on with its connection, or finds that it is lost.
                if self._client.loop_start() == mqtt.MQTT_ERR_SUCCESS:
                    if running:
                        _log.error("link.network_thread_restarted")
                    running = True
            except Exception:  # noqa: BLE001 - a dead network thread would be a deaf hub
                _log.exception("link.network_thread_failed")
            self._stopping.wait(WATCH_S)

    def _on_connect(self, client: mqtt.Client, _data: Any, flags: Any, reason: Any, _properties: Any) -> None:
        try:
            if reason.is_failure:
                _log.error("link.refused", reason=str(reason))
                return
            self._connection += 1
            site = self._config.site
            client.subscribe(
                [
                    # The flag of a retained event must reach us, so that it is not taken for a new press.
                    (
                        topics.box_topic(site, "+", Kind.EVENT),
                        SubscribeOptions(1, noLocal=True, retainAsPublished=True),
                    ),
                    (topics.box_topic(site, "+", Kind.PRESENCE), SubscribeOptions(1)),
                    (topics.box_topic(site, "+", Kind.HEALTH), SubscribeOptions(0)),
                ]
            )
            self._connected.set()
            _log.info("link.connected", kept=bool(flags.session_present))
            self._changed()
        except Exception:  # noqa: BLE001 - an exception here would end paho's thread
            _log.exception("link.callback_failed")

    def _on_disconnect(self, _client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        try:
            self._connected.clear()
            if not self._stopping.is_set():
                _log.warning("link.lost", reason=str(reason))
            self._changed()
        except Exception:  # noqa: BLE001
            _log.exception("link.callback_failed")

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        try:
            box = message.topic.split("/", 5)[4:5]
            if box and not self.meter.allows(box[0], len(message.payload), time.monotonic()):
                if message.qos:  # acknowledged, or it would fill the window of all others; never receipted
                    self._client.ack(message.mid, message.qos)
                return
            if message.qos == 0 and self._inbox.qsize() > INBOX_MAX // 2:
                self.overflowed += 1  # the next health message is 5 s away; an event must find room
                return
            incoming = Incoming(
                message.topic, bytes(message.payload), message.retain, message.qos, message.mid, self._connection
            )
            self._inbox.put_nowait(incoming)
        except queue.Full:
            # Cannot be: the broker sends no more than UNACKED_MAX before an acknowledgement. It stays unacknowledged.
            _log.error("link.inbox_full")
        except Exception:  # noqa: BLE001
            _log.exception("link.callback_failed")


def _without_delay(_client: mqtt.Client, _data: Any, sock: Any) -> None:
    """Small packets must not wait for a delayed ACK; paho never sets this (facts of the hub, 4.1)."""
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        _log.warning("link.no_tcp_nodelay")
