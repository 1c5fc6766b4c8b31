"""Whether a box is there, and whether anybody can respond."""

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
