"""How fast a backlog drains. Pure."""

from dataclasses import dataclass
from typing import Final

PER_SECOND: Final = 100.0
"""Half of what the hub takes from one box for long: a box that comes back after days is no flood (faults, W02, W20)."""

BURST: Final = 40.0


@dataclass(slots=True)
class Pace:
    """Hands out leave to send, `PER_SECOND` on average and `BURST` at once."""

    level: float = BURST
    at_s: float = 0.0

    def take(self, wanted: int, now_s: float) -> int:
        """How many of `wanted` may go now. `now_s`: monotonic seconds."""
        self.level = min(BURST, self.level + max(0.0, now_s - self.at_s) * PER_SECOND)
        self.at_s = now_s
        given = min(wanted, int(self.level))
        self.level -= given
        return given

    def give_back(self, count: int) -> None:
        """So many were not needed."""
        self.level = min(BURST, self.level + count)
