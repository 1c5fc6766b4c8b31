"""What a recording lacks, as its box signed it at the time: a hole that is told is not one that was cut."""

import json
from collections.abc import Iterable
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Row

from contract.evidence import Gap

_MARK: Final = '"gaps"'
_TOUCHING_MS: Final = 50


def gaps_of(rows: Iterable[Row[Any]]) -> list[Gap]:
    """The gaps in the signed records of segments given in order, those that go on from segment to segment as one.

    Rows of the `segment` table. A frozen hour fills 1,800 records, so only those with gaps are read at all.
    """
    found: list[Gap] = []
    last: dict[tuple[str, str], int] = {}
    for row in rows:
        if _MARK not in row.record:
            continue
        for gap in _gaps(row.record):
            key = (gap.stream, gap.why)
            place = last.get(key)
            if place is not None and gap.start_ms - found[place].end_ms <= _TOUCHING_MS:
                longer = max(found[place].end_ms, gap.end_ms)
                found[place] = found[place].model_copy(update={"end_ms": longer})
            else:
                last[key] = len(found)
                found.append(gap)
    return sorted(found, key=lambda gap: (gap.start_ms, gap.stream))


def _gaps(record: str) -> list[Gap]:
    try:
        return [Gap.model_validate_json(json.dumps(gap)) for gap in json.loads(record).get("gaps") or ()]
    except (ValidationError, ValueError):
        return []  # a newer box has a reason that this hub does not know; the signed record itself is kept as it is
