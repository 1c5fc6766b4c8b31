"""Practice for one: boxes that exist only in the hub, under a scenario's rules and with faster clocks. Pure.

What a practice box is, is told by its name alone, so that every room knows it without asking the database.
"""

import re
from typing import Final

PREFIX: Final = "practice-"
"""No box may be enrolled under such a name."""

NUMBER: Final = "P"
"""Before the number of an incident of practice: the numbers of the real ones keep no gap."""

SPEED: Final = 30
"""How many times faster the policy's clocks run: 15 minutes are 30 seconds. It is told on every page of a practice."""

_NAME: Final = re.compile(rf"{PREFIX}([a-z0-9]+)-[0-9a-f]{{12}}\Z")


def box_name(profile: str, person: str) -> str:
    """The practice box of a person (by id, a UUID) under the rules of `profile`."""
    return f"{PREFIX}{profile}-{person.replace('-', '')[-12:].lower()}"


def is_practice(box: str) -> bool:
    """Whether `box` exists only for practice."""
    return box.startswith(PREFIX)


def profile_of(box: str) -> str | None:
    """The id of the profile that a practice box follows; None for a counter's box."""
    found = _NAME.match(box)
    return found.group(1) if found else None


def speed(box: str) -> int:
    """How many times faster than in earnest the clocks of `box` run."""
    return SPEED if is_practice(box) else 1
