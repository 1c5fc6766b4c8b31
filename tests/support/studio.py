"""A recorder with a simulated camera and room around it, and the eyes and ears to judge what it kept."""

import io
import json
import threading
import time
import uuid
import wave
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import av
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from support.seals import opened_in, seal_in
from support.waiting import until

from contract.evidence import SegmentRecord, check_chain, digest, read_record
from contract.messages import ClockState
from device.core.events import FaultGone, FaultSeen, Happening, Instant, RecordingBegan, RecordingEnded
from device.recorder.encoding import Encoders, SoundEncoder, VideoEncoder
from device.recorder.media_recorder import MediaRecorder
from device.recorder.packets import Packet
from device.recorder.sealer import SigningSealer, load_or_make_key
from device.recorder.settings import RecorderSettings
from device.recorder.store import SegmentStore
from device.simulated.camera import SimulatedCamera
from device.simulated.microphone import SimulatedMicrophone
from device.simulated.room import Room

WIDTH, HEIGHT, FPS = 320, 180, 25
SETTINGS = RecorderSettings(
    pre_roll_ms=1_000,
    segment_ms=1_000,
    retry_ms=200,
    grace_ms=1_500,
    stall_ms=800,
    steady_ms=400,
    reopen_ms=600,
    look_ms=200,
    frozen_ms=1_000,
    black_ms=1_000,
    silent_ms=1_000,
)
"""Quicker than a box's own, so that tests are short."""

_EventT = TypeVar("_EventT")


class WallClock:
    """The `Clock` port on this machine's clocks."""

    def now(self) -> Instant:
        return Instant(time.monotonic_ns() // 1_000_000, datetime.now(UTC), ClockState.SYNCED)


class Diary:
    """What was posted, in order, and a way to wait for it without sleeping."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.events: list[tuple[int, Happening]] = []

    def post(self, event: Happening) -> None:
        with self._changed:
            self.events.append((time.monotonic_ns() // 1_000_000, event))
            self._changed.notify_all()

    def of(self, kind: type[_EventT]) -> list[_EventT]:
        return [event for _, event in list(self.events) if isinstance(event, kind)]

    def when(self, kind: type[Any], **fields: Any) -> int:
        """When the first such event came, in monotonic ms."""
        return next(at_ms for at_ms, event in list(self.events) if _fits(event, kind, fields))

    def wait(self, kind: type[_EventT], count: int = 1, timeout_s: float = 10.0, **fields: Any) -> _EventT:
        """The `count`-th event of `kind` with these fields."""

        def found() -> list[Any]:
            return [event for _, event in self.events if _fits(event, kind, fields)]

        with self._changed:
            arrived = self._changed.wait_for(lambda: len(found()) >= count, timeout_s)
            assert arrived, f"no {kind.__name__} {fields} within {timeout_s} s; there were {self.events}"
            event: _EventT = found()[count - 1]
            return event

    def faults(self) -> list[str]:
        """Faults as they came (+) and went (-)."""
        kinds = (FaultSeen, FaultGone)
        return [
            ("+" if isinstance(event, FaultSeen) else "-") + event.fault
            for _, event in list(self.events)
            if isinstance(event, kinds)
        ]


def _fits(event: object, kind: type[Any], fields: dict[str, Any]) -> bool:
    return isinstance(event, kind) and all(getattr(event, name) == value for name, value in fields.items())


class CountedCamera(SimulatedCamera):
    """Remembers which pictures it gave: on a busy machine it skips some, as a sensor does."""

    def __init__(self) -> None:
        super().__init__("counter-01", WIDTH, HEIGHT, FPS)
        self.given_ms: list[int] = []
        self.opened = 0

    def frames(self) -> Iterator[tuple[int, Any]]:
        self.opened += 1
        for at_ms, frame in super().frames():
            self.given_ms.append(at_ms)
            yield at_ms, frame


class Studio:
    """A recorder on simulated devices, small pictures, its store under `folder`. `close` ends it."""

    def __init__(self, folder: Path, settings: RecorderSettings = SETTINGS, **ports: Any) -> None:
        self.clock = WallClock()
        self.diary = Diary()
        self.kept_ms: dict[str, int] = {}
        self.room = ports.get("room") or Room()
        self.camera = ports["camera"] if "camera" in ports else CountedCamera()
        self.microphone = ports["microphone"] if "microphone" in ports else SimulatedMicrophone(self.room)
        self.store = ports.get("store") or SegmentStore(folder / "segments")
        self.key, _ = load_or_make_key(folder / "evidence.pem")
        sealer = ports.get("sealer") or SigningSealer(
            self.key, seal_in(folder), "kita", "counter-01", new_id(), self.clock, self.store.chain
        )
        self.recorder = MediaRecorder(
            self.camera, self.microphone, sealer, self.store, self.diary.post, self.clock, settings
        )

    def now_ms(self) -> int:
        return self.clock.now().mono_ms

    def keep(self, sound: bool = True) -> str:
        """Keep a new incident and give its id."""
        incident = new_id()
        self.kept_ms[incident] = self.now_ms()
        self.recorder.keep(incident, sound)
        return incident

    def stop(self, incident: str) -> RecordingEnded:
        """Close it and wait for the answer."""
        self.recorder.stop(incident)
        return self.diary.wait(RecordingEnded, incident=incident)

    def origin_ms(self, incident: str) -> int:
        """When its recording begins, in monotonic ms."""
        return self.kept_ms[incident] - self.diary.wait(RecordingBegan, incident=incident).pre_roll_ms

    def lost(self, incident: str, watched: "Watched") -> set[int]:
        """Pictures (ms from the origin) that the camera gave within the recording, and that are not in it."""
        kept = {round(at_s * 1000) for at_s in watched.video_s}
        origin_ms = min(self.camera.given_ms, key=lambda at_ms: abs(at_ms - self.origin_ms(incident)))
        given = {at_ms - origin_ms for at_ms in self.camera.given_ms}
        return {at_ms for at_ms in given if min(kept) <= at_ms <= max(kept)} - kept

    def let_pass(self, ms: int) -> None:
        """Let real time pass, where the time itself is what the test is about."""
        threading.Event().wait(max(0, ms) / 1000)

    def until_moving(self) -> None:
        """Wait until the recorder sees that the picture changes."""
        until(lambda: self.recorder.vitals().picture_still_ms is None, what="a moving picture")

    def until_still(self, ms: int) -> None:
        """Wait until the recorder has seen the very same picture for `ms`."""
        until(lambda: (self.recorder.vitals().picture_still_ms or 0) >= ms, 30, "a picture that stands still")

    def close(self) -> None:
        self.recorder.close()


def new_id() -> str:
    return str(uuid.uuid4())


def verify(public: str, message: bytes, signature: str) -> bool:
    """`contract.evidence.Verify`."""
    try:
        Ed25519PublicKey.from_public_bytes(b64decode(public)).verify(b64decode(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def stored(folder: Path, incident: str) -> list[tuple[bytes, SegmentRecord]]:
    """Segments of `incident` as their custodian sees them, after checking signatures, links, seals and digests."""
    signed, result = [], []
    for content_path in sorted((folder / "segments" / incident).glob("*.seg")):
        fields = json.loads(content_path.with_suffix(".json").read_text())
        signed.append((fields["record"], fields["signature"]))
        kept, record = content_path.read_bytes(), read_record(fields["record"])
        assert (record.seal, record.ciphertext, record.bytes) == ("age", digest(kept), len(kept))
        content = opened_in(folder, kept)
        assert record.plaintext == digest(content)
        result.append((content, record))
    check_chain(signed, verify)
    return result


def header(segment: bytes) -> bytes:
    """ftyp and moov."""
    return b"".join(box for kind, box in boxes(segment) if kind in ("ftyp", "moov"))


def boxes(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Top-level boxes (ISO/IEC 14496-12) of `content`."""
    start = 0
    while start < len(content):
        size = int.from_bytes(content[start : start + 4], "big")
        yield content[start + 4 : start + 8].decode("ascii"), content[start : start + size]
        start += size


def joined(segments: list[bytes]) -> bytes:
    """The whole recording, as the hub plays it: one header and every fragment."""
    return header(segments[0]) + b"".join(segment[len(header(segment)) :] for segment in segments)


class Watched:
    """A decoded recording."""

    def __init__(self, content: bytes) -> None:
        self.video_s: list[float] = []
        self.sound: list[tuple[float, bytes]] = []
        """(time in s, s16 samples) of each decoded block."""
        with av.open(io.BytesIO(content), "r") as container:
            self.tracks = [stream.codec_context.name for stream in container.streams]
            self.duration_s = (container.duration or 0) / 1_000_000
            to_s16 = av.AudioResampler(format="s16", layout="mono", rate=48_000)
            for frame in container.decode():
                if isinstance(frame, av.VideoFrame):
                    self.video_s.append(frame.time or 0.0)
                elif isinstance(frame, av.AudioFrame):
                    at_s = frame.time or 0.0
                    self.sound.append(
                        (at_s, b"".join(bytes(part.planes[0])[: part.samples * 2] for part in to_s16.resample(frame)))
                    )

    def loudness(self, from_s: float, to_s: float) -> float:
        """Peak (0 to 32767) of the sound in blocks that begin within the span."""
        return max((peak(block) for at_s, block in self.sound if from_s <= at_s < to_s), default=0.0)


def peak(samples: bytes) -> float:
    return float(max((abs(value) for value in memoryview(samples).cast("h")), default=0))


def decode_messages(content: bytes) -> list[str]:
    """What libav has to say while it decodes `content`: nothing, when all is well."""
    av.logging.set_level(av.logging.WARNING)
    try:
        with av.logging.Capture(local=False) as messages:
            Watched(content)
    finally:
        av.logging.set_level(None)
    return [f"{name}: {text}" for _, name, text in messages]


class Film:
    """Encoded packets made without waiting: `FPS` small pictures and steady sound a second, from `start_ms` on.

    The sound is a tone of `level` (0 to 32767) up to `quiet_from_ms` and digital silence after it.
    """

    def __init__(self, settings: RecorderSettings = SETTINGS) -> None:
        self.encoders = Encoders((WIDTH, HEIGHT, FPS), settings)
        self._video = VideoEncoder(self.encoders)
        self._sound = SoundEncoder(self.encoders)
        self._camera = SimulatedCamera("film", WIDTH, HEIGHT, FPS)

    def shoot(self, start_ms: int, seconds: float, loud_until_ms: int | None = None) -> list[Packet]:
        """Packets in the order in which a writer would get them."""
        packets: list[Packet] = []
        loud, silent = _tone(9_000), bytes(1920)
        for number in range(round(seconds * FPS)):
            at_ms = start_ms + number * 40
            packets += self._video.encode(at_ms, self._camera.picture(number, at_ms / 1000), False)
            for block_ms in (at_ms, at_ms + 20):
                is_loud = loud_until_ms is None or block_ms < loud_until_ms
                packets += self._sound.encode(block_ms, loud if is_loud else silent)
        return [replace(packet) for packet in packets]


def beep(seconds: float, level: int = 16_000) -> bytes:
    """A WAV file of a plain loud tone."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(48_000)
        sound.writeframes(_tone(level) * round(seconds * 50))
    return file.getvalue()


def _tone(level: int) -> bytes:
    """20 ms of a square wave of 1 kHz: whole periods, so blocks join without a click."""
    half = level.to_bytes(2, "little") * 24, (65536 - level).to_bytes(2, "little") * 24
    return (half[0] + half[1]) * 20
