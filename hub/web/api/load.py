"""How contacts are spread over people; for those who look after them."""

from typing import Final

from flask import Response

from hub.domain.permissions import Action
from hub.store import load as store
from hub.store.engine import begin_read
from hub.web.api.described import Api, Operation, as_json
from hub.web.shapes import Moment, Shape
from hub.web.site import site

SOURCE: Final = "choice"
"""No document names a number of contacts or hours from which it is too much."""


class PersonLoad(Shape):
    """What one person carried. `others`: the median of everybody else's contacts; `over`: a reason to lend a hand.

    `person`: the account, or for who took over and has none the name that was written down.
    """

    person: str
    name: str
    contacts: int
    minutes: int
    others: float
    over: bool


class LoadList(Shape):
    """Everybody who went to a contact or took over in the last `days`, the heaviest load first.

    The limits, and whose they are.
    """

    days: int
    contacts_limit: int
    hours_limit: float
    source: str
    people: list[PersonLoad]
    at: Moment


def read() -> LoadList:
    """How it stands now."""
    here = site()
    limits = here.load
    with begin_read(here.engine) as connection:
        found = store.load(connection, limits, here.now())
    return LoadList(
        days=limits.days, contacts_limit=limits.contacts, hours_limit=limits.hours, source=SOURCE,
        people=[PersonLoad.model_validate(one) for one in found], at=here.now(),
    )  # fmt: skip


def get_load() -> Response:
    """How contacts are spread over people."""
    return as_json(read())


def register(api: Api) -> None:
    """Add the routes of this file."""
    api.add(
        Operation(
            "get_load", "GET", "/load", "応対の偏り（支える人だけ） / how contacts are spread over people; for carers",
            {200: LoadList}, Action.LOAD_READ,
        ),
        get_load,
    )  # fmt: skip
