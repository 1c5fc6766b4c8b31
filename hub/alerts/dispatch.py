"""Takes due alerts from the store and sends them. Threads per channel: a slow mail server cannot hold up a webhook."""

import random
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Engine, Row
from sqlalchemy.exc import DBAPIError

from hub.alerts.channel import AlertChannel, Bundle, Item, SendFailed, registry
from hub.clock import now_utc
from hub.config import HubConfig
from hub.poke import poke
from hub.store import alerts, changes
from hub.store.alerts import Lease
from hub.store.engine import begin_read, begin_write

_log = structlog.get_logger()

THREADS: Final = 4
"""Senders per channel; each sends to another target."""

LOOK_EVERY_S: Final = 1.0
BACKOFF_MAX_S: Final = 60.0


class Dispatch:
    """All channels of a site."""

    def __init__(self, config: HubConfig, database: Engine) -> None:
        self._channels = [
            ChannelWorker(name, channel, config, database)
            for name, make in registry().items()
            if (channel := make(config)) is not None
        ]

    def start(self) -> None:
        """Begin to send, first of all what an earlier run left behind."""
        for channel in self._channels:
            channel.start()

    def wake(self) -> None:
        """Look for due alerts now. Any thread."""
        for channel in self._channels:
            channel.wake()

    def stop(self) -> None:
        """Begin no further sending. One that is under way counts as not sent, and is sent again by the next run."""
        for channel in self._channels:
            channel.stop()


class ChannelWorker:
    """The senders of one channel."""

    def __init__(self, name: str, channel: AlertChannel, config: HubConfig, database: Engine) -> None:
        self._name, self._channel, self._config, self._database = name, channel, config, database
        self._languages = {contact.target: contact.language for contact in config.contacts}
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._stop = threading.Event()
        self._wakes = [threading.Event() for _ in range(THREADS)]
        self._threads = [
            threading.Thread(target=self._run, args=(wake,), name=f"{name}-{number}", daemon=True)
            for number, wake in enumerate(self._wakes)
        ]

    def start(self) -> None:
        """Start the senders."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Look now. Any thread."""
        for wake in self._wakes:
            wake.set()

    def stop(self) -> None:
        """Let the senders end; they are not waited for."""
        self._stop.set()
        self.wake()

    def _run(self, wake: threading.Event) -> None:
        while not self._stop.is_set():
            wake.clear()
            sleep_s = LOOK_EVERY_S
            try:
                while not self._stop.is_set() and self._send_one():
                    pass
                sleep_s = self._sleep_s()
            except DBAPIError as error:
                _log.error("alerts.database_refuses", channel=self._name, reason=str(error.orig))
            except Exception:  # noqa: BLE001 - the next alert must still go out
                _log.exception("alerts.sender_failed", channel=self._name)
            wake.wait(sleep_s)

    def _send_one(self) -> bool:
        """Send what is due for one target that no other sender serves; whether there was any."""
        with self._lock:  # taking is quick; without the lock two senders would take the same target
            now = now_utc()
            with begin_read(self._database) as connection:
                if not alerts.has_due(connection, self._name, now, self._busy):
                    return False
            with begin_write(self._database) as connection:
                lease = alerts.lease(connection, self._name, now, self._busy)
            if lease is None:
                return False
            self._busy.add(lease.target)
        try:
            self._deliver(lease)
        finally:
            with self._lock:
                self._busy.discard(lease.target)
        return True

    def _deliver(self, lease: Lease) -> None:
        try:
            self._channel.send(self._bundle(lease))
        except SendFailed as error:
            self._note_failure(lease, str(error))
        except Exception as error:  # noqa: BLE001 - a fault of ours must count as a failed attempt, or it never ends
            _log.exception("alerts.channel_broken", channel=self._name)
            self._note_failure(lease, f"internal: {type(error).__name__}")
        else:
            with begin_write(self._database) as connection:
                alerts.sent(connection, [row.id for row in lease.alerts], now_utc())
                self._change(connection, lease.alerts)
            _log.info("alerts.sent", channel=self._name, alerts=len(lease.alerts))
        poke(self._config.places.directory, "web")

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
            )
            for row in lease.alerts
        ]
        return Bundle(self._config.site, lease.target, self._languages.get(lease.target, "ja"), items)

    def _sleep_s(self) -> float:
        """Until something of this channel falls due, and never longer than `LOOK_EVERY_S`."""
        with begin_read(self._database) as connection:
            at: datetime | None = alerts.next_at(connection, self._name)
        return LOOK_EVERY_S if at is None else min(LOOK_EVERY_S, max(0.05, (at - now_utc()).total_seconds()))


def backoff_s(tries: int) -> float:
    """1, 2, 4 ... 60 seconds after the 1st, 2nd ... attempt, spread by a fifth so that targets do not march in step."""
    return min(BACKOFF_MAX_S, 2.0 ** (tries - 1)) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
