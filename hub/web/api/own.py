"""What concerns the asker, and what operators look at."""

from flask import Response, g

from hub.domain.permissions import Action, allows
from hub.store.engine import begin_read
from hub.web import outside_help, readings, shapes
from hub.web.api.described import Api, Operation, as_json
from hub.web.gate import caller
from hub.web.site import site
from hub.wording import say


def get_me() -> Response:
    """Who is asking, and what they may do."""
    who = caller()
    return as_json(
        shapes.Me(
            id=who.person.id,
            name=who.person.name,
            role=who.person.role,
            language=str(g.language),
            actions=[action.value for action in Action if allows(action, who.person.role)],
            session_ends_at=who.session.ends_at if who.session is not None else None,
            at=site().now(),
        )
    )


class CarePlace(shapes.Shape):
    """Somebody of the city who listens, and how they are reached."""

    name: str
    telephone: str | None
    hours: str | None
    note: str | None


class Care(shapes.Shape):
    """Where people can turn after a hard contact. `outside`: bodies that may help, by name, as a reference."""

    places: list[CarePlace]
    outside: list[str]


def get_care() -> Response:
    """Where people can turn after a hard contact."""
    places = [CarePlace.model_validate(one) for one in site().care]
    return as_json(Care(places=places, outside=[say(str(g.language), name) for name in outside_help.OUTSIDE]))


def get_quarantine() -> Response:
    """The newest messages that could not be understood."""
    with begin_read(site().engine) as connection:
        return as_json(shapes.Quarantine(entries=readings.quarantined(connection)))


def register(api: Api) -> None:
    """Add the routes of this file."""
    api.add(Operation("get_me", "GET", "/me", "自分 / who is asking", {200: shapes.Me}, Action.OWN_ACCOUNT), get_me)
    api.add(
        Operation("get_care", "GET", "/care", "相談先 / where people can turn", {200: Care}, Action.OWN_ACCOUNT),
        get_care,
    )
    api.add(
        Operation(
            "get_quarantine", "GET", "/quarantine", "読めなかった通信 / messages that could not be understood",
            {200: shapes.Quarantine}, Action.QUARANTINE_READ,
        ),
        get_quarantine,
    )  # fmt: skip
