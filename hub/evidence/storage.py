"""Where sealed segments lie: DIR/evidence/<incident>/<seq>.seg. Written once, never replaced."""

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

SEQ_MAX: Final = 10**6
"""More than 500 hours of 2 s segments."""

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


class Mismatch(ValueError):
    """The content is not what its record says. Nothing was kept."""


class Occupied(ValueError):
    """Something else lies under this number. It stays."""


def path_of(evidence: Path, incident_id: str, seq: int) -> Path:
    """The place of one segment.

    Raises:
        ValueError: the id or the number could lead anywhere else.
    """
    if not _ID.match(incident_id) or not 0 <= seq <= SEQ_MAX:
        raise ValueError("no place for such a segment")
    return evidence / incident_id / f"{seq}.seg"


def put(evidence: Path, incident_id: str, seq: int, chunks: Iterable[bytes], length: int, digest: str) -> bool:
    """Store a segment; False when the same one was here already. Any thread, any process.

    The content is on the disk, and its name in the folder, when this returns.

    Raises:
        Mismatch: not `length` bytes with SHA-256 `digest` ("sha256:…").
        Occupied: see there.
        OSError: the disk refuses.
    """
    place = path_of(evidence, incident_id, seq)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = place.with_name(f".{seq}.{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            found = _write(file.write, chunks, length)
            if found != (length, digest):
                raise Mismatch(f"{found[0]} bytes with {found[1]}")
            file.flush()
            os.fsync(file.fileno())
        return _name(temporary, place, length, digest)
    finally:
        temporary.unlink(missing_ok=True)


def _write(write: Callable[[bytes], object], chunks: Iterable[bytes], length: int) -> tuple[int, str]:
    total, hashed = 0, hashlib.sha256()
    for chunk in chunks:
        total += len(chunk)
        if total > length:
            break
        hashed.update(chunk)
        write(chunk)
    return total, "sha256:" + hashed.hexdigest()


def _name(temporary: Path, place: Path, length: int, digest: str) -> bool:
    """Give the finished file its name, unless the name is taken: a link, unlike a rename, replaces nothing."""
    try:
        os.link(temporary, place)
        new = True
    except FileExistsError:
        new = False
        with place.open("rb") as file:
            if _write(lambda _: None, iter(lambda: file.read(1 << 20), b""), length) != (length, digest):
                raise Occupied(place.name) from None
    _sync(place.parent)  # also when it was here: the one who wrote it may have died before this line
    _sync(place.parent.parent)
    return new


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(evidence: Path) -> int:
    """Remove what interrupted uploads left behind. At the start, before anything is uploaded; how many there were."""
    count = 0
    for part in evidence.glob("*/.*.part"):
        with contextlib.suppress(OSError):
            part.unlink()
            count += 1
    return count
