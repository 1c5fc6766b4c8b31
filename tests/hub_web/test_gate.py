"""The gate: default deny, sessions, CSRF, hosts, sizes, headers."""

import re
from typing import Any

import pytest
from sqlalchemy import update

from hub.domain.permissions import Action, Role, allows
from hub.store.schema import session, timeline, token, user
from hub.web.gate import CSP, OPEN
from tests.hub_web.conftest import Browser, Hub
from tests.hub_web.hands import PASSWORD

ELSEWHERE = {"REMOTE_ADDR": "10.0.0.9"}
ID = "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a02"
INSIDE = {
    "incident_id": ID,
    "visit_id": ID,
    "told": "checkin",
    "disclosure_id": ID,
    "card_id": "abuse",
    "box": "counter-01",
    "ending": "csv",
    "seq": "0",
    "number": "1",
    "filename": "icon.svg",
    "name": "acknowledge",
    "change": "close",
    "scenario_id": "shinagawa-danger",
    "practice_id": ID,
    "secret": "x" * 43,
}


def routes(hub: Hub) -> list[tuple[str, str, str]]:
    """Every (endpoint, method, path) of the application, with something put in for the variables."""
    found = []
    for rule in hub.app.url_map.iter_rules():
        path = re.sub(r"<(?:[^<>:]+:)?([^<>]+)>", lambda part: INSIDE[part[1]], rule.rule)
        found += [(rule.endpoint, method, path) for method in (rule.methods or set()) - {"OPTIONS"}]
    return found


def test_the_table_knows_every_action_and_refuses_what_it_does_not_know() -> None:
    for action in Action:
        assert any(allows(action, role) for role in Role), action
    assert not allows("incidents.delete", "administrator")
    assert not allows(Action.CLOSE, "root")
    assert not allows("", "")


def test_without_a_login_only_the_open_routes_answer(hub: Hub) -> None:
    for endpoint, method, path in routes(hub):
        answer = hub.client().open(path, method=method, environ_base=ELSEWHERE)
        answer.close()
        if endpoint in OPEN:
            assert answer.status_code != 302, (method, path)
            assert "WWW-Authenticate" not in answer.headers, (method, path)
        elif path.startswith("/api/") or endpoint == "operations.metrics":
            assert answer.status_code == 401, (method, path)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        else:
            assert (answer.status_code, answer.location.partition("?")[0]) == (302, "/login"), (method, path)


@pytest.mark.parametrize("role", list(Role))
def test_every_route_for_every_role_follows_the_table(hub: Hub, role: Role) -> None:
    headers = hub.machine(role.value)
    for endpoint, method, path in routes(hub):
        if endpoint in OPEN or endpoint == "login.logout":
            continue
        action = getattr(hub.app.view_functions[endpoint], "needed_action", None)
        body: dict[str, str] | None = {} if method == "POST" else None
        answer = hub.client().open(path, method=method, headers=headers, json=body, environ_base=ELSEWHERE)
        answer.close()
        if action is None or not allows(action, role):
            assert answer.status_code == 403, (role, method, path)
        elif endpoint in ("incident.deed", "visits.deed"):
            assert answer.status_code in (403, 404, 422)  # the deed itself asks again
        else:
            assert answer.status_code not in (401, 403, 500), (role, method, path)


def test_a_view_that_says_nothing_is_closed(hub: Hub) -> None:
    hub.app.view_functions["dashboard.page"] = lambda: "open to all by mistake"
    for role in Role:
        assert hub.client().get("/", headers=hub.machine(role.value)).status_code == 403


def test_an_unknown_page_is_not_found_only_for_people_we_know(hub: Hub) -> None:
    assert hub.client().get("/api/v1/nothing").status_code == 401
    assert hub.client().get("/nothing").status_code == 302
    assert hub.client().get("/api/v1/nothing", headers=hub.machine()).status_code == 404
    assert hub.client().delete("/api/v1/boxes", headers=hub.machine()).status_code == 405


# --- sessions -------------------------------------------------------------------------------------------------------


def cookie(browser: Browser) -> Any:
    return browser.client.get_cookie("madomori")


def test_the_cookie_opens_nothing_by_what_the_database_holds(hub: Hub) -> None:
    browser = hub.signed_in()
    [row] = hub.rows(session)
    assert len(cookie(browser).value) >= 43  # 256 bits
    assert row.id != cookie(browser).value
    assert cookie(browser).http_only
    assert cookie(browser).same_site == "Strict"
    stolen = hub.client()
    stolen.set_cookie("madomori", row.id)
    assert stolen.get("/api/v1/me").status_code == 401


def test_with_tls_the_cookie_is_bound_to_this_host(make_hub: Any) -> None:
    hub = make_hub(more='[http]\nhost = "127.0.0.1"\ntls = "on"')
    client = hub.client()
    answer = client.post("/login", data={"login": hub.person(), "password": PASSWORD}, base_url="https://localhost")
    lines = answer.headers.getlist("Set-Cookie")
    assert [line.partition("=")[0] for line in lines] == ["__Host-madomori", "__Host-madomori_device"]
    for line in lines:
        assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in line.split(";")}
    assert "max-age=" in answer.headers["Strict-Transport-Security"]


def test_logging_in_changes_the_session(hub: Hub) -> None:
    browser = hub.signed_in()
    before = cookie(browser).value
    browser.log_in(hub.person(name="田中"))
    assert cookie(browser).value != before
    assert len(hub.rows(session)) == 1
    fixed = hub.client()
    fixed.set_cookie("madomori", "chosen-by-an-attacker")
    fixed.post("/login", data={"login": hub.person(), "password": PASSWORD})
    assert fixed.get_cookie("madomori").value != "chosen-by-an-attacker"


def test_a_session_ends_by_itself(hub: Hub) -> None:
    browser = hub.signed_in()
    for _ in range(3):
        hub.time.moves(minutes=29)
        assert browser.get("/api/v1/me").status_code == 200
    hub.time.moves(minutes=31)
    assert browser.get("/api/v1/me").status_code == 401
    browser.log_in(hub.person())
    for _ in range(21):
        hub.time.moves(minutes=28)
        assert browser.get("/api/v1/me").status_code == 200
    hub.time.moves(minutes=13)
    assert browser.get("/api/v1/me").status_code == 401  # ten hours


def test_logging_out_kills_the_session_everywhere(hub: Hub) -> None:
    browser = hub.signed_in()
    copied = hub.client()
    copied.set_cookie("madomori", cookie(browser).value)
    assert copied.get("/api/v1/me").status_code == 200
    assert browser.post("/logout").status_code == 302
    assert copied.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(("table", "column"), [(user, "disabled_at"), (token, "revoked_at")])
def test_who_is_shut_out_is_out_at_once(hub: Hub, table: Any, column: str) -> None:
    browser, headers = hub.signed_in(), hub.machine()
    with hub.engine.begin() as connection:
        connection.execute(update(table).values({column: hub.time()}))
    asked = browser.get("/api/v1/me") if table is user else hub.client().get("/api/v1/me", headers=headers)
    assert asked.status_code == 401


@pytest.mark.parametrize("header", ["Basic eDp5", "Bearer", "Bearer  ", "Bearer nonsense", "bearer \x7f"])
def test_a_wrong_authorization_opens_nothing(hub: Hub, header: str) -> None:
    assert hub.client().get("/api/v1/me", headers={"Authorization": header}).status_code == 401


# --- login ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:1", "\n/x"])
def test_after_logging_in_one_stays_here(hub: Hub, back: str) -> None:
    answer = hub.client().post("/login", data={"login": hub.person(), "password": PASSWORD, "next": back})
    assert answer.location == "/"


def test_after_logging_in_one_gets_where_one_wanted(hub: Hub) -> None:
    asked = hub.client().get("/incidents?state=open")
    assert asked.location == "/login?next=/incidents?state%3Dopen"
    answer = hub.client().post("/login", data={"login": hub.person(), "password": PASSWORD, "next": "/boxes"})
    assert answer.location == "/boxes"


# --- where a request comes from ---------------------------------------------------------------------------------------


def test_a_session_needs_its_token_for_every_change(hub: Hub) -> None:
    incident, browser = hub.press(), hub.signed_in()
    path = f"/api/v1/incidents/{incident}/acknowledge"
    for headers in ({}, {"X-CSRF-Token": "wrong"}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "é"}):
        answer = browser.client.post(path, headers=headers)
        assert (answer.status_code, answer.json["type"]) == (403, "urn:madomori:problem:forged")
    other = hub.signed_in(name="田中")
    assert browser.client.post(path, headers={"X-CSRF-Token": other.csrf}).status_code == 403
    assert hub.row(incident).state == "raised"
    assert browser.post(path).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_change_begun_elsewhere_is_refused_even_with_the_token(hub: Hub, headers: dict[str, str]) -> None:
    incident, browser = hub.press(), hub.signed_in()
    assert browser.post(f"/api/v1/incidents/{incident}/acknowledge", headers=headers).status_code == 403
    assert browser.post(f"/incidents/{incident}/acknowledge", headers=headers).status_code == 403
    assert hub.row(incident).state == "raised"


def test_our_own_pages_may_change_things(hub: Hub) -> None:
    incident, browser = hub.press(), hub.signed_in()
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert browser.post(f"/api/v1/incidents/{incident}/acknowledge", headers=headers).status_code == 200


def test_nobody_logs_somebody_in_from_elsewhere(hub: Hub) -> None:
    data = {"login": hub.person(), "password": PASSWORD}
    assert hub.client().post("/login", data=data, headers={"Origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": ""},
        {"Host": "localhost@evil.example"},
        {"Host": "localhost.evil.example"},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Proto": "https"},
        {"Forwarded": "host=evil.example"},
    ],
)
def test_another_name_is_refused(hub: Hub, headers: dict[str, str]) -> None:
    for path in ("/login", "/api/v1/me", "/healthz"):
        assert hub.client().get(path, headers=headers).status_code == 400


def test_names_from_the_settings_are_trusted(make_hub: Any) -> None:
    hub = make_hub(more='[http]\npublic_host = "hub.kita.example"')
    for host in ("hub.kita.example", "hub.kita.example:8080", "127.0.0.1:8080", "localhost"):
        assert hub.client().get("/healthz", headers={"Host": host}).status_code == 200


# --- sizes ----------------------------------------------------------------------------------------------------------


def test_bodies_have_limits(hub: Hub) -> None:
    incident, headers = hub.press(), hub.machine()
    path = f"/api/v1/incidents/{incident}/notes"
    assert hub.client().post(path, data=b"x" * 300_000, headers=headers).status_code == 413
    announced = {"CONTENT_LENGTH": str(10**9)}
    assert hub.client().post(path, data=b"x", headers=headers, environ_overrides=announced).status_code == 413
    packed = {**headers, "Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert hub.client().post(path, data=b"\x1f\x8b", headers=packed).status_code == 415
    parts = {f"field-{number}": "x" for number in range(10_000)}
    browser = hub.signed_in()
    assert browser.post(f"/incidents/{incident}/notes", data=parts).status_code in (413, 422)
    assert [row.kind for row in hub.rows(timeline)] == ["alarm.raised"]


# --- what goes out ----------------------------------------------------------------------------------------------------


def test_every_answer_carries_the_security_headers(hub: Hub) -> None:
    headers = hub.machine()
    for path in ("/login", "/", "/api/v1/boxes", "/api/v1/nothing", "/healthz", "/static/icon.svg"):
        answer = hub.client().get(path, headers=headers)
        answer.close()
        assert answer.headers["Content-Security-Policy"] == CSP, path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "unsafe" not in CSP
    assert "frame-ancestors 'none'" in CSP
    assert hub.client().get("/", headers=headers).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "{{ 7*7 }}", "'; DROP TABLE incident; --", "\u202egnp.exe", "\u2069\u2067x"]
)
def test_whatever_people_and_boxes_say_is_shown_as_said(hub: Hub, text: str) -> None:
    hub.box("counter-01", counter=text, faults=[text])
    incident, browser = hub.press("counter-01"), hub.signed_in(name=text)
    browser.post(f"/api/v1/incidents/{incident}/notes", json={"text": text})
    for path in ("/", f"/incidents/{incident}", "/boxes", "/incidents"):
        page = browser.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", page.text)  # would turn what stands beside it
        assert "49" not in re.findall(r"<bdi>(.*?)</bdi>", page.text)
    assert browser.get(f"/api/v1/incidents/{incident}").json["timeline"][-1]["text"] == text


def test_an_error_shows_a_number_and_no_trace(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("secret detail")

    browser = hub.signed_in()
    monkeypatch.setattr("hub.web.readings.boxes", broken)
    problem = browser.get("/api/v1/boxes")
    assert (problem.status_code, problem.mimetype) == (500, "application/problem+json")
    assert re.search(r"[0-9a-f]{8}", problem.json["ja"]["detail"])
    page = browser.get("/boxes")
    assert page.status_code == 500
    for text in (problem.text, page.text):
        assert "secret detail" not in text
        assert "Traceback" not in text


def test_this_machine_may_read_the_figures_unless_somebody_speaks_through_it(hub: Hub) -> None:
    assert hub.client().get("/metrics").status_code == 200
    assert hub.client().get("/metrics", environ_base=ELSEWHERE).status_code == 401
    assert hub.client().get("/metrics", headers={"X-Forwarded-For": "10.0.0.9"}).status_code == 401
    answer = hub.client().get("/metrics", headers=hub.machine("auditor"), environ_base=ELSEWHERE)
    assert b"madomori_incidents{" in answer.data
