"""The broker: generated Mosquitto settings, the child process, reloading it, and cutting one box's live link."""

import getpass
import os
import shutil
import signal
import ssl
import threading
from pathlib import Path
from typing import Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from contract import topics
from contract.codec import PAYLOAD_BYTES_MAX
from contract.topics import Kind
from hub import authority
from hub.authority import Issued
from hub.config import HubConfig
from hub.places import Places, write_private

PACKET_BYTES_MAX: Final = PAYLOAD_BYTES_MAX + 1024
"""A payload at the contract's limit must pass with its topic and header around it: a packet over this limit costs the
sender its connection, and paho sends it again at every reconnect (facts, 3)."""

BOX_WRITES: Final = (Kind.EVENT, Kind.ALARM, Kind.PRESENCE, Kind.HEALTH)
BOX_READS: Final = (Kind.RECEIPT, Kind.COMMAND)
EVERYBODY_READS: Final = (Kind.ALARM, Kind.PRESENCE)

CUT_KEEPALIVE_S: Final = 7
"""Of no box: by this the log tells the hub's own take-overs from a stranger's."""

_SETTINGS = """\
# Written by madomori-hub at every start of the broker. Changes made here are lost.
# Good for Mosquitto 2.0 and 2.1. From 2.1 on `acl_file` is deprecated (removed in 3.0). There, write instead:
#   global_plugin <library folder>/mosquitto_acl_file.so
#   plugin_opt_acl_file {acl}

listener {port} {host}
cafile {ca}
certfile {certificate}
keyfile {key}
crlfile {crl}
tls_version tlsv1.3
require_certificate true
# The certificate's name is the user and the client id: nobody can speak for another box, or throw it out.
use_identity_as_username true
use_username_as_clientid true
max_connections 400
allow_anonymous false
acl_file {acl}

max_packet_size {packet}
# A whole batch of the hub's writer may be on its way unacknowledged.
max_inflight_messages 500
max_queued_messages 100000
max_queued_bytes 67108864
memory_limit 536870912
max_keepalive 30
persistent_client_expiration 14d
check_retain_source true
# Without this a receipt waits about 40 ms for a delayed ACK (facts of the hub, 4.2).
set_tcp_nodelay true

# A press is safe in its box's outbox until the hub's signed receipt, whatever the broker forgets. So the broker saves
# itself every few seconds and not at each change: that rewrites the whole file per message and was measured at 0.5-0.6
# of the rate with an empty queue and 0.16 and less with a backlog, with twice the delay, for no press saved.
persistence true
persistence_location {data}/
autosave_interval 10
autosave_on_changes false

user {user}
log_dest stderr
log_type error
log_type warning
log_type notice
# Refused messages are told here only. The hub reads them and keeps the rest of it out of its own log.
log_type debug
connection_messages true
"""


class NoBroker(Exception):
    """The broker's program is not installed."""


def write_settings(config: HubConfig) -> Path:
    """Write `mosquitto.conf` and the access list. The path of the settings.

    Raises:
        OSError: the disk refuses.
    """
    places = config.places
    data = places.broker / "data"
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    acl, settings = places.broker / "acl", places.broker / "mosquitto.conf"
    text = _SETTINGS.format(
        port=config.mqtt.port,
        host=config.mqtt.host,
        ca=places.ca_certificate,
        certificate=places.server_certificate,
        key=places.server_key,
        crl=places.crl,
        acl=acl,
        packet=PACKET_BYTES_MAX,
        data=data,
        user=getpass.getuser(),  # started as root it would become `mosquitto`, which cannot read the site
    )
    write_private(acl, access_list(config.site).encode())
    write_private(settings, text.encode())
    return settings


def access_list(site: str) -> str:
    """Who may say and hear what. `%u` is the certificate's name; `site` stays literal (facts, 4)."""
    rules = [
        "# Written by madomori-hub. Everything that is not allowed here is refused.",
        f"user {authority.HUB}",
        f"topic readwrite {topics.ROOT}/{site}/#",
        "",
        *(f"pattern write {topics.box_topic(site, '%u', kind)}" for kind in BOX_WRITES),
        *(f"pattern read {topics.box_topic(site, '%u', kind)}" for kind in BOX_READS),
        *(f"pattern read {topics.box_topic(site, '+', kind)}" for kind in EVERYBODY_READS),
        f"pattern read {topics.hub_presence(site)}",
    ]
    return "\n".join(rules) + "\n"


def command(settings: Path) -> list[str]:
    """The command line of the broker.

    Raises:
        NoBroker: Mosquitto is not installed.
    """
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/local/sbin:/usr/sbin")
    if program is None:
        raise NoBroker
    return [program, "-c", str(settings)]


def process_file(places: Places) -> Path:
    """Where the running broker's process number stands."""
    return places.run / "broker.pid"


def reload(places: Places) -> bool:
    """Have the running broker read certificates, revocations and access list anew. False when none runs here."""
    try:
        pid = int(process_file(places).read_text(encoding="ascii"))
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return False
    if name != "mosquitto":  # the number now belongs to somebody else
        return False
    try:
        os.kill(pid, signal.SIGHUP)
    except ProcessLookupError:
        return False
    return True


def tls_context(places: Places, certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.3 towards the broker with a client certificate.

    Raises:
        OSError, ssl.SSLError: a file is missing or wrong.
    """
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(places.ca_certificate))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(str(certificate), str(key))
    return context


def cut(config: HubConfig, box: str, pass_: Issued, timeout_s: float = 5.0) -> bool:
    """End the live connection of `box`: a revocation alone stops only the next connect (faults, 5).

    The broker knows one connection per certificate name, so a connection under a fresh certificate of the same name
    takes the old one's place. Whether that was seen to happen; False when the broker cannot be reached.
    """
    certificate, key = config.places.run / f"cut-{box}.crt", config.places.run / f"cut-{box}.key"
    write_private(certificate, pass_.certificate)
    write_private(key, pass_.key)
    connected = threading.Event()
    # MQTT 3.1.1 with a kept session: what waits for the box in the broker stays there for its new certificate.
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=box, clean_session=False, protocol=mqtt.MQTTv311)
    client.on_connect = lambda _client, _data, _flags, reason, _properties: (
        None if reason.is_failure else connected.set()
    )
    try:
        client.tls_set_context(tls_context(config.places, certificate, key))
        client.connect(config.mqtt.connect_host, config.mqtt.port, keepalive=CUT_KEEPALIVE_S)
        client.loop_start()
        return connected.wait(timeout_s)
    except OSError:
        return False
    finally:
        client.disconnect()
        client.loop_stop()
        certificate.unlink(missing_ok=True)
        key.unlink(missing_ok=True)
