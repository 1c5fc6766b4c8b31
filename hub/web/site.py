"""What the web side of one hub works with. Made once by `create_app`, read everywhere through `site()`."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import Engine

from contract.profile import PolicyProfile
from contract.units import Rules
from hub.care import Place
from hub.contacts import Contact
from hub.domain.duty import Roster
from hub.domain.load import Limits
from hub.domain.office import Office
from hub.evidence.client import EvidenceClient
from hub.evidence.playback import Player
from hub.evidence.room import Room
from hub.reports.pdf import Setter
from hub.scenario_files import rules_at
from hub.store.statistics import Months
from hub.web.broadcast import Broadcaster
from hub.web.presence import Presence

KEY = "madomori"


@dataclass(frozen=True, slots=True)
class Site:
    """One hub, as its pages see it. `profile` is the city's; `rules.of(box)` are those that hold at a counter.
    `poke` wakes another process by name; `now` gives an aware UTC time.
    """

    name: str
    engine: Engine
    evidence: Path
    forms: Path
    room: Room
    keeper: EvidenceClient
    player: Player
    setter: Setter
    months: Months
    profile: PolicyProfile
    profile_digest: str
    rules: Rules
    trusted_hosts: tuple[str, ...]
    tls: bool
    external_broker: bool
    broadcaster: Broadcaster
    presence: Presence
    contacts: tuple[Contact, ...]
    care: tuple[Place, ...]
    roster: Roster
    load: Limits
    office: Office
    poke: Callable[[str], None]
    now: Callable[[], datetime]
    monotonic_s: Callable[[], float] = time.monotonic

    def rules_of(self, box: str) -> tuple[PolicyProfile, str]:
        """The rules that this box's counter follows, and its kind of site (main, branch)."""
        practised = rules_at(box)
        return (practised.profile, "main") if practised else (self.rules.of(box), self.rules.site_type(box))

    def digest_of(self, box: str) -> str:
        """The digest of these rules: of the city's profile, or of it and the unit's own together."""
        practised = rules_at(box)
        return self.rules.digest_at(box) if practised is None else practised.digest


def site() -> Site:
    """The site of the running request's application."""
    found = current_app.extensions[KEY]
    if not isinstance(found, Site):
        raise TypeError("not an application of create_app")
    return found
