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

CHUNK = 8 * 1024  # what came of a chunk is lost when the link breaks in it

_SEAL = [
    Given("Madomori-Record", "header", {"type": "string", "contentEncoding": "base64"}, required=True),
    Given("Madomori-Signature", "header", {"type": "string", "contentEncoding": "base64"}, required=True),
]
_LATER = {"Retry-After": "30", "Connection": "close"}  # the content was not read, so the connection cannot be used on


def put_segment(incident_id: str, seq: int) -> Response:
    """Store a segment: 201 when it is new, 200 when it was here already.

    With `Upload-Offset` the body is what follows that many bytes of an upload that broke off.
    """
    text, signature = _signed()
    record, stored_bytes = _checked(incident_id, seq, text, signature)
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


def ask_segment(incident_id: str, seq: int) -> Response:
    """Where an upload that broke off is to go on: `Upload-Offset`, in bytes."""
    record, _ = _checked(incident_id, seq, *_signed())
    here = storage.received(site().evidence, record.incident, record.seq, record.ciphertext)
    return Response(status=204, headers={"Upload-Offset": str(min(here, record.bytes))})


def _checked(incident_id: str, seq: int, text: str, signature: str) -> tuple[SegmentRecord, int]:
    """The record, and how much this box has stored lately."""
    with begin_read(site().engine) as connection:
        try:
            record = intake.check(connection, text, signature, site().name, incident_id, seq)
        except intake.NotOurs as error:
            raise Trouble("bad-seal") from error
        except intake.NotYet as error:
            raise Trouble("incident-unknown", headers={"Retry-After": "5"}) from error
        except intake.Different as error:
            raise Trouble("segment-differs") from error
        return record, room.stored_bytes(connection, record.box, site().now())


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
    offset = request.headers.get("Upload-Offset", 0, type=int)
    if not 0 <= offset <= record.bytes or request.content_length != record.bytes - offset:
        raise Trouble("bad-seal")
    here = site()
    place = (here.evidence, record.incident, record.seq)
    try:
        with here.room.lent(record.box, record.bytes, stored_bytes, here.now()):
            return storage.put(*place, _chunks(), record.bytes, record.ciphertext, offset)
    except storage.NotThere as error:
        raise Trouble("wrong-offset", headers={"Connection": "close"}) from error
    except room.NotNow as error:
        if error.news:
            with begin_write(here.engine) as connection:
                changes.add(connection, [("box", None, record.box)], here.now())
            here.poke("web")
        raise Trouble("over-quota" if isinstance(error, room.OverQuota) else "disk-full", headers=_LATER) from error
    except (storage.Mismatch, storage.BrokenOff) as error:
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
            given=[*_SEAL, Given("Upload-Offset", "header", {"type": "integer", "minimum": 0, "default": 0})],
            troubles=("bad-seal", "not-found", "incident-unknown", "segment-differs", "length-needed", "over-quota",
                      "disk-full", "wrong-offset"),
        ),
        put_segment,
    )  # fmt: skip
    api.add(
        Operation(
            "ask_segment", "HEAD", "/incidents/<uuid_text:incident_id>/segments/<int(max=1000000):seq>",
            "途切れた預け入れの続きの位置 / where an upload that broke off goes on (Upload-Offset)",
            {204: Raw("", headers=("Upload-Offset",))}, None, given=_SEAL,
            troubles=("bad-seal", "not-found", "incident-unknown", "segment-differs"),
        ),
        ask_segment,
    )  # fmt: skip
