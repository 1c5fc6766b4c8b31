"""The site's private certificate authority: EC P-256 keys, one client certificate per box, a revocation list.

Which certificates were issued stands in the database (`hub.store.certificates`); keys and the list are files here.
"""

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from contract.topics import is_name
from hub.places import Places, write_private

CA_LIFE: Final = timedelta(days=3650)
LEAF_LIFE: Final = timedelta(days=825)
"""Long, because renewal over the wire does not exist yet: a certificate that ran out would silence a box. 825 days is
the longest that common TLS clients accept of a server."""
RENEW_BEFORE: Final = timedelta(days=90)
"""The hub's own certificates are made anew at a start that finds less than this left."""

EARLIER: Final = timedelta(days=1)
"""A box whose clock is a little behind must not find its certificate "not yet valid"."""

HUB: Final = "hub"
"""CN of the hub's own client certificate. No box can have this name (`contract.topics.RESERVED_NAMES`)."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A fresh certificate with its key, both PEM. `serial` is hexadecimal."""

    serial: str
    certificate: bytes
    key: bytes
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Revoked:
    """One line of the revocation list."""

    serial: str
    at: datetime


class BadName(ValueError):
    """Not a name for a box: it fills one topic level and one certificate CN."""


def create(places: Places, site: str, now: datetime) -> None:
    """Make the CA's key, its certificate and an empty revocation list.

    Raises:
        OSError: the disk refuses.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Madomori {site} CA")
    certificate = (
        _builder(name, name, key.public_key(), now, CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(places.ca_key, _pem(key))
    write_private(places.ca_certificate, certificate.public_bytes(serialization.Encoding.PEM))
    write_revocations(places, (), now)


def issue_server(places: Places, hosts: Iterable[str], now: datetime) -> Issued:
    """A certificate for the broker and the pages; always good for this machine's own names as well."""
    names = x509.SubjectAlternativeName(_names(hosts))
    return _issue(places, "Madomori hub", ExtendedKeyUsageOID.SERVER_AUTH, now, names)


def hub_certificates_fit(places: Places, hosts: Iterable[str], now: datetime) -> bool:
    """Whether the hub's own certificates are good for `hosts` and for a while yet.

    Raises:
        OSError, ValueError: a certificate cannot be read.
    """
    server = x509.load_pem_x509_certificate(places.server_certificate.read_bytes())
    client = x509.load_pem_x509_certificate(places.client_certificate.read_bytes())
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    lasting = min(server.not_valid_after_utc, client.not_valid_after_utc) - now > RENEW_BEFORE
    return lasting and set(_names(hosts)) <= set(names)


def _names(hosts: Iterable[str]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for host in dict.fromkeys([*hosts, "localhost", "127.0.0.1", "::1", socket.gethostname()]):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
    return names


def issue_hub_client(places: Places, now: datetime) -> Issued:
    """The certificate by which the broker knows the hub."""
    return _issue(places, HUB, ExtendedKeyUsageOID.CLIENT_AUTH, now)


def issue_box(places: Places, box: str, now: datetime, life: timedelta = LEAF_LIFE) -> Issued:
    """A client certificate with CN = `box`.

    Raises:
        BadName: the name is reserved or does not fit a topic level.
    """
    if not is_name(box):
        raise BadName(box)
    return _issue(places, box, ExtendedKeyUsageOID.CLIENT_AUTH, now, life=life)


def write_revocations(places: Places, revoked: Iterable[Revoked], now: datetime) -> None:
    """Replace the revocation list. The broker reads it at start and at SIGHUP.

    OpenSSL refuses *every* client once the list's next update has passed, so that date lies as far off as the CA's end.
    """
    authority, key = _authority(places)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.subject)
        .last_update(now - EARLIER)
        .next_update(now + CA_LIFE)
    )
    for one in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(int(one.serial, 16)).revocation_date(one.at).build()
        )
    listed = builder.sign(key, hashes.SHA256())
    write_private(places.crl, listed.public_bytes(serialization.Encoding.PEM))


def _issue(
    places: Places,
    common_name: str,
    usage: x509.ObjectIdentifier,
    now: datetime,
    names: x509.SubjectAlternativeName | None = None,
    life: timedelta = LEAF_LIFE,
) -> Issued:
    authority, authority_key = _authority(places)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(_name(common_name), authority.subject, key.public_key(), now, life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
    )
    if names is not None:
        builder = builder.add_extension(names, critical=False)
    certificate = builder.sign(authority_key, hashes.SHA256())
    return Issued(
        serial=f"{certificate.serial_number:x}",
        certificate=certificate.public_bytes(serialization.Encoding.PEM),
        key=_pem(key),
        expires_at=certificate.not_valid_after_utc,
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + life)
    )


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _authority(places: Places) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate = x509.load_pem_x509_certificate(places.ca_certificate.read_bytes())
    key = serialization.load_pem_private_key(places.ca_key.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the CA key is no elliptic-curve key")
    return certificate, key


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
