"""Presence and health messages against the database, inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, update

from contract.messages import Health, Presence
from hub.domain.presence import Shown, heard, is_new_birth, told
from hub.store import boxes, commands, drills
from hub.store.changes import Change
from hub.store.schema import box

HEARD_EVERY: Final = timedelta(seconds=5)
"""Figures that nobody waits for are written no more often than this."""

Sign = tuple[str, Presence | Health]
"""(box, what it said)."""

_SHOWN: Final = ("presence", "recording", "faults", "clock", "profile_id", "profile_digest", "boot")
"""Columns whose change pages must learn of at once."""


@dataclass(slots=True)
class Outcome:
    """What followed: changes to announce, whether commands wait, and boxes that may not speak."""

    changes: list[Change] = field(default_factory=list)
    commands: bool = False
    strangers: set[str] = field(default_factory=set)


def apply(connection: Connection, signs: Sequence[Sign], now: datetime) -> Outcome:
    """Bring the boxes' rows up to date, in the order of `signs`."""
    outcome = Outcome()
    rows = boxes.named(connection, {name for name, _ in signs})
    merged: dict[str, dict[str, Any]] = {}
    for name, sign in signs:
        row = rows.get(name)
        if row is None or row.revoked_at is not None:
            outcome.strangers.add(name)
            continue
        new = merged.setdefault(name, {})
        known = Shown(new.get("presence", row.presence), new.get("session", row.session))
        shown = told(known, sign.state, sign.session) if isinstance(sign, Presence) else heard(known)
        new |= {"presence": shown.state, "session": shown.session}
        if isinstance(sign, Health):
            new |= _columns(sign)
            if row.drill is not None and drills.heard(connection, row.drill, sign.drill_s is not None, now):
                outcome.changes.append(("box", None, name))
        if shown.state == "online":
            new["heard_at"] = now
        if is_new_birth(known, shown) and commands.send_again(connection, name):
            outcome.commands = True
    for name, new in merged.items():
        if _write(connection, rows[name], new, now):
            outcome.changes.append(("box", None, name))
    return outcome


def lose(connection: Connection, names: Sequence[str]) -> list[Change]:
    """Show boxes as offline that have been silent for too long; those that were shown online change."""
    changed = connection.execute(
        update(box)
        .where(box.c.name.in_(names), box.c.presence == "online")
        .values(presence="offline")
        .returning(box.c.name)
    )
    return [("box", None, row.name) for row in changed]


def _write(connection: Connection, row: Row[Any], new: dict[str, Any], now: datetime) -> bool:
    """Write what must be written; whether something shown changed."""
    old = row._mapping
    shown = any(name in new and new[name] != old[name] for name in _SHOWN)
    due = row.heard_at is None or not timedelta(0) <= now - row.heard_at < HEARD_EVERY
    if shown or due or new["session"] != row.session:
        connection.execute(update(box).where(box.c.name == row.name).values(**new))
    return shown


def _columns(health: Health) -> dict[str, Any]:
    return {
        "recording": health.recording.value,
        "faults": list(health.faults),
        "spool_depth": health.spool_depth,
        "disk_free_bytes": health.disk_free_bytes,
        "temperature_c": health.temperature_c,
        "clock": health.clock.value,
        "profile_id": health.profile.id,
        "profile_digest": health.profile.digest,
        "boot": health.boot,
    }
