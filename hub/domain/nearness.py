"""Whose call it is: colleagues next to a counter hear of that one, and not of the whole city hall (SHI-20). Pure."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from hub.domain import escalation


class Reached(escalation.Contact, Protocol):
    """A contact of the ladder, with what says whether a counter's call is for it."""

    @property
    def near(self) -> Sequence[str]:
        """The boxes whose counters it is close to; those of every counter, when nothing is said."""

    @property
    def shows_only(self) -> bool:
        """Whether it is a lamp and not a person: it answers for nobody."""


ReachedT = TypeVar("ReachedT", bound=Reached)


def nearby(contacts: Sequence[ReachedT], box: str) -> list[ReachedT]:
    """Those of `contacts` whom a call at the counter of `box` concerns: close to it, or named for no counter.

    A role of which no person is close is called as a whole: colleagues from farther away are better than none.
    """
    attended = {one.role for one in contacts if _close(one, box) and not one.shows_only}
    return [one for one in contacts if _close(one, box) or one.role not in attended]


def _close(contact: Reached, box: str) -> bool:
    return not contact.near or box in contact.near
