"""A button that is tried again until it can be read: a box without it still records, shows and tells the hub so."""

import logging
import threading
from typing import Final

from device.core.events import FaultGone, FaultSeen
from device.ports import Button, ButtonError, Post

log = logging.getLogger("madomori.button")

RETRY_S: Final = 5.0


class PatientButton:
    """The `Button` port around another one. Never raises: what is wrong is a fault, shown until it is mended."""

    def __init__(self, button: Button, retry_s: float = RETRY_S) -> None:
        self._button = button
        self._retry_s = retry_s
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, post: Post) -> None:
        """The `Button` port. The first try is made here, so that a sound button is read before this returns."""
        if self._tried(post, first=True):
            return
        self._thread = threading.Thread(target=self._go_on_trying, args=(post,), name="button", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """The `Button` port."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(2 * self._retry_s)
        self._button.close()

    def _go_on_trying(self, post: Post) -> None:
        while not self._closing.wait(self._retry_s):
            if self._tried(post, first=False):
                post(FaultGone(ButtonError.fault))
                return

    def _tried(self, post: Post, *, first: bool) -> bool:
        try:
            self._button.start(post)
        except ButtonError as error:
            self._button.close()
            if first:
                log.critical("%s", error)
                post(FaultSeen(error.fault, str(error)))
            return False
        return True
