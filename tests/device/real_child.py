"""`madomori-box run` on simulated parts: `real_child.py BUNDLE [--loop-limit S] [--hang-when FILE]`.

The button cannot be read, and there is a lamp that hangs for good once FILE exists.
"""

import argparse
import threading
from pathlib import Path

from device import guard
from device.__main__ import _on_signals
from device.config import Bundle
from device.core.lamp import LampView
from device.patient_button import PatientButton
from device.ports import ButtonError, Post
from device.real import run_real
from device.simulated.camera import SimulatedCamera
from device.simulated.lamp import SimulatedLamp
from device.simulated.microphone import SimulatedMicrophone
from device.simulated.room import Room
from device.simulated.speaker import SimulatedSpeaker
from device.wiring import Hardware


class NoButton:
    def start(self, post: Post) -> None:
        raise ButtonError("ボタンを読めません / the button cannot be read")

    def close(self) -> None: ...


class HangingLamp(SimulatedLamp):
    def __init__(self, when: Path | None) -> None:
        super().__init__()
        self._when = when

    def show(self, view: LampView) -> None:
        if self._when is not None and self._when.exists():
            threading.Event().wait()
        super().show(view)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("bundle", type=Path)
    arguments.add_argument("--loop-limit", type=int)
    arguments.add_argument("--hang-when", type=Path)
    chosen = arguments.parse_args()
    if chosen.loop_limit:
        guard.LIMITS_S["loop"] = chosen.loop_limit
    room = Room()

    def parts(bundle: Bundle) -> Hardware:
        media = bundle.settings.media
        return Hardware(
            PatientButton(NoButton()),
            HangingLamp(chosen.hang_when),
            None,
            SimulatedCamera(bundle.settings.box, media.width, media.height, media.frames_per_second),
            SimulatedMicrophone(room),
            SimulatedSpeaker(room),
        )

    run_real(Bundle(chosen.bundle), _on_signals, parts)


if __name__ == "__main__":
    main()
