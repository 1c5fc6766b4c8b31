"""The gate in front of every view: who asks, from where, whether they may. What is not allowed here is refused."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, make_response, redirect, request, url_for
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.utils import host_is_trusted

from hub.domain.permissions import Action, allows
from hub.domain.screen_copy import COPY_BYTES_MAX
from hub.store.engine import begin_write
from hub.web import sessions
from hub.web.problems import Trouble
from hub.web.sessions import Caller
from hub.web.site import site
from hub.wording import LANGUAGES, pick_language

OPEN: Final = frozenset(
    {
        "login.form",
        "login.submit",
        "static",
        "operations.healthz",
        "operations.readyz",
        "api.put_segment",
        "api.ask_segment",
        "calendar.feed",
    }
)
"""Endpoints without a login. A segment authenticates itself by its record's signature, a calendar by its address."""

SEGMENT_BYTES_MAX: Final = 16 * 1024 * 1024
BODY_BYTES_MAX: Final = 256 * 1024
BODIES_BYTES_MAX: Final = {
    "api.put_segment": SEGMENT_BYTES_MAX,
    "api.post_evidence_file": COPY_BYTES_MAX + BODY_BYTES_MAX,
    "posts.evidence_file": COPY_BYTES_MAX + BODY_BYTES_MAX,
}
"""Endpoints that take more than a form."""

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; media-src 'self'; "
    "font-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
_CLAIMS: Final = ("Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Original-Host", "X-Host")

_View = TypeVar("_View", bound=Callable[..., object])


def needs(action: Action) -> Callable[[_View], _View]:
    """Say which permission a view needs; a view that says nothing is closed to everybody."""

    def mark(view: _View) -> _View:
        view.needed_action = action  # type: ignore[attr-defined]
        return view

    return mark


def caller() -> Caller:
    """Who asks. Only behind the gate.

    Raises:
        Trouble: nobody who has shown who they are.
    """
    found = g.get("caller")
    if not isinstance(found, Caller):
        raise Trouble("sign-in", headers={"WWW-Authenticate": "Bearer"})
    return found


def require(*actions: Action) -> None:
    """Refuse the running request unless its caller may do all of `actions`.

    Raises:
        Trouble: not allowed.
    """
    role = caller().person.role
    if not all(allows(action, role) for action in actions):
        raise Trouble("not-allowed")


def register(app: Flask) -> None:
    """Put the gate before every request of `app`, and the security headers on every response."""
    app.before_request(_enter)
    app.after_request(_protect)


def _enter() -> Response | None:
    g.language = request.cookies.get("madomori_lang") or pick_language(request.headers.get("Accept-Language"))
    if g.language not in LANGUAGES:
        g.language = LANGUAGES[0]
    _check_host()
    _limit_body()
    g.caller = None
    if request.endpoint in OPEN:
        _check_origin(strict=False)
        return None
    if request.endpoint == "operations.metrics" and _is_this_machine():
        return None
    g.caller = found = _identify()
    if found is None:
        return _ask_to_sign_in()
    if isinstance(request.routing_exception, HTTPException):
        return None  # Flask answers it, to somebody we know
    if found.session is not None and request.method not in ("GET", "HEAD", "OPTIONS"):
        _check_origin(strict=True)
        _check_csrf(found.session.csrf)
    view = site_view(request.endpoint)
    action = getattr(view, "needed_action", None)
    if action is None or not allows(action, found.person.role):
        raise Trouble("not-allowed")
    return None


def site_view(endpoint: str | None) -> Callable[..., object] | None:
    """The view behind an endpoint of the running application."""
    return current_app.view_functions.get(endpoint or "")


def _identify() -> Caller | None:
    now = site().now()
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer" or not secret:
            return None
        with site().engine.connect() as connection:
            return sessions.by_token(connection, secret.strip())
    cookie = request.cookies.get(cookie_name())
    if not cookie or len(cookie) > 100:
        return None
    with site().engine.connect() as connection:
        found = sessions.by_cookie(connection, cookie, now)
    if found is None:
        return None
    known, used = found
    if used and known.session is not None:
        with suppress(OperationalError), begin_write(site().engine) as connection:
            sessions.touch(connection, known.session.id, now)
    if known.session is not None and "madomori_lang" not in request.cookies:
        g.language = known.session.language if known.session.language in LANGUAGES else g.language
    return known


def cookie_name() -> str:
    """`__Host-` binds the cookie to this host and to TLS; browsers accept it only there."""
    return "__Host-madomori" if site().tls else "madomori"


def _ask_to_sign_in() -> Response:
    if request.path.startswith(("/api/", "/metrics")) or request.headers.get("X-Requested-With") == "madomori":
        raise Trouble("sign-in", headers={"WWW-Authenticate": "Bearer"})
    back = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return make_response(redirect(url_for("login.form", next=back) if back != "/" else url_for("login.form")))


def _check_host() -> None:
    if any(name in request.headers for name in _CLAIMS):
        raise Trouble("wrong-host")  # nobody stands in front of this hub who may say so (faults U08)
    host = request.environ.get("HTTP_HOST", "")
    if not host_is_trusted(host, site().trusted_hosts):
        raise Trouble("wrong-host")


def _check_origin(strict: bool) -> None:
    """Refuse a state change that another site's page began. Machines and old browsers send no origin at all."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    origin = request.headers.get("Origin")
    if origin is not None and not _is_ours(origin):
        raise Trouble("forged")
    if strict and request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Trouble("forged")


def _is_ours(origin: str) -> bool:
    try:
        return urlsplit(origin).netloc == request.host
    except ValueError:
        return False


def _check_csrf(expected: str) -> None:
    given = request.headers.get("X-CSRF-Token")
    if given is None and request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
        given = request.form.get("csrf_token")
    if not sessions.same(given, expected):
        raise Trouble("forged")


def _limit_body() -> None:
    request.max_content_length = BODIES_BYTES_MAX.get(request.endpoint or "", BODY_BYTES_MAX)
    request.max_form_parts = 200
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Trouble("wrong-type")
    length = request.content_length
    if length is not None and length > request.max_content_length:
        raise Trouble("too-large", headers={"Connection": "close"})


def _is_this_machine() -> bool:
    """A peer on this machine that nobody speaks through."""
    return request.remote_addr in _LOOPBACK and "X-Forwarded-For" not in request.headers


def security_headers(tls: bool) -> dict[str, str]:
    """What every answer carries, also those that never came as far as a view (`hub.web.http_worker`)."""
    headers = {
        "Content-Security-Policy": CSP,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), screen-wake-lock=(self)",
    }
    if tls:
        headers["Strict-Transport-Security"] = "max-age=31536000"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"  # browsers complain about it on plain http
    return headers


def _protect(response: Response) -> Response:
    headers = response.headers
    for name, value in security_headers(site().tls).items():
        headers.setdefault(name, value)
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
        headers.add("Vary", "Cookie")
    return response
