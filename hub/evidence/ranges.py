"""Byte ranges (RFC 9110, section 14) for a player: one range is served, a few are ignored, many are refused."""

import re
from typing import Final

RANGES_MAX: Final = 5

_SPEC: Final = re.compile(r"\s*(\d{0,18})-(\d{0,18})\s*\Z", re.ASCII)


class Unsatisfiable(ValueError):
    """Nothing of the content lies in what was asked for, or too many ranges were."""


def one_range(header: str | None, length: int) -> tuple[int, int] | None:
    """(start, length) of what to send, or None for the whole.

    Another unit, a malformed header and up to five ranges at once are ignored, as the RFC allows.

    Raises:
        Unsatisfiable: see there.
    """
    unit, _, specs = (header or "").partition("=")
    if unit.strip().lower() != "bytes" or not specs:
        return None
    parts = specs.split(",")
    if len(parts) > RANGES_MAX:
        raise Unsatisfiable(f"{len(parts)} ranges")
    found = _SPEC.match(specs)
    if len(parts) > 1 or found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        tail = min(int(last), length)
        if tail == 0:
            raise Unsatisfiable("an empty tail")
        return length - tail, tail
    start, end = int(first), min(int(last) if last else length - 1, length - 1)
    if last and int(last) < start:
        return None
    if start >= length:
        raise Unsatisfiable("behind the end")
    return start, end - start + 1
