"""Logging in and out."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for

from hub.domain.permissions import Action
from hub.store.engine import begin_read, begin_write
from hub.web import guessing, sessions
from hub.web.gate import caller, cookie_name, needs
from hub.web.problems import Trouble
from hub.web.site import site
from hub.wording import LANGUAGES

blueprint = Blueprint("login", __name__)

_tries = guessing.Tries()


@blueprint.get("/login")
def form() -> Response:
    """The form; `?lang=` chooses the language."""
    chosen = request.args.get("lang")
    if chosen in LANGUAGES:
        g.language = chosen
    page = make_response(render_template("login/form.html", back=inside(request.args.get("next")), failed=False))
    if chosen in LANGUAGES:
        remember(page, "madomori_lang", chosen)
    return page


@blueprint.post("/login")
def submit() -> Response:
    """A try. Whatever fails, the answer is the same, and it takes as long."""
    name, password = request.form.get("login", "")[:200], request.form.get("password", "")[:1000]
    back = inside(request.form.get("next"))
    here, now, address = site(), site().now(), request.remote_addr or ""
    device = request.cookies.get(_device_cookie())
    with begin_read(here.engine) as connection:
        row = sessions.password_row(connection, name) if name.isprintable() else None
        source = guessing.source(connection, row, device, address, now)
    if not source.is_device:
        _tries.check(address)
    try:
        holds = sessions.password_holds(row, password)
    except sessions.CannotHash as error:
        raise Trouble("busy", headers={"Retry-After": "5"}) from error
    if row is None or not holds or not guessing.may_enter(row, source, now):
        _tries.failed(address)
        with begin_write(here.engine) as connection:
            sessions.failed(connection, row, address, now)
            if row is not None:
                guessing.failed(connection, row, source, now)
        return make_response(render_template("login/form.html", back=back, failed=True), 401)
    with begin_write(here.engine) as connection:
        secret = sessions.log_in(connection, row, request.cookies.get(cookie_name()), now)
        device = guessing.succeeded(connection, row, source, device, address, now)
    page = make_response(redirect(back))
    page.set_cookie(cookie_name(), secret, httponly=True, secure=here.tls, samesite="Strict", path="/")
    remember(page, _device_cookie(), device)
    return page


def _device_cookie() -> str:
    """For `guessing`; opens nothing."""
    return f"{cookie_name()}_device"


@blueprint.post("/logout")
@needs(Action.OWN_ACCOUNT)
def logout() -> Response:
    """End the session, for every tab."""
    session = caller().session
    if session is not None:
        with begin_write(site().engine) as connection:
            sessions.log_out(connection, session.id)
        site().presence.look(write=False)
    page = make_response(redirect(url_for("login.form")))
    page.delete_cookie(cookie_name(), path="/", secure=site().tls, httponly=True, samesite="Strict")
    return page


def remember(page: Response, name: str, value: str) -> None:
    """Keep what opens nothing, for a year."""
    page.set_cookie(name, value, max_age=365 * 86400, httponly=True, secure=site().tls, samesite="Strict", path="/")


def inside(wanted: str | None) -> str:
    """Where to go after logging in: a path of this hub, nothing else."""
    try:
        parts = urlsplit(wanted or "/")
    except ValueError:
        return "/"
    inside = not parts.scheme and not parts.netloc and (wanted or "/").startswith("/") and "\\" not in (wanted or "")
    return wanted if wanted and inside and wanted.isprintable() and not wanted.startswith("//") else "/"


def forget_tries() -> None:
    """Forget which addresses failed; accounts stay slowed."""
    _tries.forget()
