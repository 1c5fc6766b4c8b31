"""Press to lamp, beside a bare gpiozero callback that lights an LED: the same pins, process, encoder and moments.

gpiozero's lgpio factory is the real one. Below it stands what lgpio does: reports come through a pipe to a thread that
calls back. Presses of both kinds alternate, so that whatever else the machine does meets both alike.
"""

import os
import queue
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from bench.figures import Broken, Spread
from support.bundles import RECIPIENTS, make_bundle
from support.pins import StandInLgpio

from contract.messages import CommandType
from device.config import Bundle
from device.core.events import CommandArrived
from device.simulated.camera import SimulatedCamera
from device.simulated.microphone import SimulatedMicrophone
from device.simulated.room import Room
from device.wiring import Assembled, assemble, hardware

MAIN, BLUE = 17, 24
"""The button, and a light of the RGB lamp that is lit by "pressed" and by nothing that a quiet box shows."""
BARE_BUTTON, BARE_LED = 20, 21
_REPORT = struct.Struct("<QBB")
_PATIENCE_S = 10.0
_SWITCH_INTERVAL_S = 0.0005
"""As the box's own programs set it."""


@dataclass(frozen=True, slots=True)
class LampTimes:
    """From the report of the edge to the light, in ms."""

    bare: Spread
    box: Spread


class Bench:
    """lgpio's thread, and a stopwatch at the lights."""

    def __init__(self, lgpio: StandInLgpio) -> None:
        self._lgpio = lgpio
        self._lit: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
        self._reader, self._writer = os.pipe()
        self._thread = threading.Thread(target=self._call_back, daemon=True)
        self._thread.start()
        lgpio.wrote = self._wrote

    def press(self, button: int, light: int) -> float:
        """Press and give the ms until `light` is lit."""
        while not self._lit.empty():
            self._lit.get_nowait()
        begun_ns = time.monotonic_ns()
        self._edge(button, 0, begun_ns)
        until_s = time.monotonic() + _PATIENCE_S
        try:
            while True:
                number, at_ns = self._lit.get(timeout=max(0.0, until_s - time.monotonic()))
                if number == light:
                    return (at_ns - begun_ns) / 1e6
        except queue.Empty as error:
            raise Broken(f"GPIO {light} was not lit") from error
        finally:
            self._edge(button, 1, time.monotonic_ns())

    def close(self) -> None:
        """End the thread."""
        os.close(self._writer)
        self._thread.join()
        os.close(self._reader)

    def _edge(self, number: int, level: int, stamp_ns: int) -> None:
        os.write(self._writer, _REPORT.pack(stamp_ns, number, level))

    def _call_back(self) -> None:
        while report := os.read(self._reader, _REPORT.size):
            stamp_ns, number, level = _REPORT.unpack(report)
            self._lgpio.edge(number, level, stamp_ns)

    def _wrote(self, number: int, level: bool) -> None:
        if level:
            self._lit.put((number, time.monotonic_ns()))


def measure(directory: Path, count: int) -> LampTimes:
    """Press `count` times each, one after the other.

    Raises:
        Broken: a press did not light its lamp.
    """
    import gpiozero

    before_s = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    try:
        with pytest.MonkeyPatch.context() as patch:
            bench = Bench(StandInLgpio.install(patch))
            with _running(directory) as box:
                led = gpiozero.LED(BARE_LED)
                button = gpiozero.Button(BARE_BUTTON, bounce_time=None)
                button.when_pressed = led.on
                bare, ours = [], []
                for _ in range(count):
                    bare.append(bench.press(BARE_BUTTON, BARE_LED))
                    led.off()
                    ours.append(bench.press(MAIN, BLUE))
                    _end_call(box)
                button.close()
                led.close()
            bench.close()
    finally:
        sys.setswitchinterval(before_s)
    return LampTimes(Spread.of(bare), Spread.of(ours))


@contextmanager
def _running(directory: Path) -> Iterator[Assembled]:
    """A whole box that encodes; it keeps no recordings, for it is pressed several times a second."""
    evidence = f'\n[evidence]\nrecipients = ["{RECIPIENTS[0]}", "{RECIPIENTS[1]}"]\n'
    bundle = Bundle(_keeping_nothing(make_bundle(directory / "lamp", extra=evidence)))
    media = bundle.settings.media
    parts = hardware(bundle)
    box = assemble(
        bundle,
        lamp=parts.lamp,
        button=parts.button,
        camera=SimulatedCamera("counter-01", media.width, media.height, media.frames_per_second),
        microphone=SimulatedMicrophone(Room()),
    )
    thread = threading.Thread(target=box.run, name="box")
    thread.start()
    try:
        if box.recorder is not None:  # where nothing may be recorded, nothing is opened
            _until(lambda: box.runner.box.recorder.value == "armed", "the recorder is not armed")
        yield box
    finally:
        box.runner.stop()
        thread.join()


def _keeping_nothing(folder: Path) -> Path:
    profile = folder / "profile.toml"
    lines = [
        f'{line.split("=")[0]}= "off"' if line.startswith(("audio =", "video =")) else line
        for line in profile.read_text("utf-8").splitlines()
    ]
    profile.write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def _end_call(box: Assembled) -> None:
    _until(lambda: box.runner.box.standing is not None, "no alarm stands")
    standing = box.runner.box.standing
    box.runner.post(CommandArrived(CommandType.RECORDING_STOP, standing.incident if standing else None, ""))
    _until(lambda: box.runner.box.standing is None, "the alarm did not end")
    time.sleep(0.1)  # the contact comes to rest, and the next press is one of its own


def _until(met: Callable[[], bool], what: str) -> None:
    until_s = time.monotonic() + _PATIENCE_S
    while not met():
        if time.monotonic() > until_s:
            raise Broken(what)
        time.sleep(0.005)
