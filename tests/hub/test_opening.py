"""Incidents that no box began: they call like any other, and their unit's box hears nothing of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from support.alert_desk import Desk
from support.hubs import make_site

from contract.messages import CommandType, Level
from hub import deeds
from hub.config import load_profile
from hub.deeds import SiteRules
from hub.domain.deed import Person
from hub.domain.incident import Origin
from hub.domain.saying import Acknowledge
from hub.store import commands, intake
from hub.store.engine import begin_read, begin_write
from hub.store.opening import Holding, Opening, open_incident
from hub.store.schema import alert, command, incident, timeline

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
WHO = Person("p1", "佐藤", "supervisor")
CONTACTS = """
[[contacts]]
id = "chief"
role = "supervisor"
channel = "webhook"
target = "http://127.0.0.1:9/chief"
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(make_site(tmp_path / "site", extra=CONTACTS))
    yield desk
    desk.database.dispose()


def opened(desk: Desk, opening: Opening, who: Person | None = WHO) -> str:
    profile = load_profile(desk.config.places)
    with begin_write(desk.database) as connection:
        return open_incident(connection, opening, who, NOW, Holding(profile.rules, profile.digest, desk.config.roster))


def visit(box: str = "counter-01") -> Opening:
    return Opening(Origin.VISIT, box, "訪問（中央二丁目）", NOW, Level.EMERGENCY, data={"visit": "v1"})


def test_a_visit_that_calls_climbs_the_ladder_like_a_counter(desk: Desk) -> None:
    id = opened(desk, visit(), None)
    (row,) = desk.rows(incident)
    assert (row.id, row.origin, row.state, row.level, row.number) == (id, "visit", "raised", "emergency", "2026-000001")
    assert [one.contact for one in desk.rows(alert)] == ["chief"]
    assert [(one.kind, one.source) for one in desk.rows(timeline)] == [("opened", "hub"), ("alerted", "hub")]


def test_a_post_calls_nobody_and_its_contact_is_over(desk: Desk) -> None:
    found_at = NOW - timedelta(hours=2)
    opened(desk, Opening(Origin.POST, "counter-01", "インターネット", found_at, text="見つけました"))
    (row,) = desk.rows(incident)
    assert (row.state, row.contact_ended_at, row.pressed_at) == ("contact_ended", found_at, found_at)
    assert desk.rows(alert) == []
    (entry,) = desk.rows(timeline)
    assert (entry.actor_name, entry.text, entry.data) == ("佐藤", "見つけました", {"origin": "post"})


@pytest.mark.parametrize("set_back", [timedelta(0), timedelta(minutes=40)])
def test_what_was_said_of_a_call_before_it_was_raised_anew_is_not_told_to_its_box(
    desk: Desk, set_back: timedelta
) -> None:
    """However the wall clock was set meanwhile: what is said afterwards is told."""
    call = desk.call()

    def waiting(connection: Connection) -> list[str]:
        return sorted(one.type for one in commands.unsent(connection, NOW))

    with begin_write(desk.database) as connection:
        for kind in (CommandType.SEEN, CommandType.RESPONDER_COMING, CommandType.RECORDING_STOP):
            commands.put(connection, "counter-01", kind, NOW, incident=call)
        assert commands.nobody_available(connection, [call], NOW) == [call]
        assert commands.nobody_available(connection, [call], NOW) == []
        assert len(waiting(connection)) == 4
        intake.raised_anew(connection, [call])
        assert waiting(connection) == []
        commands.send_again(connection, "counter-01")
        assert waiting(connection) == []
        later = NOW - set_back
        assert commands.nobody_available(connection, [call], later) == [call]
        assert waiting(connection) == ["nobody.available"]
        commands.put(connection, "counter-01", CommandType.SEEN, later, incident=call)
        assert waiting(connection) == ["seen"], "told after the answer, that nobody came would undo it at the box"


def test_the_unit_s_box_is_told_nothing_of_a_visit(desk: Desk) -> None:
    away, call = opened(desk, visit()), desk.call()
    profile = load_profile(desk.config.places).rules
    rules = SiteRules(lambda box: (profile, "main"), lambda box: "sha256:rules", desk.config.roster)
    with begin_write(desk.database) as connection:
        for one in (call, away):
            deeds.perform(connection, one, Acknowledge(), WHO, NOW, rules)
        commands.nobody_available(connection, [call, away], NOW)
    assert {one.incident for one in desk.rows(command)} == {call}


def test_a_fault_of_the_unit_s_box_is_no_matter_of_the_visit(desk: Desk) -> None:
    opened(desk, visit())
    call = desk.call()
    with begin_read(desk.database) as connection:
        assert intake._alarming(connection, ["counter-01"]) == {"counter-01": [call]}


def test_numbers_have_no_gap_when_an_opening_fails(desk: Desk) -> None:
    opened(desk, visit())
    with pytest.raises(IntegrityError):
        opened(desk, visit("nowhere"))
    opened(desk, visit())
    assert [one.number for one in desk.rows(incident)] == ["2026-000001", "2026-000002"]
