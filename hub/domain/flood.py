"""How much one box may say: a bucket each, so that a box gone bad cannot drown the others (faults, W20)."""

from dataclasses import dataclass
from typing import Final

BURST: Final = 1000.0
PER_SECOND: Final = 200.0
"""In messages. A recording box says one event in two seconds; after days without a link it has thousands to tell and
sends what is dropped again."""

LARGE_BYTES: Final = 4096
"""A larger message counts once more for each of these."""


@dataclass(slots=True)
class _Bucket:
    level: float
    at_s: float


class Meter:
    """One bucket per box. `allows` is for one thread; `take_dropped` may be called from another."""

    def __init__(self, burst: float = BURST, per_second: float = PER_SECOND) -> None:
        self._burst, self._per_second = burst, per_second
        self._buckets: dict[str, _Bucket] = {}
        self._dropped: dict[str, int] = {}

    def allows(self, box: str, size_bytes: int, now_s: float) -> bool:
        """Whether a message of this size may pass now. What may not is counted. `now_s`: monotonic seconds."""
        bucket = self._buckets.setdefault(box, _Bucket(self._burst, now_s))
        bucket.level = min(self._burst, bucket.level + (now_s - bucket.at_s) * self._per_second)
        bucket.at_s = now_s
        cost = 1.0 + size_bytes // LARGE_BYTES
        if bucket.level < cost:
            self._dropped[box] = self._dropped.get(box, 0) + 1
            return False
        bucket.level -= cost
        return True

    def take_dropped(self) -> dict[str, int]:
        """Messages dropped per box since the last call."""
        dropped, self._dropped = self._dropped, {}
        return dropped
