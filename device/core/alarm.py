"""The alarm: a latch. A press sets it, a further press never undoes it, only people at the hub end it.

The table is the whole rule, and the diagram in `docs/` is drawn from it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contract.messages import Gesture, Level


class AlarmIs(StrEnum):
    """How the alarm stands."""

    QUIET = "quiet"
    ASSIST = "assist"
    EMERGENCY = "emergency"


class AlarmInput(StrEnum):
    """What can reach the alarm."""

    SHORT = "short"
    LONG = "long"
    SECOND_BUTTON = "second_button"
    ENDED_BY_HUB = "ended_by_hub"


class AlarmAct(StrEnum):
    """What follows."""

    RAISE = "raise"
    REPEAT = "repeat"
    ESCALATE = "escalate"
    END = "end"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Move:
    """A row's right side. `because` says why an input is ignored."""

    to: AlarmIs
    act: AlarmAct
    because: str = ""


_Q, _A, _E = AlarmIs.QUIET, AlarmIs.ASSIST, AlarmIs.EMERGENCY

TABLE: Final[dict[tuple[AlarmIs, AlarmInput], Move]] = {
    (_Q, AlarmInput.SHORT): Move(_A, AlarmAct.RAISE),
    (_Q, AlarmInput.LONG): Move(_E, AlarmAct.RAISE),
    (_Q, AlarmInput.SECOND_BUTTON): Move(_E, AlarmAct.RAISE),
    (_Q, AlarmInput.ENDED_BY_HUB): Move(_Q, AlarmAct.IGNORE, "no alarm stands"),
    (_A, AlarmInput.SHORT): Move(_A, AlarmAct.REPEAT),
    (_A, AlarmInput.LONG): Move(_E, AlarmAct.ESCALATE),
    (_A, AlarmInput.SECOND_BUTTON): Move(_E, AlarmAct.ESCALATE),
    (_A, AlarmInput.ENDED_BY_HUB): Move(_Q, AlarmAct.END),
    (_E, AlarmInput.SHORT): Move(_E, AlarmAct.REPEAT),
    (_E, AlarmInput.LONG): Move(_E, AlarmAct.IGNORE, "the same hand still holds the button it has just pressed"),
    (_E, AlarmInput.SECOND_BUTTON): Move(_E, AlarmAct.REPEAT),
    (_E, AlarmInput.ENDED_BY_HUB): Move(_Q, AlarmAct.END),
}

INPUT_OF: Final = {
    Gesture.SHORT: AlarmInput.SHORT,
    Gesture.LONG: AlarmInput.LONG,
    Gesture.SECOND_BUTTON: AlarmInput.SECOND_BUTTON,
}


def level_of(alarm: AlarmIs) -> Level:
    """The level that a standing alarm has on the wire.

    Raises:
        ValueError: no alarm stands.
    """
    return Level(alarm.value)
