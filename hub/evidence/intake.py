"""What a segment must be to come in: signed by the box's enrolled evidence key, for an incident of that box."""

import base64
import binascii
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, insert, select, update

from contract.codec import MalformedMessage
from contract.evidence import SegmentRecord, head_of, read_record, signed_bytes
from hub.evidence.storage import SEQ_MAX
from hub.store.schema import box, change, incident, segment

TOLD_EVERY: Final = 5
"""Pages hear of every fifth segment (10 s), the first and the last: each change makes every dashboard ask again."""


class NotOurs(ValueError):
    """No record, not of this site, not for this place, or not signed by an enrolled box."""


class NotYet(LookupError):
    """The incident is not known here, or not as this box's. The press is still on its way; try again."""


class Different(ValueError):
    """Another record stands under this number. It stays."""


def verify(key: str, message: bytes, signature: str) -> bool:
    """Whether `signature` (base64) over `message` was made with the Ed25519 `key` (raw, base64)."""
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
        public.verify(base64.b64decode(signature, validate=True), message)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def check(connection: Connection, text: str, signature: str, site: str, incident_id: str, seq: int) -> SegmentRecord:
    """The record, once everything about it holds that can be known without its content.

    Raises:
        NotOurs, NotYet, Different: see there.
    """
    try:
        record = read_record(text)
    except MalformedMessage as error:
        raise NotOurs(str(error)) from error
    if (record.site, record.incident, record.seq) != (site, incident_id, seq) or seq > SEQ_MAX:
        raise NotOurs("meant for another place")
    enrolled = connection.execute(
        select(box.c.evidence_key, box.c.revoked_at).where(box.c.name == record.box)
    ).one_or_none()
    if enrolled is None or enrolled.revoked_at is not None or enrolled.evidence_key is None:
        raise NotOurs("not an enrolled box")
    if record.device_key != enrolled.evidence_key or not verify(enrolled.evidence_key, signed_bytes(text), signature):
        raise NotOurs("the signature does not hold")
    owner = connection.execute(select(incident.c.box).where(incident.c.id == incident_id)).scalar_one_or_none()
    if owner is None:
        raise NotYet(incident_id)
    if owner != record.box:
        raise NotOurs("an incident of another box")
    known = connection.execute(
        select(segment.c.head).where(segment.c.incident == incident_id, segment.c.seq == seq)
    ).scalar_one_or_none()
    if known is not None and known != head_of(text):
        raise Different(f"segment {seq}")
    return record


def keep(connection: Connection, record: SegmentRecord, text: str, signature: str, now: datetime) -> bool:
    """Write down that the content is durable here; whether pages are to be told.

    Raises:
        Different: see there.
    """
    here = (segment.c.incident == record.incident) & (segment.c.seq == record.seq)
    known = connection.execute(select(segment.c.head, segment.c.stored_at).where(here)).one_or_none()
    if known is not None and known.head != head_of(text):
        raise Different(f"segment {record.seq}")
    if known is not None and known.stored_at is not None:
        return False
    if known is not None:
        connection.execute(update(segment).where(here).values(stored_at=now))
    else:
        connection.execute(
            insert(segment).values(
                incident=record.incident,
                seq=record.seq,
                box=record.box,
                record=text,
                signature=signature,
                head=head_of(text),
                start_ms=record.start_ms,
                end_ms=record.end_ms,
                bytes=record.bytes,
                stored_at=now,
            )
        )
    if not record.last and record.seq % TOLD_EVERY:
        return False
    connection.execute(insert(change).values(kind="incident", incident=record.incident, box=record.box, at=now))
    return True
