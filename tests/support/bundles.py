"""A bundle as `madomori-hub enroll` writes it, without a hub: real certificates of a throw-away CA."""

import base64
import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).parents[2]
RECIPIENTS = (
    "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
    "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg",
)
"""Public examples of the age project; nobody's."""
KEYS = f"""
[evidence]
recipients = ["{RECIPIENTS[0]}", "{RECIPIENTS[1]}"]
escrow = "{RECIPIENTS[1]}"
"""


class Authority:
    """A private CA, as a hub has one."""

    def __init__(self, name: str = "test CA") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self._name, self.key, days=3650, ca=True)

    def issue(self, name: str, days: int = 365) -> tuple[bytes, bytes]:
        """(certificate, private key) in PEM; `days` below 0 is expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._sign(subject, key, days=days, ca=False)
        return certificate.public_bytes(serialization.Encoding.PEM), pem(key)

    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, days: int, ca: bool) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=400))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.DNSName("127.0.0.1")]), critical=False
            )
            .sign(self.key, hashes.SHA256())
        )


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def make_bundle(
    directory: Path,
    *,
    extra: str = "",
    mqtt: str = "127.0.0.1:8883",
    authority: Authority | None = None,
    days: int = 365,
) -> Path:
    """A bundle in `directory` (made) with `extra` at the end of its settings."""
    authority = authority or Authority()
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    receipt_key = base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    (directory / "box.toml").write_text(
        f"""site = "kita"
box = "counter-01"
counter = "2階 住民票 3番"

[hub]
mqtt = "{mqtt}"
url = "http://127.0.0.1:8080"

[hub.receipt_keys]
"hub-1" = "{receipt_key}"
{extra if "[evidence]" in extra else extra + KEYS}""",
        "utf-8",
    )
    (directory / "profile.toml").write_bytes((ROOT / "contract/profiles/default.toml").read_bytes())
    certificate, key = authority.issue("counter-01", days)
    (directory / "ca.crt").write_bytes(authority.pem())
    (directory / "box.crt").write_bytes(certificate)
    (directory / "box.key").write_bytes(key)
    (directory / "box.key").chmod(0o600)
    return directory
