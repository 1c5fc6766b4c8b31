"""The pages and the API. Speaks to the database only; the worker speaks to boxes and sends alerts."""

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from socket import gethostname

from flask import Flask, Request
from sqlalchemy import Engine
from werkzeug.routing import UnicodeConverter

from hub import poke, units
from hub.config import HubConfig
from hub.domain.load import Limits
from hub.evidence.client import EvidenceClient
from hub.evidence.playback import Player
from hub.evidence.room import Room
from hub.reports.pdf import Setter
from hub.store.engine import open_database
from hub.store.statistics import Months
from hub.web import api, gate, operations, pages, problems
from hub.web.broadcast import Broadcaster
from hub.web.presence import Presence
from hub.web.site import KEY, Site


class _UuidText(UnicodeConverter):
    """An incident's id in a path; anything else is not found."""

    regex = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"

    def to_python(self, value: str) -> str:
        return value.lower()


class _InMemory(Request):
    """A request whose uploaded file stays in memory: what is not sealed yet must not reach a disk."""

    def _get_file_stream(
        self, total_content_length: int | None, content_type: str | None, filename: str | None = None,
        content_length: int | None = None,
    ) -> BytesIO:  # fmt: skip
        return BytesIO()


def create_app(
    config: HubConfig, engine: Engine | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Flask:
    """The hub's web application for the site of `config`. Starts no thread; `hub.web.server` does.

    Raises:
        Refused: the rules of the city or of a unit have problems.
    """
    directory = config.places.directory
    rules = units.load_rules(config.places)
    units.log_overrides(rules)
    engine = engine or open_database(config.database_url)
    broadcaster = Broadcaster(engine, config.web.stream_cap)
    keeper = EvidenceClient(config.places.run)

    def wake(name: str) -> None:
        poke.poke(directory, name)

    app = Flask(__name__, static_folder="static", template_folder="templates")
    app.request_class = _InMemory
    app.extensions[KEY] = Site(
        name=config.site,
        engine=engine,
        evidence=directory / "evidence",
        forms=directory / "forms",
        room=Room(directory / "evidence", config.evidence.keep_free_bytes, config.evidence.box_bytes_per_day),
        keeper=keeper,
        player=Player(keeper, config.evidence.viewing),
        setter=Setter(),
        months=Months(rules, config.open_hours),
        profile=rules.city,
        profile_digest=rules.digest,
        rules=rules,
        trusted_hosts=trusted_hosts(config),
        tls=config.http.uses_tls,
        external_broker=config.mqtt.external,
        broadcaster=broadcaster,
        presence=Presence(engine, broadcaster, wake, now),
        contacts=config.contacts,
        care=config.care,
        roster=config.roster,
        load=Limits(config.load.days, config.load.contacts, config.load.hours),
        office=config.open_hours,
        poke=wake,
        now=now,
    )
    app.url_map.converters["uuid_text"] = _UuidText
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    problems.register(app)
    gate.register(app)
    app.register_blueprint(operations.blueprint)
    app.register_blueprint(api.blueprint())
    pages.register(app)
    return app


def trusted_hosts(config: HubConfig) -> tuple[str, ...]:
    """The names by which this hub may be called: its own, this machine's, and what the settings add."""
    http = config.http
    own = {http.host, http.public_host, *config.web.trusted_hosts, "localhost", "127.0.0.1", "[::1]"}
    if http.host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        own |= {gethostname()}
    return tuple(sorted(name for name in own if name))
