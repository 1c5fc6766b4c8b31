"""Copies of screens: sealed before they touch a disk, looked at only after the look was written down."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from flask import Response, request
from sqlalchemy import select

from contract.codec import canonical
from contract.evidence import digest
from contract.problems import Problem
from hub.deeds import Once
from hub.domain import screen_copy
from hub.domain.incident import Origin
from hub.domain.post_saying import Evidence, KeptEvidence
from hub.domain.screen_copy import COPY_BYTES_MAX, MEDIA_TYPES
from hub.evidence import copies, room
from hub.evidence.client import EvidenceAway, NotOpened
from hub.store.engine import begin_read, begin_write
from hub.store.schema import access, incident
from hub.web import post_readings
from hub.web.acting import act
from hub.web.api.described import validated
from hub.web.gate import caller
from hub.web.problems import Trouble
from hub.web.site import site

LATER: Final = {"Retry-After": "2"}
SANDBOX: Final = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""A copy is shown as what it is and as nothing else, whatever is in it."""


def keep(incident_id: str, fields: Mapping[str, Any], key: str | None) -> None:
    """Keep the uploaded file of the running request as evidence, with what is said about it.

    Raises:
        Trouble: there is no such post, no good file, no room, or nobody who seals; nothing is kept then.
    """
    said = validated(Evidence, fields)
    content, kind = _file()
    _post(incident_id)
    here = site()
    try:
        sealed = here.keeper.seal(incident_id, content)
    except EvidenceAway as error:
        raise Trouble("sealing-away", headers=LATER) from error
    except NotOpened as error:
        raise Trouble("no-recipient") from error
    kept = KeptEvidence(
        **said.model_dump(mode="json"), kind=kind, bytes=len(content), sha256=digest(content), sealed=digest(sealed),
        sealed_bytes=len(sealed),
    )  # fmt: skip
    try:
        with here.room.lent("", len(sealed), 0, here.now()):
            place = copies.put(here.evidence, incident_id, kept.sealed, sealed)
    except (room.NotNow, OSError) as error:
        raise Trouble("disk-full") from error
    done = False
    try:
        done = act(incident_id, kept, None if key is None else Once(key, _asked(fields, kept.sha256)))
    finally:
        if not done:  # it came before, or was refused
            place.unlink(missing_ok=True)


def look(incident_id: str, number: int, reason: str) -> Response:
    """The file of a piece of evidence, after the look was written down.

    Raises:
        Trouble: there is none, or it cannot be opened.
    """
    here = site()
    with begin_read(here.engine) as connection:
        files = [
            row.data.get("file")
            for row in post_readings.kept(connection, incident_id)
            if row.data.get("number") == number
        ]
    if not files or files[0] is None:
        raise Trouble("no-copy")
    file = files[0]
    try:
        content = here.keeper.copy(
            incident_id, file["sealed"], file["sha256"], _write_down(incident_id, number, reason)
        )
    except EvidenceAway as error:
        raise Trouble("evidence-away", headers=LATER) from error
    except NotOpened as error:
        known = {"missing": "no-copy", "damaged": "copy-damaged"}
        raise Trouble(known.get(error.why, "copy-sealed")) from error
    how = "attachment" if file["kind"] == "pdf" else "inline"
    headers = {
        "Content-Disposition": f'{how}; filename="evidence-{number}.{file["kind"]}"',
        "Content-Security-Policy": SANDBOX,
        "Cache-Control": "private, no-store",
    }
    return Response(content, headers=headers, mimetype=MEDIA_TYPES[file["kind"]])


def _file() -> tuple[bytes, screen_copy.Kind]:
    files = request.files.getlist("file")
    if len(files) != 1 or len(request.files) != 1:
        raise _refused("ファイルを一つ選んでください。", "choose one file.")
    content = files[0].stream.read(COPY_BYTES_MAX + 1)
    if not content:
        raise _refused("ファイルが空です。選び直してください。", "the file is empty. Choose it again.")
    if len(content) > COPY_BYTES_MAX:
        raise Trouble("too-large")
    kind = screen_copy.kind_of(content)
    if kind is None:
        raise _refused(
            "PNG・JPEG・PDF のどれでもないか、途中で切れています。画面の写しを撮り直してください。",
            "is no PNG, JPEG or PDF, or was cut off. Copy the screen again.",
        )
    return content, kind


def _refused(ja: str, en: str) -> Trouble:
    return Trouble("invalid", errors=[Problem("file", "", ja, en)])


def _post(incident_id: str) -> None:
    """Before anything is sealed and stored: is there such an incident, and is it about a post?"""
    with begin_read(site().engine) as connection:
        origin = connection.execute(select(incident.c.origin).where(incident.c.id == incident_id)).scalar_one_or_none()
    if origin is None:
        raise Trouble("not-found")
    if origin != Origin.POST.value:
        raise Trouble(
            "invalid",
            errors=[Problem("incident", "", "投稿の案件ではありません。", "this incident is not about a post.")],
        )


def _asked(fields: Mapping[str, Any], sha256: str) -> str:
    """What makes two uploads the same request: the same file with the same words."""
    asked = canonical({"path": request.path, "fields": dict(fields), "file": sha256})
    return hashlib.sha256(asked).hexdigest()


def _write_down(incident_id: str, number: int, reason: str) -> int:
    """Log, then act: when this fails, nothing is opened. The number of the entry."""
    who = caller().person
    with begin_write(site().engine) as connection:
        statement = access.insert().values(
            at=site().now(), actor=who.id, actor_name=who.name, act="evidence.viewed", incident=incident_id,
            reason=reason, data={"evidence": number, "role": who.role},
        )  # fmt: skip
        return int(connection.execute(statement.returning(access.c.id)).scalar_one())
