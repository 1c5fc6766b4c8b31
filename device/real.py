"""A real box: its parts, its service manager, its control socket. No network in this process."""

from collections.abc import Callable

from device.adapters.control_unix import ControlSocket
from device.adapters.watchdog_systemd import SystemdWatchdog
from device.config import Bundle
from device.wiring import Hardware, assemble, hardware


def run_real(
    bundle: Bundle,
    on_signals: Callable[[Callable[[], None]], None],
    parts: Callable[[Bundle], Hardware] = hardware,
) -> None:
    """Run until a signal asks for the end. A part that is missing or broken is a fault, and tried again.

    Raises:
        AlreadyRunning: another box runs on this bundle.
        PortError: the evidence key cannot be made.
        OSError: the state folder cannot be written.
    """
    watchdog = SystemdWatchdog()
    found = parts(bundle)
    box = assemble(
        bundle,
        lamp=found.lamp,
        button=found.button,
        buzzer=found.buzzer,
        speaker=found.speaker,
        camera=found.camera,
        microphone=found.microphone,
        watchdog=watchdog,
        watch_every_s=watchdog.every_s,
    )

    def stop() -> None:
        watchdog.stopping()
        box.runner.stop()

    on_signals(stop)
    control = ControlSocket(bundle.state, box.care.answers)
    control.start()
    try:
        box.run()
    finally:
        control.close()
