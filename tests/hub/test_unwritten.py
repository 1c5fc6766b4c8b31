"""While the database refuses everything a press still reaches people; afterwards it is written like any other (H03)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from support.hubs import free_port, make_site, until
from support.sinks import Mailbox, Webhook
from support.writer import Bench

from hub import ingest
from hub.alerts.dispatch import Dispatch
from hub.store.schema import incident

CONTACTS = """
[alerts.email]
smtp_host = "127.0.0.1"
smtp_port = {mail}
security = "none"
sender = "madomori@example.lg.jp"

[[contacts]]
id = "boss"
role = "supervisor"
channel = "email"
target = "boss@example.lg.jp"

[[contacts]]
id = "guards"
role = "guard"
channel = "webhook"
target = "http://127.0.0.1:{hook}/guards"

[[contacts]]
id = "nobody-home"
role = "supervisor"
channel = "webhook"
target = "http://127.0.0.1:{closed}/gone"
"""


class Sinks:
    """Where alerts arrive."""

    def __init__(self) -> None:
        self.mail, self.hook = Mailbox(free_port()), Webhook(0)
        self.mail.start()
        self.hook.start()

    def stop(self) -> None:
        self.hook.stop()
        self.mail.stop()

    def alerts(self, *, unwritten: bool) -> list[dict[str, Any]]:
        return [one for item in self.hook.pile.items for one in item.data["alerts"] if one["unwritten"] is unwritten]


@pytest.fixture
def sinks() -> Iterator[Sinks]:
    sinks = Sinks()
    yield sinks
    sinks.stop()


@pytest.fixture
def bench(tmp_path: Path, sinks: Sinks, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(ingest, "RETRY_S", (0.02,))
    contacts = CONTACTS.format(mail=sinks.mail.port, hook=sinks.hook.port, closed=free_port())
    bench = Bench(make_site(tmp_path / "site", extra=contacts))
    yield bench
    bench.writer.stop()
    bench.database.dispose()


class Refusal:
    """Makes the database itself refuse every write, and lets it work again."""

    def __init__(self, bench: Bench) -> None:
        self._database, self.on = bench.database, False
        event.listen(self._database, "checkout", self._checkout)

    def _checkout(self, connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA query_only={'ON' if self.on else 'OFF'}")


def of(incident_id: str) -> Any:
    return lambda arrival: incident_id in arrival.text


def pressed(bench: Bench) -> str:
    text = bench.press()
    bench.put(text)
    return str(json.loads(text)["body"]["incident"])


def test_h03_calls_are_alerted_from_memory_once_and_written_when_the_database_works_again(
    bench: Bench, sinks: Sinks
) -> None:
    refusal = Refusal(bench)
    bench.start()
    until(lambda: bench.writer.listening, what="the writer")
    refusal.on = True
    first = pressed(bench)
    letter = sinks.mail.pile.wait_for(of(first), 15)
    assert letter is not None
    assert "窓口 で呼び出し（ハブの記録に書き込めません、" in letter.text
    assert "the hub cannot write its records" in letter.text
    second = pressed(bench)  # it waits behind the first
    assert sinks.mail.pile.wait_for(of(second), 15)
    until(lambda: len(sinks.alerts(unwritten=True)) >= 2, what="the guards, whose stage would come later")
    assert sorted(one["incident"] for one in sinks.alerts(unwritten=True)) == sorted([first, second])
    assert bench.link.acked == []
    assert bench.link.sent == [], "no receipt before the commit"
    assert bench.rows(incident) == []
    assert not bench.writer.listening
    sent = len(sinks.mail.pile.items)
    refusal.on = False
    until(lambda: len(bench.link.acked) == 2, what="recovery")
    assert {row.id for row in bench.rows(incident)} == {first, second}
    assert len(sinks.mail.pile.items) == sent, "once for each call"
    dispatch = Dispatch(bench.config, bench.database)
    dispatch.start()
    normal = sinks.mail.pile.wait_for(lambda arrival: first in arrival.text and "-000001" in arrival.text, 15)
    dispatch.stop()
    assert normal is not None, "the normal alert is not lost"


def test_h03_a_call_that_becomes_an_emergency_is_alerted_from_memory_as_one(bench: Bench, sinks: Sinks) -> None:
    """On a box with one button an emergency is a tap that is held on: two events under one incident."""

    def levels(call: str) -> list[str]:
        return [one["level"] for one in sinks.alerts(unwritten=True) if one["incident"] == call]

    refusal = Refusal(bench)
    bench.start()
    until(lambda: bench.writer.listening, what="the writer")
    written = pressed(bench)
    until(lambda: len(bench.link.acked) == 1, what="a call that the database took")
    refusal.on = True
    bench.put(bench.hold(written))
    until(lambda: levels(written) == ["emergency"], what="the emergency of a call that stands in the database")
    fresh = pressed(bench)
    until(lambda: levels(fresh) == ["assist"], what="a call of the outage")
    bench.put(bench.hold(fresh))
    until(lambda: levels(fresh) == ["assist", "emergency"], what="its rise")
    refusal.on = False
    until(lambda: len(bench.link.acked) == 4, what="recovery")
    assert {row.level for row in bench.rows(incident)} == {"emergency"}


def test_one_refusal_alone_alerts_nobody_from_memory(bench: Bench, sinks: Sinks) -> None:
    refusal = Refusal(bench)
    times: list[int] = []

    @event.listens_for(bench.database, "handle_error")
    def once(_context: Any) -> None:
        times.append(1)
        refusal.on = False

    bench.start()
    until(lambda: bench.writer.listening, what="the writer")
    refusal.on = True
    pressed(bench)
    until(lambda: bench.link.acked, what="the second try")
    assert times
    assert sinks.mail.pile.items == []
    assert sinks.alerts(unwritten=True) == []


DEPUTY = """
[[contacts]]
id = "boss"
role = "supervisor"
channel = "webhook"
target = "http://127.0.0.1:{closed}/gone"

[[contacts]]
id = "deputy"
role = "staff"
channel = "webhook"
target = "http://127.0.0.1:{hook}/deputy"
deputy_for = ["boss"]

[[contacts]]
id = "colleague"
role = "staff"
channel = "webhook"
target = "http://127.0.0.1:{hook}/colleague"
"""


def test_from_memory_deputies_are_told_as_well_because_nobody_knows_who_is_away(
    tmp_path: Path, sinks: Sinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "RETRY_S", (0.02,))
    bench = Bench(make_site(tmp_path / "site", extra=DEPUTY.format(hook=sinks.hook.port, closed=free_port())))
    refusal = Refusal(bench)
    bench.start()
    try:
        until(lambda: bench.writer.listening, what="the writer")
        refusal.on = True
        call = pressed(bench)
        assert sinks.hook.pile.wait_for(of(call), 15)
        refusal.on = False
        until(lambda: bench.link.acked, what="recovery")
        assert {item.to for item in sinks.hook.pile.items} == {"/deputy"}
    finally:
        bench.writer.stop()
        bench.database.dispose()
