"""Contacts through Apprise, the real library, against a local HTTP server."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apprise
import pytest
from support.alert_desk import Desk, raw_server, silent, working
from support.hubs import free_port, make_site, until
from support.sinks import Webhook

from hub.alerts import by_apprise, dispatch
from hub.alerts.by_apprise import AppriseChannel
from hub.alerts.channel import SENDING_S, Bundle, Item, SendFailed
from hub.store.ids import new_id
from hub.store.schema import alert

# One of Apprise's plugins asks for a module that Python 3.13 no longer has, and does without it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

AT = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)
TARGET = "file:chat.url"


@pytest.fixture
def chat() -> Iterator[Webhook]:
    chat = Webhook(0)
    chat.start()
    yield chat
    chat.stop()


def bundle(level: str = "emergency") -> Bundle:
    item = Item(new_id(), new_id(), "2026-000001", "2階 住民票 3番", level, AT, False, "http://hub/incidents/x")
    return Bundle("kita", TARGET, "ja", [item])


def secret(directory: Path, url: str) -> None:
    directory.mkdir(exist_ok=True)
    (directory / "chat.url").write_text(f"{url}\n", "utf-8")
    (directory / "chat.url").chmod(0o600)


def test_a_message_says_what_a_mail_says(tmp_path: Path, chat: Webhook) -> None:
    secret(tmp_path, f"json://127.0.0.1:{chat.port}/room")
    AppriseChannel(tmp_path).send(bundle())
    (got,) = chat.pile.items
    assert got.to == "/room"
    assert got.data["title"].startswith("【緊急】2階 住民票 3番 で呼び出し（2026-000001")
    assert "I am going" in got.data["message"]
    assert "http://hub/incidents/x" in got.data["message"]


@pytest.mark.parametrize("url", ["json://127.0.0.1:{port}/?rto=60&cto=60", "json://127.0.0.1:{port}/"])
def test_the_timeouts_are_short_whatever_the_url_says(tmp_path: Path, url: str) -> None:
    secret(tmp_path, url.format(port=1))
    opened = AppriseChannel(tmp_path).open(TARGET)
    assert opened.socket_read_timeout <= by_apprise.READ_S
    assert opened.socket_connect_timeout <= by_apprise.CONNECT_S
    assert by_apprise.READ_S + by_apprise.CONNECT_S < SENDING_S


def test_each_message_has_an_object_of_its_own_so_that_none_sleeps_for_another(tmp_path: Path) -> None:
    secret(tmp_path, "json://127.0.0.1:1/")
    channel = AppriseChannel(tmp_path)
    assert channel.open(TARGET) is not channel.open(TARGET)


def test_h06_a_sending_that_hangs_is_left_and_not_joined_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, begun = threading.Event(), []

    class Hanging:
        def notify(self, **_: Any) -> bool:
            begun.append(1)
            return released.wait(30)

    channel = AppriseChannel(tmp_path, sending_s=0.1)
    monkeypatch.setattr(channel, "open", lambda _target: Hanging())
    with pytest.raises(SendFailed, match="too long"):
        channel.send(bundle())
    with pytest.raises(SendFailed, match="not ended"):
        channel.send(bundle())
    assert len(begun) == 1
    released.set()
    until(lambda: not channel._running, what="its end")
    channel.send(bundle())


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("json://user:hush@127.0.0.1:{closed}/", "not accepted"),
        ("pigeon://hush/", "not understood"),
        (None, "cannot be read"),
    ],
)
def test_a_failure_tells_no_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], url: str | None, words: str
) -> None:
    if url is not None:
        secret(tmp_path, url.format(closed=free_port()))
    with pytest.raises(SendFailed, match=words) as failed:
        AppriseChannel(tmp_path).send(bundle())
    printed = capsys.readouterr()
    for said in (str(failed.value), caplog.text, printed.out, printed.err):
        assert "hush" not in said


def test_what_a_plugin_raises_is_a_failed_attempt_and_frees_the_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def notify(self, **_: Any) -> bool:
            raise ZeroDivisionError("https://hush")

    channel = AppriseChannel(tmp_path)
    monkeypatch.setattr(channel, "open", lambda _target: Broken())
    for _ in range(2):
        with pytest.raises(SendFailed, match=r"^apprise: ZeroDivisionError$"):
            channel.send(bundle())


def test_from_the_queue_a_failing_chat_is_tried_again_and_holds_up_no_other(
    tmp_path: Path, chat: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "backoff_s", lambda _tries: 0.05)
    monkeypatch.setattr(dispatch, "REST_MAX_S", 0.05)
    monkeypatch.setattr(by_apprise, "READ_S", 1.0)
    site = tmp_path / "site"
    desk = Desk(make_site(site))
    secret(site, f"json://127.0.0.1:{free_port()}/")
    (site / "good.url").write_text(f"json://127.0.0.1:{chat.port}/good", "utf-8")
    try:
        with raw_server(silent) as dead, working(desk, AppriseChannel(site), "apprise") as worker:
            (site / "dead.url").write_text(f"json://127.0.0.1:{dead}/", "utf-8")
            call = desk.call()
            hanging = desk.alert(call, "file:dead.url", "apprise")
            refused = desk.alert(call, TARGET, "apprise")
            good = desk.alert(call, "file:good.url", "apprise")
            worker.wake()
            until(lambda: desk.state(good) == "sent", what="the one that works")
            until(lambda: desk.rows(alert, alert.c.id == refused)[0].error, what="a failed attempt")
            secret(site, f"json://127.0.0.1:{chat.port}/again")
            until(lambda: desk.state(refused) == "sent", what="the next attempt")
            assert desk.state(hanging) != "sent"
    finally:
        desk.database.dispose()
    assert {item.to for item in chat.pile.items} >= {"/good", "/again"}


def test_apprise_knows_the_schemas_that_japanese_offices_use() -> None:
    known = {
        schema
        for plugin in apprise.Apprise().details()["schemas"]
        for kind in ("protocols", "secure_protocols")
        for schema in plugin[kind] or ()
    }
    assert {"json", "jsons", "slack", "mqtts", "ntfys", "line", "workflows", "twilio"} <= known
