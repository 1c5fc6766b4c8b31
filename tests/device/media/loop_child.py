"""Plays a notice on the real speaker adapter while the real microphone adapter listens.

A process of its own, because PortAudio reads its configuration once, when it is loaded. Argument: "loop", "interrupt"
or "missing". Prints one JSON object.
"""

import array
import io
import json
import sys
import threading
import time
import wave
from itertools import pairwise
from typing import Any

from device.adapters.microphone_sounddevice import SounddeviceMicrophone
from device.adapters.speaker_sounddevice import SounddeviceSpeaker
from device.notices import notice
from device.ports import PortError


def listen(microphone: SounddeviceMicrophone, heard: list[tuple[int, bytes]], ready: threading.Event) -> None:
    for block in microphone.blocks():
        heard.append(block)
        ready.set()


def beginning(seconds: int) -> bytes:
    """The first seconds of the notice, so that the test is short."""
    file = io.BytesIO()
    with wave.open(io.BytesIO(notice("ja"))) as whole, wave.open(file, "wb") as part:
        part.setparams(whole.getparams())
        part.writeframes(whole.readframes(seconds * whole.getframerate()))
    return file.getvalue()


def loop() -> dict[str, Any]:
    microphone, speaker = SounddeviceMicrophone(), SounddeviceSpeaker()
    heard: list[tuple[int, bytes]] = []
    ready = threading.Event()
    started: list[int] = []
    thread = threading.Thread(target=listen, args=(microphone, heard, ready))
    thread.start()
    assert ready.wait(10), "no first block"
    duration_ms = speaker.play(beginning(4), started.append)
    count = len(heard)
    while len(heard) < count + 50 and thread.is_alive():  # one more second, for what is still on its way
        threading.Event().wait(0.05)
    microphone.close()
    thread.join(5)
    stamps = [at_ms for at_ms, _ in heard]
    return {
        "duration_ms": duration_ms,
        "started_ms": started,
        "first_ms": stamps[0],
        "steps_ms": [later - earlier for earlier, later in pairwise(stamps)],
        "heard": array.array("h", b"".join(block for _, block in heard)).tolist(),
        "ended": not thread.is_alive(),
        "now_ms": time.monotonic_ns() // 1_000_000,
        "last_ms": stamps[-1],
    }


def interrupt() -> dict[str, Any]:
    speaker = SounddeviceSpeaker()
    begun = time.monotonic()
    try:
        speaker.play(notice("ja"), lambda at_ms: threading.Timer(0.5, speaker.close).start())
    except PortError as error:
        return {"error": str(error), "fault": error.fault, "seconds": time.monotonic() - begun}
    return {"error": None}


def missing() -> dict[str, Any]:
    errors = []
    for act in (
        lambda: next(SounddeviceMicrophone("no such device").blocks()),
        lambda: SounddeviceSpeaker("no such device").play(notice("en"), print),
    ):
        try:
            act()
        except PortError as error:
            errors.append([error.fault, str(error)])
    return {"errors": errors}


if __name__ == "__main__":
    print(json.dumps({"loop": loop, "interrupt": interrupt, "missing": missing}[sys.argv[1]]()))
