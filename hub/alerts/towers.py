"""Keeps signal towers true: each shows the unanswered calls it was told about, and goes out with the last of them.

Rows tell who must hear of a call once; a lamp has a state. So each tower is compared with the database, whenever
something happens and every second, and told again when they differ, when it did not confirm, and now and then anyway,
because one that lost power comes back dark.
"""

import threading
import time
from typing import Final

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from hub.alerts.channel import AlertChannel, SendFailed
from hub.alerts.patlite import PatliteChannel, Tower
from hub.config import HubConfig
from hub.store import alerts
from hub.store.engine import begin_read

_log = structlog.get_logger()

LOOK_EVERY_S: Final = 1.0
AGAIN_S: Final = 15.0
"""A tower is told what it should be showing already so often."""

RETRY_MAX_S: Final = 8.0

REST_S: Final = 0.05
"""Between two looks: in a storm something happens all the time, and a lamp needs no more than this."""


class Towers:
    """The towers of a site, each with a thread of its own: a dead one keeps no other from going out."""

    def __init__(self, config: HubConfig, database: Engine, channel: AlertChannel | None) -> None:
        towers = channel.towers.values() if isinstance(channel, PatliteChannel) else ()
        self._minders = [Minder(config, database, channel, one) for one in towers]  # type: ignore[arg-type]

    def start(self) -> None:
        """Begin; what an earlier run left lit is put right at once."""
        for minder in self._minders:
            minder.thread.start()

    def wake(self) -> None:
        """Look now. Any thread."""
        for minder in self._minders:
            minder.woken.set()

    def stop(self) -> None:
        """End. The towers stay as they are."""
        for minder in self._minders:
            minder.stopping.set()
            minder.woken.set()


class Minder:
    """Minds one tower. `look` is called by its thread, or by a test with moments of its own."""

    def __init__(self, config: HubConfig, database: Engine, channel: PatliteChannel, tower: Tower) -> None:
        self._database, self._channel, self._tower = database, channel, tower
        self._told_s = float("-inf")
        self._failures = 0
        self._next_try_s = float("-inf")
        self.woken, self.stopping = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"tower-{tower.contact.id}", daemon=True)

    def _run(self) -> None:
        while not self.stopping.wait(REST_S):
            self.woken.clear()
            try:
                self.look(time.monotonic())
            except DBAPIError as error:  # the lamp stays as it is: who cannot know must not put it out
                _log.error("towers.database_refuses", reason=str(error.orig))
            except Exception:  # noqa: BLE001 - the lamp must still be put right
                _log.exception("towers.look_failed", contact=self._tower.contact.id)
            self.woken.wait(LOOK_EVERY_S)

    def look(self, monotonic_s: float) -> None:
        """Compare, and tell the tower when that is needed.

        Raises:
            sqlalchemy.exc.DBAPIError: the database cannot be read.
        """
        tower = self._tower
        # Read with the turn held: an alert that is being sent now was in the database before it was begun.
        with tower.turn:
            with begin_read(self._database) as connection:
                calls = set(alerts.unanswered(connection, "patlite", tower.contact.target))
            if calls == tower.calls and tower.shown is not None and monotonic_s < self._told_s + AGAIN_S:
                return
            if monotonic_s < self._next_try_s and calls == tower.calls:
                return
            try:
                self._channel.show(tower, calls)
            except SendFailed as error:
                if self._failures == 0:
                    _log.warning("towers.not_told", contact=tower.contact.id, reason=str(error))
                self._failures += 1
                self._next_try_s = monotonic_s + min(RETRY_MAX_S, 2.0 ** (self._failures - 1))
            else:
                self._failures, self._told_s, self._next_try_s = 0, monotonic_s, float("-inf")
