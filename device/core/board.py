"""The machine under the box: what its supply, heat and disk mean. A fault comes at one line and goes at another."""

from dataclasses import dataclass
from typing import Final

from contract.messages import PowerFlag
from device.core.events import FaultGone, FaultSeen

HOT_C: Final = 80.0
"""A Raspberry Pi slows itself down from here on (its firmware's soft limit; 85 stops it)."""
COOL_C: Final = 75.0
DISK_LOW_BYTES: Final = 512 * 1024 * 1024
"""Everything that the hub has is given up at 1 GiB (`housekeeping`); less than this means that nothing more can be."""
DISK_WELL_BYTES: Final = 640 * 1024 * 1024
STEADY_LOOKS: Final = 6
"""Good looks in a row (30 s) until a supply that sagged is trusted again: it sags under load and rises between."""


@dataclass(frozen=True, slots=True)
class BoardState:
    """What the machine says of itself now; None: it cannot say."""

    power: tuple[PowerFlag, ...] | None
    temperature_c: float | None
    disk_free_bytes: int


class Board:
    """Turns what is read every few seconds into faults. Used from one thread."""

    def __init__(self) -> None:
        self._standing: set[str] = set()
        self._power_good = STEADY_LOOKS

    def look(self, state: BoardState) -> list[FaultSeen | FaultGone]:
        """What changed."""
        flags = state.power or ()
        self._power_good = 0 if "under_voltage" in flags else self._power_good + 1
        heat = state.temperature_c if state.temperature_c is not None else 0.0
        hot = "temperature_limit" in flags or heat >= HOT_C
        cool = "temperature_limit" not in flags and heat < COOL_C
        low, well = state.disk_free_bytes < DISK_LOW_BYTES, state.disk_free_bytes >= DISK_WELL_BYTES
        return [
            *self._turn("under_voltage", self._power_good == 0, self._power_good >= STEADY_LOOKS, _POWER),
            *self._turn("over_temperature", hot, cool, _HEAT.format(heat=round(heat))),
            *self._turn("disk_low", low, well, _DISK.format(free=state.disk_free_bytes // 2**20)),
        ]

    def _turn(self, fault: str, bad: bool, good: bool, words: str) -> list[FaultSeen | FaultGone]:
        if bad and fault not in self._standing:
            self._standing.add(fault)
            return [FaultSeen(fault, words)]
        if good and fault in self._standing:
            self._standing.discard(fault)
            return [FaultGone(fault)]
        return []


_POWER: Final = (
    "電源の電圧が足りません。純正の電源とケーブルに替えてください。 / "
    "the supply voltage is too low; use the official supply and cable."
)
_HEAT: Final = (
    "基板が {heat} 度です。風通しを良くし、直射日光を避けてください。 / "
    "the board is at {heat} C; let air reach it, keep it out of the sun."
)
_DISK: Final = (
    "保存場所の空きが {free} MiB です。ハブにつながっているか確かめてください。 / "
    "{free} MiB of storage are left; see whether the hub is connected."
)
