"""The way to the hub without name service and without a clock."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from contract.messages import ClockState
from device.adapters import hub_network
from device.adapters.hub_network import AddressBook, mind_the_clock, trust

Lookup = Callable[..., Any]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def no_lookup(*_: Any, **__: Any) -> Any:
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


def test_w24_without_name_service_the_address_that_worked_last_is_used_also_after_a_restart(
    tmp_path: Path, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = ("localhost", listener.getsockname()[1])
    AddressBook(tmp_path / "addresses.json").connect(address, 5).close()
    monkeypatch.setattr(socket, "getaddrinfo", only_numbers(socket.getaddrinfo))
    with pytest.raises(OSError, match="cannot be looked up"):
        AddressBook(tmp_path / "another.json").connect(address, 5)
    AddressBook(tmp_path / "addresses.json").connect(address, 5).close()


def only_numbers(real: Lookup) -> Lookup:
    """A name service that is gone; numbers need none."""

    def lookup(host: str, *given: Any, **named: Any) -> Any:
        return real(host, *given, **named) if host[:1].isdigit() else no_lookup()

    return lookup


def test_w24_a_name_service_that_never_answers_does_not_hold_the_call_up(
    tmp_path: Path, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = ("localhost", listener.getsockname()[1])
    book = AddressBook(tmp_path / "addresses.json")
    book.connect(address, 5).close()
    real, held = socket.getaddrinfo, threading.Event()
    monkeypatch.setattr(hub_network, "RESOLVE_S", 0.05)
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: real(host, *a, **k) if host != "localhost" else held.wait() and []
    )
    book.connect(address, 5).close()
    held.set()


def test_an_address_that_cannot_be_written_down_still_connects(tmp_path: Path, listener: socket.socket) -> None:
    book = AddressBook(tmp_path / "no-such-folder" / "addresses.json")
    book.connect(("localhost", listener.getsockname()[1]), 5).close()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"localhost": 1}', "\x00\xff"])
def test_a_damaged_book_is_an_empty_one(tmp_path: Path, listener: socket.socket, content: str) -> None:
    path = tmp_path / "addresses.json"
    path.write_text(content, "utf-8")
    AddressBook(path).connect(("localhost", listener.getsockname()[1]), 5).close()


# --- the clock --------------------------------------------------------------------------------------------------------

DAY = dt.timedelta(days=1)


class Certificates:
    """An authority in `folder` and a certificate for 127.0.0.1 that is valid from `begin` on."""

    def __init__(self, folder: Path, begin: dt.datetime) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ca")])
        now = dt.datetime.now(dt.UTC)
        ca = (
            _template(ca_name, ca_name, ca_key, now - DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
            .sign(ca_key, hashes.SHA256())
        )
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub")])
        hub = (
            _template(name, ca_name, key, begin)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
            .sign(ca_key, hashes.SHA256())
        )
        (folder / "ca.crt").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
        (folder / "hub.crt").write_bytes(hub.public_bytes(serialization.Encoding.PEM))
        (folder / "hub.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "hub.crt", self.folder / "hub.key")
        return context


def _template(name: x509.Name, issuer: x509.Name, key: Any, begin: dt.datetime) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
    return builder.serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(begin + 90 * DAY)


def shakes_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str = "localhost") -> bool:
    """Whether the client believes the server."""
    here, there = socket.socketpair()

    def serve() -> None:
        try:
            with server.wrap_socket(there, server_side=True) as secured:
                secured.recv(1)
        except OSError:
            return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        client.wrap_socket(here, server_hostname=name).close()
    except ssl.SSLCertVerificationError:
        here.close()
        return False
    finally:
        thread.join()
    return True


def test_d22_a_clock_that_is_not_set_does_not_stop_a_call_and_one_that_is_set_is_believed(tmp_path: Path) -> None:
    now = dt.datetime.now(dt.UTC)
    good, early = Certificates(tmp_path / "good", now - DAY), Certificates(tmp_path / "early", now + 30 * DAY)
    for certificates, state, believed in (
        (good, ClockState.SYNCED, True),  # the clean case
        (good, ClockState.UNSYNCED, True),
        (early, ClockState.SYNCED, False),
        (early, ClockState.UNSYNCED, True),
    ):
        context = trust(certificates.folder, certificate=False)
        mind_the_clock(context, partial(ClockState, state))
        assert shakes_hands(certificates.server(), context) is believed, (certificates.folder.name, state)


def test_d22_the_check_comes_back_with_the_clock(tmp_path: Path) -> None:
    early = Certificates(tmp_path / "early", dt.datetime.now(dt.UTC) + 30 * DAY)
    context = trust(early.folder, certificate=False)
    for state, believed in ((ClockState.UNSYNCED, True), (ClockState.SYNCED, False), (ClockState.UNSYNCED, True)):
        mind_the_clock(context, partial(ClockState, state))
        assert shakes_hands(early.server(), context) is believed


def test_d22_authority_and_name_are_checked_whatever_the_clock_says(tmp_path: Path) -> None:
    now = dt.datetime.now(dt.UTC)
    ours, others = Certificates(tmp_path / "ours", now - DAY), Certificates(tmp_path / "others", now - DAY)
    context = trust(ours.folder, certificate=False)
    mind_the_clock(context, lambda: ClockState.UNSYNCED)
    assert shakes_hands(ours.server(), context)
    assert not shakes_hands(others.server(), context)
    assert not shakes_hands(ours.server(), context, "another.example")
