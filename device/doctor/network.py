"""The way to the hub: name, port, TLS, broker, pages. Where the uplink runs, its place at the broker is left alone."""

import http.client
import os
import socket
import ssl
import threading
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from device.adapters.wire_unix import UPLINK
from device.config import BoxSettings
from device.doctor.findings import ENROLL, NO_HUB, Finding, Report, Words

PATIENCE_S: Final = 5.0

_MEANS_PAGES: Final = Words(
    "通報は届きますが、録画がハブに届きません。", "Calls arrive, but recordings do not reach the hub."
)


def uplink_runs(state: Path) -> bool:
    """Whether an uplink listens on this bundle."""
    try:
        folder = os.open(
            state, os.O_RDONLY | os.O_DIRECTORY
        )  # a socket's path holds 108 bytes, a bundle may lie deeper
    except OSError:
        return False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking:
            asking.connect(f"/proc/self/fd/{folder}/{UPLINK}")
    except OSError:
        return False
    finally:
        os.close(folder)
    return True


def look(directory: Path, settings: BoxSettings, running: bool, report: Report) -> None:
    """Go to the hub as the uplink does, step by step, and say at which step it ends."""
    host, _, port = settings.hub.mqtt.rpartition(":")
    address = host.strip("[]"), int(port)
    try:
        socket.create_connection(address, PATIENCE_S).close()
    except OSError as error:
        report.findings.append(_no_way(settings.hub.mqtt, error))
        return
    context = _trust(directory)
    if context is None:
        return  # the certificates are told of already
    problem = _tls(address, context)
    if problem is not None:
        report.findings.append(problem)
    elif not running:
        refused = _broker(address, settings.box, context)
        if refused is not None:
            report.findings.append(refused)
    _pages(settings.hub.url, context, report)


def _no_way(where: str, error: OSError) -> Finding:
    if isinstance(error, socket.gaierror):
        found = Words(f"{where} の名前を調べられません。", f"The name of {where} cannot be looked up.")
        remedy = Words(
            "庁内の DNS と、box.toml の [hub] mqtt の綴りを確かめてください。番号（IP）で書くこともできます。",
            "See the name service, and the spelling of [hub] mqtt in box.toml. An address will do as well.",
        )
    else:
        reason = "応答なし" if isinstance(error, TimeoutError) else str(error.strerror)
        found = Words(f"ハブ {where} につながりません（{reason}）。", f"The hub {where} is not reached ({error}).")
        remedy = Words(
            "LAN ケーブル、ハブの電源、途中の防火壁（そのポートの TCP）を順に確かめてください。",
            "See the cable, then whether the hub runs, then firewalls on the way (TCP, that port).",
        )
    return Finding("hub_unreachable", found, NO_HUB, remedy)


def _trust(directory: Path) -> ssl.SSLContext | None:
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(directory / "ca.crt"))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(str(directory / "box.crt"), str(directory / "box.key"))
    except (OSError, ssl.SSLError):
        return None
    return context


def _tls(address: tuple[str, int], context: ssl.SSLContext) -> Finding | None:
    try:
        with (
            socket.create_connection(address, PATIENCE_S) as plain,
            context.wrap_socket(plain, server_hostname=address[0]),
        ):
            return None
    except ssl.SSLCertVerificationError as error:
        reason = error.verify_message
        return Finding(
            "hub_not_trusted",
            Words(
                f"ハブの証明書を確かめられません（{reason}）。", f"The hub's certificate does not verify ({reason})."
            ),
            NO_HUB,
            Words(
                "box.toml の [hub] mqtt が正しいハブか、この機械の時計が合っているか確かめ、"
                "ハブを作り直したときは登録（enroll）し直してください。",
                "See that [hub] mqtt in box.toml is the right hub and that this machine's clock is right;"
                " if the hub was made anew, enrol the box again.",
            ),
        )
    except OSError as error:
        return Finding(
            "hub_no_tls",
            Words(f"ハブと暗号化した通信ができません（{error}）。", f"The hub speaks no TLS with this box ({error})."),
            NO_HUB,
            Words(
                "[hub] mqtt のポートを確かめ、箱の証明書が失効していたら登録（enroll）し直してください。",
                "See that the port in [hub] mqtt is the broker's. If the box was revoked, enrol it again.",
            ),
        )


def _broker(address: tuple[str, int], box: str, context: ssl.SSLContext) -> Finding | None:
    """Say who we are to the broker. Only while no uplink runs: a second connection would push out the first."""
    answered = threading.Event()
    refused: list[str] = []

    def connected(_client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            refused.append(str(reason))
        answered.set()

    def lost(_client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not answered.is_set():
            refused.append(str(reason))
            answered.set()

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=box, protocol=mqtt.MQTTv5, reconnect_on_failure=False)
    client.tls_set_context(context)
    client.on_connect, client.on_disconnect = connected, lost
    try:
        client.connect(*address, keepalive=10)
        client.loop_start()
        if not answered.wait(PATIENCE_S):
            refused.append("no answer")
    except (OSError, ValueError) as error:
        refused.append(str(error))
    finally:
        client.disconnect()
        client.loop_stop()
    if not refused:
        return None
    return Finding(
        "broker_refuses",
        Words(f"ハブがこの箱を受け付けません（{refused[0]}）。", f"The hub's broker refuses this box ({refused[0]})."),
        NO_HUB,
        Words(
            "箱の登録が取り消されています。ハブの「箱」のページを確かめ、" + ENROLL.ja,
            "The box was revoked. See the hub's page of boxes. " + ENROLL.en,
        ),
    )


def _pages(url: str, context: ssl.SSLContext, report: Report) -> None:
    where = urlsplit(url)
    host, port = where.hostname or "", where.port
    try:
        connection = (
            http.client.HTTPSConnection(host, port, timeout=PATIENCE_S, context=context)
            if where.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
        )
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
        connection.close()
        reason = None if status == 200 else f"HTTP {status}"
    except (OSError, http.client.HTTPException) as error:
        reason = str(error)
    if reason is not None:
        report.findings.append(
            Finding(
                "hub_pages",
                Words(
                    f"録画の送り先 {url} が応答しません（{reason}）。", f"{url} does not take recordings ({reason})."
                ),
                _MEANS_PAGES,
                Words(
                    "box.toml の [hub] url と、ハブの madomori-hub web が動いているかを確かめてください。",
                    "See [hub] url in box.toml, and that madomori-hub web runs on the hub.",
                ),
            )
        )
