"""What a Raspberry Pi (or any Linux machine) says of its supply, heat and disk."""

import logging
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from contract.messages import PowerFlag
from device.core.board import BoardState

log = logging.getLogger("madomori.board")

_BITS: Final[tuple[tuple[int, PowerFlag], ...]] = (
    (0, "under_voltage"),
    (1, "frequency_capped"),
    (2, "throttled"),
    (3, "temperature_limit"),
)
"""The lower bits of the firmware's `get_throttled` (Raspberry Pi documentation, vcgencmd): as it is now."""
_PATIENCE_S: Final = 2.0


class LinuxBoard:
    """Reads the machine under `root`, for the folder `disk`. Used from one thread; `read` may take 2 s."""

    def __init__(self, disk: Path, root: Path = Path("/")) -> None:
        self._disk = disk
        self._sys = root / "sys"
        self._vcgencmd: str | None = shutil.which("vcgencmd") if root == Path("/") else None

    def read(self) -> BoardState:
        """As it is now.

        Raises:
            OSError: the disk cannot be asked.
        """
        space = os.statvfs(self._disk)
        return BoardState(self._power(), self._temperature_c(), space.f_bavail * space.f_frsize)

    def _power(self) -> tuple[PowerFlag, ...] | None:
        value = self._from_firmware()
        if value is None:
            value = self._from_program()
        if value is not None:
            return tuple(flag for bit, flag in _BITS if value >> bit & 1)
        return self._from_monitor()

    def _from_firmware(self) -> int | None:
        for path in (self._sys / "devices/platform").glob("soc*/soc*:firmware/get_throttled"):
            try:
                return int(path.read_text("ascii").strip(), 16)
            except (OSError, ValueError):
                continue  # the next way of asking may do
        return None

    def _from_program(self) -> int | None:
        if self._vcgencmd is None:
            return None
        try:
            done = subprocess.run(
                [self._vcgencmd, "get_throttled"], capture_output=True, text=True, timeout=_PATIENCE_S, check=True
            )
            return int(done.stdout.strip().removeprefix("throttled="), 16)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            log.warning("vcgencmd cannot say how the supply is (is the user in the group video?): %s", error)
            self._vcgencmd = None  # said once
            return None

    def _from_monitor(self) -> tuple[PowerFlag, ...] | None:
        """The kernel's `raspberrypi-hwmon`: under-voltage only."""
        for folder in (self._sys / "class/hwmon").glob("hwmon*"):
            try:
                if (folder / "name").read_text("ascii").strip() == "rpi_volt":
                    low = (folder / "in0_lcrit_alarm").read_text("ascii").strip() == "1"
                    return ("under_voltage",) if low else ()
            except OSError:
                continue
        return None

    def _temperature_c(self) -> float | None:
        try:
            return int((self._sys / "class/thermal/thermal_zone0/temp").read_text("ascii")) / 1000
        except (OSError, ValueError):
            return None  # not every machine has a thermometer there
