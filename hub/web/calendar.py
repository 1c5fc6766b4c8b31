"""One's own calendar: an address that a calendar program reads without a login, made, changed and stopped by its owner.

The secret in the address opens this one calendar and nothing else (decision 0018).
"""

import re
from contextlib import suppress
from typing import Any, Final

from flask import Blueprint, Response, g, make_response, redirect, render_template, request
from sqlalchemy import Connection, Row, insert
from sqlalchemy.exc import OperationalError

from hub.domain.permissions import Action, allows
from hub.store import calendars
from hub.store.engine import begin_read, begin_write
from hub.store.schema import access
from hub.web import guessing, tasks
from hub.web.gate import caller, needs
from hub.web.problems import Trouble
from hub.web.site import site
from hub.wording import LANGUAGES

blueprint = Blueprint("calendar", __name__)

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_tries = guessing.Tries()


@blueprint.get("/calendar")
@needs(Action.CALENDAR)
def page() -> str:
    """Whether there is an address, since when, and when it was last read."""
    return _page()


@blueprint.post("/calendar")
@needs(Action.CALENDAR)
def make() -> Response:
    """A new address, shown this once; the one before stops. A page sent a second time changes nothing: whoever loads it
    again must not lose the address that they have just copied.
    """
    _require_person()
    with begin_write(site().engine) as connection:
        standing = calendars.of(connection, caller().person.id)
        if request.form.get("standing", "") != _mark(standing):
            return make_response(redirect("/calendar", 303))
        secret = calendars.make(connection, caller().person.id, site().now())
        _write_down(connection, "calendar.made" if standing is None else "calendar.renewed")
    return make_response(_page(f"{request.host_url}calendar/{secret}.ics"))


@blueprint.post("/calendar/stop")
@needs(Action.CALENDAR)
def stop() -> Response:
    """No address any more."""
    _require_person()
    with begin_write(site().engine) as connection:
        if calendars.stop(connection, caller().person.id):
            _write_down(connection, "calendar.stopped")
    return make_response(redirect("/calendar", 303))


@blueprint.get("/calendar/<string:secret>.ics")
def feed(secret: str) -> Response:
    """The calendar of whom the address belongs to, with what they may see now. Open: the address is the key to it.

    A right address always answers: a forgotten calendar that asks with an old one keeps nobody else out.
    """
    here, address = site(), request.remote_addr or ""
    with begin_read(here.engine) as connection:
        reader = calendars.reader(connection, secret) if _SECRET.fullmatch(secret) else None
    if reader is None or not allows(Action.CALENDAR, reader.role):
        _tries.check(address)
        _tries.failed(address)
        raise Trouble("not-found")
    if reader.used_at is None or here.now() - reader.used_at >= calendars.USED_EVERY:
        with suppress(OperationalError), begin_write(here.engine) as connection:
            calendars.touch(connection, reader.id, here.now())
    g.language = reader.language if reader.language in LANGUAGES else g.language
    answer = tasks.calendar(reader.role)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _page(address: str = "") -> str:
    with begin_read(site().engine) as connection:
        standing = calendars.of(connection, caller().person.id)
    return render_template(
        "calendar/page.html", standing=standing, mark=_mark(standing), address=address, tls=site().tls
    )


def _mark(standing: Row[Any] | None) -> str:
    """Names the address that stands, so that a form can say which one it was made for."""
    return standing.made_at.isoformat() if standing is not None else ""


def _require_person() -> None:
    if caller().session is None:
        raise Trouble("people-only")


def _write_down(connection: Connection, act: str) -> None:
    who = caller().person
    connection.execute(insert(access).values(at=site().now(), actor=who.id, actor_name=who.name, act=act))


def forget_tries() -> None:
    """Forget which addresses asked wrongly."""
    _tries.forget()
