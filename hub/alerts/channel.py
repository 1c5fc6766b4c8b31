"""What a channel is, what it is given to send, and which channels there are."""

import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Protocol, Self

from hub.config import HubConfig
from hub.domain.notices import Why
from hub.domain.standing import Standing

SENDING_S: Final = 8.0
"""The longest a message may take altogether; shorter than the lease (`hub.store.alerts.LEASE`)."""


@dataclass(frozen=True, slots=True)
class Trip:
    """A visit that calls: who is out (staff, by surname or code), since when, who waits for them in the office.

    `agreed_at`: the time at which no word came; None when they said themselves that they need help.
    """

    id: str
    team: str
    since_at: datetime
    contact: str
    agreed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Item:
    """One alert. No word about visitors: who was at the counter is not for mailboxes. The one thing that is told is
    what guards walk into: `acts`, by the contract's names, only in what is sent to guards or calls for them.

    `standing`: how a call of the ladder stands; None for other reasons, and while the records cannot be written.
    `trip`: the visit that calls, when it is none of a counter; then `counter` is a rough word for where they went.
    `unwritten`: the hub's records could not be written, so there is no number and no page yet. `why` and `told_at`: for
    what reason this is sent, and since when; a call counts from its press.
    """

    id: str
    incident: str
    number: str
    counter: str
    level: str
    pressed_at: datetime
    drill: bool
    url: str
    unwritten: bool = False
    why: Why = Why.CALL
    told_at: datetime | None = None
    trip: "Trip | None" = None
    standing: Standing | None = None
    acts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """Alerts that go to one target in one message, oldest first; at least one."""

    site: str
    target: str
    language: str
    items: Sequence[Item]

    def calls(self) -> list[Item]:
        """The newest message of each incident and reason: what a person needs to read."""
        return list({(item.incident, item.why): item for item in self.items}.values())


class SendFailed(Exception):
    """The target may not have it. The text goes into the log and to the page: no secrets, no addresses."""


class AlertChannel(Protocol):
    """A way of reaching somebody. Used by several threads at once."""

    def send(self, bundle: Bundle) -> None:
        """Hand the message over, within `SENDING_S`. Sending twice must be recognisable at the other end.

        Raises:
            SendFailed: it may not have arrived.
        """


Maker = Callable[[HubConfig], "AlertChannel | None"]


def registry() -> dict[str, Maker]:
    """All channels by the name that `[[contacts]] channel` uses. A maker gives None when the site has not set it up."""
    from hub.alerts import by_apprise, mail, patlite, webhook

    return {"email": mail.make, "webhook": webhook.make, "patlite": patlite.make, "apprise": by_apprise.make}


class Deadline:
    """Ends a sending that drips on: socket timeouts bound each operation, this bounds their sum.

    `held` gives the object whose `sock` is in use; it is shut down when the time is over, which makes the operation
    that waits on it fail.
    """

    def __init__(self, seconds: float, held: Callable[[], Any]) -> None:
        self._held = held
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def _end(self) -> None:
        sock = getattr(self._held(), "sock", None)
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it has ended by itself

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
