"""What concerns the asker, and what operators look at."""

from flask import Response, g

from hub.domain.permissions import Action, allows
from hub.store.engine import begin_read
from hub.web import readings, shapes
from hub.web.api.described import Api, Operation, as_json
from hub.web.gate import caller
from hub.web.site import site


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


def get_quarantine() -> Response:
    """The newest messages that could not be understood."""
    with begin_read(site().engine) as connection:
        return as_json(shapes.Quarantine(entries=readings.quarantined(connection)))


def register(api: Api) -> None:
    """Add the routes of this file."""
    api.add(Operation("get_me", "GET", "/me", "自分 / who is asking", {200: shapes.Me}, Action.OWN_ACCOUNT), get_me)
    api.add(
        Operation(
            "get_quarantine", "GET", "/quarantine", "読めなかった通信 / messages that could not be understood",
            {200: shapes.Quarantine}, Action.QUARANTINE_READ,
        ),
        get_quarantine,
    )  # fmt: skip
