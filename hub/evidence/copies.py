"""Where sealed copies of screens lie: DIR/evidence/<incident>/<digest>.copy. Written once, never replaced.

The name is the SHA-256 of what is stored, so the same name never holds anything else.
"""

import os
import re
import secrets
from pathlib import Path
from typing import Final

_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_DIGEST: Final = re.compile(r"sha256:([0-9a-f]{64})\Z")


def path_of(evidence: Path, incident_id: str, sealed: str) -> Path:
    """The place of the copy whose stored bytes have the digest `sealed` ("sha256:…").

    Raises:
        ValueError: the id or the digest could lead anywhere else.
    """
    digest = _DIGEST.match(sealed)
    if digest is None or not _ID.match(incident_id):
        raise ValueError("no place for such a copy")
    return evidence / incident_id / f"{digest[1]}.copy"


def put(evidence: Path, incident_id: str, sealed: str, content: bytes) -> Path:
    """Store a sealed copy; its place. The content is on the disk, and its name in the folder, when this returns.

    Raises:
        OSError: the disk refuses.
    """
    place = path_of(evidence, incident_id, sealed)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = place.with_name(f".{secrets.token_hex(8)}.part")  # swept like those of segments
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, place)
    finally:
        part.unlink(missing_ok=True)
    for folder in (place.parent, place.parent.parent):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    return place
