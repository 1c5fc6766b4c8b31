"""What follows from a mark beside its entry: who must hear of it, and whether it lies outside the city's figures."""

from dataclasses import dataclass
from typing import Final

from contract.profile import PolicyProfile
from hub.domain.notices import Why
from hub.domain.saying import Mark

LATER: Final = (
    "act", "injury", "damage", "police_arrived", "recording_shown", "removal_wished", "may_return", "referred",
    "cautioned", "legal_step", "doctor_seen", "damage_reported", "accident_reported",
)  # fmt: skip
"""What may become known, or be seen to, when the incident is closed. It stays closed, and nobody is called for it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """People who must hear of this deed at once, by product role. `occasion`: 0: the mark's own."""

    why: Why
    roles: tuple[str, ...]
    occasion: int = 0


def unusual(said: Mark, profile: PolicyProfile) -> bool:
    """Whether an announced slot is shorter or longer than the city's guideline (SHI-08)."""
    slot = profile.clock.slot
    if said.mark != "slot_announced" or said.minutes is None or slot is None:
        return False
    return not slot.min_minutes <= said.minutes <= slot.max_minutes


def notices(said: Mark, profile: PolicyProfile) -> tuple[Notice, ...]:
    """Who must hear of a mark at once (SHI-16, SHI-20, SET-15)."""
    ruled = profile.visitor_recording.rule != "none"
    again = 0 if said.mark == "filming" else 1  # the same filming, seen or asked about, is told once
    filmed = (Notice(Why.FILMING, ("building_manager",), again),) if ruled else ()
    match said.mark:
        case "cease_refused":
            return (Notice(Why.CEASE_REFUSED, ("building_manager",)),)
        case "filming" | "permit_none" | "beyond_terms":
            return filmed
        case "act" if said.act == "filming":
            return filmed
        case "urgent":
            return (Notice(Why.URGENT, ("section_head", "building_manager", "general_affairs")),)
        case "act" if said.act in profile.guards.alert_types:
            return (Notice(Why.GUARDS, ("guard", "building_manager")),)
        case _:
            return ()
