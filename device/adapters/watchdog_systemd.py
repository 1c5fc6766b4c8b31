"""The service manager systemd: readiness, watchdog and a status line, by the protocol of sd_notify(3)."""

import logging
import os
import socket

log = logging.getLogger("madomori.watchdog")


class SystemdWatchdog:
    """The `Watchdog` port. Says nothing where no service manager listens (`NOTIFY_SOCKET` is not set).

    Safe from any thread, never blocks: a manager that does not read gets the next word instead.
    """

    def __init__(self, environment: "dict[str, str] | os._Environ[str]" = os.environ) -> None:
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name
        self._patience_s = _patience_s(environment)
        self._lost = False

    @property
    def every_s(self) -> float | None:
        """How often to feed: a third of the manager's patience. None: it does not wait to be fed."""
        return None if self._patience_s is None else self._patience_s / 3

    def ready(self) -> None:
        """The `Watchdog` port."""
        self._say("READY=1")

    def feed(self) -> None:
        """The `Watchdog` port."""
        self._say("WATCHDOG=1")

    def tell(self, state: str) -> None:
        """The `Watchdog` port."""
        self._say("STATUS=" + " ".join(state.split()))

    def stopping(self) -> None:
        """The end was asked for."""
        self._say("STOPPING=1")

    def _say(self, word: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as speaking:
                speaking.setblocking(False)
                speaking.sendto(word.encode(), self._address)
            self._lost = False
        except OSError as error:
            if not self._lost:  # once, not every few seconds
                log.error("the service manager cannot be reached: %s", error)
            self._lost = True


def _patience_s(environment: "dict[str, str] | os._Environ[str]") -> float | None:
    micros = environment.get("WATCHDOG_USEC", "")
    for_us = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(micros) / 1_000_000 if micros.isdigit() and int(micros) > 0 and for_us else None
