"""Signed receipts: the hub's word that events are durable here (design, section 8)."""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.codec import canonical
from contract.messages import VERSION, utc_text
from hub.config import RECEIPT_KEY_ID
from hub.places import Places, write_private


class Signer:
    """Signs receipts with the site's receipt key. Any thread."""

    def __init__(self, key: Ed25519PrivateKey, key_id: str = RECEIPT_KEY_ID) -> None:
        self._key = key
        self._id = key_id

    @property
    def public_key(self) -> str:
        """The raw public key in base64, as `box.toml` carries it."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode("ascii")

    def receipt(
        self,
        events: Sequence[str],
        at: datetime,
        incident: tuple[str, str] | None = None,
        witness: tuple[str, int] | None = None,
    ) -> bytes:
        """The payload that says `events` are durable. `incident` is (id, number), `witness` is (head, leaf).

        The signature covers the canonical JSON of all other fields; absent fields are left out of both.
        """
        fields: dict[str, Any] = {"v": VERSION, "events": list(events), "at": utc_text(at), "key": self._id}
        if incident is not None:
            fields["incident"] = {"id": incident[0], "number": incident[1]}
        if witness is not None:
            fields["witness"] = {"head": witness[0], "leaf": witness[1]}
        fields["signature"] = base64.b64encode(self._key.sign(canonical(fields))).decode("ascii")
        return json.dumps(fields, separators=(",", ":")).encode("ascii")


def create(places: Places) -> Signer:
    """Make the site's receipt key.

    Raises:
        OSError: the disk refuses.
    """
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(places.receipt_key, pem)
    return Signer(key)


def load(places: Places) -> Signer:
    """The site's signer.

    Raises:
        OSError: the key cannot be read.
        ValueError, TypeError: it is no Ed25519 key.
    """
    key = serialization.load_pem_private_key(places.receipt_key.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("the receipt key is no Ed25519 key")
    return Signer(key)
