"""A hub's web side on an empty database, and hands that write what the worker would write."""

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, insert, select
from werkzeug.test import TestResponse

from hub.config import HubConfig, load
from hub.store import users
from hub.store.engine import begin_write, open_database
from hub.store.ids import new_id
from hub.store.schema import box, change, incident, metadata, timeline, token, user
from hub.web import create_app
from hub.web.sessions import digest
from hub.web.site import KEY, Site

PROFILES = Path(__file__).parents[2] / "contract" / "profiles"
PASSWORD = "correct horse battery"
HASH = users.password_hash(PASSWORD)
NOW = datetime(2026, 11, 20, 2, 41, 36, 544_000, tzinfo=UTC)


@dataclass
class Time:
    """The hub's clock, moved by hand."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def moves(self, **parts: float) -> None:
        self.at += timedelta(**parts)


@dataclass
class Hub:
    """A hub's web side, and what a worker would do around it."""

    app: Flask
    engine: Engine
    directory: Path
    time: Time
    pokes: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def site(self) -> Site:
        return self.app.extensions[KEY]

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

    def box(self, name: str = "counter-01", counter: str = "市民課 1番", **columns: Any) -> str:
        """An enrolled box that follows the site's profile."""
        values = {"presence": "online", "heard_at": self.time(), "recording": "armed", "faults": []}
        values |= {"profile_id": "shinagawa", "profile_digest": self.site.profile_digest}
        with begin_write(self.engine) as connection:
            known = connection.execute(select(box.c.name).where(box.c.name == name)).scalar_one_or_none()
            if known is None:
                connection.execute(
                    insert(box).values(name=name, counter=counter, enrolled_at=self.time(), **(values | columns))
                )
            connection.execute(insert(change).values(kind="box", box=name, at=self.time()))
        return name

    def press(self, box_name: str | None = None, level: str = "assist", **columns: Any) -> str:
        """An incident as the worker writes it after a press; its id."""
        incident_id, number, at = new_id(), next(self.numbers), self.time()
        box_name = box_name or self.box()
        values: dict[str, Any] = {
            "id": incident_id,
            "number": f"2026-{number:06d}",
            "box": box_name,
            "counter": "市民課 1番",
            "level": level,
            "state": "raised",
            "drill": False,
            "presses": 1,
            "pressed_at": at,
            "clock": "synced",
            "received_at": at,
            "raised_at": at,
            "profile_id": "shinagawa",
            "profile_digest": self.site.profile_digest,
            "changed_at": at,
        }
        with begin_write(self.engine) as connection:
            connection.execute(insert(incident).values(**(values | columns)))
            connection.execute(
                insert(timeline).values(
                    incident=incident_id, at=at, recorded_at=at, kind="alarm.raised", source="box",
                    data={"level": level, "gesture": "short"}, text="",
                )
            )  # fmt: skip
            connection.execute(insert(change).values(kind="incident", incident=incident_id, box=box_name, at=at))
        return incident_id

    def row(self, incident_id: str) -> Any:
        with self.engine.connect() as connection:
            return connection.execute(select(incident).where(incident.c.id == incident_id)).one()

    def rows(self, table: Any, **equal: Any) -> list[Any]:
        query = select(table)
        for name, value in equal.items():
            query = query.where(table.c[name] == value)
        with self.engine.connect() as connection:
            return list(connection.execute(query))

    def client(self) -> FlaskClient:
        return self.app.test_client()

    def signed_in(self, role: str = "supervisor", name: str = "佐藤") -> "Browser":
        """A browser whose person has logged in."""
        browser = Browser(self.client())
        browser.log_in(self.person(role, name))
        return browser


@dataclass
class Browser:
    """A test client with a session, that sends the page's CSRF token along."""

    client: FlaskClient
    csrf: str = ""

    def log_in(self, login: str, password: str = PASSWORD) -> TestResponse:
        answer = self.client.post("/login", data={"login": login, "password": password})
        assert answer.status_code == 302, answer.text
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get("/").text)
        self.csrf = found.group(1) if found else ""
        return answer

    def get(self, path: str, **arguments: Any) -> TestResponse:
        return self.client.get(path, **arguments)

    def post(self, path: str, **arguments: Any) -> TestResponse:
        headers = {"X-CSRF-Token": self.csrf, **arguments.pop("headers", {})}
        return self.client.post(path, headers=headers, **arguments)


def make_site(directory: Path, profile: str = "shinagawa", more: str = "") -> HubConfig:
    """The least of a site that the pages need: settings and the city's rules."""
    (directory / "run").mkdir(parents=True, exist_ok=True)
    (directory / "hub.toml").write_text(f'site = "kita"\n[web]\nstream_cap = 4\n{more}', encoding="utf-8")
    (directory / "profile.toml").write_text((PROFILES / f"{profile}.toml").read_text("utf-8"), encoding="utf-8")
    return load(directory)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def make_hub(tmp_path: Path, time: Time) -> Iterator[Callable[..., Hub]]:
    made: list[Hub] = []

    def make(**settings: str) -> Hub:
        config = make_site(tmp_path, **settings)
        engine = open_database(config.database_url)
        metadata.create_all(engine)
        hub = Hub(create_app(config, engine, time), engine, tmp_path, time)
        hub.app.testing = False  # errors are answered as they are in earnest
        made.append(hub)
        return hub

    yield make
    for hub in made:
        hub.site.broadcaster.stop()
        hub.engine.dispose()


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    return make_hub()
