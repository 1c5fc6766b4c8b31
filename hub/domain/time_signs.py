"""Signs of time on a contact: outside office hours, and right after another one (SET-24; Seta 手引2(2)). Pure.

They are read off times and the city's case number, and are no verdict on anybody. One rule for pages, lists, figures.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple, Protocol

from hub.domain.incident import Origin
from hub.domain.office import Office

WITHIN: Final = timedelta(minutes=15)
"""A contact that begins so soon after the end of another is marked (choice; the document names no time)."""

LOOK_BACK: Final = timedelta(hours=24)
"""The earlier contact was pressed for so long before at the most."""

Again = Literal["case", "counter"]
"""Of the same case, which people joined it to; or only at the same counter: perhaps somebody else."""


class Contact(Protocol):
    """An incident as far as these signs look at it."""

    @property
    def id(self) -> str: ...
    @property
    def origin(self) -> str: ...
    @property
    def counter(self) -> str: ...
    @property
    def case_number(self) -> str | None: ...
    @property
    def drill(self) -> bool: ...
    @property
    def pressed_at(self) -> datetime: ...
    @property
    def contact_started_at(self) -> datetime | None: ...
    @property
    def contact_ended_at(self) -> datetime | None: ...


def begun_at(one: Contact) -> datetime:
    """When somebody turned to the city: the talk's begin where it was told, else the press."""
    return one.contact_started_at or one.pressed_at


def outside_hours(one: Contact, office: Office) -> bool:
    """Whether it began outside office hours. A post is found, not a contact: it never does."""
    return one.origin != Origin.POST.value and office.closed(begun_at(one))


def recontacts(contacts: Iterable[Contact]) -> dict[str, Again]:
    """The ids of contacts that began soon after another had ended.

    First by the case number, at whatever counter. Else at the same counter, unless people joined the two to different
    cases. Nobody turns to a city that visits them, and a drill follows nothing.
    """
    found: dict[str, Again] = {}
    of_case: dict[str, list[_Ended]] = {}
    at_counter: dict[str, list[_Ended]] = {}
    for one in sorted(contacts, key=lambda one: (one.pressed_at, one.id)):
        if one.drill or one.origin == Origin.POST.value:
            continue
        here = at_counter.setdefault(one.counter, []) if one.origin == Origin.COUNTER.value else None
        if here is not None and (again := _again(one, of_case, here)):
            found[one.id] = again
        if one.contact_ended_at is None:
            continue
        ended = _Ended(one.contact_ended_at, one.pressed_at, one.case_number)
        if one.case_number is not None:
            of_case.setdefault(one.case_number, []).append(ended)
        if here is not None:
            here.append(ended)
    return found


class _Ended(NamedTuple):
    at: datetime
    pressed_at: datetime
    case_number: str | None


def _again(one: Contact, of_case: Mapping[str, Sequence[_Ended]], here: Sequence[_Ended]) -> Again | None:
    if one.case_number is not None and any(_soon(of_case.get(one.case_number, ()), one)):
        return "case"
    unlike = (before for before in _soon(here, one) if before.case_number is None or one.case_number is None)
    return "counter" if any(unlike) else None


def _soon(ended: Sequence[_Ended], one: Contact) -> Iterator[_Ended]:
    """Those after which `one` came soon, the latest press first. How far back is read must not make a difference."""
    start = begun_at(one)
    for before in reversed(ended):
        if before.pressed_at < one.pressed_at - LOOK_BACK:
            return
        if timedelta(0) <= start - before.at <= WITHIN:
            yield before
