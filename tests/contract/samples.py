"""The golden samples of `contract/samples/`, which model reads each, and the throw-away keys that signed them."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from contract.codec import decode, decode_event
from contract.evidence import SegmentRecord
from contract.messages import AlarmState, AnyEvent, Command, Health, HubPresence, Message, Presence, Receipt

FOLDER: Final = Path(__file__).parents[2] / "contract" / "samples"

# The samples are signed with keys made from these words, so that anybody can make them again. Nothing trusts them.
HUB_KEY_WORDS: Final = b"madomori sample: receipt key hub-1, never used anywhere"
BOX_KEY_WORDS: Final = b"madomori sample: evidence key of counter-01, never used anywhere"
HUB_PUBLIC_KEY: Final = "1ZqluI6qpQckcmOJqmot042CdOGykTAfvbVlBeicl8g="
BOX_PUBLIC_KEY: Final = "tDXbqoN0UfEeUvvFeLWZnhXz79bC8RLghC1meS2PgBA="

NAMES: Final = tuple(sorted(path.name.removesuffix(".json") for path in FOLDER.glob("*.json")))
EVENT_NAMES: Final = tuple(name for name in NAMES if name.startswith("event."))
OTHER_MODELS: Final[dict[str, type[Message]]] = {
    "alarm": AlarmState,
    "presence": Presence,
    "health": Health,
    "receipt": Receipt,
    "command": Command,
    "hub-presence": HubPresence,
    "segment-record": SegmentRecord,
}
"""By the first word of the file's name."""


def sample(name: str) -> dict[str, Any]:
    """The JSON value of one sample."""
    value: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return value


def samples() -> dict[str, dict[str, Any]]:
    """All of them, by name."""
    return {name: sample(name) for name in NAMES}


def payload(fields: object) -> bytes:
    """`fields` as a sender might spell them."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def reader(name: str) -> Callable[[bytes], AnyEvent | Message]:
    """What reads the payload of the sample `name`."""
    if name.startswith("event."):
        return decode_event
    model = OTHER_MODELS[name.split(".")[0]]
    return lambda content: decode(model, content)


def private_key(words: bytes) -> Ed25519PrivateKey:
    """The key made from `words`."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(words).digest())


def sign(words: bytes, message: bytes) -> str:
    """A signature in base64."""
    return base64.b64encode(private_key(words).sign(message)).decode("ascii")


def verify(key: str, message: bytes, signature: str) -> bool:
    """Whether `signature` over `message` was made with `key` (both base64)."""
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(key)).verify(base64.b64decode(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True
