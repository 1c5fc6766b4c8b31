"""A camera that hands over H.264, as the encoder of a Raspberry Pi does: Annex B, parameter sets in every keyframe."""

import threading
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from support.studio import FPS, HEIGHT, SETTINGS, WIDTH, CountedCamera, Film

from device.ports import EncoderError
from device.recorder.encoding import Encoders
from device.recorder.packets import Packet
from device.simulated.camera import SimulatedCamera


class EncodingCamera:
    """The `EncodedCamera` port on a simulated scene. `given_ms` are the pictures it gave."""

    def __init__(self, headless: bool = False) -> None:
        self.width, self.height, self.frames_per_second = WIDTH, HEIGHT, FPS
        self.scene = CountedCamera()
        self._headless = headless
        self._keyframe_wanted = threading.Event()
        self._encoder_gone = threading.Event()

    @property
    def given_ms(self) -> list[int]:
        return self.scene.given_ms

    def lose_encoder(self) -> None:
        """The encoder that runs now stops; the next one is a good one again."""
        self._encoder_gone.set()

    def packets(self) -> Iterator[tuple[int, bool, bytes]]:
        encoder = _encoder()
        sets = b""
        for at_ms, frame in self.scene.frames():
            if self._encoder_gone.is_set():
                self._encoder_gone.clear()
                self.given_ms.pop()
                raise EncoderError("符号化器が止まりました / the encoder stopped")
            frame.pts, frame.time_base = at_ms, Fraction(1, 1000)
            frame.pict_type = 1 if self._keyframe_wanted.is_set() else 0
            self._keyframe_wanted.clear()
            for packet in encoder.encode(frame):
                data = bytes(packet)
                if self._headless and packet.is_keyframe:  # parameter sets in the first keyframe only
                    sets, data = (sets, data[data.index(b"\x00\x00\x01\x65") :]) if sets else (data, data)
                yield packet.pts * 1000, packet.is_keyframe, data

    def want_keyframe(self) -> None:
        self._keyframe_wanted.set()

    def close(self) -> None:
        self.scene.close()


class EncodedFilm(Film):  # type: ignore[misc]
    """A `Film` whose pictures the camera has encoded."""

    def __init__(self) -> None:
        super().__init__()
        self.encoders = Encoders((WIDTH, HEIGHT, FPS), SETTINGS, encoded=True)

    def shoot(
        self, start_ms: int, seconds: float, loud_until_ms: int | None = None, picture_from_ms: int = 0
    ) -> Iterator[Packet]:  # type: ignore[override]
        """As a `Film`'s, each packet made when it is asked for; no picture from before `picture_from_ms`."""
        encoder, scene, video = _encoder(), SimulatedCamera("film", WIDTH, HEIGHT, FPS), self.encoders.encoded_video
        assert video is not None
        for packet in super().shoot(start_ms, seconds, loud_until_ms):
            if not packet.video:
                yield packet
            elif packet.at_us >= picture_from_ms * 1000:
                frame = scene.picture(packet.at_us // 40_000, packet.at_us / 1e6)
                frame.pts, frame.time_base = packet.at_us // 1000, Fraction(1, 1000)
                for encoded in encoder.encode(frame):
                    yield video.packet(encoded.pts * 1000, encoded.is_keyframe, bytes(encoded))


def _encoder() -> Any:
    context: Any = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.time_base, context.bit_rate = Fraction(1, 1000), 400_000
    # Not the recorder's own choice: a header made for that one must not do for this one by luck.
    context.options = {"preset": "superfast", "tune": "zerolatency", "g": str(FPS), "forced-idr": "1"}
    return context
