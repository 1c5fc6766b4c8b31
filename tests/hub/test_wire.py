"""Who may say and hear what, at the real broker: each test shows the allowed case first."""

import json
import os
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.field_box import FieldBox
from support.hubs import LiveHub, until

from hub import authority, broker, enrol
from hub.places import Places
from hub.store.ids import new_id
from hub.store.schema import certificate, incident

pytestmark = pytest.mark.end_to_end

PRESS = {"level": "assist", "gesture": "short", "drill": False}


def raised(field: FieldBox) -> str:
    return json.dumps(field.event("alarm.raised", PRESS | {"incident": new_id()}))


@pytest.mark.parametrize(
    "topic", ["box/{other}/event", "box/{me}/receipt", "box/{me}/command", "hub/presence", "box/{other}/presence"]
)
def test_w12_a_box_speaks_only_for_itself(hub: LiveHub, topic: str) -> None:
    mine, other = hub.box(resend=False), hub.box()
    assert mine.pressed()[1]  # the clean case
    target = f"madomori/v1/kita/{topic.format(me=mine.name, other=other.name)}"
    forged = b'{"v":1,"state":"offline","session":99999999999999,"forged":true}'
    mine.client.publish(target, forged, qos=1)
    mine.client.publish(f"madomori/v1/minami/box/{mine.name}/event", raised(mine), qos=1)
    assert mine.pressed()[1]  # the broker has dealt with what came before
    assert other.pressed()[1]
    assert not [one for one in (*mine.heard, *other.heard) if b"forged" in one[1]]
    assert len(hub.rows(incident, incident.c.box == other.name)) == 1


def test_w13_a_box_hears_only_its_own(hub: LiveHub) -> None:
    mine, other = hub.box(), hub.box()
    mine.client.subscribe([("#", 1), (f"{other.root}/receipt", 1), ("madomori/v1/+/box/+/event", 1)])
    other.pressed()
    assert mine.pressed()[1]
    # Alarms and presence of every box are public: beacons and wall lamps need no hub.
    other.publish("alarm", '{"public":"alarm"}', retain=True)
    until(lambda: [1 for topic, _ in mine.heard if topic == f"{other.root}/alarm"], what="the other's alarm")
    foreign = [topic for topic, _ in mine.heard if not topic.startswith((mine.root, "madomori/v1/kita/hub/presence"))]
    assert {topic.rpartition("/")[2] for topic in foreign} <= {"alarm", "presence"}


def test_w18_a_will_on_another_box_is_never_heard(hub: LiveHub) -> None:
    mine, other, witness = hub.box(connect=False), hub.box(), hub.box()
    witness.client.subscribe(f"{mine.root}/presence", 1)
    mine.client.will_set(
        f"{other.root}/presence", '{"v":1,"state":"offline","session":99999999999999}', qos=1, retain=True
    )
    mine.connect()
    assert mine.pressed()[1]
    mine.drop()
    assert other.pressed()[1]
    until(lambda: "closed its connection" in hub.log("broker").rpartition(f"as {mine.name} ")[2], what="the drop")
    assert other.pressed()[1]
    assert not [topic for topic, _ in witness.heard if topic == f"{other.root}/presence" and b"9999" in _]


def test_w14_another_client_id_steals_nothing(hub: LiveHub) -> None:
    victim = hub.box()
    thief = hub.box(connect=False)
    thief.client._client_id = victim.name.encode()
    thief.connect()
    assert thief.pressed()[1]
    assert victim.client.is_connected()
    assert victim.pressed()[1]


def refusal(hub: LiveHub, context: ssl.SSLContext) -> str:
    """Why the broker does not let this certificate in; "" when it answers a CONNECT."""
    connect = b"\x10\x12\x00\x04MQTT\x05\x02\x00\x0a\x00\x00\x05probe"
    with socket.create_connection(("127.0.0.1", hub.config.mqtt.port), 10) as plain:
        try:
            # With TLS 1.3 the refusal of a client's certificate arrives after the handshake, at the first reading.
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
                secure.sendall(connect)
                return "" if secure.recv(100)[:1] == b"\x20" else "no CONNACK"
        except OSError as error:
            return type(error).__name__


def context_of(hub: LiveHub, issued: authority.Issued, folder: Path) -> ssl.SSLContext:
    (folder / "c.crt").write_bytes(issued.certificate)
    (folder / "c.key").write_bytes(issued.key)
    context = ssl.create_default_context(cafile=str(hub.config.places.ca_certificate))
    context.load_cert_chain(folder / "c.crt", folder / "c.key")
    return context


def test_w15_w16_only_a_living_certificate_of_this_site_gets_in(hub: LiveHub, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    good = authority.issue_box(hub.config.places, "probe-01", now)
    assert refusal(hub, context_of(hub, good, tmp_path)) == ""
    expired = authority.issue_box(hub.config.places, "probe-01", now - timedelta(days=3), timedelta(days=1))
    assert refusal(hub, context_of(hub, expired, tmp_path))
    other = Places(tmp_path / "other")
    other.ca_key.parent.mkdir(parents=True)
    authority.create(other, "kita", now)
    assert refusal(hub, context_of(hub, authority.issue_box(other, "probe-01", now), tmp_path))
    assert refusal(hub, ssl.create_default_context(cafile=str(hub.config.places.ca_certificate)))
    old = context_of(hub, good, tmp_path)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert refusal(hub, old)


def test_w16_plain_mqtt_is_no_way_in(hub: LiveHub) -> None:
    with socket.create_connection(("127.0.0.1", hub.config.mqtt.port), 5) as plain:
        plain.settimeout(10)
        plain.sendall(b"\x10\x10\x00\x04MQTT\x05\x02\x00\x0a\x00\x00\x03box")
        try:
            answer = plain.recv(100)
        except ConnectionError:
            answer = b""
    assert answer[:1] != b"\x20"  # no CONNACK


def test_w10_a_payload_at_the_limit_passes_and_a_huge_one_is_refused(hub: LiveHub) -> None:
    field = hub.box(resend=False)
    event = field.event("fault.raised", {"fault": "disk", "padding": ""})
    event["body"]["padding"] = "x" * (64 * 1024 - len(json.dumps(event)))
    field.send(event)
    assert len(field.outbox[event["id"]]) == 64 * 1024
    assert field.receipt(event["id"])
    lost = threading.Event()
    field.client.on_disconnect = lambda *_: lost.set()
    field.publish("event", b"x" * 200_000, qos=0)
    assert lost.wait(15)
    until(lambda: field.client.is_connected(), what="reconnect")
    assert field.pressed()[1]


def test_w15_enrolling_again_revokes_the_old_certificate_also_on_the_live_connection(hub: LiveHub) -> None:
    old = hub.box("desk-01")
    old.pressed()
    cut = threading.Event()
    old.client.on_disconnect = lambda *_: cut.set()
    new = FieldBox(hub.enrol("desk-01"))
    try:
        assert cut.wait(10), "the live connection of the old certificate was not cut"
        (gone, valid) = sorted(
            hub.rows(certificate, certificate.c.box == "desk-01"), key=lambda row: row.revoked_at is None
        )
        assert gone.revoked_at is not None
        assert valid.revoked_at is None
        assert refusal(hub, tls_of(old))
        new.connect()
        assert new.pressed()[1]
        assert len(hub.rows(incident, incident.c.box == "desk-01")) == 2
    finally:
        new.close()


def tls_of(field: FieldBox) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(field.bundle / "ca.crt"))
    context.load_cert_chain(field.bundle / "box.crt", field.bundle / "box.key")
    return context


def test_a_revoked_box_loses_link_and_way_back(hub: LiveHub) -> None:
    field, other = hub.box("desk-02"), hub.box()
    assert field.pressed()[1]
    cut = threading.Event()
    field.client.on_disconnect = lambda *_: cut.set()
    assert enrol.revoke(hub.config, hub.database, "desk-02", datetime.now(UTC))
    assert cut.wait(10)
    assert refusal(hub, tls_of(field))
    assert other.pressed()[1]
    assert not enrol.revoke(hub.config, hub.database, "nobody", datetime.now(UTC))


def test_the_broker_accepts_its_settings_without_complaint(hub: LiveHub) -> None:
    complaints = [line for line in hub.log("broker").splitlines() if "Error" in line and "OpenSSL" not in line]
    assert complaints == []
    assert "deprecated" not in hub.log("broker")


def test_reload_signals_nobody_but_a_broker(tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.run.mkdir()
    assert not broker.reload(places)
    broker.process_file(places).write_text(f"{os.getpid()}\n")  # SIGHUP would end this test run
    assert not broker.reload(places)
