"""What the lamp says. Each state has its own pattern, so that colour is never needed to read it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class LampState(StrEnum):
    """What the worker is told, learnt in one minute (design, promise 3)."""

    READY = "ready"
    NOBODY = "nobody"
    HUB_LOST = "hub_lost"
    FAULT = "fault"
    PRESSED = "pressed"
    RECEIVED = "received"
    VERIFIED = "verified"
    HUB_HAS = "hub_has"
    SEEN = "seen"
    COMING = "coming"
    NOBODY_COMES = "nobody_comes"
    CALL_LOST = "call_lost"
    TIME_LIMIT = "time_limit"
    DRILL = "drill"
    WATCHING = "watching"
    HUB_SILENT = "hub_silent"
    LINK_LOST = "link_lost"
    CALL_EMERGENCY = "call_emergency"
    CALL_ASSIST = "call_assist"
    CALL_SEEN = "call_seen"
    CALL_DRILL = "call_drill"


BEACON_STATES: Final = (
    LampState.WATCHING,
    LampState.HUB_SILENT,
    LampState.LINK_LOST,
    LampState.CALL_EMERGENCY,
    LampState.CALL_ASSIST,
    LampState.CALL_SEEN,
    LampState.CALL_DRILL,
)
"""Beside `FAULT` these are all that a beacon or wall lamp shows; the others are a counter's."""


class Colour(StrEnum):
    """Colours of an RGB LED; other lamps show them as well as they can, see `frames`."""

    OFF = "off"
    WHITE = "white"
    BLUE = "blue"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Steps of (on, ms), repeated. A single step is a steady light. At most three flashes a second (WCAG 2.3.1)."""

    colour: Colour
    steps: tuple[tuple[bool, int], ...]


_STEADY = ((True, 1000),)
_SLOW = ((True, 1000), (False, 1000))
_QUICK = ((True, 250), (False, 250))
_HEARTBEAT = ((True, 150), (False, 2850))
_ONE = ((True, 200), (False, 1300))
_TWO = ((True, 200), (False, 200), (True, 200), (False, 900))
_THREE = ((True, 200), (False, 200), (True, 200), (False, 200), (True, 200), (False, 500))
_LONG_SHORT = ((True, 900), (False, 250), (True, 250), (False, 600))
_SHORT_GAP = ((True, 1700), (False, 300))
_DOUBLE_HEARTBEAT = ((True, 150), (False, 200), (True, 150), (False, 2500))
_TWO_LONG = ((True, 600), (False, 300), (True, 600), (False, 900))
_FOUR = ((True, 200), (False, 200), (True, 200), (False, 200), (True, 200), (False, 200), (True, 200), (False, 1000))
_PRACTICE = ((True, 500), (False, 500), (True, 150), (False, 350))
_WAIT = ((True, 600), (False, 200), (True, 200), (False, 200), (True, 200), (False, 200))
_CALM = ((True, 600), (False, 3400))
_CALM_TWICE = ((True, 600), (False, 300), (True, 600), (False, 2500))
_THREE_LONG = ((True, 600), (False, 300), (True, 600), (False, 300), (True, 600), (False, 900))
_TWO_AND_LONG = ((True, 200), (False, 200), (True, 200), (False, 200), (True, 800), (False, 500))
_MOSTLY = ((True, 700), (False, 300))
_LONG_WINK = ((True, 1500), (False, 300), (True, 200), (False, 300))
_PRACTICE_CALL = ((True, 500), (False, 500), (True, 200), (False, 800))

PATTERNS: dict[LampState, Pattern] = {
    LampState.READY: Pattern(Colour.GREEN, _HEARTBEAT),
    LampState.NOBODY: Pattern(Colour.WHITE, _DOUBLE_HEARTBEAT),
    LampState.HUB_LOST: Pattern(Colour.AMBER, _SLOW),
    LampState.FAULT: Pattern(Colour.RED, _THREE),
    LampState.PRESSED: Pattern(Colour.WHITE, _QUICK),
    LampState.RECEIVED: Pattern(Colour.WHITE, _ONE),
    LampState.VERIFIED: Pattern(Colour.WHITE, _TWO),
    LampState.HUB_HAS: Pattern(Colour.BLUE, _TWO_LONG),
    LampState.SEEN: Pattern(Colour.BLUE, _SHORT_GAP),
    LampState.COMING: Pattern(Colour.GREEN, _STEADY),
    LampState.NOBODY_COMES: Pattern(Colour.RED, _FOUR),
    LampState.CALL_LOST: Pattern(Colour.AMBER, _WAIT),
    LampState.TIME_LIMIT: Pattern(Colour.AMBER, _LONG_SHORT),
    LampState.DRILL: Pattern(Colour.BLUE, _PRACTICE),
    LampState.WATCHING: Pattern(Colour.GREEN, _CALM),
    LampState.HUB_SILENT: Pattern(Colour.WHITE, _CALM_TWICE),
    LampState.LINK_LOST: Pattern(Colour.AMBER, _THREE_LONG),
    LampState.CALL_EMERGENCY: Pattern(Colour.RED, _TWO_AND_LONG),
    LampState.CALL_ASSIST: Pattern(Colour.AMBER, _MOSTLY),
    LampState.CALL_SEEN: Pattern(Colour.BLUE, _LONG_WINK),
    LampState.CALL_DRILL: Pattern(Colour.BLUE, _PRACTICE_CALL),
}


@dataclass(frozen=True, slots=True)
class LampView:
    """What to show: the state, who is coming (at a beacon: which counter calls), and what else one should know."""

    state: LampState
    name: str = ""
    number: str = ""
    recording: bool = False
    faults: tuple[str, ...] = ()
    others: int = 0
    """How many more counters call."""
    stale: bool = False
    """A beacon has lost the link: this is the last that it knew."""
    drill: bool = False
    """Practice: said in words wherever there is room for them."""


# --- on a real lamp -------------------------------------------------------------------------------------------------


class LampKind(StrEnum):
    """What is built in. Its lights: RGB red, green, blue; TOWER red, amber, green; SINGLE one."""

    RGB = "rgb"
    TOWER = "tower"
    SINGLE = "single"


_ALL = (True, True, True)

LIGHTS: Final[dict[LampKind, dict[Colour, tuple[bool, ...]]]] = {
    LampKind.RGB: {
        Colour.OFF: (False, False, False),
        Colour.WHITE: _ALL,
        Colour.BLUE: (False, False, True),
        Colour.GREEN: (False, True, False),
        Colour.AMBER: (True, True, False),
        Colour.RED: (True, False, False),
    },
    LampKind.TOWER: {
        Colour.OFF: (False, False, False),
        Colour.WHITE: _ALL,
        Colour.BLUE: (False, True, True),
        Colour.GREEN: (False, False, True),
        Colour.AMBER: (False, True, False),
        Colour.RED: (True, False, False),
    },
    LampKind.SINGLE: {colour: (colour is not Colour.OFF,) for colour in Colour},
}
"""Which lights of a lamp make a colour. Where it cannot be made the state is still told by its rhythm."""

_BREATH_MS: Final = 1200

Frame = tuple[tuple[bool, ...], int]
"""Which lights are lit, and for how many ms."""


def frames(kind: LampKind, view: LampView) -> tuple[Frame, ...]:
    """What a lamp of this kind plays over and over to show `view`. Words and numbers in the view make no difference.

    A stale view is shown like a fresh one, for a call must not fade with the link; after every third round comes the
    pattern of the lost link.
    """
    shown = _frames(kind, view.state)
    if not view.stale or view.state is LampState.LINK_LOST:
        return shown
    rounds = shown * 3
    last_lights, last_ms = rounds[-1]  # the dark end of the state's own pattern
    return (*rounds[:-1], (last_lights, max(last_ms, _BREATH_MS)), *_frames(kind, LampState.LINK_LOST))


def _frames(kind: LampKind, state: LampState) -> tuple[Frame, ...]:
    pattern = PATTERNS[state]
    lit, dark = LIGHTS[kind][pattern.colour], LIGHTS[kind][Colour.OFF]
    return tuple((lit if on else dark, ms) for on, ms in pattern.steps)
