"""Just enough of ISO/IEC 14496-12 to find the top-level boxes of a fragmented MP4 file.

Content comes from a box that may be broken or hostile, so sizes and counts are bounded and nothing is trusted.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

BOXES_MAX: Final = 4096
INIT_BYTES_MAX: Final = 64 * 1024

_MEDIA: Final = (b"moof", b"mdat")


class NotPlayable(ValueError):
    """The bytes are not a self-contained fragmented MP4."""


@dataclass(frozen=True, slots=True)
class TopBox:
    """A top-level box: its type and the bytes it covers, header included."""

    kind: bytes
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a segment keeps what: `ftyp` and `moov` in front, then one run of fragments in `[media, media_end)`."""

    init: bytes
    media: int
    media_end: int


def top_boxes(file: BinaryIO, length: int) -> Iterator[TopBox]:
    """The top-level boxes of `file`, which has `length` bytes.

    Raises:
        NotPlayable: a box runs over the end, is shorter than its header, or there are too many.
    """
    offset = 0
    for _ in range(BOXES_MAX):
        if offset == length:
            return
        file.seek(offset)
        header = file.read(16)
        if len(header) < 8:
            raise NotPlayable("a box is cut off in its header")
        size, kind = struct.unpack(">I4s", header[:8])
        smallest = 8
        if size == 1:
            if len(header) < 16:
                raise NotPlayable("a box is cut off in its header")
            size, smallest = struct.unpack(">Q", header[8:16])[0], 16
        elif size == 0:
            size = length - offset
        if size < smallest or size > length - offset:
            raise NotPlayable(f"a box of {size} bytes does not fit")
        yield TopBox(kind, offset, size)
        offset += size
    raise NotPlayable("too many boxes")


def beginning(content: bytes, length: int) -> Layout:
    """The layout of a file of `length` bytes by its first ones: ftyp, moov, then nothing but fragments.

    Raises:
        NotPlayable: it does not begin like that, or its beginning is not whole here.
    """
    end = 0
    for kind in (b"ftyp", b"moov"):
        if len(content) < end + 8:
            raise NotPlayable("its beginning is cut off")
        size, found = struct.unpack(">I4s", content[end : end + 8])
        end += size
        if found != kind or size < 8 or end > min(INIT_BYTES_MAX, len(content), length):
            raise NotPlayable("its beginning is not one ftyp and one moov")
    if end < length and content[end + 4 : end + 8] != b"moof":
        raise NotPlayable("no fragment follows its beginning")
    return Layout(content[:end], end, length)


def layout(file: BinaryIO, length: int) -> Layout:
    """Where `file` keeps its beginning and its fragments. A recording's last segment may have none.

    Raises:
        NotPlayable: no ftyp and moov, something else than fragments, or an oversized beginning.
    """
    init = b""
    seen: list[bytes] = []
    media: list[TopBox] = []
    for top in top_boxes(file, length):
        if top.kind in (b"ftyp", b"moov"):
            if media or top.kind in seen or len(init) + top.size > INIT_BYTES_MAX:
                raise NotPlayable("its beginning is not one ftyp and one moov")
            file.seek(top.offset)
            init += file.read(top.size)
            seen.append(top.kind)
        elif top.kind in _MEDIA:
            if media and top.offset != media[-1].offset + media[-1].size:
                raise NotPlayable("its fragments do not lie together")
            media.append(top)
    if seen == [b"ftyp", b"moov"] and not media and len(init) == length:
        return Layout(init, length, length)
    if seen != [b"ftyp", b"moov"] or not media or media[0].kind != b"moof":
        raise NotPlayable("it has no beginning or no fragment")
    return Layout(init, media[0].offset, media[-1].offset + media[-1].size)
