"""How a call stands at the moment a message about it goes out: how long it has waited, and who has seen it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hub.domain.course import believed_press

WORTH_SAYING_S: Final = 60
"""A first message that is held up so long (a dead mail server) says how long the call has waited, as repeats do."""


@dataclass(frozen=True, slots=True)
class Standing:
    """`since_at`: the press, or when the call became an emergency (`raised`). `waited_s`: full seconds since then.

    `repeat`: the how-many-eth repeat this is, 0 for a first message; `after_s`: at which second the ladder reached whom
    it is for. `seen_by`, `responder`: names as the pages show them.
    """

    since_at: datetime
    waited_s: int
    raised: bool = False
    repeat: int = 0
    after_s: int = 0
    seen_by: str | None = None
    responder: str | None = None

    @property
    def worth_saying(self) -> bool:
        """Whether the text of a message says it: a press of this moment that nobody can have seen needs no word."""
        again = self.repeat > 0 or self.after_s > 0 or self.waited_s >= WORTH_SAYING_S
        return again or self.seen_by is not None or self.responder is not None


def standing(row: Any, now: datetime) -> Standing:
    """How the call in `row` (an alert with its incident's columns) stands at `now`."""
    raised = row.raised_at > row.received_at
    since_at = row.raised_at if raised else believed_press(row)
    return Standing(
        since_at,
        max(0, int((now - since_at).total_seconds())),
        raised,
        row.round,
        row.stage_s,
        row.seen_name,
        row.responder_name,
    )
