"""A private PulseAudio whose speaker is heard by its microphone: real PortAudio with no sound card."""

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

_SCRIPT = """
load-module module-null-sink sink_name=ci rate=48000 channels=2
load-module module-native-protocol-unix
set-default-sink ci
set-default-source ci.monitor
"""
_ALSA = """
</usr/share/alsa/alsa.conf>
pcm.!default { type pulse }
ctl.!default { type pulse }
"""


@pytest.fixture(scope="session")
def sound_card() -> Iterator[dict[str, str]]:
    """Environment in which PortAudio's default devices are the two ends of a loop."""
    if shutil.which("pulseaudio") is None:
        pytest.skip("needs pulseaudio (apt install pulseaudio pulseaudio-utils libasound2-plugins)")
    with tempfile.TemporaryDirectory(prefix="pulse") as name:  # short: the socket's path has a limit of 108
        folder = Path(name)
        runtime = folder / "run"
        runtime.mkdir(mode=0o700)
        (folder / "script").write_text(_SCRIPT)
        (folder / "asound.conf").write_text(_ALSA)
        environment = {
            **os.environ,
            "XDG_RUNTIME_DIR": str(runtime),
            "HOME": name,
            "PULSE_SERVER": f"unix:{runtime}/pulse/native",
            "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
        }
        environment.pop("DBUS_SESSION_BUS_ADDRESS", None)
        daemon = subprocess.Popen(
            [
                *("pulseaudio", "-n", "-F", str(folder / "script"), "--daemonize=no"),
                *("--exit-idle-time=-1", "--disallow-exit", "--use-pid-file=no"),
            ],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            # pactl itself waits for the server; a few tries cover the moment before the socket exists.
            for _ in range(50):
                asked = subprocess.run(["pactl", "info"], env=environment, capture_output=True, timeout=10)
                if asked.returncode == 0:
                    break
                assert daemon.poll() is None, "pulseaudio ended"
                threading.Event().wait(0.1)
            else:
                pytest.fail("pulseaudio did not start")
            yield environment
        finally:
            daemon.terminate()
            daemon.wait(10)
