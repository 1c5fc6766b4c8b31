"""The door for sealed segments: a record signed by an enrolled box, and exactly the bytes that it names."""

import base64
import binascii
import errno
from collections.abc import Iterator

from flask import Response, request

from contract.evidence import SegmentRecord
from hub.evidence import intake, room, storage
from hub.store import changes
from hub.store.engine import begin_read, begin_write
from hub.web import shapes
from hub.web.api.described import Api, Given, Operation, Raw, as_json
from hub.web.gate import SEGMENT_BYTES_MAX
from hub.web.problems import Trouble
from hub.web.site import site

CHUNK = 64 * 1024

_LATER = {"Retry-After": "30", "Connection": "close"}  # the content was not read, so the connection cannot be used on


def put_segment(incident_id: str, seq: int) -> Response:
    """Store a segment: 201 when it is new, 200 when it was here already."""
    text, signature = _signed()
    with begin_read(site().engine) as connection:
        try:
            record = intake.check(connection, text, signature, site().name, incident_id, seq)
        except intake.NotOurs as error:
            raise Trouble("bad-seal") from error
        except intake.NotYet as error:
            raise Trouble("incident-unknown", headers={"Retry-After": "5"}) from error
        except intake.Different as error:
            raise Trouble("segment-differs") from error
        stored_bytes = room.stored_bytes(connection, record.box, site().now())
    new = _store(record, stored_bytes)
    try:
        with begin_write(site().engine) as connection:
            changed = intake.keep(connection, record, text, signature, site().now())
    except intake.Different as error:
        raise Trouble("segment-differs") from error
    if changed:
        site().poke("web")
    return as_json(
        shapes.SegmentStored(incident=record.incident, seq=record.seq, digest=record.ciphertext), 201 if new else 200
    )


def _signed() -> tuple[str, str]:
    try:
        raw = base64.b64decode(request.headers.get("Madomori-Record", ""), validate=True)
        return raw.decode("ascii"), request.headers["Madomori-Signature"]
    except (binascii.Error, UnicodeDecodeError, KeyError) as error:
        raise Trouble("bad-seal") from error


def _store(record: SegmentRecord, stored_bytes: int) -> bool:
    if record.bytes > SEGMENT_BYTES_MAX:
        raise Trouble("too-large", headers={"Connection": "close"})
    if request.content_length is None:
        raise Trouble("length-needed")
    if request.content_length != record.bytes:
        raise Trouble("bad-seal")
    here = site()
    try:
        with here.room.lent(record.box, record.bytes, stored_bytes, here.now()):
            return storage.put(here.evidence, record.incident, record.seq, _chunks(), record.bytes, record.ciphertext)
    except room.NotNow as error:
        if error.news:
            with begin_write(here.engine) as connection:
                changes.add(connection, [("box", None, record.box)], here.now())
            here.poke("web")
        raise Trouble("over-quota" if isinstance(error, room.OverQuota) else "disk-full", headers=_LATER) from error
    except storage.Mismatch as error:
        raise Trouble("bad-seal") from error
    except storage.Occupied as error:
        raise Trouble("segment-differs") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise Trouble("disk-full", headers=_LATER) from error
        raise


def _chunks() -> Iterator[bytes]:
    while chunk := request.stream.read(CHUNK):
        yield chunk


def register(api: Api) -> None:
    """Add the routes of this file. No role may do this: the record's signature is the authentication."""
    api.add(
        Operation(
            "put_segment", "PUT", "/incidents/<uuid_text:incident_id>/segments/<int(max=1000000):seq>",
            "封をした録画を預ける / a sealed segment with its signed record",
            {201: shapes.SegmentStored, 200: shapes.SegmentStored}, None, body=Raw("application/octet-stream"),
            given=[
                Given("Madomori-Record", "header", {"type": "string", "contentEncoding": "base64"}, required=True),
                Given("Madomori-Signature", "header", {"type": "string", "contentEncoding": "base64"}, required=True),
            ],
            troubles=("bad-seal", "not-found", "incident-unknown", "segment-differs", "length-needed", "over-quota",
                      "disk-full"),
        ),
        put_segment,
    )  # fmt: skip
