"""Segment records: what a box signs about each piece of a recording, and how the pieces hang together.

Signatures themselves are made and checked outside, so that this room stays pure; `verify` comes in as a function.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Final, Literal

from pydantic import Field

from contract.codec import MalformedMessage, canonical, decode
from contract.messages import (
    VERSION,
    Base64,
    ClockState,
    Counter,
    Digest,
    Flag,
    Id,
    Message,
    Moment,
    Name,
    Version,
)

SEGMENT_CONTEXT: Final = b"madomori-seg-v1\0"
"""Prefix of the signed bytes: a signature made for one purpose cannot serve another."""

CHAIN_START: Final = "sha256:" + "0" * 64
"""`prev` of the first record of a chain."""

Verify = Callable[[str, bytes, str], bool]
"""(public key base64, message, signature base64) -> whether it holds.

The key comes out of the record itself, so `verify` must also say no to keys that were never enrolled for the box.
"""


class BrokenChain(ValueError):
    """Records that do not follow each other. `seq` is the first that does not."""

    def __init__(self, seq: int, reason: str) -> None:
        super().__init__(f"segment {seq}: {reason}")
        self.seq = seq


class Gap(Message):
    """Something of the recording that is not there. Times as in the record it stands in."""

    stream: Literal["picture", "sound"]
    start_ms: Counter
    end_ms: Counter
    why: Literal["lost", "frozen", "black", "silent", "withheld", "off", "disk", "overrun", "restart"]
    """lost: the device gave nothing. frozen, black, silent: it gave something that shows nothing, and that was kept.
    withheld: sound from before the notice. off: this box does not record it, by the city's policy or for want of a
    device. disk, overrun: it could not be stored. restart: the box was off."""


class SegmentRecord(Message):
    """One sealed piece of a recording. Times in ms count from the first kept picture or sound of the incident."""

    v: Version = VERSION
    incident: Id
    site: Name
    box: Name
    device_key: Base64
    boot: Id
    seq: Counter
    prev: Digest
    at: Moment
    mono_ms: Counter
    clock: ClockState
    start_ms: Counter
    end_ms: Counter
    seal: Literal["none", "age"]
    bytes: Counter
    ciphertext: Digest
    plaintext: Digest
    video: Flag
    audio: Flag
    last: Flag = False
    gaps: tuple[Gap, ...] | None = Field(default=None, min_length=1, max_length=16)
    """What is missing in this segment or before it: that a picture is frozen is known only after some seconds."""

    def signed_text(self) -> str:
        """The record as the one text that is signed, sent and stored."""
        return canonical(self.to_wire()).decode("ascii")


def signed_bytes(record_text: str) -> bytes:
    """What the box's signature covers, context included."""
    return SEGMENT_CONTEXT + record_text.encode("ascii", "strict")


def head_of(record_text: str) -> str:
    """The digest that the next record carries as `prev`."""
    return digest(signed_bytes(record_text))


def digest(content: bytes) -> str:
    """SHA-256 of `content` in the form the contract uses."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def read_record(record_text: str) -> SegmentRecord:
    """The record in `record_text`.

    Raises:
        MalformedMessage: not a record, or not in its canonical spelling (which is the only one that is signed).
    """
    try:
        raw = record_text.encode("ascii")
    except UnicodeEncodeError as error:
        raise MalformedMessage("record: not ASCII") from error
    record = decode(SegmentRecord, raw)
    if canonical(json.loads(raw)) != raw:
        raise MalformedMessage("record: not in canonical spelling")
    return record


def check_chain(signed: Iterable[tuple[str, str]], verify: Verify) -> str:
    """The head of a chain of (record text, signature) in order, after checking each link and signature.

    Raises:
        BrokenChain: a gap, a wrong link, a foreign record or a bad signature.
        MalformedMessage: a text that is no record.
    """
    head = CHAIN_START
    first: SegmentRecord | None = None
    for seq, (text, signature) in enumerate(signed):
        record = read_record(text)
        if record.seq != seq:
            raise BrokenChain(seq, f"expected number {seq}, found {record.seq}")
        if record.prev != head:
            raise BrokenChain(seq, "does not follow the record before it")
        first = first or record
        if record.incident != first.incident:
            raise BrokenChain(seq, "belongs to another incident")
        if (record.site, record.box) != (first.site, first.box):
            raise BrokenChain(seq, "belongs to another box")
        if not verify(record.device_key, signed_bytes(text), signature):
            raise BrokenChain(seq, "the signature does not hold")
        head = head_of(text)
    return head
