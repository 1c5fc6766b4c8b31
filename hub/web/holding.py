"""Beginning and ending a drill at a box. For the page and for the API."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict
from sqlalchemy import Connection, select

from contract.problems import Problem
from contract.topics import is_name
from hub import deeds
from hub.deeds import Once
from hub.domain.drill import DEFAULT_MINUTES, Ended, Reach
from hub.domain.incident import ALARMING
from hub.domain.practice import is_practice
from hub.store import boxes, drills
from hub.store.engine import begin_write
from hub.store.schema import incident
from hub.web.gate import caller
from hub.web.problems import Trouble
from hub.web.site import site


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 4 else value


class BeginsDrill(BaseModel):
    """The next short press at the box is a drill, for so many minutes; `reach` says who hears of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minutes: Annotated[int, Strict(), BeforeValidator(_number), Field(ge=1, le=60)] = DEFAULT_MINUTES
    reach: Reach = Reach.FIRST


class EndsDrill(BaseModel):
    """The drill is over, and what was pressed in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def begin_drill(name: str, said: BeginsDrill, once: Once | None = None) -> None:
    """Put the box in a drill.

    Raises:
        Trouble: no such box, or it cannot be in a drill now.
    """
    here, who, now = site(), caller().person, site().now()
    with begin_write(here.engine) as connection:
        if once is not None and _came_before(connection, once):
            return
        problem = _hindrance(connection, name)
        if problem is not None:
            raise Trouble("invalid", errors=[problem])
        drills.begin(connection, name, said.minutes, said.reach, now + timedelta(minutes=said.minutes), who, now)
    _wake()


def end_drill(name: str, once: Once | None = None) -> None:
    """End the box's drill; one that is over stays so.

    Raises:
        Trouble: no such box.
    """
    here, who = site(), caller().person
    with begin_write(here.engine) as connection:
        if once is not None and _came_before(connection, once):
            return
        _box(connection, name)
        drills.over(connection, name, Ended.PERSON, here.now(), who)
    _wake()


def _came_before(connection: Connection, once: Once) -> bool:
    try:
        return deeds.came_before(connection, caller().person, once, site().now())
    except deeds.KeyUsedDifferently as error:
        raise Trouble("key-reused") from error


def _box(connection: Connection, name: str) -> str:
    """How the box stands."""
    row = boxes.named(connection, [name]).get(name) if is_name(name) and not is_practice(name) else None
    if row is None or row.revoked_at is not None:
        raise Trouble("not-found")
    return str(row.presence)


def _hindrance(connection: Connection, name: str) -> Problem | None:
    """What keeps the box from a drill now."""
    if _box(connection, name) != "online":
        return Problem(
            "box", name, "箱とつながっていません。つながってから始めてください。",
            "the box is not connected. Begin when it is.",
        )  # fmt: skip
    stands = connection.execute(
        select(incident.c.id).where(
            incident.c.box == name, incident.c.drill.is_(False), incident.c.state.in_([one.value for one in ALARMING])
        )
    ).first()
    if stands is not None:
        return Problem(
            "box", name, "この窓口では本物の呼び出しが続いています。終わってから始めてください。",
            "a real call stands at this counter. Begin when it is over.",
        )  # fmt: skip
    return None


def _wake() -> None:
    site().poke("web")
    site().poke("worker")
