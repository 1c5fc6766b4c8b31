"""Calls that the database does not take: alerted from memory, so that a full disk silences nobody (faults, H03).

No row and no receipt comes of it. The box keeps the call; once the database works again it is written and alerted like
any other, so people may hear of it twice.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from contract.profile import Alert
from hub.alerts.channel import AlertChannel, Bundle, Item, SendFailed, registry
from hub.alerts.dispatch import backoff_s
from hub.config import HubConfig
from hub.contacts import Contact
from hub.domain import escalation
from hub.domain.drill import Reach
from hub.store import boxes
from hub.store.alerts import MESSAGE_MAX
from hub.store.engine import begin_read

_log = structlog.get_logger()

REMEMBERED_MAX: Final = 10_000
"""Calls that are not alerted from memory a second time at the same level."""

WAITING_MAX: Final = 500
"""Calls that wait for one contact. The newest stay."""


@dataclass(frozen=True, slots=True)
class Call:
    """A press as its box told it."""

    incident: str
    box: str
    level: str
    pressed_at: datetime
    drill: bool


class Unwritten:
    """Alerts everybody on the ladder at once: its later stages and repeats live in the database. `call` is for one
    thread; threads of its own are started with the first call.
    """

    def __init__(self, config: HubConfig, rules: Alert, database: Engine) -> None:
        self._config, self._rules, self._database = config, rules, database
        self._told: dict[tuple[str, str], None] = {}
        self._posts: list[_Post] | None = None

    def call(self, calls: Iterable[Call]) -> None:
        """Alert for those of `calls` that were not alerted before at their level."""
        new = list({call.incident: call for call in calls if (call.incident, call.level) not in self._told}.values())
        if not new:
            return
        self._told |= dict.fromkeys((call.incident, call.level) for call in new)
        for oldest in list(self._told)[:-REMEMBERED_MAX]:
            del self._told[oldest]
        if self._posts is None:
            self._posts = self._open()
        _log.error("alerts.from_memory", incidents=[call.incident for call in new][:20], count=len(new))
        counters = self._counters({call.box for call in new})
        for post in self._posts:
            kinds = {kind for kind in {(call.level, call.drill) for call in new} if self._reaches(post.contact, *kind)}
            post.add([self._item(call, counters) for call in new if (call.level, call.drill) in kinds])

    def over(self) -> None:
        """The database takes calls again: what was not sent yet goes out the normal way, and nothing is remembered."""
        for post in self._posts or ():
            post.clear()
            post.stop()
        self._posts = None
        self._told.clear()

    def stop(self) -> None:
        """Send nothing more."""
        for post in self._posts or ():
            post.stop()

    def _open(self) -> "list[_Post]":
        channels = {name: make(self._config) for name, make in registry().items()}
        return [
            _Post(contact, channel, self._config)
            for contact in self._config.contacts
            if (channel := channels.get(contact.channel)) is not None
        ]

    def _reaches(self, contact: Contact, level: str, drill: bool) -> bool:
        """Whether the ladder can reach `contact`, in its own role or as a deputy: nobody knows now who is away.
        Whoever is named for other counters only hears too: rather too many than none.

        Nor does anybody know whom a drill was meant for: those whom it would reach at once.
        """
        ids = {contact.id, *contact.deputy_for}
        roles = {one.role for one in self._config.contacts if one.id in ids}
        return bool(roles & escalation.roles(self._rules, level, Reach.FIRST.value if drill else None))

    def _counters(self, names: set[str]) -> dict[str, str]:
        """What people call the boxes' counters, as far as the database can still be read."""
        try:
            with begin_read(self._database) as connection:
                return {name: row.counter for name, row in boxes.named(connection, names).items()}
        except DBAPIError as error:
            _log.warning("alerts.counters_unreadable", reason=str(error.orig))
            return {}

    def _item(self, call: Call, counters: dict[str, str]) -> Item:
        return Item(
            id=f"{call.incident}-unwritten",
            incident=call.incident,
            number="",
            counter=counters.get(call.box, call.box),
            level=call.level,
            pressed_at=call.pressed_at,
            drill=call.drill,
            url=f"{self._config.http.url}/incidents/{call.incident}",
            unwritten=True,
        )


class _Post:
    """What waits for one contact, with a thread of its own: a dead mail server holds up nobody else."""

    def __init__(self, contact: Contact, channel: AlertChannel, config: HubConfig) -> None:
        self.contact, self._channel, self._config = contact, channel, config
        self._waiting: list[Item] = []
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"unwritten-{contact.id}", daemon=True)
        self._thread.start()

    def add(self, items: Sequence[Item]) -> None:
        with self._changed:
            self._waiting = [*self._waiting, *items][-WAITING_MAX:]
            self._changed.notify()

    def clear(self) -> None:
        with self._changed:
            self._waiting = []

    def stop(self) -> None:
        with self._changed:
            self._stopping.set()
            self._changed.notify()

    def _run(self) -> None:
        tries = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopping.is_set())
                items = self._waiting[:MESSAGE_MAX]
            if self._stopping.is_set():
                return
            tries = 0 if self._sent(items) else tries + 1
            if tries == 0 or tries >= self._config.alerts.tries_max:
                with self._changed:
                    self._waiting = [item for item in self._waiting if item not in items]
                tries = 0
            else:
                self._stopping.wait(backoff_s(tries))

    def _sent(self, items: Sequence[Item]) -> bool:
        contact = self.contact
        try:
            self._channel.send(Bundle(self._config.site, contact.target, contact.language, items))
        except SendFailed as error:
            _log.warning("alerts.not_sent_from_memory", contact=contact.id, reason=str(error))
            return False
        except Exception:  # noqa: BLE001 - a fault of ours must not end the thread: there is nothing behind it
            _log.exception("alerts.channel_broken", contact=contact.id)
            return False
        _log.info("alerts.sent_from_memory", contact=contact.id, alerts=len(items))
        return True
