"""What recording costs above a bare encode of the same pictures. Ratios only: they hold on any machine.

Both sides take the same pictures from the same simulated camera, unpaced, in processes of their own; sound and disk are
part of the recorder's side. CPU time is that of the process.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import uuid4

import av
from pyrage import x25519

from contract.messages import ClockState
from device.adapters.sealer_age import AgeSeal
from device.core.events import Instant, RecordingEnded
from device.recorder.encoding import Encoders, SoundEncoder, VideoEncoder, x264_options
from device.recorder.feeding import Feed
from device.recorder.inbox import Close, Inbox, Keep, Stop
from device.recorder.sealer import SigningSealer, load_or_make_key
from device.recorder.seeing import Ear, Eye
from device.recorder.settings import RecorderSettings
from device.recorder.store import SegmentStore
from device.recorder.writer import Writer
from device.simulated.camera import SimulatedCamera
from device.simulated.room import Room
from tests.support.still_feed import StillFeed

FRAMES = 500
ROUNDS = 4
RECIPIENTS = 3
"""Custodian, escrow, viewing key."""
_SIDES = ("draw", "bare-picture", "bare", "picture", "recorder")


def measure() -> dict[str, float]:
    """Ratios of the recorder's CPU time to bare PyAV encodes of the same material with the same settings.

    `recorder_cpu_ratio`: everything (ring, mux, seal, hash, sign, fsync), picture and sound, to bare encodes of both.
    `picture_cpu_ratio`: the same without sound, to a bare encode of the picture.
    `with_sound_to_bare_picture_ratio`: everything, to a bare encode of the picture alone.
    The least of several rounds counts, as other work on the machine can only add. Takes about a minute.
    """
    least = {side: min(_run(side) for _ in range(ROUNDS)) for side in _SIDES}
    draw = least["draw"]
    bare, bare_picture = least["bare"] - draw, least["bare-picture"] - draw
    return {
        "recorder_cpu_ratio": round((least["recorder"] - draw) / bare, 3),
        "picture_cpu_ratio": round((least["picture"] - draw) / bare_picture, 3),
        "with_sound_to_bare_picture_ratio": round((least["recorder"] - draw) / bare_picture, 3),
        "share_of_one_core_at_25_fps": round((least["recorder"] - draw) / (FRAMES / 25), 3),
    }


def _run(side: str) -> float:
    command = [sys.executable, "-m", "tests.bench.recorder", "--side", side]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root, timeout=120)
    return float(json.loads(done.stdout))


class _Film:
    """The simulated camera's pictures and stamps, as fast as they are taken, after a start like any other."""

    width, height, frames_per_second = 1280, 720, 25

    def __init__(self) -> None:
        self._camera = SimulatedCamera("BENCH", grain=True)
        self.start_ms = time.monotonic_ns() // 1_000_000

    def frames(self) -> Iterator[tuple[int, Any]]:
        for number in range(FRAMES):
            at_ms = self.start_ms + number * 40
            yield at_ms, self._camera.picture(number, at_ms / 1000)

    def close(self) -> None:
        return


def _draw() -> None:
    film = _Film()
    blocks = _blocks(film.start_ms)
    for _ in film.frames():
        next(blocks), next(blocks)


def _bare(with_sound: bool) -> None:
    film = _Film()
    blocks = _blocks(film.start_ms)
    context: Any = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt, context.bit_rate = film.width, film.height, "yuv420p", 2_500_000
    context.time_base, context.framerate, context.options = Fraction(1, 1000), Fraction(25), x264_options(25)
    sound: Any = av.CodecContext.create("aac", "w")
    sound.sample_rate, sound.layout, sound.format, sound.bit_rate = 48_000, "mono", "fltp", 64_000
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=48_000, frame_size=1024)
    for at_ms, frame in film.frames():
        frame.pts, frame.time_base = at_ms, Fraction(1, 1000)
        context.encode(frame)
        for block in (next(blocks), next(blocks)):
            if with_sound:
                _encode_sound(sound, resampler, block)
    context.encode(None)


def _encode_sound(context: Any, resampler: Any, block: tuple[int, bytes]) -> None:
    frame = av.AudioFrame(format="s16", layout="mono", samples=960)
    frame.sample_rate, frame.pts, frame.time_base = 48_000, block[0] * 48, Fraction(1, 48_000)
    frame.planes[0].update(block[1])
    for planar in resampler.resample(frame):
        context.encode(planar)


def _blocks(start_ms: int) -> Iterator[tuple[int, bytes]]:
    room = Room()
    for number in range(FRAMES * 2):
        at_ms = start_ms + number * 20
        yield at_ms, room.hear(at_ms, 960)


def _recorder(with_sound: bool) -> None:
    film = _Film()
    settings = RecorderSettings(inbox_packets=100 * FRAMES)

    class Clock:
        def now(self) -> Instant:
            return Instant(time.monotonic_ns() // 1_000_000, datetime.now(UTC), ClockState.SYNCED)

    events: list[Any] = []
    with tempfile.TemporaryDirectory() as folder:
        store = SegmentStore(Path(folder) / "segments")
        key, _ = load_or_make_key(Path(folder) / "key.pem")
        seal = AgeSeal([str(x25519.Identity.generate().to_public()) for _ in range(RECIPIENTS)])
        sealer = SigningSealer(key, seal, "bench", "bench", str(uuid4()), Clock(), store.chain)
        encoders = Encoders((film.width, film.height, 25), settings)
        inbox = Inbox(settings.inbox_packets)
        feeds: dict[str, Feed] = {name: StillFeed() for name in ("camera", "microphone")[: 2 if with_sound else 1]}
        writer = Writer(inbox, encoders, sealer, store, events.append, Clock(), settings, feeds)
        writer.start()
        incident = str(uuid4())
        inbox.tell(Keep(incident, True, film.start_ms))
        video, sound = VideoEncoder(encoders), SoundEncoder(encoders)
        blocks = _blocks(film.start_ms)
        eye, ear = Eye(settings.look_ms), Ear(settings.look_ms)
        for at_ms, frame in film.frames():
            seen = eye.look(at_ms, frame)
            if seen is not None:
                inbox.note(seen)
            for packet in video.encode(at_ms, frame, False):
                inbox.put(packet)
            for at_ms, block in (next(blocks), next(blocks)) if with_sound else ():
                heard = ear.listen(at_ms, block)
                if heard is not None:
                    inbox.note(heard)
                for packet in sound.encode(at_ms, block):
                    inbox.put(packet)
            if not with_sound:
                next(blocks), next(blocks)
        inbox.tell(Stop(incident))
        inbox.tell(Close())
        writer.join(60)
    if not any(isinstance(event, RecordingEnded) and event.count >= FRAMES // 80 for event in events):
        raise SystemExit("the recording was not kept")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--side", choices=_SIDES)
    side = parser.parse_args().side
    if side is None:
        print(json.dumps(measure()))
    else:
        started = time.process_time()
        work = {
            "draw": _draw,
            "bare-picture": lambda: _bare(False),
            "bare": lambda: _bare(True),
            "picture": lambda: _recorder(False),
            "recorder": lambda: _recorder(True),
        }
        work[side]()
        print(json.dumps(time.process_time() - started))
