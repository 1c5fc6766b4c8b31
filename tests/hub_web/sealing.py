"""A box's hands: keys, small fragmented MP4 segments, signed records."""

import base64
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyrage import encrypt, x25519

from contract.evidence import CHAIN_START, SegmentRecord, digest, head_of, signed_bytes

BOOT = "01938f00-0000-7000-8000-000000000001"


def atom(kind: bytes, content: bytes) -> bytes:
    """One MP4 box."""
    return struct.pack(">I4s", 8 + len(content), kind) + content


INIT = atom(b"ftyp", b"isom\0\0\0\0isom") + atom(b"moov", b"as every segment of this recording has it")


def segment(seq: int, size: int = 200, init: bytes = INIT) -> bytes:
    """A self-contained segment: the beginning, then one fragment with recognisable content."""
    return init + atom(b"moof", f"fragment {seq}".encode()) + atom(b"mdat", bytes([seq % 251]) * size)


@dataclass
class SigningBox:
    """Signs segment records as an enrolled box does."""

    name: str = "counter-01"
    site: str = "kita"
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    head: str = CHAIN_START
    recipients: tuple[str, ...] = ()
    """age public keys; none: content goes as it is, which does for tests that never open it."""

    @property
    def public(self) -> str:
        return base64.b64encode(self.key.public_key().public_bytes_raw()).decode()

    def sealed(self, incident: str, seq: int, content: bytes, /, **changed: Any) -> tuple[bytes, str]:
        """What is stored of `content`, and its record."""
        stored = encrypt(content, [x25519.Recipient.from_str(one) for one in self.recipients])
        return stored, self.record(incident, seq, stored, seal="age", plaintext=digest(content), **changed)

    def record(self, incident: str, seq: int, content: bytes, /, **changed: Any) -> str:
        """The canonical text of the record of `content`; `changed` fields are as a forger would have them."""
        fields: dict[str, Any] = {
            "incident": incident, "site": self.site, "box": self.name, "device_key": self.public, "boot": BOOT,
            "seq": seq, "prev": self.head, "at": datetime(2026, 11, 20, 2, 41, 40, tzinfo=UTC), "mono_ms": 5000 + seq,
            "clock": "synced", "start_ms": seq * 2000, "end_ms": (seq + 1) * 2000, "seal": "none",
            "bytes": len(content), "ciphertext": digest(content), "plaintext": digest(content), "video": True,
            "audio": True,
        }  # fmt: skip
        text = SegmentRecord(**(fields | changed)).signed_text()
        self.head = head_of(text)
        return text

    def headers(self, text: str, signature: bytes | None = None) -> dict[str, str]:
        """The headers that go with a segment."""
        signature = signature if signature is not None else self.key.sign(signed_bytes(text))
        return {
            "Madomori-Record": base64.b64encode(text.encode()).decode(),
            "Madomori-Signature": base64.b64encode(signature).decode(),
        }
