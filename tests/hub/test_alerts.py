"""The channels against servers that refuse, stall, hang and fail; the ladder through a running worker."""

import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from support.alert_desk import Desk, raw_server, silent, working
from support.hubs import free_port, make_site, until
from support.sinks import Mailbox

from hub.alerts import dispatch, mail, webhook
from hub.alerts.channel import SENDING_S, Bundle, Item, SendFailed
from hub.alerts.dispatch import backoff_s
from hub.config import Email
from hub.store import alerts
from hub.store.engine import begin_write
from hub.store.ids import new_id
from hub.store.schema import alert, change

AT = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)


def bundle(target: str, count: int = 1, **changes: Any) -> Bundle:
    items = [
        Item(
            id=new_id(),
            incident=new_id(),
            number=f"2026-{number:06d}",
            counter="2階 住民票 3番",
            level="assist",
            pressed_at=AT,
            drill=False,
            url="http://127.0.0.1:8080/incidents/x",
        )
        for number in range(1, count + 1)
    ]
    items = [replace(item, **changes) for item in items]
    return Bundle("kita", target, "ja", items)


# --- servers that misbehave ------------------------------------------------------------------------------------------


def dripping(connection: socket.socket) -> None:
    """One byte now and then: no single socket operation ever times out."""
    connection.sendall(b"2")
    while True:
        threading.Event().wait(0.2)
        connection.sendall(b"2")


@dataclass
class Answering:
    """A webhook that answers with the statuses it is told, the last one for ever."""

    statuses: list[int]
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @contextmanager
    def serve(self) -> Iterator[int]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                outer.seen.append((self.path, dict(self.headers)))
                status = outer.statuses.pop(0) if len(outer.statuses) > 1 else outer.statuses[0]
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            server.server_close()


# --- one message -----------------------------------------------------------------------------------------------------


def test_a_mail_says_what_where_when_and_what_to_do_in_both_languages(tmp_path: Path) -> None:
    box = Mailbox(free_port())
    box.start()
    try:
        settings = Email(smtp_host="127.0.0.1", smtp_port=box.port, sender="m@city.example", security="none")
        sent = bundle("chief@city.example")
        mail.MailChannel(settings, tmp_path).send(sent)
        got = box.pile.wait_for(lambda _: True, 10)
    finally:
        box.stop()
    assert got is not None
    assert got.to == "chief@city.example"
    assert got.data["Message-ID"] == f"<{sent.items[0].id}@kita.madomori>"
    for words in ("【応援】2階 住民票 3番 で呼び出し", "2026-000001", "11:41:36", "http://127.0.0.1:8080/incidents/x"):
        assert words in got.text
    assert got.text.index("向かいます") < got.text.index("I am going")


def test_a_drill_says_so_first() -> None:
    message = mail.compose(bundle("a@b", drill=True, level="emergency"), "m@c", AT)
    assert message["Subject"].startswith("【訓練】")
    assert "DRILL" in message["Subject"]
    assert message["Importance"] is None
    assert '"drill": true' in webhook.payload(bundle("http://x", drill=True)).decode()


def test_a_drill_among_calls_in_earnest_hides_none_of_them_and_is_told_line_by_line() -> None:
    mixed = bundle("a@b", 2)
    drill, real = replace(mixed.items[0], drill=True, level="emergency"), mixed.items[1]
    message = mail.compose(replace(mixed, items=[drill, real]), "m@c", AT)
    assert message["Subject"].startswith("【応援】")
    body = message.get_body()
    assert body is not None
    text = body.get_content()
    assert text.startswith("【訓練】【緊急】")
    assert "訓練です。画面で" not in text, "somebody is to go"


def test_many_alerts_are_one_message_and_none_is_left_out() -> None:
    many = bundle("http://x", 50)
    text = webhook.payload(many).decode()
    assert all(item.id in text for item in many.items)
    assert "ほか 49 件" in mail.compose(many, "m@c", AT)["Subject"]
    again = Bundle(many.site, many.target, many.language, list(reversed(many.items)))
    assert mail.bundle_id(many) == mail.bundle_id(again)


def test_a_webhook_carries_an_idempotency_key_and_follows_no_redirect() -> None:
    answering = Answering([204, 307])
    with answering.serve() as port:
        one = bundle(f"http://127.0.0.1:{port}/hook?room=1")
        webhook.WebhookChannel(2).send(one)
        with pytest.raises(SendFailed, match="307"):
            webhook.WebhookChannel(2).send(one)
    assert [path for path, _ in answering.seen] == ["/hook?room=1"] * 2
    assert {headers["Idempotency-Key"] for _, headers in answering.seen} == {one.items[0].id}


@pytest.mark.parametrize("serve", [silent, dripping], ids=["silent", "dripping"])
@pytest.mark.parametrize("kind", ["mail", "webhook"])
def test_h06_a_server_that_hangs_costs_a_bounded_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serve: Callable[[socket.socket], None], kind: str
) -> None:
    monkeypatch.setattr(mail, "SENDING_S", 2.0)
    monkeypatch.setattr(webhook, "SENDING_S", 2.0)
    with raw_server(serve) as port:
        settings = Email(smtp_host="127.0.0.1", smtp_port=port, sender="m@c", security="none", timeout_s=1)
        channel = mail.MailChannel(settings, tmp_path) if kind == "mail" else webhook.WebhookChannel(1)
        target = "a@b.example" if kind == "mail" else f"http://127.0.0.1:{port}/"
        gave_up: list[bool] = []

        def sends() -> None:
            with pytest.raises(SendFailed):
                channel.send(bundle(target))
            gave_up.append(True)

        threading.Thread(target=sends, daemon=True).start()  # left alone, it would hang for ever
        assert until(lambda: gave_up, 60, "giving up")


def test_a_refusing_mail_server_is_a_failure_that_names_no_address(tmp_path: Path) -> None:
    settings = Email(smtp_host="127.0.0.1", smtp_port=free_port(), sender="m@c", security="none")
    with pytest.raises(SendFailed) as refused:
        mail.MailChannel(settings, tmp_path).send(bundle("secret-person@city.example"))
    assert "secret-person" not in str(refused.value)


def test_the_sending_deadline_is_shorter_than_the_lease() -> None:
    assert timedelta(seconds=SENDING_S) < alerts.LEASE


def test_backoff_grows_to_a_minute() -> None:
    assert [round(backoff_s(tries)) for tries in (1,)] == [1]
    for tries in range(1, 12):
        expected = min(60.0, 2.0 ** (tries - 1))
        assert 0.8 * expected <= backoff_s(tries) <= 1.2 * expected


# --- rows and leases -------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(make_site(tmp_path / "site"))
    yield desk
    desk.database.dispose()


def test_a_failing_webhook_is_tried_again_with_the_same_key(desk: Desk) -> None:
    answering = Answering([500, 503, 200])
    with answering.serve() as port:
        id = desk.alert(desk.call(), f"http://127.0.0.1:{port}/")
        with working(desk, webhook.WebhookChannel(2)):
            until(lambda: desk.state(id) == "sent", 20, "sending")
    assert {headers["Idempotency-Key"] for _, headers in answering.seen} == {id}
    (row,) = desk.rows(alert)
    assert (row.tries, row.error) == (3, None)
    assert desk.rows(change, change.c.kind == "alert")


def test_h06_one_dead_target_holds_up_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "SENDING_S", 120.0)
    answering, let_go = Answering([200]), threading.Event()
    with raw_server(lambda _: let_go.wait(120)) as dead, answering.serve() as port:
        call = desk.call()
        hung = [desk.alert(call, f"http://127.0.0.1:{dead}/") for _ in range(20)]
        good = [desk.alert(call, f"http://127.0.0.1:{port}/{number}") for number in range(5)]
        with working(desk, webhook.WebhookChannel(120)):
            try:
                until(lambda: all(desk.state(id) == "sent" for id in good), 60, "the living targets")
                assert [desk.state(id) for id in hung if desk.state(id) == "sent"] == []
            finally:
                let_go.set()


def test_what_waits_for_one_target_goes_out_as_one_message(desk: Desk) -> None:
    sent: list[Bundle] = []

    class Slow:
        def send(self, bundle: Bundle) -> None:
            sent.append(bundle)
            threading.Event().wait(0.3)

    call = desk.call()
    first = desk.alert(call, "http://x/")
    with working(desk, Slow()) as worker:
        until(lambda: sent, what="the first")
        ids = [desk.alert(call, "http://x/") for _ in range(120)]
        worker.wake()
        until(lambda: all(desk.state(id) == "sent" for id in ids), 20, "the others")
    assert [item.id for item in sent[0].items] == [first]
    assert max(len(bundle.items) for bundle in sent) == alerts.MESSAGE_MAX
    assert sorted(item.id for bundle in sent for item in bundle.items) == sorted([first, *ids])


def test_after_the_last_try_it_counts_as_failed_and_the_page_learns_of_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "backoff_s", lambda _tries: 0.0)
    monkeypatch.setattr(dispatch, "REST_MAX_S", 0.0)
    answering = Answering([500])
    with answering.serve() as port:
        id = desk.alert(desk.call(), f"http://127.0.0.1:{port}/")
        with working(desk, webhook.WebhookChannel(2)):
            until(lambda: desk.state(id) == "failed", 20, "giving up")
    assert len(answering.seen) == desk.config.alerts.tries_max
    assert desk.rows(alert)[0].error == "webhook answered 500"
    assert desk.rows(change, change.c.kind == "alert")


def test_a_broken_channel_counts_as_a_failed_attempt(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "backoff_s", lambda _tries: 0.0)
    monkeypatch.setattr(dispatch, "REST_MAX_S", 0.0)

    class Broken:
        def send(self, bundle: Bundle) -> None:
            raise ZeroDivisionError

    id = desk.alert(desk.call(), "http://x/")
    with working(desk, Broken()):
        until(lambda: desk.state(id) == "failed", 20, "giving up")


def test_a_lease_keeps_others_away_until_it_ends(desk: Desk) -> None:
    desk.alert(desk.call(), "http://x/")
    now = datetime.now(UTC)
    with begin_write(desk.database) as connection:
        lease = alerts.lease(connection, "webhook", now, ())
    assert lease is not None
    for later_s, free in ((1, False), (9, False), (11, True)):
        with begin_write(desk.database) as connection:
            taken = alerts.lease(connection, "webhook", now + timedelta(seconds=later_s), ())
            assert (taken is not None) == free
            if not free:
                assert taken is None


def test_h11_a_wall_clock_set_back_does_not_hold_an_alert(desk: Desk) -> None:
    desk.alert(desk.call(), "http://x/")
    with begin_write(desk.database) as connection:
        connection.execute(update(alert).values(next_at=datetime.now(UTC) + timedelta(hours=1)))
        assert alerts.lease(connection, "webhook", datetime.now(UTC), ()) is not None


def test_channels_take_only_their_own(desk: Desk) -> None:
    desk.alert(desk.call(), "a@b.example", "email")
    with begin_write(desk.database) as connection:
        assert alerts.lease(connection, "webhook", datetime.now(UTC), ()) is None
        assert alerts.lease(connection, "email", datetime.now(UTC), ()) is not None


def test_smtplib_still_takes_the_name_for_tls_where_we_put_it() -> None:
    assert smtplib.SMTP()._host == ""  # type: ignore[attr-defined]
