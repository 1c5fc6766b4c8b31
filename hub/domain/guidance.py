"""Which cards are of use now, in order, and why each. Pure: facts in, card ids out. It proposes; people decide.

Safety comes before everything, for anyone (SHI-19, SHI-20, SHI-21). A clock that is due brings the card of the decision
to stop and changes nothing by itself (SHI-06).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from contract.profile import Act, PolicyProfile
from hub.domain.card import ACT_CARDS, STEP_CARDS
from hub.domain.filming import Prompt
from hub.domain.ladder import STOPS, next_step

_SLOT_ASKED: Final = frozenset({"repeat_long_hold", "long_hold_expected", "repeat_visit"})
"""Marks of talks for which a time is told beforehand (SHI-08, SET-05, YUR-01)."""

Channel = Literal["counter", "phone", "offsite"]

Why = Literal[
    "emergency", "danger", "police_at_once", "police_called", "separate_track", "swap", "refused", "filming",
    "own_recording", "superior_demanded", "apology_demanded", "decided", "clock", "act", "begin", "long_hold",
    "next_step", "takeover", "no_more_steps", "visitor_left", "contact_ended", "away",
]  # fmt: skip
"""Why a card is shown."""

_CLOCK_CARDS: Final[Mapping[str, tuple[str, ...]]] = {
    "stalemate": ("stop",),
    "slot": ("slot", "stop"),
    "overrun": ("stop",),
    "contact_cap": ("slot", "stop"),
    "offtopic": ("slot", "stop"),
    "special_demand": ("authority", "stop"),
    "visit": ("offsite",),
}
"""What a clock that is due asks to look at. Other clocks ask the hub or the office, not the people who talk."""


_PERMIT: Final = ("permit", "filming")

_FILMING_CARDS: Final[Mapping[Prompt, tuple[str, ...]]] = {
    "explain_permit": ("filming", "permit"),
    "explain_ban": ("filming", "permit"),
    "report": ("filming", "permit"),
    "order": ("leave", "filming"),
    "look": ("filming", "leave"),
    "police": ("police", "filming"),
    "with_police": ("police_arrival", "filming"),
    "ended": (),
}
"""What to say where the answers about filming have led; before that, and where nobody answered: the permit."""


@dataclass(frozen=True, slots=True)
class Situation:
    """An incident as far as cards look at it. `steps` counts each step taken, `due` names the clocks that are due.

    `responder`: somebody is on the way or there. `stop_decided`: it was decided together to stop. `filming`: where
    `hub.domain.filming` stands. `open`: the incident is not closed. `since_swap`: acts seen since somebody took over.
    What a flag says may be said by its mark or step as well.
    """

    level: Literal["assist", "emergency"] = "assist"
    open: bool = True
    channel: Channel = "counter"
    acts: frozenset[Act] = frozenset()
    since_swap: frozenset[Act] = frozenset()
    steps: Mapping[str, int] = field(default_factory=dict)
    marks: frozenset[str] = frozenset()
    due: frozenset[str] = frozenset()
    responder: bool = False
    stop_decided: bool = False
    filming: Prompt | None = None
    recording_refused: bool = False
    contact_ended: bool = False
    police_called: bool = False
    police_arrived: bool = False
    visitor_left: bool = False
    of_post: bool = False

    @property
    def police_told(self) -> bool:
        """Somebody has called the police."""
        told = bool({"police_called", "police_arrived"} & self.marks) or self.steps.get("police", 0) > 0
        return self.police_called or self.police_arrived or told

    @property
    def refused(self) -> bool:
        """The visitor does not want to be recorded."""
        return self.recording_refused or "recording_refused" in self.marks

    @property
    def gone(self) -> bool:
        """The visitor is not here any more."""
        return self.visitor_left or "visitor_left" in self.marks

    @property
    def stopped(self) -> bool:
        """The visitor was told that the response ends."""
        return any(self.steps.get(step) for step in STOPS)


@dataclass(frozen=True, slots=True)
class Guide:
    """A card, why it is shown, and what that is about: an act, a step or a clock by its name, or nothing."""

    card: str
    why: Why
    about: str = ""


def cards_now(profile: PolicyProfile, situation: Situation) -> tuple[Guide, ...]:
    """The cards for `situation`, the most useful first, each once. Empty only when the incident is closed."""
    if not situation.open:
        return ()
    guides = _after(situation) if situation.contact_ended else _during(profile, situation)
    first: dict[str, Guide] = {}
    for guide in guides:
        first.setdefault(guide.card, guide)
    return tuple(first.values())


def is_urgent(profile: PolicyProfile, acts: Iterable[str]) -> bool:
    """Whether guards and police come before every step: somebody is in danger, or the city calls the police at once."""
    return bool({"violence", "danger", *profile.police.immediate_types} & set(acts))


def _after(situation: Situation) -> Iterator[Guide]:
    """The talk is over: hand over to the police if they were called, then look after each other."""
    if situation.of_post:  # nobody came and nobody went
        yield Guide("online", "act", "online")
        return
    if situation.police_told:
        yield Guide("police_arrival", "police_called")
    yield Guide("debrief", "contact_ended")
    if "online" in situation.acts:
        yield Guide("online", "act", "online")
    if {"violence", "danger"} & situation.acts:
        yield Guide("violence", "act", "violence")  # the doctor, and the report of the damage


def _gone(profile: PolicyProfile, situation: Situation) -> Iterator[Guide]:
    """The visitor has left and may come back: what was done to people is still told to the police (Shin 6(3)オ)."""
    urgent = [act for act in _in_order(situation.acts) if is_urgent(profile, (act,))]
    if situation.police_told:
        yield Guide("police_arrival", "visitor_left")
    elif urgent:
        yield Guide("police", "act", urgent[0])
        yield Guide("violence", "act", urgent[0])
    yield Guide("debrief", "visitor_left")
    if urgent:
        yield Guide("violence", "act", urgent[0])


def _during(profile: PolicyProfile, situation: Situation) -> Iterator[Guide]:
    if situation.gone:
        yield from _gone(profile, situation)
        return
    urgent = tuple(_safety(profile, situation))
    yield from urgent
    if situation.police_told:  # they may be here in minutes
        yield Guide("police_arrival", "police_called")
    if "organised" in situation.acts:  # the normal steps stop here
        yield Guide("organised", "separate_track", "organised")
        return
    if situation.channel == "offsite":
        yield Guide("offsite", "away")
    yield from _asked_for(profile, situation)
    if situation.stopped:  # what the clocks asked for is answered: the next step is what people need now
        yield from _ladder(profile, situation, bool(urgent))
    else:
        yield from _before_the_end(profile, situation)
    for act in _in_order(situation.acts):
        yield Guide(ACT_CARDS[act], "act", act)
    if not situation.stopped:
        yield from _ladder(profile, situation, bool(urgent))


def _safety(profile: PolicyProfile, situation: Situation) -> Iterator[Guide]:
    danger = {"violence", "danger"} & situation.acts
    at_once = set(profile.police.immediate_types) & situation.acts
    why: Why = "danger" if danger else "emergency" if situation.level == "emergency" else "police_at_once"
    about = next(iter(_in_order(situation.acts & (danger or at_once))), "")
    if not danger and not at_once and situation.level != "emergency":
        return
    if danger or situation.police_told:
        yield Guide("violence", why, about)
    if not situation.police_told:
        yield Guide("police", why, about)
        yield Guide("violence", why, about)


def _asked_for(profile: PolicyProfile, situation: Situation) -> Iterator[Guide]:
    """What the visitor's own words and deeds ask for at this moment."""
    seen = situation.since_swap if "staff_swapped" in situation.marks else situation.acts
    for act in _in_order(seen & set(profile.staffing.swap_types)):
        yield Guide("swap", "swap", act)
        yield Guide(ACT_CARDS[act], "act", act)
    if situation.refused:
        yield Guide("refusal", "refused")
    films = "filming" in situation.acts or "filming" in situation.marks
    if films and situation.filming != "ended":
        cards = _FILMING_CARDS.get(situation.filming, _PERMIT) if situation.filming else _PERMIT
        yield from (Guide(card, "filming", "filming") for card in cards)
        if not situation.refused and {profile.recording.audio, profile.recording.video} != {"off"}:
            yield Guide("notice", "own_recording")  # SHI-31
    if "superior_demanded" in situation.marks:
        yield Guide("superior_demanded", "superior_demanded")
    if "apology_demanded" in situation.marks:
        yield Guide("apology", "apology_demanded")


def _before_the_end(profile: PolicyProfile, situation: Situation) -> Iterator[Guide]:
    """The end that was decided, then what clocks ask to look at."""
    if situation.stop_decided:
        for step in profile.ladder.steps:
            if step in STOPS:
                yield Guide(STEP_CARDS[step], "decided", step)
    for clock in sorted(situation.due & set(_CLOCK_CARDS)):
        for card in _CLOCK_CARDS[clock]:
            yield Guide(card, "clock", clock)


def _ladder(profile: PolicyProfile, situation: Situation, urgent: bool) -> Iterator[Guide]:
    if situation.police_told:
        return
    begun = any(situation.steps.values())
    if not begun and not urgent:
        yield Guide("hear", "begin")
        yield Guide("answer", "begin")
    if _SLOT_ASKED & situation.marks and "slot_announced" not in situation.marks:
        yield Guide("slot", "long_hold")
    step = next_step(profile, situation.steps, in_building=situation.channel == "counter")
    if step is not None:
        yield Guide(STEP_CARDS[step], "next_step", step)
    else:
        yield Guide("police" if situation.channel == "counter" else "debrief", "no_more_steps")
    if situation.responder and "staff_swapped" not in situation.marks:
        yield Guide("swap", "takeover")


def _in_order(acts: frozenset[Act] | set[Act]) -> list[Act]:
    """`acts` in the order of the taxonomy: the same situation always gives the same list."""
    return [act for act in ACT_CARDS if act in acts]
