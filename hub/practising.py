"""Practice: a person's choices and the colleagues that the scenario plays, written as the product writes them.

A press goes through the same intake as a counter's, a deed through the same decision. Everything happens inside the
caller's transaction; no box, broker or message is involved.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row

from contract.codec import encode
from contract.messages import AlarmRaised, ClockState, Event, Gesture, Level, ProfileRef
from hub.deeds import SiteRules, perform
from hub.domain.deed import Person
from hub.domain.drill import Ended
from hub.domain.intake import Intake, Rules
from hub.domain.practice import box_name
from hub.domain.scenario import Choice, Position, Scenario, happened, play, said
from hub.scenario_files import Practised
from hub.store import drills, practices
from hub.store import intake as store
from hub.store.ids import new_id

CAST: Final = "practice"
"""Whose deeds the colleagues' are, in place of a user's id."""


def begin(connection: Connection, scenario: Scenario, who: Person, now: datetime) -> str:
    """A new practice of `who`; one that stands is ended first. Its id."""
    for row in practices.running(connection, who.id):
        end(connection, row.id, who, now)
    return practices.begin(connection, scenario.id, who.id, who.name, box_name(scenario.profile, who.id), now)


def press(connection: Connection, site: str, row: Row[Any], rules: Practised, level: Level, now: datetime) -> str:
    """The button of the practice box; the id of the incident, which is a drill that reaches nobody."""
    incident_id = new_id()
    profile = rules.profile
    event = Event(
        id=new_id(),
        type="alarm.raised",
        site=site,
        box=row.box,
        boot=new_id(),
        seq=0,
        at=now,
        mono_ms=0,
        clock=ClockState.SYNCED,
        profile=ProfileRef(id=profile.meta.id, digest=rules.digest),
        body=AlarmRaised(
            incident=incident_id,
            level=level,
            gesture=Gesture.LONG if level is Level.EMERGENCY else Gesture.SHORT,
            drill=True,
        ),
    )
    facts = store.known(connection, [event])
    intake = Intake(facts, Rules(profile.alert, (), profile.meta.id, rules.digest), now, new_id, _no_seals)
    intake.take(event, encode(event).decode())
    intake.finish()
    store.write(connection, intake)
    store.note_changes(connection, intake)
    practices.pressed(connection, row.id, incident_id)
    return incident_id


def colleagues(
    connection: Connection, choice: Choice, incident_id: str, language: str, now: datetime, rules: SiteRules
) -> None:
    """What the others do after `choice`.

    Raises:
        NotPossible, DeedRefused: the scenario asks for what the rules do not allow now.
    """
    for one in choice.colleagues:
        told = said(one.deed, one.body)
        if told is not None:
            perform(connection, incident_id, told, Person(CAST, one.name.to(language), one.role.value), now, rules)


def position(connection: Connection, scenario: Scenario, row: Row[Any]) -> Position:
    """How far a practice has come."""
    entries = happened(practices.told(connection, row.incident)) if row.incident else []
    return play(scenario, entries, passed(row))


def passed(row: Row[Any]) -> Mapping[str, datetime]:
    """The scenes that were passed over, and when."""
    return {one["scene"]: datetime.fromisoformat(one["at"]) for one in row.passed}


def end(connection: Connection, practice_id: str, who: Person, now: datetime) -> None:
    """The practice is over, and its incident ends as a drill."""
    incident = practices.end(connection, practice_id, now)
    if incident is not None:
        drills.close(connection, [incident], now, Ended.PERSON, who)


def _no_seals(_key: str, _message: bytes, _signature: str) -> bool:
    """A practice box records nothing."""
    return False
