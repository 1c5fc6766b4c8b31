"""Whether a box is there, and whether anybody can respond."""

from collections import deque
from dataclasses import dataclass
from typing import Final

SILENT_S: Final = 15.0
"""A box that says nothing for so long counts as lost: three missed health messages (design, section 4)."""

LIVE_S: Final = 30.0
"""A session whose live stream was seen within this time has somebody in front of it."""

RESPONDERS: Final = ("supervisor", "section_head", "building_manager", "guard")
"""Roles that go to a counter when it calls."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A box as the hub shows it: never, online or offline; and the session of its newest birth."""

    state: str
    session: int


def told(known: Shown, state: str, session: int) -> Shown:
    """What to show after a presence message. The will of an older session cannot hide a newer birth.

    A birth always counts, even with a lower number: a box that starts without a clock begins to count anew.
    """
    if state == "offline" and session < known.session:
        return known
    return Shown(state, session)


def heard(known: Shown) -> Shown:
    """What to show after a health message: it is never kept by the broker, so it comes from a living box."""
    return Shown("online", known.session)


def is_new_birth(known: Shown, now: Shown) -> bool:
    """Whether the box came (back) to the broker and may have missed what it was told before."""
    return now.state == "online" and (known.state != "online" or known.session != now.session)


def lost(heard_s: float, now_s: float) -> bool:
    """Whether a box last heard at `heard_s` is silent for too long. Both on the monotonic clock, in seconds."""
    return now_s - heard_s > SILENT_S


RETURNS: Final = 3
RETURNS_WITHIN_S: Final = 600.0
"""So many returns in such a time are a second machine. One or two can be a message that the broker sent twice."""

_FORMER_MAX: Final = 8


class Doubles:
    """Notices a certificate in two machines (faults, D27): they take the connection from each other.

    So a session that had given way to another comes back. A box that starts anew has a new session and never goes back
    to an earlier one. `born` is for one thread; `take` may be called from another.
    """

    def __init__(self) -> None:
        self._sessions: dict[str, deque[int]] = {}  # box -> its sessions, the present one last
        self._returns: dict[str, deque[float]] = {}
        self._found: set[str] = set()

    def born(self, box: str, session: int, now_s: float) -> None:
        """`box` said that it is there, in `session`. `now_s`: monotonic seconds."""
        sessions = self._sessions.setdefault(box, deque(maxlen=_FORMER_MAX))
        if sessions and sessions[-1] == session:
            return
        if session in sessions:
            sessions.remove(session)
            returns = self._returns.setdefault(box, deque(maxlen=RETURNS))
            returns.append(now_s)
            if len(returns) == RETURNS and now_s - returns[0] <= RETURNS_WITHIN_S:
                self._found.add(box)
        sessions.append(session)

    def take(self) -> set[str]:
        """Boxes that were found out since the last call."""
        found, self._found = self._found, set()
        return found
