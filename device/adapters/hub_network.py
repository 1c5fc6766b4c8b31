"""The way to the hub when name service or clock are not there: a call for help must not wait for either."""

import http.client
import json
import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import paho.mqtt.client as mqtt

from contract.messages import ClockState
from device.adapters.clock_system import clock_state

log = logging.getLogger("madomori.network")

RESOLVE_S: Final = 2.0
"""So long the name service may think. Without an answer the address that worked last is used (faults, W24)."""

_NO_CHECK_TIME: Final = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL's x509_vfy.h; Python has no name for it."""


class AddressBook:
    """Connects to hosts by name and remembers in `path` which address worked. Safe from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._known: dict[str, str] = _read(path)

    def connect(self, address: tuple[str, int], timeout: Any = None, source_address: Any = None) -> socket.socket:
        """A connected socket, like `socket.create_connection`; `timeout` in seconds.

        Raises:
            OSError: no address of the host answers.
        """
        host, port = address
        found, remembered = _resolved(host), self._known.get(host)
        if not found and remembered is not None:
            log.warning("%s cannot be looked up; trying %s, which worked before", host, remembered)
            found = [remembered]
        error: OSError = socket.gaierror(socket.EAI_NONAME, f"{host}: 名前を解決できません / cannot be looked up")
        for one in found:
            try:
                made = socket.create_connection((one, port), timeout, source_address)
            except OSError as refused:
                error = refused
                continue
            self._remember(host, one)
            return made
        raise error

    def _remember(self, host: str, address: str) -> None:
        with self._lock:
            if self._known.get(host) == address:
                return
            self._known[host] = address
            temporary = self._path.with_suffix(".new")
            try:
                temporary.write_text(json.dumps(self._known), "utf-8")
                os.replace(temporary, self._path)
            except OSError as error:  # a full disk; it is remembered for as long as this program runs
                log.warning("%s: the hub's address cannot be written down: %s", self._path, error.strerror)


class HubClient(mqtt.Client):
    """paho's client, connecting through an address book."""

    addresses: AddressBook

    def _create_socket_connection(self) -> socket.socket:
        return self.addresses.connect((self._host, self._port), self._connect_timeout)


def https_connection(
    host: str, port: int | None, context: ssl.SSLContext, addresses: AddressBook, timeout_s: float
) -> http.client.HTTPSConnection:
    """A connection for uploads, not connected yet."""
    connection = http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)
    connection._create_connection = addresses.connect  # type: ignore[attr-defined]
    return connection


def trust(directory: Path, *, certificate: bool) -> ssl.SSLContext:
    """TLS that believes the site's own authority alone; with `certificate` the box shows its own.

    Raises:
        OSError: a file of the bundle cannot be read or is no certificate or key.
    """
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(directory / "ca.crt"))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate:
        context.load_cert_chain(str(directory / "box.crt"), str(directory / "box.key"))
    return context


def mind_the_clock(context: ssl.SSLContext, state: Callable[[], ClockState] = clock_state) -> None:
    """Before each connect: check the hub's certificate against the clock only when the clock is known to be right.

    A board without a battery may start years back and would find every certificate "not yet valid". Authority, name
    and the hub's signed receipts are checked as ever (faults, D22).
    """
    if state() is ClockState.SYNCED:
        context.verify_flags &= ~_NO_CHECK_TIME
    else:
        context.verify_flags |= _NO_CHECK_TIME


def _resolved(host: str) -> list[str]:
    """Addresses of `host`, or none when the name service fails or thinks for too long."""
    answers: list[str] = []
    done = threading.Event()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError as error:
            log.info("%s: %s", host, error)
        else:
            answers.extend(dict.fromkeys(str(one[4][0]) for one in found))
        done.set()

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    return answers if done.wait(RESOLVE_S) else []


def _read(path: Path) -> dict[str, str]:
    try:
        known = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(host): str(address) for host, address in known.items()} if isinstance(known, dict) else {}
