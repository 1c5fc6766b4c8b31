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
}


@dataclass(frozen=True, slots=True)
class LampView:
    """What to show: the state, who is coming, and what else the worker should know."""

    state: LampState
    name: str = ""
    number: str = ""
    recording: bool = False
    faults: tuple[str, ...] = ()


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

Frame = tuple[tuple[bool, ...], int]
"""Which lights are lit, and for how many ms."""


def frames(kind: LampKind, view: LampView) -> tuple[Frame, ...]:
    """What a lamp of this kind plays over and over to show `view`. Words and numbers in the view make no difference."""
    pattern = PATTERNS[view.state]
    lit, dark = LIGHTS[kind][pattern.colour], LIGHTS[kind][Colour.OFF]
    return tuple((lit if on else dark, ms) for on, ms in pattern.steps)
