"""Where sealed segments lie: DIR/evidence/<incident>/<seq>.seg. Written once, never replaced."""

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

SEQ_MAX: Final = 10**6
"""More than 500 hours of 2 s segments."""

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


class Mismatch(ValueError):
    """The content is not what its record says. Nothing was kept."""


class BrokenOff(ValueError):
    """The content ended early. What came is kept, to be gone on with."""


class NotThere(LookupError):
    """What is to be gone on with is not here, or another upload goes on with it. Ask again where to begin."""


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


def put(
    evidence: Path, incident_id: str, seq: int, chunks: Iterable[bytes], length: int, digest: str, offset: int = 0
) -> bool:
    """Store a segment; False when the same one was here already. Any thread, any process.

    `chunks` go on at `offset`, which `received` told; when they raise, what came is kept as well. The content is on the
    disk, and its name in the folder, when this returns.

    Raises:
        BrokenOff: see there.
        Mismatch: not `length` bytes with SHA-256 `digest` ("sha256:…"). Nothing of it is kept.
        NotThere: see there.
        Occupied: see there.
        OSError: the disk refuses.
    """
    place = path_of(evidence, incident_id, seq)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _part(_part_of(place, digest), offset) as (part, file):
        hashed = hashlib.sha256()
        _copy(iter(lambda: file.read(1 << 20), b""), hashed.update, offset)

        def take(chunk: bytes) -> None:
            hashed.update(chunk)
            try:
                file.write(chunk)
            except OSError:  # a full disk is not made fuller
                part.unlink(missing_ok=True)
                raise

        total = offset + _copy(chunks, take, length - offset)
        if total < length:
            raise BrokenOff(f"{total} of {length} bytes")
        try:
            if (total, "sha256:" + hashed.hexdigest()) != (length, digest):
                raise Mismatch(f"{total} bytes with sha256:{hashed.hexdigest()}")
            os.fsync(file.fileno())
            return _name(part, place, length, digest)
        finally:
            part.unlink(missing_ok=True)


def received(evidence: Path, incident_id: str, seq: int, digest: str) -> int:
    """How many bytes are here of a segment whose upload broke off; 0 when none, or when it is still under way."""
    try:
        with _part_of(path_of(evidence, incident_id, seq), digest).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return os.fstat(file.fileno()).st_size
    except (FileNotFoundError, BlockingIOError):
        return 0


def _part_of(place: Path, digest: str) -> Path:
    return place.with_name(f".{place.stem}.{digest.removeprefix('sha256:')[:32]}.part")


@contextlib.contextmanager
def _part(wanted: Path, offset: int) -> Iterator[tuple[Path, BinaryIO]]:
    """An unfinished segment's file, held against everybody else, standing at its beginning, `offset` bytes long.

    While another upload of the same segment holds it, one that begins afresh gets a file of its own.
    """
    part = wanted
    while True:
        file = os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if offset:
                    raise NotThere(f"{wanted.name} is under way") from None
                part = wanted.with_name(f".{secrets.token_hex(8)}.part")
                continue
            if not _is_still(part, file):  # the one who held it has just finished
                continue
            if os.fstat(file.fileno()).st_size < offset:
                raise NotThere(f"{offset} bytes of {wanted.name}")
            file.truncate(offset)
            yield part, file
            return


def _is_still(path: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _copy(chunks: Iterable[bytes], take: Callable[[bytes], object], length: int) -> int:
    """Hand on chunks, at most one beyond `length` bytes; how many bytes there were."""
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > length:
            break
        take(chunk)
    return total


def _name(temporary: Path, place: Path, length: int, digest: str) -> bool:
    """Give the finished file its name, unless the name is taken: a link, unlike a rename, replaces nothing."""
    try:
        os.link(temporary, place)
        new = True
    except FileExistsError:
        new = False
        with place.open("rb") as file:
            hashed = hashlib.sha256()
            total = _copy(iter(lambda: file.read(1 << 20), b""), hashed.update, length)
            if (total, "sha256:" + hashed.hexdigest()) != (length, digest):
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
