"""What web and evidence process say to each other over `run/evidence.sock`: one question, one answer, closed.

A frame is four bytes of length (big-endian) and JSON. After the answers to `Content` and `Copy` the bytes follow, after
the question `Seal` the bytes to be sealed, and the sealed ones after its answer. Neither side ever names a file: the
evidence process finds the place of a segment or a copy by itself.
"""

import json
import socket
import struct
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.domain.screen_copy import COPY_BYTES_MAX
from hub.evidence.storage import SEQ_MAX

SOCKET: Final = "evidence"
FRAME_MAX: Final = 1024 * 1024
BATCH_MAX: Final = 128
"""Segments in one `Layouts`: the answer fits a frame, and takes well under a second."""
PIECE_MAX: Final = 1024 * 1024
"""Bytes in one answer to `Content`."""

TIMEOUT_S: Final = 10.0

SEAL_MARK: Final = b"age-encryption.org/v1\n"
"""How everything begins that is sealed."""

SEALED_MAX: Final = COPY_BYTES_MAX + COPY_BYTES_MAX // 1000 + 64 * 1024
"""So long a sealed copy can become: a header for each recipient, and 16 bytes for every 64 KiB."""

Why = Literal["off", "no-key", "no-recipient", "sealed", "damaged", "unreadable", "missing", "bad-request"]
"""Why there is no answer.

off: the site has no viewing key by its own choice. no-key: it should have one. no-recipient: there is nobody to seal
for. sealed: not for this key, or its head is
broken. damaged: not the bytes that the box signed. unreadable: no film. missing: no such file.
"""

_Id = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
_Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
_Count = Annotated[int, Field(ge=0)]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Ref(_Message):
    """A stored segment, with what its signed record says about it."""

    seq: Annotated[int, Field(ge=0, le=SEQ_MAX)]
    bytes: _Count
    ciphertext: _Digest
    plaintext: _Digest


class Layouts(_Message):
    """How are these segments built? `look` is the number of the access entry that was written first."""

    do: Literal["layouts"] = "layouts"
    incident: _Id
    look: _Count
    segments: Annotated[tuple[Ref, ...], Field(max_length=BATCH_MAX)]


class Content(_Message):
    """What stands at `[offset, offset + length)` of this segment, opened?"""

    do: Literal["content"] = "content"
    incident: _Id
    look: _Count
    segment: Ref
    offset: _Count
    length: Annotated[int, Field(ge=1, le=PIECE_MAX)]


class Copy(_Message):
    """What is in this sealed copy of a screen? `sealed` and `sha256` are the digests of what is stored and what was."""

    do: Literal["copy"] = "copy"
    incident: _Id
    look: _Count
    sealed: _Digest
    sha256: _Digest


class Seal(_Message):
    """Seal the `length` bytes that follow, for everybody the site seals for."""

    do: Literal["seal"] = "seal"
    incident: _Id
    length: Annotated[int, Field(ge=1, le=COPY_BYTES_MAX)]


class Question(BaseModel):
    """Any question."""

    model_config = ConfigDict(frozen=True)

    asked: Annotated[Layouts | Content | Copy | Seal, Field(discriminator="do")]


class Gone(OSError):
    """The other side is away, or fell silent in the middle."""


def send(connection: socket.socket, fields: dict[str, Any], body: bytes | memoryview = b"") -> None:
    """Send one frame, and `body` after it.

    Raises:
        OSError: the other side does not take it.
    """
    raw = json.dumps(fields, separators=(",", ":")).encode("ascii")
    connection.sendall(struct.pack(">I", len(raw)) + raw)
    if body:
        connection.sendall(body)


def receive(connection: socket.socket) -> Any:
    """The next frame.

    Raises:
        Gone: it did not come whole, or is too long.
        OSError: the other side is silent.
        ValueError: no JSON.
    """
    (length,) = struct.unpack(">I", exactly(connection, 4))
    if length > FRAME_MAX:
        raise Gone("a frame is too long")
    return json.loads(exactly(connection, length))


def exactly(connection: socket.socket, length: int) -> bytes:
    """The next `length` bytes.

    Raises:
        Gone: fewer came.
        OSError: the other side is silent.
    """
    found = bytearray()
    while len(found) < length:
        piece = connection.recv(min(length - len(found), 256 * 1024))
        if not piece:
            raise Gone("the connection ended early")
        found += piece
    return bytes(found)
