"""A whole box without hardware: the real core, spool, recorder and uplink, with simulated parts around them."""

import logging
import signal
import subprocess
import threading
from collections.abc import Callable
from typing import Final

from device.adapters.clock_system import SystemClock
from device.config import Bundle
from device.ports import Camera, Microphone, Speaker
from device.simulated.camera import SimulatedCamera
from device.simulated.control import Control
from device.simulated.lamp import SimulatedLamp
from device.simulated.microphone import SimulatedMicrophone
from device.simulated.page.server import BoxPage
from device.simulated.room import Room
from device.simulated.speaker import SimulatedSpeaker
from device.wiring import assemble, start_uplink

log = logging.getLogger("madomori.simulate")

RESTART_S: Final = 1.0

Parts = tuple[Camera, Microphone, Speaker]


class _HeardOnPage:
    """A speaker whose sound the box's page plays as well."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self.began: Callable[[], None] = lambda: None

    def play(self, wav: bytes, started: Callable[[int], None]) -> int:
        """See the `Speaker` port."""

        def both(mono_ms: int) -> None:
            started(mono_ms)
            self.began()

        return self._speaker.play(wav, both)

    def close(self) -> None:
        """See the `Speaker` port."""
        self._speaker.close()


def run_simulated(
    bundle: Bundle,
    page: tuple[str, int] | None,
    choose: Callable[[Parts], Parts],
    on_signals: Callable[[Callable[[], None]], None],
) -> None:
    """Run until a signal asks for the end.

    Raises:
        PortError: another box runs on this bundle, or its spool cannot be opened.
        OSError: the page's address is taken.
    """
    lamp, speaker = SimulatedLamp(), None
    if bundle.settings.role.kind != "counter":
        box = assemble(bundle, lamp=lamp)
    else:
        camera, microphone, chosen_speaker = choose(_simulated(bundle))
        speaker = _HeardOnPage(chosen_speaker)
        box = assemble(bundle, lamp=lamp, speaker=speaker, camera=camera, microphone=microphone)
    on_signals(box.runner.stop)
    control = Control(bundle.state, box.runner.post, lamp, box.runner, box.care.answers)
    control.start()
    if page is not None:
        shown = BoxPage(
            page,
            counter=bundle.settings.counter,
            buttons=speaker is not None,
            notice=box.announcer.notice.wav,
            post=box.runner.post,
            clock=SystemClock(),
            lamp=lamp,
        )
        if speaker is not None:
            speaker.began = shown.notice_began
        shown.start()
        log.info("page: http://%s:%s/", *shown.address)
    network = _Network(bundle)
    network.start()
    try:
        box.run()
    finally:
        network.stop()
        control.close()


def _simulated(bundle: Bundle) -> Parts:
    media, room = bundle.settings.media, Room()
    return (
        SimulatedCamera(bundle.settings.box, media.width, media.height, media.frames_per_second),
        SimulatedMicrophone(room),
        SimulatedSpeaker(room),
    )


class _Network:
    """Keeps the uplink process alive."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._watch, name="network", daemon=True)

    def start(self) -> None:
        """Start the process and its watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the process and wait for it."""
        self._stopping.set()
        process = self._process
        if process is not None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
        self._thread.join(timeout=5)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            self._process = start_uplink(self._bundle)
            code = self._process.wait()
            if self._stopping.wait(RESTART_S):
                return
            log.error("the uplink ended with %s; starting it again", code)
