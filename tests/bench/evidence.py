"""From the press to the first evidence on the disk, and what memory the box takes. Beside the bare work of libraries.

The floor is a bare PyAV mux of the same ring into RAM, one write of it and one fdatasync, in the same folder.
"""

import json
import os
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import av
from pyrage import x25519

from contract.messages import ClockState
from device.adapters.sealer_age import AgeSeal
from device.core.events import Happening, Instant, RecordingEnded, SegmentWritten
from device.recorder.encoding import Encoders, SoundEncoder, VideoEncoder
from device.recorder.feeding import Feed
from device.recorder.inbox import Close, Inbox, Keep, Stop
from device.recorder.packets import SAMPLE_RATE_HZ, SOUND_FRAME_SAMPLES, Packet
from device.recorder.sealer import SigningSealer, load_or_make_key
from device.recorder.settings import RecorderSettings
from device.recorder.store import SegmentStore
from device.recorder.writer import Writer
from device.simulated.camera import SimulatedCamera
from device.simulated.room import Room
from tests.support.still_feed import StillFeed

RING_S: Final = 10
ROUNDS: Final = 15
BOX_S: Final = 50
GOAL_MIB: Final = 150
_START_MS: Final = 1_000_000
_ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass
class _Clock:
    mono_ms: int

    def now(self) -> Instant:
        return Instant(self.mono_ms, datetime.now(UTC), ClockState.SYNCED)


def first_evidence() -> dict[str, float]:
    """Times in ms, medians, and their ratio. `first`: a press to the first durable segment; `ring`: to the last of
    the ring that can be closed; `floor`: see the module. Takes about ten seconds."""
    settings = RecorderSettings(pre_roll_ms=RING_S * 1000)
    encoders = Encoders((1280, 720, 25), settings)
    packets = _ring(encoders)
    with tempfile.TemporaryDirectory() as folder:
        floors = [_floor_ms(encoders, packets, Path(folder)) for _ in range(ROUNDS)]
        ours = _recorder_ms(encoders, packets, settings, Path(folder))
        floors += [_floor_ms(encoders, packets, Path(folder)) for _ in range(ROUNDS)]
    floor, first = statistics.median(floors), statistics.median(one for one, _ in ours)
    return {
        "floor_ms": round(floor, 2),
        "first_ms": round(first, 2),
        "ring_ms": round(statistics.median(all_ms for _, all_ms in ours), 2),
        "ratio": round(first / floor, 3),
    }


def _ring(encoders: Encoders) -> list[Packet]:
    camera, room = SimulatedCamera("BENCH", grain=True), Room()
    video, sound = VideoEncoder(encoders), SoundEncoder(encoders)
    packets: list[Packet] = []
    for number in range((RING_S + 2) * 25):
        at_ms = _START_MS + number * 40
        packets += video.encode(at_ms, camera.picture(number, at_ms / 1000), False)
        for block_ms in (at_ms, at_ms + 20):
            packets += sound.encode(block_ms, room.hear(block_ms, 960))
    return packets


def _floor_ms(encoders: Encoders, packets: list[Packet], folder: Path) -> float:
    since_us = _START_MS * 1000 + 2_000_000
    started = time.perf_counter()
    out = _Ram()
    with av.open(out, "w", format="mp4", options={"movflags": "empty_moov+default_base_moof"}) as container:
        streams: dict[bool, Any] = {
            True: container.add_stream_from_template(encoders.video),
            False: container.add_stream_from_template(encoders.sound),
        }
        for packet in packets:
            if packet.at_us < since_us:
                continue
            muxed = av.Packet(packet.data)
            muxed.stream, muxed.time_base = streams[packet.video], Fraction(1, 1_000_000)
            muxed.pts = muxed.dts = packet.at_us - since_us
            muxed.duration = packet.duration_us if packet.video else SOUND_FRAME_SAMPLES * 1_000_000 // SAMPLE_RATE_HZ
            muxed.is_keyframe = packet.keyframe or not packet.video
            container.mux_one(muxed)
    descriptor = os.open(folder / "floor", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(descriptor, b"".join(out.chunks))
    os.fdatasync(descriptor)
    os.close(descriptor)
    taken = (time.perf_counter() - started) * 1000
    (folder / "floor").unlink()
    return taken


class _Ram:
    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    def write(self, data: Any) -> int:
        self.chunks.append(bytes(data))
        return len(self.chunks[-1])


def _recorder_ms(
    encoders: Encoders, packets: list[Packet], settings: RecorderSettings, folder: Path
) -> list[tuple[float, float]]:
    """(press to the first segment, press to the last but the open one) of several incidents on one full ring."""
    store, clock = SegmentStore(folder / "segments"), _Clock(packets[-1].at_us // 1000)
    key, _ = load_or_make_key(folder / "key.pem")
    seal = AgeSeal([str(x25519.Identity.generate().to_public()) for _ in range(3)])
    sealer = SigningSealer(key, seal, "bench", "bench", str(uuid4()), clock, store.chain)
    posted: queue.SimpleQueue[tuple[float, Happening]] = queue.SimpleQueue()
    inbox = Inbox(10 * len(packets))
    feeds: dict[str, Feed] = {"camera": StillFeed(), "microphone": StillFeed()}
    writer = Writer(
        inbox, encoders, sealer, store, lambda event: posted.put((time.perf_counter(), event)), clock, settings, feeds
    )
    writer.start()
    for packet in packets:
        inbox.put(packet)
    while inbox.waiting():
        time.sleep(0.01)
    times: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        incident = str(uuid4())
        pressed = time.perf_counter()
        inbox.tell(Keep(incident, True, clock.mono_ms))
        written = [_next(posted, SegmentWritten) for _ in range(RING_S // 2)]
        inbox.tell(Stop(incident))
        _next(posted, RecordingEnded)
        times.append(((written[0] - pressed) * 1000, (written[-1] - pressed) * 1000))
    inbox.tell(Close())
    writer.join(10)
    return times


def _next(posted: "queue.SimpleQueue[tuple[float, Happening]]", kind: type[Any]) -> float:
    while True:
        at, event = posted.get(timeout=20)
        if isinstance(event, kind):
            return at


# --- memory ----------------------------------------------------------------------------------------------------------


def memory() -> dict[str, float]:
    """Resident MiB of a whole box process with a 30 s ring at 720p, 3 Mb/s: armed with a full ring, and the most while
    it records. Takes about a minute."""
    command = [sys.executable, "-m", "tests.bench.evidence", "--box"]
    environment = {**os.environ, "PYTHONPATH": f"{_ROOT}{os.pathsep}{_ROOT / 'tests'}"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=_ROOT, timeout=180, env=environment)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def _box() -> None:
    from support.bundles import KEYS, make_bundle

    from device.config import Bundle
    from device.core.events import ButtonName, EdgeSeen
    from device.simulated.lamp import SimulatedLamp
    from device.simulated.microphone import SimulatedMicrophone
    from device.simulated.speaker import SimulatedSpeaker
    from device.wiring import assemble

    with tempfile.TemporaryDirectory() as folder:
        directory = make_bundle(Path(folder) / "bundle", extra="[media]\nvideo_kbps = 3000\n" + KEYS)
        profile = (directory / "profile.toml").read_text("utf-8")
        (directory / "profile.toml").write_text(_with_ring(profile, 30), "utf-8")
        room = Room()
        box = assemble(
            Bundle(directory),
            lamp=SimulatedLamp(),
            speaker=SimulatedSpeaker(room),
            camera=SimulatedCamera("BENCH", grain=True),
            microphone=SimulatedMicrophone(room),
        )
        told: dict[str, float] = {}

        def look() -> None:
            threading.Event().wait(34)
            told["armed_mib"] = _mib("VmRSS")
            for pressed in (True, False):
                box.runner.post(EdgeSeen(ButtonName.MAIN, pressed, time.monotonic_ns() // 1_000_000))
                threading.Event().wait(0.2)
            threading.Event().wait(BOX_S - 35)
            told["recording_mib"], told["most_mib"] = _mib("VmRSS"), _mib("VmHWM")
            told["segments"] = len(list(directory.rglob("*.seg")))
            box.runner.stop()

        threading.Thread(target=look, daemon=True).start()
        box.run()
    print(json.dumps(told))


def _with_ring(profile: str, seconds: int) -> str:
    lines = [
        f"pre_roll_seconds = {seconds}" if line.startswith("pre_roll_seconds") else line
        for line in profile.splitlines()
    ]
    return "\n".join(lines) + "\n"


def _mib(name: str) -> float:
    status = Path("/proc/self/status").read_text("ascii")
    return round(int(status.partition(f"{name}:")[2].split()[0]) / 1024, 1)


if __name__ == "__main__":
    if sys.argv[1:] == ["--box"]:
        _box()
    else:
        print(json.dumps(first_evidence()), json.dumps(memory()))
