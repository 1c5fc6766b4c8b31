"""Which guidance cards are of use in an incident now, in the reader's language, with what is known at its counter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection

from contract.profile import PolicyProfile
from hub.domain import ladder, swap
from hub.domain.card import STEP_CARDS, CardText, Cue, as_said
from hub.domain.card_facts import recorded
from hub.domain.course import Course
from hub.domain.filming import filming
from hub.domain.guidance import Channel, Guide, Situation, Why, cards_now
from hub.domain.incident import ALARMING, OPEN, Entry, Origin, State
from hub.domain.practice import is_practice
from hub.web import shapes
from hub.web.card_reading import Reader, read_cards
from hub.web.site import Site


@dataclass(frozen=True, slots=True)
class Shown:
    """A card and why it is shown now. `wait`: its words are said only after people have decided together.

    `tell`: what one tap writes down when its words were said: that they were, or the `step` that they are; nothing
    where the step needs more than a tap. `words`: those that it writes down. `count` and `last_at`: how often.
    `mark`: what else may happen at this card, to be marked with one tap beside it.
    """

    card: CardText
    why: Why
    wait: bool = False
    tell: Literal["", "said", "step"] = ""
    step: str = ""
    words: str = ""
    count: int = 0
    last_at: datetime | None = None
    mark: str = ""


def guides(connection: Connection, site: Site, found: shapes.IncidentDetail, language: str) -> list[Shown]:
    """The cards for this incident, the most useful first."""
    course = Course.of(found, found.timeline)
    profile, site_type = site.rules_of(found.box)
    chosen = cards_now(profile, situation(profile, found, course))
    unit = site.rules.unit_of(found.box)
    words = {"counter": found.counter, **_words(course)}
    reader = Reader(language, unit.id if unit else "", words, site_type == "branch", profile, _recorded(found))
    read = {card.id: card for card in read_cards(connection, site, reader, [one.card for one in chosen])}
    wait = _undecided(profile, course)
    shown = []
    for one in chosen:
        if one.card in read:
            moment = _moment(one, course)
            card = _for_now(read[one.card], moment)
            said = as_said(card, moment)
            shown.append(_told(Shown(card, one.why, wait and one.card == "stop", words=said), one, found, course))
    return shown


def _recorded(found: shapes.IncidentDetail) -> dict[str, str]:
    """What is true of this contact's own recording: nobody is told of one that is not there (SHI-22, SHI-31)."""
    if is_practice(found.box):
        return {}  # its box records nothing; what is practised are the words for one that does
    shown = any(one.playable_segments for one in found.recordings)
    kept = "here" if shown else "later" if found.recordings else "none"
    return {"recording.on": recorded(found.timeline), "recording.kept": kept}


def situation(profile: PolicyProfile, found: shapes.IncidentDetail, course: Course) -> Situation:
    """The incident as the cards look at it."""
    return Situation(
        level="emergency" if found.level == "emergency" else "assist",
        open=found.state in OPEN,
        channel=CHANNELS.get(course.means, "counter"),
        acts=frozenset(course.acts),  # type: ignore[arg-type]  # the deed let only known acts in
        since_swap=frozenset(swap.since(course)),  # type: ignore[arg-type]
        steps=course.counts,
        marks=frozenset(one.data["mark"] for one in course.of_kind(Entry.MARKED)) - {"visitor_left"},
        visitor_left=course.gone,
        due=frozenset(clock.name for clock in found.clocks if asks(clock, course)),
        responder=found.responder is not None,
        filming=filming(profile, course),
        stop_decided=ladder.stop_decided(course),
        contact_ended=found.state not in (State.RAISED, State.SEEN, State.ATTENDED),
        of_post=found.origin is Origin.POST,
    )


def _told(shown: Shown, guide: Guide, found: shapes.IncidentDetail, course: Course) -> Shown:
    """`shown` with what one tap writes down."""
    if found.state not in ALARMING:
        return shown
    if (guide.why == "next_step" or guide.card == "leave") and ladder.cease_unanswered(course):
        shown = replace(shown, mark="cease_refused")
    if shown.wait or not shown.card.say:
        return shown
    if guide.card not in _OF_STEPS:
        said = [one.at for one in course.marks("said") if one.data.get("card") == guide.card]
        return replace(shown, tell="said", count=len(said), last_at=max(said, default=None))
    if guide.why not in ("next_step", "decided"):
        return shown
    step = next((one for one in found.steps if one.step == guide.about), None)
    if step is None or not step.offered or step.missing:
        return shown
    return replace(shown, tell="step", step=step.step, count=step.count, last_at=step.last_at)


_OF_STEPS: Final = frozenset(STEP_CARDS.values()) - {"swap"}
"""Cards whose words are a step of the ladder: they count as that step only."""

CHANNELS: Final[Mapping[str, Channel]] = {"phone": "phone", "visit": "offsite"}
"""How people talk, as cards call it; all else is a counter."""


def asks(clock: shapes.ClockShape, course: Course) -> bool:
    """Whether a clock that is over still asks people to decide."""
    return clock.state == "due" and not ladder.answered(course, clock.due_at)


@dataclass(frozen=True, slots=True)
class Foremost:
    """The one clock to show where there is room for one. `asks`: it asks people to decide."""

    clock: shapes.ClockShape
    asks: bool


def foremost(clocks: Sequence[shapes.ClockShape], course: Course) -> Foremost | None:
    """What asks for a decision, else what is due next, else what was answered; None when the visitor is gone.

    A limit that nobody began waits for its first prompt: until then the next words have the room (`next_words.md`).
    """
    begun = course.marked("repeat_long_hold") or course.marked("offtopic")
    running = [
        one
        for one in clocks
        if one.state != "ended"
        and one.name != "leave_interval"
        and (begun or not one.estimated or one.state != "running")
    ]
    asking = [one for one in running if asks(one, course)]
    ahead = [one for one in running if one.state != "due"]
    found = next(iter((*asking, *ahead, *running)), None)
    return None if found is None or course.gone else Foremost(found, found in asking)


def _moment(guide: Guide, course: Course) -> Cue:
    """The cue of the words that are for now: when the time that was told is over, those that end the talk."""
    return "ends" if guide.why == "clock" and course.marked("slot_announced") else ""


def _for_now(card: CardText, moment: Cue) -> CardText:
    """`card` with the words of this `moment` first."""
    return replace(card, say=tuple(sorted(card.say, key=lambda line: line.cue != moment))) if moment else card


def _undecided(profile: PolicyProfile, course: Course) -> bool:
    """Whether the city wants people to decide before anybody says that the response ends, and nobody has."""
    return ladder.asks_to_decide(profile) and not ladder.stop_decided(course)


def _words(course: Course) -> dict[str, str]:
    """What was told or counted: the minutes of the slot, which order to leave comes next."""
    words = {}
    told = [one.data["minutes"] for one in course.marks("slot_announced") if one.data.get("minutes")]
    if told:
        words["minutes"] = str(told[-1])
    orders = len(course.times("leave"))
    if orders:
        words["count"] = str(orders + 1)
    return words
