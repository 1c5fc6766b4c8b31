"""The sites' own words on guidance cards. Nothing is overwritten: the newest row of a place holds."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from hub.store.schema import card_wording

Words = Mapping[tuple[str, str], tuple[str, ...]]
"""Sentences to say by (card, language)."""


def held(connection: Connection, unit: str) -> Words:
    """The words that hold for `unit` ("": the whole site): its own, else those of the whole site."""
    newest = select(func.max(card_wording.c.id)).group_by(
        card_wording.c.card, card_wording.c.unit, card_wording.c.language
    )
    rows = connection.execute(
        select(card_wording)
        .where(card_wording.c.id.in_(newest), card_wording.c.unit.in_({"", unit}))
        .order_by(card_wording.c.unit)  # the whole site first
    )
    return {(row.card, row.language): tuple(row.say) for row in rows if row.say}


def own(connection: Connection, card: str, unit: str, language: str) -> tuple[str, ...]:
    """What exactly this place says; empty when it says nothing of its own."""
    row = connection.execute(
        select(card_wording.c.say)
        .where(card_wording.c.card == card, card_wording.c.unit == unit, card_wording.c.language == language)
        .order_by(card_wording.c.id.desc())
        .limit(1)
    ).scalar_one_or_none()
    return tuple(row or ())


def add(
    connection: Connection,
    *,
    card: str,
    unit: str,
    language: str,
    say: Sequence[str],
    now: datetime,
    by: str,
    name: str,
) -> bool:
    """Let this place say `say` from now on; nothing: what came with the program. False when it says so already."""
    if own(connection, card, unit, language) == tuple(say):
        return False
    connection.execute(
        insert(card_wording).values(
            card=card, unit=unit, language=language, say=list(say), changed_at=now, changed_by=by, changed_name=name
        )
    )
    return True


def history(connection: Connection, card: str, limit: int) -> Sequence[Row[Any]]:
    """The newest changes of one card, newest first."""
    return connection.execute(
        select(card_wording).where(card_wording.c.card == card).order_by(card_wording.c.id.desc()).limit(limit)
    ).all()


def units(connection: Connection) -> list[str]:
    """Every unit that has ever had words of its own, by name."""
    found = connection.execute(select(card_wording.c.unit).where(card_wording.c.unit != "").distinct())
    return sorted(found.scalars())
