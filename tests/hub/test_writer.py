"""The writer against a database that fails and against poison, in one process, with a link that remembers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DataError, OperationalError
from support.hubs import make_site, until
from support.writer import Bench

from hub import ingest
from hub.link import Incoming
from hub.store import intake as store
from hub.store.ids import new_id
from hub.store.schema import incident, quarantine


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(make_site(tmp_path / "site"))
    yield bench
    bench.writer.stop()
    bench.database.dispose()


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the store does instead of writing: `error` is raised when it `fits` the intake."""
    state: dict[str, Any] = {"error": None, "fits": lambda intake: True, "times": 0}
    write = store.write

    def sometimes(connection: Any, intake: Any) -> Any:
        if state["error"] is not None and state["fits"](intake):
            state["times"] += 1
            raise state["error"]
        return write(connection, intake)

    monkeypatch.setattr(store, "write", sometimes)
    return state


@pytest.mark.parametrize("words", ["database or disk is full", "disk I/O error", "database is locked"])
def test_h03_h05_while_the_database_refuses_nothing_is_acknowledged_and_nobody_is_told_that_we_listen(
    bench: Bench, broken: dict[str, Any], monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setattr(ingest, "RETRY_S", (0.02,))
    bench.start()
    first = bench.put()  # the clean case
    until(lambda: bench.link.acked == [first], what="acknowledgement")
    assert bench.writer.listening
    broken["error"] = OperationalError("INSERT", {}, Exception(words))
    bench.woken.clear()
    second = bench.put()
    until(lambda: broken["times"] >= 3, what="retries")
    assert not bench.writer.listening
    assert bench.woken
    assert bench.link.acked == [first]
    assert len(bench.link.sent) == 1
    broken["error"] = None
    until(lambda: bench.link.acked == [first, second], what="recovery")
    assert bench.writer.listening
    assert len(bench.rows(incident)) == 2


@pytest.mark.parametrize(
    "error", [DataError("INSERT", {}, Exception("a lone surrogate")), ZeroDivisionError()], ids=["data", "bug"]
)
def test_poison_is_set_aside_and_blocks_nobody(bench: Bench, broken: dict[str, Any], error: Exception) -> None:
    poison = bench.press()
    name = json.loads(poison)["id"]
    broken["error"] = error
    broken["fits"] = lambda intake: any(row["id"] == name for row in intake.events)
    good = [bench.put() for _ in range(5)]
    bad = bench.put(poison)
    good += [bench.put() for _ in range(5)]
    bench.start()
    until(lambda: sorted(bench.link.acked) == sorted([*good, bad]), what="acknowledgements")
    assert len(bench.rows(incident)) == 10
    (row,) = bench.rows(quarantine)
    assert "cannot be stored" in row.reason
    assert bench.writer.listening


def test_receipts_of_one_box_and_incident_travel_together(bench: Bench) -> None:
    press = json.loads(bench.press())
    again = press | {
        "id": new_id(), "seq": 2, "type": "alarm.repeated",
        "body": {"incident": press["body"]["incident"], "level": "assist", "gesture": "short"},
    }  # fmt: skip
    other = bench.press()
    for one in (json.dumps(press), json.dumps(again), other):
        bench.put(one)
    bench.start()
    until(lambda: len(bench.link.sent) == 2, what="receipts")
    together = next(payload for _, payload in bench.link.sent if len(payload["events"]) == 2)
    assert together["events"] == [press["id"], again["id"]]


def test_a_message_of_an_earlier_connection_is_not_acknowledged() -> None:
    from hub.link import Link

    link = Link.__new__(Link)
    acked: list[int] = []

    class Client:
        def ack(self, mid: int, _qos: int) -> None:
            acked.append(mid)

    link._connection = 2
    link._client = Client()  # type: ignore[assignment]
    link.ack(
        [Incoming("t", b"", False, qos, mid, connection) for mid, qos, connection in ((1, 1, 1), (2, 1, 2), (3, 0, 2))]
    )
    assert acked == [2]
