"""What buzzer or vibration motor tell: the hand knows without looking, a beacon's room hears that a counter calls."""

from dataclasses import dataclass
from typing import Final

from device.core.lamp import LampState


@dataclass(frozen=True, slots=True)
class Buzzing:
    """Steps of (on, ms), once or until the next one.

    Where it is `quiet`, something that can be heard stays off (a silent emergency); what is only felt does not.
    """

    steps: tuple[tuple[bool, int], ...]
    repeat: bool = False
    quiet: bool = False


SILENCE: Final = Buzzing(())

_SHORT, _GAP, _LONG = (True, 80), (False, 120), (True, 600)

STEPS: Final[dict[LampState, tuple[tuple[bool, int], ...]]] = {
    LampState.PRESSED: (_SHORT,),
    LampState.HUB_HAS: (_SHORT, _GAP, _SHORT),
    LampState.COMING: (_LONG,),
    LampState.NOBODY_COMES: (_SHORT, _GAP, _SHORT, _GAP, _SHORT),
    LampState.CALL_LOST: (_SHORT, _GAP, _SHORT, _GAP, _SHORT),
    LampState.TIME_LIMIT: (_LONG, (False, 300), _LONG),
    LampState.CALL_EMERGENCY: ((True, 300), (False, 200)),
    LampState.CALL_ASSIST: ((True, 300), (False, 1700)),
    LampState.CALL_DRILL: (_SHORT, _GAP, _LONG),
}
"""What is felt when the lamp changes to a state; nothing for the others."""

REPEATED: Final = frozenset({LampState.CALL_EMERGENCY, LampState.CALL_ASSIST})
"""A beacon goes on until a person has seen the call."""


def buzzing_for(state: LampState, *, quiet: bool) -> Buzzing | None:
    """What is felt when the lamp changes to `state`."""
    steps = STEPS.get(state)
    return None if steps is None else Buzzing(steps, repeat=state in REPEATED, quiet=quiet)
