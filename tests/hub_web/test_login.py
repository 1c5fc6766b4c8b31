"""Logging in: nothing is told to who guesses, who guesses is slowed, and the owner is not kept out."""

from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from hub.store import users
from hub.store.schema import access, login_source, user
from hub.web import guessing
from tests.hub_web.conftest import Hub
from tests.hub_web.hands import PASSWORD

HERE, ELSEWHERE, THIRD = "10.0.0.5", "10.0.0.66", "10.0.0.7"


def attempt(hub: Hub, name: str, password: str, address: str = HERE, browser: Any = None) -> Any:
    """One try; without `browser` from a new one."""
    data = {"login": name, "password": password}
    return (browser or hub.client()).post("/login", data=data, environ_base={"REMOTE_ADDR": address})


def guess(hub: Hub, name: str, times: int = 8, address: str = ELSEWHERE) -> None:
    for _ in range(times):
        assert attempt(hub, name, "wrong", address).status_code == 401


def test_a_failed_login_says_the_same_whoever_was_tried(hub: Hub) -> None:
    name = hub.person()
    answers = [attempt(hub, tried, "wrong") for tried in (name, "nobody", "", "a\0b", "x" * 300)]
    assert len({answer.text for answer in answers}) == 1
    assert not any("Set-Cookie" in answer.headers for answer in answers)
    assert len(hub.rows(access, act="login.failed")) == 5


def test_guessing_is_slowed_where_it_happens_and_ends_within_a_quarter_hour(hub: Hub) -> None:
    name = hub.person()
    for _ in range(14):
        guess(hub, name, 1)
        hub.time.moves(minutes=4)
    assert attempt(hub, name, PASSWORD, ELSEWHERE).status_code == 401  # slowed: there even the right one waits
    [row] = hub.rows(login_source)
    assert row.locked_until - hub.time() <= guessing.LOCK_MAX
    hub.time.moves(minutes=15)
    assert attempt(hub, name, PASSWORD, ELSEWHERE).status_code == 302
    assert hub.rows(login_source, source=row.source)[0].failures == 0


def test_other_peoples_tries_do_not_keep_the_owner_out(hub: Hub) -> None:
    name = hub.person()
    guess(hub, name)
    assert attempt(hub, name, PASSWORD).status_code == 302


def test_a_browser_that_was_here_before_gets_in_from_the_guessers_own_address(hub: Hub) -> None:
    name, browser = hub.person(), hub.client()
    assert attempt(hub, name, PASSWORD, ELSEWHERE, browser).status_code == 302
    guess(hub, name)
    assert attempt(hub, name, PASSWORD, ELSEWHERE).status_code == 401
    assert attempt(hub, name, PASSWORD, ELSEWHERE, browser).status_code == 302


def test_an_address_that_fails_too_often_is_refused_but_for_browsers_that_were_here_before(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guessing, "TRIES_PER_ADDRESS", 6)
    name, browser = hub.person(), hub.client()
    attempt(hub, name, PASSWORD, ELSEWHERE, browser)
    for number in range(6):
        guess(hub, f"nobody-{number}", 1)
    answer = attempt(hub, name, PASSWORD, ELSEWHERE)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert attempt(hub, name, PASSWORD, ELSEWHERE, browser).status_code == 302


def test_guessing_from_everywhere_slows_strangers_only(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "ACCOUNT_TRIES", 6)
    name, browser = hub.person(), hub.client()
    assert attempt(hub, name, PASSWORD, HERE, browser).status_code == 302
    for number in range(6):
        guess(hub, name, 1, f"10.1.0.{number}")
    assert hub.rows(user)[0].locked_until - hub.time() == guessing.ACCOUNT_WAIT
    assert attempt(hub, name, PASSWORD, THIRD).status_code == 401
    hub.time.moves(seconds=10)
    assert attempt(hub, name, PASSWORD, THIRD).status_code == 302
    for number in range(6):
        guess(hub, name, 1, f"10.2.0.{number}")
    assert attempt(hub, name, PASSWORD, "10.0.0.8").status_code == 401
    assert attempt(hub, name, PASSWORD, "10.0.0.8", browser).status_code == 302  # a known browser
    for number in range(6):
        guess(hub, name, 1, f"10.3.0.{number}")
    assert attempt(hub, name, PASSWORD, HERE).status_code == 302  # a known address


def test_a_browser_that_was_here_before_may_not_guess_either(hub: Hub) -> None:
    name, browser = hub.person(), hub.client()
    attempt(hub, name, PASSWORD, HERE, browser)
    for _ in range(6):
        assert attempt(hub, name, "wrong", HERE, browser).status_code == 401
    assert attempt(hub, name, PASSWORD, HERE, browser).status_code == 401
    assert attempt(hub, name, PASSWORD, HERE).status_code == 302


def test_a_browsers_mark_opens_nothing_and_is_worth_nothing_for_somebody_else(hub: Hub) -> None:
    mine, theirs, browser = hub.person(), hub.person(), hub.client()
    attempt(hub, mine, PASSWORD, ELSEWHERE, browser)
    mark = browser.get_cookie("madomori_device")
    assert mark.http_only
    assert mark.same_site == "Strict"
    assert all(mark.value not in row.source for row in hub.rows(login_source))
    stranger = hub.client()
    stranger.set_cookie("madomori_device", mark.value)
    assert stranger.get("/api/v1/me").status_code == 401
    guess(hub, theirs)
    assert attempt(hub, theirs, PASSWORD, ELSEWHERE, stranger).status_code == 401


def test_several_people_may_share_a_browser(hub: Hub) -> None:
    first, second, browser = hub.person(), hub.person(), hub.client()
    for name in (first, second):
        assert attempt(hub, name, PASSWORD, ELSEWHERE, browser).status_code == 302
    for name in (first, second):
        guess(hub, name)
        assert attempt(hub, name, PASSWORD, ELSEWHERE, browser).status_code == 302


def test_places_that_never_succeeded_are_forgotten_and_a_new_password_forgets_all(hub: Hub) -> None:
    name = hub.person()
    guess(hub, name, 1, THIRD)
    attempt(hub, name, PASSWORD)
    hub.time.moves(days=2)
    guess(hub, name, 1)
    assert {row.source.partition(":")[0] for row in hub.rows(login_source)} == {"address", "device"}
    assert f"address:{THIRD}" not in {row.source for row in hub.rows(login_source)}
    with hub.engine.begin() as connection:
        users.set_password(connection, name, "another long password")
    assert hub.rows(login_source) == []


def test_two_who_log_in_from_one_address_at_the_same_moment_are_both_let_try(monkeypatch: pytest.MonkeyPatch) -> None:
    tries, now_s = guessing.Tries(), [0.0]
    other = Thread(target=tries.check, args=(HERE,))

    def meanwhile() -> float:
        if now_s[0] and other.ident is None:  # the first is just looking at the old try: here comes the second
            other.start()
            other.join(0.1)
        return now_s[0]

    monkeypatch.setattr(guessing, "time", SimpleNamespace(monotonic=meanwhile))
    tries.failed(HERE)
    now_s[0] = guessing.TRIES_WITHIN_S + 1
    tries.check(HERE)
    other.join(5)
    assert not other.is_alive()
