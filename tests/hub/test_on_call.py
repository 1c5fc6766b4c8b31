"""Absence and hours, wired into the ladder: through the writer's first alerts and the engine's rounds."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from support.hubs import make_site, until
from support.writer import Bench

from hub.domain.duty import Absence
from hub.store import absences
from hub.store.engine import begin_write
from hub.store.schema import alert, timeline
from tests.hub.rounds import Round

CONTACTS = """
[[contacts]]
id = "chief"
role = "supervisor"
channel = "webhook"
target = "http://127.0.0.1:9/chief"
[[contacts]]
id = "senior"
role = "staff"
channel = "webhook"
target = "http://127.0.0.1:9/senior"
deputy_for = ["chief"]
[[contacts]]
id = "head"
role = "section_head"
channel = "webhook"
target = "http://127.0.0.1:9/head"
"""


@pytest.fixture
def turn(tmp_path: Path) -> Iterator[Round]:
    made = Round(make_site(tmp_path / "site", extra=CONTACTS))
    yield made
    made.database.dispose()


def goes(turn: Round, contact: str, minutes: float = 60) -> None:
    with begin_write(turn.database) as connection:
        absence = Absence(contact, turn.at, turn.at + timedelta(minutes=minutes))
        absences.add(connection, absence, ("x", "佐藤"), turn.at)


def comes(turn: Round, contact: str) -> None:
    with begin_write(turn.database) as connection:
        absences.end(connection, contact, ("x", "佐藤"), turn.at)


def test_while_the_chief_is_away_the_deputy_is_called_in_the_chiefs_role(turn: Round) -> None:
    goes(turn, "chief")
    call = turn.call()
    turn.cycle()
    assert turn.alerted(call) == [("senior", 0)]
    assert {row.role for row in turn.rows(alert)} == {"supervisor"}
    turn.passes(30.01)
    turn.cycle()
    assert turn.alerted(call) == [("head", 0), ("senior", 0), ("senior", 1)]


def test_a_deputy_hears_of_a_call_that_stands_as_soon_as_the_absence_is_noted(turn: Round) -> None:
    call = turn.call()
    turn.cycle()
    assert turn.alerted(call) == [("chief", 0)]
    turn.passes(4)
    goes(turn, "chief")
    turn.cycle()
    assert turn.alerted(call) == [("chief", 0), ("senior", 0)]


def test_who_comes_back_is_called_again_and_the_deputy_no_more(turn: Round) -> None:
    goes(turn, "chief")
    call = turn.call()
    turn.cycle()
    turn.passes(4)
    comes(turn, "chief")
    turn.cycle()
    assert turn.alerted(call) == [("chief", 0), ("senior", 0)]
    turn.passes(26.01)
    turn.cycle()
    assert ("senior", 1) not in turn.alerted(call)
    assert ("chief", 1) in turn.alerted(call)


def test_an_absence_ends_by_itself(turn: Round) -> None:
    goes(turn, "chief", minutes=1)
    turn.passes(61)
    call = turn.call()
    turn.cycle()
    assert turn.alerted(call) == [("chief", 0)]


def test_where_everybody_is_away_everybody_is_called(turn: Round) -> None:
    for contact in ("chief", "senior", "head"):
        goes(turn, contact)
    call = turn.call(level="emergency")
    turn.cycle()
    assert turn.alerted(call) == [("chief", 0), ("head", 0)]


def test_the_first_alerts_of_a_press_go_to_the_deputy_too(tmp_path: Path) -> None:
    bench = Bench(make_site(tmp_path / "site", extra=CONTACTS))
    with begin_write(bench.database) as connection:
        now = datetime.now().astimezone()
        absences.add(connection, Absence("chief", now, now + timedelta(hours=1)), ("x", "佐藤"), now)
    bench.start()
    try:
        text = bench.press()
        bench.put(text)
        until(lambda: bench.link.acked, what="the commit")
        assert [row.contact for row in bench.rows(alert)] == ["senior"]
        call = json.loads(text)["body"]["incident"]
        (told,) = [row for row in bench.rows(timeline) if row.kind == "alerted" and row.incident == call]
        assert told.data["contacts"] == ["senior"]
    finally:
        bench.writer.stop()
        bench.database.dispose()
