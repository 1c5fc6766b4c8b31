"""What the web side of one hub works with. Made once by `create_app`, read everywhere through `site()`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import Engine

from contract.profile import PolicyProfile
from hub.evidence.playback import Player
from hub.evidence.room import Room
from hub.reports.pdf import Setter
from hub.store.statistics import Months
from hub.web.broadcast import Broadcaster
from hub.web.presence import Presence

KEY = "madomori"


@dataclass(frozen=True, slots=True)
class Site:
    """One hub, as its pages see it. `poke` wakes another process by name; `now` gives an aware UTC time."""

    name: str
    engine: Engine
    evidence: Path
    forms: Path
    room: Room
    player: Player
    setter: Setter
    months: Months
    profile: PolicyProfile
    profile_digest: str
    trusted_hosts: tuple[str, ...]
    tls: bool
    external_broker: bool
    broadcaster: Broadcaster
    presence: Presence
    poke: Callable[[str], None]
    now: Callable[[], datetime]


def site() -> Site:
    """The site of the running request's application."""
    found = current_app.extensions[KEY]
    if not isinstance(found, Site):
        raise TypeError("not an application of create_app")
    return found
