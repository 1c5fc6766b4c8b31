"""Alerts through Apprise: chat, SMS and whatever else it knows. Optional; the package comes with the extra `apprise`.

Apprise blocks, throttles by sleeping, and gives one answer for all its targets. So each contact is one URL, each
message has an object of its own with short timeouts, and a sending that overstays is left behind and not joined by
another.
"""

import logging
import threading
from pathlib import Path
from typing import Any, Final

from hub.alerts import wording
from hub.alerts.channel import SENDING_S, Bundle, SendFailed
from hub.config import HubConfig
from hub.contacts import FILE

READ_S: Final = 4.0
CONNECT_S: Final = 3.0
"""The longest that one exchange of Apprise may wait, whatever its URL says (`rto`, `cto`)."""


def make(config: HubConfig) -> "AppriseChannel | None":
    """The channel, or None where nobody is reached by it."""
    if not any(contact.channel == "apprise" for contact in config.contacts):
        return None
    return AppriseChannel(config.places.directory)


class AppriseChannel:
    """Hands messages to Apprise. `sending_s` bounds each."""

    def __init__(self, directory: Path, sending_s: float = SENDING_S) -> None:
        logging.getLogger("apprise").disabled = True  # it writes whole URLs; what matters is told by SendFailed
        self._directory, self._sending_s = directory, sending_s
        self._lock = threading.Lock()
        self._running: set[str] = set()

    def send(self, bundle: Bundle) -> None:
        """Send the bundle as one message.

        Raises:
            SendFailed: Apprise says no, is too slow, or does not understand the URL.
        """
        with self._lock:
            if bundle.target in self._running:
                raise SendFailed("apprise: the attempt before has not ended yet")
            self._running.add(bundle.target)
        sending = _Sending(self, bundle)
        sending.start()
        sending.join(self._sending_s)
        if sending.is_alive():
            raise SendFailed("apprise: took too long")
        if sending.trouble is not None:
            raise SendFailed(sending.trouble)

    def over(self, target: str) -> None:
        """The sending to `target` has ended, however."""
        with self._lock:
            self._running.discard(target)

    def open(self, target: str) -> Any:
        """A new Apprise object for the URL in the target's file.

        Raises:
            SendFailed: there is none, or Apprise does not know it.
        """
        import apprise

        try:
            url = (self._directory / target.removeprefix(FILE)).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SendFailed("apprise: the file with the URL cannot be read") from error
        found = apprise.Apprise.instantiate(url)
        if found is None:
            raise SendFailed("apprise: the URL is not understood")
        found.socket_read_timeout = min(READ_S, found.socket_read_timeout)
        found.socket_connect_timeout = min(CONNECT_S, found.socket_connect_timeout)
        return found


class _Sending(threading.Thread):
    """One message under way."""

    def __init__(self, channel: AppriseChannel, bundle: Bundle) -> None:
        super().__init__(name="apprise-sending", daemon=True)
        self._channel, self._bundle = channel, bundle
        self.trouble: str | None = "apprise: ended unexpectedly"

    def run(self) -> None:
        """Send; what went wrong stands in `trouble`."""
        try:
            bundle = self._bundle
            sent = self._channel.open(bundle.target).notify(
                title=wording.subject(bundle), body=wording.body(bundle), notify_type="warning"
            )
            self.trouble = None if sent else "apprise: not accepted"
        except SendFailed as error:
            self.trouble = str(error)
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything; its words may name addresses
            self.trouble = f"apprise: {type(error).__name__}"
        finally:
            self._channel.over(self._bundle.target)
