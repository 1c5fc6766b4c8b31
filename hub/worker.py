"""The worker process: ingest, clocks and alerts. Never inside a web server process."""

import signal
import threading
import time

import structlog
from sqlalchemy import Engine as Database

from contract.profile import PolicyProfile
from contract.units import Rules
from hub import receipts, units
from hub.alerts.dispatch import Dispatch
from hub.config import HubConfig, load_profile
from hub.domain import hearing
from hub.engine import Engine
from hub.ingest import Ingest
from hub.link import Link
from hub.poke import Listener
from hub.scenario_files import rules_at
from hub.store import boxes
from hub.store.engine import begin_read, open_database
from hub.supervisor import SingleInstance

_log = structlog.get_logger()


def _rules_of(rules: Rules, box: str) -> PolicyProfile:
    """The rules at a counter, or those of the city in which a practice plays."""
    practised = rules_at(box)
    return practised.profile if practised is not None else rules.of(box)


def _log_never_told(config: HubConfig, rules: PolicyProfile, database: Database) -> None:
    with begin_read(database) as connection:
        known = boxes.counters(connection)
    for found in hearing.warnings(rules, config.contacts, known):
        _log.warning("contacts.never_told", field=found.field, value=found.value, why=found.en)


def run(config: HubConfig) -> int:
    """Run until SIGTERM or SIGINT; the exit code. Main thread only.

    Raises:
        CannotRun: a worker of this site runs already.
        Refused, OSError: settings or keys cannot be read.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with SingleInstance(config, "worker"), Listener(config.places.directory, "worker") as pokes:
        profile = load_profile(config.places)
        rules = units.load_rules(config.places)
        units.log_overrides(rules)
        database = open_database(config.database_url)
        _log_never_told(config, profile.rules, database)
        session = time.time_ns() // 1_000_000
        dispatch = Dispatch(config, database)
        engine = Engine(config, profile, database, dispatch.wake, lambda box: _rules_of(rules, box), rules.digest_at)
        ingest = Ingest(config, profile, database, receipts.load(config.places), engine.wake, dispatch.wake)
        link = Link(config, ingest.inbox, session, engine.wake, profile.ref)
        engine.start(ingest, link)
        ingest.start(link)
        dispatch.start()
        link.start()
        _log.info("worker.started", site=config.site)
        while not stop.is_set():
            if pokes.wait(0.5):
                engine.wake()
        dispatch.stop()
        engine.stop()
        link.stop()
        ingest.stop()
        database.dispose()
    _log.info("worker.stopped", site=config.site)
    return 0
