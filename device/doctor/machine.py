"""What the doctor asks of the machine. A class of its own, so that a test can be a machine with something broken."""

import fcntl
import grp
import importlib
import importlib.util
import os
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.messages import ClockState
from device.adapters.board_linux import LinuxBoard
from device.adapters.clock_system import clock_state
from device.core.board import BoardState


@dataclass(frozen=True, slots=True)
class SoundDevices:
    """Names as PortAudio gives them; `problem` when it gives none at all."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    problem: str = ""


class Machine:
    """This machine. Nothing is changed, and nothing that a running box uses is opened."""

    def python(self) -> tuple[int, int]:
        """Version of the Python that runs."""
        return sys.version_info[:2]

    def bits(self) -> int:
        """32 or 64."""
        return struct.calcsize("P") * 8

    def clock(self) -> ClockState:
        """Whether the wall clock follows a time source."""
        return clock_state()

    def board(self, disk: Path) -> BoardState:
        """Supply, heat, and space at `disk`.

        Raises:
            OSError: the disk cannot be asked.
        """
        return LinuxBoard(disk).read()

    def problem_with(self, module: str) -> str | None:
        """Why a Python module cannot be imported; None when it can."""
        try:
            importlib.import_module(module)
        except Exception as error:  # noqa: BLE001 - native libraries raise what they like
            return f"{type(error).__name__}: {error}"
        return None

    def cameras(self) -> Sequence[str] | None:
        """Cameras that libcamera sees; None when it cannot be asked."""
        try:
            picamera2: Any = importlib.import_module("picamera2")
            return [str(camera.get("Model", "?")) for camera in picamera2.Picamera2.global_camera_info()]
        except Exception:  # noqa: BLE001 - told by `problem_with`
            return None

    def usb_cameras(self) -> Sequence[str]:
        """Video devices."""
        return sorted(str(path) for path in Path("/dev").glob("video*"))

    def may_open(self, path: str) -> bool:
        """Whether the present user may read and write a device file."""
        return os.access(path, os.R_OK | os.W_OK)

    def pin_chips(self) -> Sequence[str]:
        """GPIO chips."""
        return sorted(str(path) for path in Path("/dev").glob("gpiochip*"))

    def sound(self) -> SoundDevices:
        """Sound devices, without opening any."""
        try:
            import sounddevice

            found = list(sounddevice.query_devices())
        except (ImportError, OSError) as error:
            return SoundDevices(problem=f"{type(error).__name__}: {error}")
        except Exception as error:  # noqa: BLE001 - PortAudio's own error has no class without PortAudio
            return SoundDevices(problem=str(error))
        return SoundDevices(
            tuple(device["name"] for device in found if device["max_input_channels"] > 0),
            tuple(device["name"] for device in found if device["max_output_channels"] > 0),
        )

    def groups(self) -> set[str]:
        """Groups of the present user; everything for root, who needs none."""
        if os.geteuid() == 0:
            return {"gpio", "video", "audio"}
        names = set()
        for number in os.getgroups():
            try:
                names.add(grp.getgrgid(number).gr_name)
            except KeyError:
                continue  # a group without a name gives no right that we ask for
        return names

    def holds(self, lock: Path) -> bool:
        """Whether a running box holds `lock`. Looks without taking it: /proc/locks tells."""
        try:
            inode = lock.stat().st_ino
            lines = Path("/proc/locks").read_text("ascii").splitlines()
        except FileNotFoundError:
            return False
        except OSError:
            return _taken(lock)
        return any(line.split()[1] == "FLOCK" and line.split()[-3].endswith(f":{inode}") for line in lines)


def _taken(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
