"""Feeds the service manager's watchdog, and only when every loop of the program moved."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from device.core.pulse import Pulses
from device.ports import Clock, Watchdog

log = logging.getLogger("madomori.guard")

Beat = Callable[[], None]

EVERY_S: Final = 2.0
"""How often the loops are looked at where the service manager does not say."""

LIMITS_S: Final = {
    "loop": 10,
    "mail": 10,
    "announcer": 30,
    "spool": 60,
    "recorder": 60,
    "disk": 60,
    "camera": 120,
    "microphone": 120,
    "health": 120,
    "uplink": 30,
    "upload": 120,
}
"""Longest silence of each loop. Disks and drivers may stall for seconds and are retried; what hangs for longer than
this is only freed by a new start."""


class Guard:
    """Looks at the pulses on a thread of its own. `state` gives one line about what the program does now."""

    def __init__(
        self, watchdog: Watchdog, clock: Clock, state: Callable[[], str] = str, every_s: float | None = None
    ) -> None:
        self._watchdog = watchdog
        self._clock = clock
        self._every_s = every_s or EVERY_S
        self._pulses = Pulses()
        self.state = state
        self._stuck: tuple[str, ...] = ()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="guard", daemon=True)

    def pulse(self, name: str) -> Beat:
        """Watch the loop `name` (see `LIMITS_S`) from now on; it calls what is returned each time around."""
        self._pulses.watch(name, LIMITS_S[name] * 1000, self._clock.now().mono_ms)
        return lambda: self._pulses.beat(name, self._clock.now().mono_ms)

    def start(self) -> None:
        """Say that the program is ready, and begin to look."""
        self._watchdog.ready()
        self._thread.start()

    def let_go(self) -> None:
        """The program is ending: no loop must move any more, but the end may take its time."""
        self._pulses.let_go()

    def close(self) -> None:
        """Look no more."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def look(self) -> bool:
        """Look once; whether every loop moved."""
        stuck = self._pulses.stuck(self._clock.now().mono_ms)
        if not stuck:
            self._watchdog.feed()
            self._watchdog.tell(self.state())
        elif stuck != self._stuck:
            names = ", ".join(stuck)
            log.critical("these loops hang: %s", names)
            self._watchdog.tell(f"止まっています。まもなく再起動します / hangs, about to be restarted: {names}")
        self._stuck = stuck
        return not stuck

    def _run(self) -> None:
        while True:
            self.look()
            if self._closing.wait(self._every_s):
                return
