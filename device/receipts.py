"""Which receipts count."""

import json
import logging
from base64 import b64decode
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contract.codec import MalformedMessage, canonical, decode
from contract.messages import Receipt

log = logging.getLogger("madomori.uplink")


class ReceiptKeys:
    """The hub keys whose receipts count."""

    def __init__(self, keys: dict[str, str]) -> None:
        self._keys = {name: Ed25519PublicKey.from_public_bytes(b64decode(key)) for name, key in keys.items()}

    def accept(self, payload: bytes) -> Receipt | None:
        """The receipt in `payload` when a known key signed it, else None: the events stay and are sent again (D29)."""
        try:
            receipt = decode(Receipt, payload)
            fields: dict[str, Any] = json.loads(payload)
            signature = b64decode(fields.pop("signature"), validate=True)
            self._keys[receipt.key].verify(signature, canonical(fields))
        except (MalformedMessage, ValueError, KeyError, InvalidSignature) as error:
            log.warning("receipt refused: %s", error.__class__.__name__)
            return None
        return receipt
