"""Hands that write what the worker, the ingest and the command line would write. Times are the hub's."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import Engine, insert, select, update

from hub.store.engine import begin_write
from hub.store.ids import new_id
from hub.store.schema import alert, beat, box, change, incident, timeline, token, user
from hub.store.tokens import digest

PASSWORD = "correct horse battery"
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
"""A hash as the hub makes it, but with little work in it: hundreds of tests log in."""


@dataclass
class Hands:
    """Writes rows; `poke` wakes the pages, as the worker does after a commit."""

    engine: Engine
    time: Callable[[], datetime]
    profile_digest: str
    poke: Callable[[], None] = lambda: None
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def person(self, role: str = "supervisor", name: str = "佐藤", login: str | None = None) -> str:
        """An account; its login."""
        login = login or f"{role}-{next(self.numbers)}"
        with begin_write(self.engine) as connection:
            connection.execute(
                insert(user).values(
                    id=new_id(), login=login, name=name, role=role, password_hash=HASH, created_at=self.time()
                )
            )
        return login

    def machine(self, role: str = "supervisor", name: str = "連携") -> dict[str, str]:
        """A bearer token, as headers."""
        secret = f"token-{role}-{next(self.numbers)}"
        with begin_write(self.engine) as connection:
            connection.execute(
                insert(token).values(id=new_id(), name=name, role=role, hash=digest(secret), created_at=self.time())
            )
        return {"Authorization": f"Bearer {secret}"}

    def beats(self) -> None:
        """A worker that is alive and connected."""
        with begin_write(self.engine) as connection:
            for name in ("worker", "mqtt"):
                connection.execute(beat.delete().where(beat.c.name == name))
                connection.execute(insert(beat).values(name=name, at=self.time()))

    def box(self, name: str = "counter-01", counter: str = "市民課 1番", **columns: Any) -> str:
        """An enrolled box that follows the site's profile, or a change of one."""
        defaults: dict[str, Any] = {
            "counter": counter,
            "enrolled_at": self.time(),
            "presence": "online",
            "heard_at": self.time(),
            "recording": "armed",
            "faults": [],
            "clock": "synced",
            "profile_id": "shinagawa",
            "profile_digest": self.profile_digest,
        }
        with begin_write(self.engine) as connection:
            known = connection.execute(select(box.c.name).where(box.c.name == name)).scalar_one_or_none()
            if known is None:
                connection.execute(insert(box).values(name=name, **(defaults | columns)))
            elif columns:
                connection.execute(update(box).where(box.c.name == name).values(**columns))
            connection.execute(insert(change).values(kind="box", box=name, at=self.time()))
        self.poke()
        return name

    def press(self, box_name: str | None = None, level: str = "assist", **columns: Any) -> str:
        """An incident as the worker writes it after a press; its id."""
        incident_id, number, at = new_id(), next(self.numbers), columns.get("pressed_at", self.time())
        box_name = box_name or self.box()
        with begin_write(self.engine) as connection:
            counter = connection.execute(select(box.c.counter).where(box.c.name == box_name)).scalar_one()
            values: dict[str, Any] = {
                "id": incident_id,
                "number": f"2026-{number:06d}",
                "box": box_name,
                "counter": counter,
                "level": level,
                "state": "raised",
                "drill": False,
                "presses": 1,
                "pressed_at": at,
                "clock": "synced",
                "received_at": at,
                "raised_at": at,
                "profile_id": "shinagawa",
                "profile_digest": self.profile_digest,
                "changed_at": at,
            }
            connection.execute(insert(incident).values(**(values | columns)))
            connection.execute(insert(change).values(kind="incident", incident=incident_id, box=box_name, at=at))
        self.told(incident_id, "alarm.raised", data={"level": level, "gesture": "short"}, at=at)
        return incident_id

    def told(self, incident_id: str, kind: str, **columns: Any) -> None:
        """An entry of a timeline that a box or the hub made."""
        at = columns.get("at", self.time())
        values = {"at": at, "recorded_at": at, "source": "box", "data": {}, "text": ""} | columns
        with begin_write(self.engine) as connection:
            connection.execute(insert(timeline).values(incident=incident_id, kind=kind, **values))
            connection.execute(insert(change).values(kind="incident", incident=incident_id, at=at))
        self.poke()

    def alerted(self, incident_id: str, role: str = "supervisor", state: str = "sent", **columns: Any) -> None:
        """A message to one contact."""
        alert_id, at = new_id(), self.time()
        values: dict[str, Any] = {
            "id": alert_id,
            "incident": incident_id,
            "key": f"{incident_id}:{alert_id}",
            "stage_s": 0,
            "round": 0,
            "contact": f"{role}-desk",
            "role": role,
            "channel": "email",
            "target": f"{role}@city.example",
            "state": state,
            "tries": 1,
            "created_at": at,
            "next_at": at,
            "sent_at": at if state == "sent" else None,
        }
        with begin_write(self.engine) as connection:
            connection.execute(insert(alert).values(**(values | columns)))
            connection.execute(insert(change).values(kind="alert", incident=incident_id, at=at))
        self.poke()

    def row(self, incident_id: str) -> Any:
        """The incident as it stands."""
        with self.engine.connect() as connection:
            return connection.execute(select(incident).where(incident.c.id == incident_id)).one()

    def rows(self, table: Any, **equal: Any) -> list[Any]:
        """Rows of any table."""
        query = select(table)
        for name, value in equal.items():
            query = query.where(table.c[name] == value)
        with self.engine.connect() as connection:
            return list(connection.execute(query))
