"""One encoder per stream, opened once and never restarted: no gap in the sound at a segment's border."""

from collections import deque
from fractions import Fraction
from typing import Any, Final

import av
from av.container import OutputContainer

from device.ports import EncoderError
from device.recorder.encoded import EncodedVideo
from device.recorder.packets import SAMPLE_RATE_HZ, SOUND_FRAME_SAMPLES, SOUND_FRAME_US, Packet
from device.recorder.placing import SoundPlacer
from device.recorder.settings import RecorderSettings

_MS: Final = Fraction(1, 1000)
_SAMPLE: Final = Fraction(1, SAMPLE_RATE_HZ)
_SAMPLE_BYTES: Final = 2


class Nowhere:
    """A file that keeps nothing: the encoders want a container, but only their packets are of use."""

    def write(self, data: bytes) -> int:
        """Forget `data`."""
        return len(data)


class Encoders:
    """The opened H.264 and AAC encoders, and the facts that every segment's header repeats.

    Both belong to a container that goes nowhere: that is how libav gives them global headers (avcC, not in-band
    parameter sets), without which the muxer writes an empty avcC box. `picture` is its width, height and frames a
    second; None where no picture is recorded. `encoded`: the camera encodes its pictures itself, so there is no H.264
    encoder here, and the header waits for the camera's word in `encoded_video`.

    Raises:
        EncoderError: the encoders cannot be opened.
    """

    def __init__(
        self,
        picture: tuple[int, int, int] | None,
        settings: RecorderSettings,
        encoded: bool = False,
    ) -> None:
        width, height, frames_per_second = picture or (0, 0, 0)
        self.frames_per_second = frames_per_second
        self.encoded_video = EncodedVideo(width, height, frames_per_second) if encoded else None
        self.video: Any = None
        try:
            self._container: OutputContainer = av.open(Nowhere(), "w", format="mp4", options={"movflags": "empty_moov"})
            if picture is not None and not encoded:
                self.video = self._container.add_stream(
                    "libx264", rate=frames_per_second, options=x264_options(frames_per_second)
                )
                self.video.width, self.video.height, self.video.pix_fmt = width, height, "yuv420p"
                self.video.bit_rate = settings.video_bit_rate
                self.video.codec_context.time_base = _MS
            self.sound: Any = self._container.add_stream("aac", rate=SAMPLE_RATE_HZ)
            self.sound.bit_rate, self.sound.layout = settings.sound_bit_rate, "mono"
            self._container.start_encoding()
            self.silence = _silent_frame(settings.sound_bit_rate)
        except (av.FFmpegError, ValueError) as error:
            raise EncoderError(
                f"映像と音声の符号化を始められません / the encoders cannot be opened: {error}"
            ) from error

    def video_template(self) -> Any:
        """The stream from which a segment makes its video track, as far as it is known by now; None: there is none.

        Raises:
            EncoderError: none can be made.
        """
        return self.video if self.encoded_video is None else self.encoded_video.template()

    def close(self) -> None:
        """Free the encoders. They must not be in use any more."""
        self._container.close()


def x264_options(frames_per_second: int) -> dict[str, str]:
    """How libx264 is set up."""
    # One keyframe a second and none elsewhere, except those asked for: ring and segments can be cut at any second.
    gop = str(frames_per_second)
    return {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "g": gop,
        "keyint_min": gop,
        "sc_threshold": "0",
        "forced-idr": "1",
    }


def _silent_frame(bit_rate: int) -> bytes:
    """One AAC frame of silence with the settings of the real encoder; it stands where no sound may be kept."""
    context: Any = av.CodecContext.create("aac", "w")
    context.sample_rate, context.layout, context.format, context.bit_rate = SAMPLE_RATE_HZ, "mono", "fltp", bit_rate
    context.time_base = _SAMPLE
    packets: list[Any] = []
    for number in range(6):
        frame = av.AudioFrame(format="fltp", layout="mono", samples=SOUND_FRAME_SAMPLES)
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE_HZ, number * SOUND_FRAME_SAMPLES, _SAMPLE
        packets += context.encode(frame)
    return bytes(packets[-1])


class VideoEncoder:
    """Pictures to packets. Used by the camera's thread alone."""

    def __init__(self, encoders: Encoders) -> None:
        self._stream = encoders.video
        self._frame_us = 1_000_000 // encoders.frames_per_second
        self._last_ms = -1

    def encode(self, at_ms: int, frame: Any, force_keyframe: bool) -> list[Packet]:
        """The packets that `frame` (`av.VideoFrame`, captured at `at_ms`) brings out. Takes over the frame's stamps.

        Raises:
            EncoderError: libx264 refused it.
        """
        context = self._stream.codec_context
        self._last_ms = max(at_ms, self._last_ms + 1)  # x264 wants rising stamps
        try:
            if frame.width != context.width or frame.height != context.height or frame.format.name != "yuv420p":
                frame = frame.reformat(context.width, context.height, "yuv420p")
            frame.pts, frame.time_base = self._last_ms, _MS
            frame.pict_type = 1 if force_keyframe else 0
            return [
                Packet(True, packet.pts * 1000, self._frame_us, packet.is_keyframe, bytes(packet))
                for packet in self._stream.encode(frame)
            ]
        except (av.FFmpegError, ValueError) as error:
            raise EncoderError(f"映像を符号化できません / the picture cannot be encoded: {error}") from error


class SoundEncoder:
    """Blocks of s16 sound to AAC packets. Used by the microphone's thread alone."""

    def __init__(self, encoders: Encoders) -> None:
        self._stream = encoders.sound
        self._placer = SoundPlacer()
        self._resampler = av.AudioResampler(format="fltp", layout="mono", rate=SAMPLE_RATE_HZ)
        self._rest = bytearray()
        self._frames = 0
        self._times_us: deque[int] = deque()

    def encode(self, at_ms: int, block: bytes) -> list[Packet]:
        """The packets that `block` (mono s16le at 48 kHz, first sample captured at `at_ms`) brings out.

        Raises:
            EncoderError: the AAC encoder refused it.
        """
        fitted = self._placer.fit(at_ms * 1000, block)
        if fitted.jumped:
            self._rest.clear()
        start_us = fitted.start_us - len(self._rest) // _SAMPLE_BYTES * 1_000_000 / SAMPLE_RATE_HZ
        self._rest += fitted.samples
        packets: list[Packet] = []
        size = SOUND_FRAME_SAMPLES * _SAMPLE_BYTES
        try:
            while len(self._rest) >= size:
                packets += self._encode_frame(round(start_us), bytes(self._rest[:size]))
                del self._rest[:size]
                start_us += SOUND_FRAME_SAMPLES * 1_000_000 / SAMPLE_RATE_HZ
        except (av.FFmpegError, ValueError) as error:
            raise EncoderError(f"音声を符号化できません / the sound cannot be encoded: {error}") from error
        return packets

    def _encode_frame(self, at_us: int, samples: bytes) -> list[Packet]:
        frame = av.AudioFrame(format="s16", layout="mono", samples=SOUND_FRAME_SAMPLES)
        frame.sample_rate, frame.time_base = SAMPLE_RATE_HZ, _SAMPLE
        frame.pts = self._frames * SOUND_FRAME_SAMPLES
        frame.planes[0].update(samples)
        self._frames += 1
        self._times_us.append(at_us)
        encoded = [packet for planar in self._resampler.resample(frame) for packet in self._stream.encode(planar)]
        # The encoder's first packet (negative time) only primes the decoder; packet n then begins with the first
        # sample of frame n and holds nothing older, which is what keeps sound from before the notice out.
        return [
            Packet(False, self._times_us.popleft(), SOUND_FRAME_US, False, bytes(packet))
            for packet in encoded
            if packet.pts >= 0
        ]
