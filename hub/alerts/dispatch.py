"""Takes due alerts from the store and sends them. Threads per channel: a slow mail server cannot hold up a webhook."""

import random
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Engine, Row
from sqlalchemy.exc import DBAPIError

from hub.alerts.channel import AlertChannel, Bundle, Item, SendFailed, Trip, registry
from hub.alerts.towers import Towers
from hub.clock import now_utc
from hub.config import HubConfig
from hub.domain.notices import Why, for_guards
from hub.domain.standing import standing
from hub.domain.visit import names
from hub.poke import poke
from hub.store import alerts, changes, notices
from hub.store.alerts import Lease
from hub.store.engine import begin_read, begin_write

_log = structlog.get_logger()

THREADS: Final = 4
"""Senders per channel; each sends to another target."""

LOOK_EVERY_S: Final = 1.0
BACKOFF_MAX_S: Final = 60.0

REST_S: Final = 0.1
"""A target that was served is left alone for so long. In a storm this makes one message of many alerts."""

REST_MAX_S: Final = 4.0
"""The longest that new alerts for a failing target wait before it is asked again (0.5, 1, 2, 4 s in a row)."""


class Dispatch:
    """All channels of a site."""

    def __init__(self, config: HubConfig, database: Engine) -> None:
        made = {name: channel for name, make in registry().items() if (channel := make(config)) is not None}
        self._channels = [ChannelWorker(name, channel, config, database) for name, channel in made.items()]
        self._towers = Towers(config, database, made.get("patlite"))

    def start(self) -> None:
        """Begin to send, first of all what an earlier run left behind."""
        for channel in self._channels:
            channel.start()
        self._towers.start()

    def wake(self) -> None:
        """Look for due alerts now. Any thread."""
        for channel in self._channels:
            channel.wake()
        self._towers.wake()

    def stop(self) -> None:
        """Begin no further sending. One that is under way counts as not sent, and is sent again by the next run."""
        for channel in self._channels:
            channel.stop()
        self._towers.stop()


class ChannelWorker:
    """The senders of one channel. One of them looks for work while the others send or wait for their turn to look."""

    def __init__(self, name: str, channel: AlertChannel, config: HubConfig, database: Engine) -> None:
        self._name, self._channel, self._config, self._database = name, channel, config, database
        self._languages = {contact.target: contact.language for contact in config.contacts}
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._busy: dict[str, float] = {}  # target -> monotonic second until which it is left alone
        self._failures: dict[str, int] = {}  # target -> attempts in a row that failed
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"{name}-{number}", daemon=True) for number in range(THREADS)
        ]

    def start(self) -> None:
        """Start the senders."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Look now. Any thread."""
        self._wake.set()

    def stop(self) -> None:
        """Let the senders end; they are not waited for."""
        self._stop.set()
        self._wake.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._turn:
                    lease = self._next()
                if lease is not None:
                    self._serve(lease)
            except DBAPIError as error:
                _log.error("alerts.database_refuses", channel=self._name, reason=str(error.orig))
                self._stop.wait(LOOK_EVERY_S)
            except Exception:  # noqa: BLE001 - the next alert must still go out
                _log.exception("alerts.sender_failed", channel=self._name)
                self._stop.wait(LOOK_EVERY_S)

    def _next(self) -> Lease | None:
        """Wait for something that is due, and take it. Only the sender whose turn it is."""
        while not self._stop.is_set():
            self._wake.clear()
            busy = self._left_alone()
            now = now_utc()
            with begin_read(self._database) as connection:
                due = alerts.has_due(connection, self._name, now, busy)
                at = None if due else alerts.next_at(connection, self._name)
            if due:
                with begin_write(self._database) as connection:
                    lease = alerts.lease(connection, self._name, now, busy)
                if lease is not None:
                    with self._lock:
                        self._busy[lease.target] = float("inf")
                    return lease
            self._wake.wait(self._sleep_s(at, now))
        return None

    def _left_alone(self) -> list[str]:
        """Targets that are being served, or rest after it."""
        now_s = time.monotonic()
        with self._lock:
            self._busy = {target: until_s for target, until_s in self._busy.items() if until_s > now_s}
            return list(self._busy)

    def _sleep_s(self, at: datetime | None, now: datetime) -> float:
        """Until something falls due or a target has rested, and never longer than `LOOK_EVERY_S`."""
        waits = [LOOK_EVERY_S]
        if at is not None and at > now:
            waits.append((at - now).total_seconds())
        with self._lock:
            waits += [until_s - time.monotonic() for until_s in self._busy.values()]
        return max(0.01, min(waits))

    def _serve(self, lease: Lease) -> None:
        """Send, then leave the target alone for a moment: what comes meanwhile goes out as one message."""
        failures = self._failures.get(lease.target, 0) + 1
        try:
            if self._deliver(lease):
                failures = 0
        finally:
            if failures:
                rest_s = min(REST_MAX_S, 2.0 ** (failures - 2))
            else:
                rest_s = 0.0 if len(lease.alerts) >= alerts.MESSAGE_MAX else REST_S
            with self._lock:
                self._failures[lease.target] = failures
                self._busy[lease.target] = time.monotonic() + rest_s
            self._wake.set()

    def _deliver(self, lease: Lease) -> bool:
        """Send and write down what came of it; whether the target has it."""
        delivered = False
        try:
            self._channel.send(self._bundle(lease))
        except SendFailed as error:
            self._note_failure(lease, str(error))
        except Exception as error:  # noqa: BLE001 - a fault of ours must count as a failed attempt, or it never ends
            _log.exception("alerts.channel_broken", channel=self._name)
            self._note_failure(lease, f"internal: {type(error).__name__}")
        else:
            delivered = True
            with begin_write(self._database) as connection:
                now = now_utc()
                alerts.sent(connection, [row.id for row in lease.alerts], now)
                notices.delivered(connection, lease.alerts, now)
                self._change(connection, lease.alerts)
            _log.info("alerts.sent", channel=self._name, alerts=len(lease.alerts))
        poke(self._config.places.directory, "web")
        return delivered

    def _note_failure(self, lease: Lease, reason: str) -> None:
        now, tries_max = now_utc(), self._config.alerts.tries_max
        given_up = [row for row in lease.alerts if row.tries >= tries_max]
        again: dict[int, list[str]] = {}
        for row in lease.alerts:
            if row.tries < tries_max:
                again.setdefault(row.tries, []).append(row.id)
        with begin_write(self._database) as connection:
            for tries, ids in again.items():
                alerts.failed(connection, ids, reason, now + timedelta(seconds=backoff_s(tries)))
            if given_up:
                alerts.failed(connection, [row.id for row in given_up], reason, None)
            self._change(connection, lease.alerts)
        contacts = sorted({row.contact for row in lease.alerts})
        _log.warning("alerts.not_sent", channel=self._name, contacts=contacts, reason=reason, given_up=len(given_up))

    def _change(self, connection: Any, rows: Sequence[Row[Any]]) -> None:
        changes.add(connection, [("alert", row.incident, None) for row in rows], now_utc())

    def _bundle(self, lease: Lease) -> Bundle:
        now = now_utc()
        items = [
            Item(
                id=row.id,
                incident=row.incident,
                number=row.number,
                counter=row.counter,
                level=row.level,
                pressed_at=row.pressed_at,
                drill=row.drill,
                url=f"{self._config.http.url}/incidents/{row.incident}",
                why=Why(row.why),
                told_at=row.created_at,
                trip=_trip(row),
                standing=standing(row, now) if row.why == Why.CALL.value else None,
                acts=lease.acts.get(row.incident, ()) if for_guards(row.why, row.role) else (),
            )
            for row in lease.alerts
        ]
        return Bundle(self._config.site, lease.target, self._languages.get(lease.target, "ja"), items)


def _trip(row: Row[Any]) -> Trip | None:
    """The visit that calls; None for a call from a counter."""
    if row.visit is None:
        return None
    return Trip(row.visit, names(row.team), row.left_at or row.planned_at, row.contact_name, row.agreed_at)


def backoff_s(tries: int) -> float:
    """1, 2, 4 ... 60 seconds after the 1st, 2nd ... attempt, spread by a fifth so that targets do not march in step."""
    return min(BACKOFF_MAX_S, 2.0 ** (tries - 1)) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
