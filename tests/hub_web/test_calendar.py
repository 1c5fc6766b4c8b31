"""An address of one's own for a calendar program: shown once, kept as a hash, good for nothing else."""

import re
import traceback
from collections.abc import Callable
from typing import Any

import icalendar
import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from hub.config import load
from hub.domain.permissions import Action, Role, allows
from hub.store.schema import access, calendar, user
from hub.web import guessing
from hub.web.server import options
from tests.hub_web.conftest import Browser, Hub

ADDRESS = re.compile(r"http[^<\s]+/calendar/[A-Za-z0-9_-]{43}\.ics")


def made(browser: Browser) -> str:
    """A new address, as its owner reads it on the page."""
    page = browser.get("/calendar").text
    assert not ADDRESS.search(page), "shown once, when it is made"
    marks = re.findall(r'name="standing" value="([^"]*)"', page)
    answer = browser.post("/calendar", data={"standing": marks[0]})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    [address] = ADDRESS.findall(answer.text)
    return str(address)


def read(hub: Hub, address: str, **arguments: Any) -> Any:
    """What a calendar program gets: no cookie, no header."""
    return hub.client().get(address.partition("localhost")[2], **arguments)


def ended(hub: Hub) -> str:
    incident = hub.press()
    said = {"action": "ended"}
    hub.client().post(f"/api/v1/incidents/{incident}/contact", json=said, headers=hub.machine("section_head"))
    return incident


def titles(answer: Any) -> list[str]:
    feed = icalendar.Calendar.from_ical(answer.text)
    return sorted(str(one["SUMMARY"]) for one in (*feed.walk("VEVENT"), *feed.walk("VTODO")))


def test_a_calendar_reads_the_tasks_by_an_address_that_its_owner_made(hub: Hub) -> None:
    incident, browser = ended(hub), hub.signed_in("section_head")
    note = {"text": "山田さんが大声を出した"}
    hub.client().post(f"/api/v1/incidents/{incident}/notes", json=note, headers=hub.machine("section_head"))
    address = made(browser)
    answer = read(hub, address)
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    assert answer.text == browser.get("/tasks.ics").text, "the same as for somebody who has logged in"
    assert "山田" not in answer.text
    assert "佐藤" not in answer.text
    assert len(titles(answer)) == 5
    assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert "Set-Cookie" not in answer.headers


def test_only_a_hash_of_the_address_is_kept_and_it_opens_nothing_else(hub: Hub) -> None:
    address = made(hub.signed_in("section_head"))
    secret = address.rpartition("/")[2].removesuffix(".ics")
    [row] = hub.rows(calendar)
    assert secret not in str(row)
    assert read(hub, address.replace(secret, row.hash)).status_code == 404
    for key in (secret, row.hash, row.user):
        assert hub.client().get("/api/v1/me", headers={"Authorization": f"Bearer {key}"}).status_code == 401
        stolen = hub.client()
        stolen.set_cookie("madomori", key)
        assert stolen.get("/api/v1/me").status_code == 401
    assert secret not in (hub.directory / "madomori.db").read_bytes().decode("latin-1")
    assert [one.act for one in hub.rows(access)][-1] == "calendar.made"


def test_a_new_address_ends_the_one_before_and_stopping_ends_both(hub: Hub) -> None:
    browser = hub.signed_in("section_head")
    first = made(browser)
    hub.time.moves(minutes=1)
    second = made(browser)
    assert [read(hub, one).status_code for one in (first, second)] == [404, 200]
    assert browser.post("/calendar/stop").status_code == 303
    assert read(hub, second).status_code == 404
    assert browser.post("/calendar/stop").status_code == 303
    acts = [one.act for one in hub.rows(access) if one.act.startswith("calendar.")]
    assert acts == ["calendar.made", "calendar.renewed", "calendar.stopped"], "once each, with who and when"
    assert {one.actor_name for one in hub.rows(access, act="calendar.renewed")} == {"佐藤"}


def test_loading_the_page_again_does_not_end_the_address_that_was_just_copied(hub: Hub) -> None:
    browser = hub.signed_in("section_head")
    address = made(browser)
    again = browser.post("/calendar", data={"standing": ""})
    assert (again.status_code, again.location) == (303, "/calendar")
    assert read(hub, address).status_code == 200
    assert "まだ読まれていません" not in browser.get("/calendar").text


def test_the_address_dies_with_the_account_and_follows_its_role(hub: Hub) -> None:
    ended(hub)
    address = made(hub.signed_in("section_head"))
    for role, count in (("supervisor", 5), ("auditor", 0), ("guard", None)):
        with hub.engine.begin() as connection:
            connection.execute(update(user).values(role=role))
        answer = read(hub, address)
        assert (answer.status_code == 200) is (count is not None), role
        assert count is None or len(titles(answer)) == count, role
    with hub.engine.begin() as connection:
        connection.execute(update(user).values(role="supervisor", disabled_at=hub.time()))
    assert read(hub, address).status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_who_has_nothing_in_it_has_no_address(hub: Hub, role: Role) -> None:
    browser = hub.signed_in(role.value)
    may = allows(Action.TASKS, role) or allows(Action.DISCLOSURES_READ, role)
    assert (browser.get("/calendar").status_code == 200) is may
    assert (browser.post("/calendar", data={"standing": ""}).status_code == 200) is may
    assert len(hub.rows(calendar)) == may


def test_the_register_alone_is_what_its_keeper_reads(hub: Hub) -> None:
    incident = ended(hub)
    number = hub.row(incident).number
    request = {
        "kind": "resident", "wanted": "recording", "reference": "情公第12号", "received_on": "2026-11-20",
        "due_on": "2026-12-04", "handler": "情報公開係", "incidents": [number],
    }  # fmt: skip
    answer = hub.client().post("/api/v1/disclosures", json=request, headers=hub.machine("general_affairs"))
    assert answer.status_code in (200, 201), answer.text
    found = titles(read(hub, made(hub.signed_in("evidence_custodian"))))
    assert [one.partition(" ")[0] for one in found] == ["開示の求めの期限"]


def test_a_wrong_address_is_not_found_and_many_are_slowed_without_keeping_a_right_one_out(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guessing, "TRIES_PER_ADDRESS", 4)
    address = made(hub.signed_in("section_head"))
    for wrong in ("x" * 43, "x", "%00", "あ" * 43):
        assert read(hub, f"http://localhost/calendar/{wrong}.ics").status_code == 404
    answer = read(hub, f"http://localhost/calendar/{'y' * 43}.ics")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    elsewhere = {"REMOTE_ADDR": "10.0.0.9"}
    assert read(hub, f"http://localhost/calendar/{'y' * 43}.ics", environ_base=elsewhere).status_code == 404
    assert read(hub, address).status_code == 200
    browser = hub.signed_in("section_head")  # old calendars of a whole office lock nobody out of the pages either
    assert browser.get("/tasks").status_code == 200


def test_the_address_stands_in_no_log(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("of the hub's own")

    address = made(hub.signed_in("section_head"))
    monkeypatch.setattr("hub.web.tasks.calendar", broken)
    with capture_logs() as told:
        assert read(hub, address).status_code == 500
    [entry] = told
    assert entry["path"] == "/calendar/<string:secret>.ics"
    lines = "".join(traceback.format_exception(entry["exc_info"]))
    assert "of the hub's own" in lines
    secret = address.rpartition("/")[2].removesuffix(".ics")
    assert secret not in lines + str(entry)
    assert "accesslog" not in options(load(hub.directory)), "gunicorn writes no line for each request"


def test_the_calendar_speaks_its_owners_language_over_tls_too(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(more='[http]\nhost = "127.0.0.1"\ntls = "on"')
    ended(hub)
    login = hub.person("section_head")
    with hub.engine.begin() as connection:
        connection.execute(update(user).values(language="en"))
    client = hub.client()
    base = {"base_url": "https://localhost"}
    client.post("/login", data={"login": login, "password": "correct horse battery"}, **base)
    csrf = re.findall(r'data-csrf="([^"]+)"', client.get("/calendar", **base).text)
    page = client.post("/calendar", data={"standing": "", "csrf_token": csrf[0]}, **base).text
    [address] = ADDRESS.findall(page)
    assert address.startswith("https://localhost/")
    answer = read(hub, address, headers={"Accept-Language": "ja"}, **base)
    assert "Have the worker rest" in answer.text or "rest" in " ".join(titles(answer)).lower()
    assert "ca.crt" in page


def test_a_machine_has_its_token_and_makes_no_address(hub: Hub) -> None:
    headers = hub.machine("section_head")
    assert hub.client().post("/calendar", headers=headers).status_code == 409
    assert hub.client().post("/calendar/stop", headers=headers).status_code == 409
    assert "アドレスを作る" not in hub.client().get("/calendar", headers=headers).text
    assert hub.rows(calendar) == []


def test_both_pages_lead_to_it(hub: Hub) -> None:
    assert 'href="/calendar"' in hub.sees("supervisor", "/tasks").text
    assert 'href="/calendar"' in hub.sees("auditor", "/disclosures").text
