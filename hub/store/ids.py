"""Fresh ids made by the hub: UUIDv7 (RFC 9562), so that rows of one time lie together in their index."""

import os
import time


def new_id() -> str:
    """A UUIDv7 in its 36-character form. Not a secret: 74 of its bits are random, the rest is the time. Any thread."""
    value = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
