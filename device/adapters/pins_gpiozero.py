"""The board's pins through gpiozero and lgpio: opened in this one way, or not at all.

Left alone, gpiozero tries one pin library after the other and warns at most: a box with half an install would run with
a button that nobody reads. So the library is named, and what goes wrong is told to people.
"""

import atexit
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

from device.ports import PortError

_FACTORY: Final = "GPIOZERO_PIN_FACTORY"
_LIBRARY: Final = "lgpio"
_WORK_FOLDER: Final = "LG_WD"
_opening: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class Part:
    """What hangs on the pins, for the sentence that a person reads, and the error that the runner knows."""

    error: type[PortError]
    ja: str
    en: str


def open_pins() -> Any:
    """The board's pin factory: lgpio, or the one that `GPIOZERO_PIN_FACTORY` names (gpiozero then never falls back).

    Raises whatever gpiozero, lgpio or the system raise; see `plain`.
    """
    from gpiozero import Device

    with _opening:
        if os.environ.setdefault(_FACTORY, _LIBRARY) == _LIBRARY and _WORK_FOLDER not in os.environ:
            os.environ[_WORK_FOLDER] = _work_folder()
        Device.ensure_pin_factory()
        return Device.pin_factory


def input_pin(number: int, pull: Literal["up", "down"], factory: Any) -> Any:
    """A gpiozero `InputDevice` on a pin held `up` or `down` by the board's own resistor."""
    from gpiozero import InputDevice

    return InputDevice(number, pull_up=pull == "up", pin_factory=factory)


def output_pin(number: int, active_high: bool, factory: Any) -> Any:
    """A gpiozero `OutputDevice`, off."""
    from gpiozero import OutputDevice

    class Output(OutputDevice):
        """Gives its pin back when it cannot be switched off at first; gpiozero's own keeps it, and none can follow."""

        def __init__(self) -> None:
            try:
                super().__init__(number, active_high=active_high, pin_factory=factory)
            except BaseException:
                self.close()
                raise

    return Output()


@contextmanager
def plain(part: Part, numbers: tuple[int, ...]) -> Iterator[None]:
    """Turn whatever the pin library raises into the part's own error, in words.

    Raises:
        PortError: of the kind that `part` names.
    """
    try:
        yield
    except Exception as error:  # lgpio has an error class of its own, under Exception itself
        ja, en = _remedy(error)
        pins = ", ".join(f"GPIO {number}" for number in numbers)
        raise part.error(f"{part.ja}（{pins}）。{ja} / {part.en} ({pins}). {en} [{error!r}]") from error


def _work_folder() -> str:
    """Where lgpio puts its pipe.

    It takes the working directory otherwise, and cannot be imported when that is not writable. A memory file system
    (the service's runtime directory) works when the disk does not.
    """
    folder = tempfile.mkdtemp(
        prefix="madomori-lgpio-", dir=os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0] or None
    )
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


_INSTALL: Final = "sudo apt install python3-gpiozero python3-lgpio"

_REMEDIES: Final = {
    "library": (
        f"GPIO のライブラリを読み込めません。`{_INSTALL}` を行い、venv は --system-site-packages で作ってください。",
        f"The GPIO library cannot be loaded. Run `{_INSTALL}` and make the venv with --system-site-packages.",
    ),
    "machine": (
        "この機械は Raspberry Pi ではないようです。機器なしで試すときは `madomori-box simulate` を使ってください。",
        "This does not look like a Raspberry Pi. To try the box without hardware use `madomori-box simulate`.",
    ),
    "permission": (
        "/dev/gpiochip* を開けません。動かしている利用者を gpio グループに入れてください。",
        "/dev/gpiochip* cannot be opened. Put the user that runs the box into the group gpio.",
    ),
    "taken": (
        "ほかのものがこのピンを使っています。box.toml のピン番号と、動いているほかのプログラムを確かめてください。",
        "Something else uses the pin. Check the pin numbers in box.toml and what else is running.",
    ),
    "other": (
        "配線と、box.toml のピン番号（BCM の番号）を確かめてください。",
        "Check the wiring and the pin numbers (BCM) in box.toml.",
    ),
}


def _remedy(error: Exception) -> tuple[str, str]:
    """What to do about it, in Japanese and in English. Classes by name: their library may not be there."""
    name, text = type(error).__name__, str(error).lower()
    if isinstance(error, ImportError):
        return _REMEDIES["library"]
    if name == "PinUnknownPi":
        return _REMEDIES["machine"]
    if isinstance(error, PermissionError) or "permission" in text or "open gpiochip" in text:
        return _REMEDIES["permission"]
    if name == "GPIOPinInUse" or "busy" in text:
        return _REMEDIES["taken"]
    return _REMEDIES["other"]
