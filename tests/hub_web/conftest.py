"""A hub's web side on an empty database, asked through Flask's test client."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from support import sites
from support.opening import Opening
from werkzeug.routing import Rule

from hub import evidence_keys
from hub.config import HubConfig, load
from hub.places import Places
from hub.store.engine import open_database
from hub.web import calendar, create_app, login
from hub.web.site import KEY, Site
from tests.hub_web.hands import PASSWORD, Hands

PROFILES = Path(__file__).parents[2] / "contract" / "profiles"
NOW = datetime(2026, 11, 20, 2, 41, 36, 544_000, tzinfo=UTC)


class Compiled(BytecodeCache):
    """Templates, compiled once for all the applications of a test run: that is a third of a page's first time."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if found := self._known.get(bucket.key + bucket.checksum):
            bucket.bytecode_from_string(found)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key + bucket.checksum] = bucket.bytecode_to_string()


COMPILED = Compiled()


@pytest.fixture(scope="session", autouse=True)
def builders() -> Iterator[None]:
    """Werkzeug compiles two functions for each address of an application. Here once for all applications: they are the
    same, are told whom they serve, and compiling them took longer than most tests of a page.
    """
    known: dict[Any, Any] = {}
    really = Rule._compile_builder

    def compiled(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, *rule._trace, *sorted((rule.defaults or {}).items()), append_unknown)
        if key not in known:
            known[key] = really(rule, append_unknown)
        return known[key]

    with patch.object(Rule, "_compile_builder", compiled):
        yield


@dataclass
class Time:
    """The hub's clock, moved by hand."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def moves(self, **parts: float) -> None:
        self.at += timedelta(**parts)


class Hub(Hands):
    """A hub's web side, and what a worker would do around it."""

    time: Time

    def __init__(self, app: Flask, directory: Path, time: Time) -> None:
        self.app = app
        app.jinja_env.bytecode_cache = COMPILED
        self.directory = directory
        self.site: Site = app.extensions[KEY]
        super().__init__(self.site.engine, time, self.site.profile_digest)

    def client(self) -> Any:
        return self.app.test_client()

    def sees(self, role: str, path: str) -> Any:
        """A page as somebody with that role gets it; a token costs less time than a login."""
        return self.client().get(path, headers=self.machine(role))

    def signed_in(self, role: str = "supervisor", name: str = "佐藤") -> "Browser":
        """A browser whose person has logged in."""
        browser = Browser(self.client())
        browser.log_in(self.person(role, name))
        return browser


@dataclass
class Browser:
    """A test client with a session, that sends the page's CSRF token along."""

    client: Any
    csrf: str = ""

    def log_in(self, login: str, password: str = PASSWORD) -> Any:
        answer = self.client.post("/login", data={"login": login, "password": password})
        assert answer.status_code == 302, answer.text
        found = re.search(r'data-csrf="([^"]+)"', self.client.get("/").text)
        self.csrf = found.group(1) if found else ""
        return answer

    def get(self, path: str, **arguments: Any) -> Any:
        return self.client.get(path, **arguments)

    def post(self, path: str, **arguments: Any) -> Any:
        headers = {"X-CSRF-Token": self.csrf, **arguments.pop("headers", {})}
        return self.client.post(path, headers=headers, **arguments)


def make_site(directory: Path, profile: str = "shinagawa", more: str = "") -> HubConfig:
    """The least of a site that the pages need: settings and the city's rules."""
    (directory / "run").mkdir(parents=True, exist_ok=True)
    (directory / "hub.toml").write_text(f'site = "kita"\n{more}\n[web]\nstream_cap = 4\n', encoding="utf-8")
    made = evidence_keys.make(Places(directory))
    settings = directory / "hub.toml"
    settings.write_text(evidence_keys.written(settings.read_text("utf-8"), made), encoding="utf-8")
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
        (tmp_path / "madomori.db").write_bytes(sites.empty_database())
        engine = open_database(config.database_url)
        made.append(Hub(create_app(config, engine, time), tmp_path, time))
        login.forget_tries()
        calendar.forget_tries()
        return made[-1]

    yield make
    for hub in made:
        hub.site.broadcaster.stop()
        hub.engine.dispose()


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    return make_hub()


@pytest.fixture
def opening() -> Iterator[Callable[[Path], Opening]]:
    """Starts the part of the evidence process that opens recordings, for the site in a folder, in this process."""
    running: list[Opening] = []

    def start(directory: Path) -> Opening:
        running.append(Opening(directory))
        return running[-1]

    yield start
    for one in running:
        one.stop()
