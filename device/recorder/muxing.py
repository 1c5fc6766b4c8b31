"""Pieces to self-contained fragmented MP4, in RAM.

Every segment has the same header (ftyp and moov, byte for byte) and one fragment whose times count from the first
kept moment of the incident. So one header and all fragments, one after the other, are the whole recording.
"""

import hashlib
from fractions import Fraction
from typing import Any, Final

import av

from device.ports import EncoderError, Segment
from device.recorder.encoding import Encoders
from device.recorder.packets import SAMPLE_RATE_HZ, SOUND_FRAME_SAMPLES, Packet, Piece

_VIDEO_HZ: Final = 90_000
_VIDEO_BASE: Final = Fraction(1, _VIDEO_HZ)
_SOUND_BASE: Final = Fraction(1, SAMPLE_RATE_HZ)
_FILLED_TICKS: Final = 60 * SAMPLE_RATE_HZ
"""So much missing sound is filled with silence, on the frames' own grid: players count samples, not stamps."""
_OPTIONS: Final = {
    # frag_discont makes tfdt absolute; frag_custom makes one fragment of the piece, written at the end;
    # skip_trailer leaves out an index that would be wrong once the pieces are joined.
    "movflags": "empty_moov+default_base_moof+frag_custom+frag_discont+skip_trailer",
    "use_editlist": "0",
    "avoid_negative_ts": "disabled",
    "fflags": "+bitexact",  # the header carries no library version and no date: the same bytes after an update
}


class HashingFile:
    """A file in RAM that can only be written forwards, and knows its SHA-256 at once."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._hash = hashlib.sha256()

    def write(self, data: Any) -> int:
        """Append `data` (any buffer)."""
        chunk = bytes(data)
        self._chunks.append(chunk)
        self._hash.update(chunk)
        return len(chunk)

    def content(self) -> bytes:
        """All that was written."""
        return b"".join(self._chunks)

    def sha256_hex(self) -> str:
        """Its digest."""
        return self._hash.hexdigest()


class RisingGuard:
    """Decode times of one stream in ticks of its container, each above the one before.

    Without it the muxer fails with EINVAL on equal or near-equal times, and a recording would end in silence.
    """

    def __init__(self, floor_ticks: int) -> None:
        self._last = floor_ticks - 1

    def place(self, ticks: int) -> int:
        """`ticks`, or the next free tick when that one is taken."""
        self._last = max(ticks, self._last + 1)
        return self._last


class SegmentMuxer:
    """Muxes the pieces of one incident. Used by the writer thread alone.

    `base_ms` is where the incident's recording had got to before (0 for a new one); times go on from there. Where no
    sound may be kept or none was captured, silent AAC frames stand: players lose lip-sync over a hole in the sound,
    and take the wrong length from a track that begins late. `Segment.audio` says whether there is captured sound.
    """

    def __init__(self, encoders: Encoders, incident: str, base_ms: int) -> None:
        self._encoders = encoders
        self._incident = incident
        self._base_ms = base_ms
        self._video_template: Any = None
        self.origin_us: int | None = None
        """Capture time of the first kept moment since this program runs; None before."""
        self._video_guard = RisingGuard(base_ms * _VIDEO_HZ // 1000)
        self._sound_guard = RisingGuard(base_ms * SAMPLE_RATE_HZ // 1000)
        self._sound_ticks = base_ms * SAMPLE_RATE_HZ // 1000

    def mux(self, piece: Piece, last: bool) -> Segment:
        """The segment of `piece`.

        Raises:
            EncoderError: the muxer refused it.
        """
        if self.origin_us is None:
            self.origin_us = piece.start_us
        video = self._video_samples(piece)
        sound = self._sound_samples(piece)
        file = self._write(video, sound)
        return Segment(
            incident=self._incident,
            content=file.content(),
            sha256_hex=file.sha256_hex(),
            start_ms=self.ms(piece.start_us),
            end_ms=self.ms(piece.end_us),
            video=bool(piece.video),
            audio=bool(piece.sound),
            last=last,
        )

    def mux_end(self, end_ms: int) -> Segment:
        """A last segment with nothing in it, for a recording that had nothing more to keep when it was closed.

        Raises:
            EncoderError: the muxer refused it.
        """
        file = self._write([], [])
        return Segment(self._incident, file.content(), file.sha256_hex(), end_ms, end_ms, False, False, True)

    def ms(self, at_us: int) -> int:
        """A monotonic moment in the recording's own time."""
        return -(-(at_us - (self.origin_us or 0)) // 1000) + self._base_ms  # rounded up: no sample ends after it

    def _ticks(self, at_us: int, rate_hz: int) -> int:
        relative_us = at_us - (self.origin_us or 0) + self._base_ms * 1000
        return (relative_us * rate_hz + 500_000) // 1_000_000

    def _video_samples(self, piece: Piece) -> list[tuple[int, int, Packet]]:
        starts = [self._video_guard.place(self._ticks(packet.at_us, _VIDEO_HZ)) for packet in piece.video]
        if not starts:
            return []
        frame = piece.video[-1].duration_us * _VIDEO_HZ // 1_000_000
        # The last picture lasts to the cut, unless pictures were missing there: then the hole stays a hole.
        to_cut = self._ticks(piece.end_us, _VIDEO_HZ) - starts[-1]
        ends = [*starts[1:], starts[-1] + (to_cut if 0 < to_cut < 3 * frame else frame)]
        return [(start, end - start, packet) for start, end, packet in zip(starts, ends, piece.video, strict=True)]

    def _sound_samples(self, piece: Piece) -> list[tuple[int, bytes]]:
        samples: list[tuple[int, bytes]] = []
        hole = self._ticks(piece.start_us, SAMPLE_RATE_HZ) - self._sound_ticks
        if hole > _FILLED_TICKS:
            self._sound_ticks += hole // SOUND_FRAME_SAMPLES * SOUND_FRAME_SAMPLES
        for packet in piece.sound:
            ticks = self._ticks(packet.at_us, SAMPLE_RATE_HZ)
            if ticks + SOUND_FRAME_SAMPLES <= self._sound_ticks:
                continue  # came so late that silence already stands in its place
            samples += self._silence(ticks)
            samples.append((self._sound_guard.place(ticks), packet.data))
            self._sound_ticks = samples[-1][0] + SOUND_FRAME_SAMPLES
        return samples + self._silence(self._ticks(piece.end_us, SAMPLE_RATE_HZ))

    def _silence(self, until_ticks: int) -> list[tuple[int, bytes]]:
        samples: list[tuple[int, bytes]] = []
        while self._sound_ticks + SOUND_FRAME_SAMPLES <= until_ticks:
            samples.append((self._sound_guard.place(self._sound_ticks), self._encoders.silence))
            self._sound_ticks += SOUND_FRAME_SAMPLES
        return samples

    def _write(self, video: list[tuple[int, int, Packet]], sound: list[tuple[int, bytes]]) -> HashingFile:
        file = HashingFile()
        if self._video_template is None:  # chosen once: all segments of an incident have the same header
            self._video_template = self._encoders.video_template()
        try:
            with av.open(file, "w", format="mp4", options=_OPTIONS) as container:
                video_stream: Any = None
                if self._video_template is not None:  # browsers cannot seek beside a track without pictures
                    video_stream = container.add_stream_from_template(self._video_template)
                    video_stream.time_base = _VIDEO_BASE
                sound_stream: Any = container.add_stream_from_template(self._encoders.sound)
                sound_stream.time_base = _SOUND_BASE
                container.start_encoding()
                for start, length, packet in video:
                    container.mux_one(
                        _av_packet(video_stream, _VIDEO_BASE, start, length, packet.data, packet.keyframe)
                    )
                for start, data in sound:
                    container.mux_one(_av_packet(sound_stream, _SOUND_BASE, start, SOUND_FRAME_SAMPLES, data, True))
        except (av.FFmpegError, ValueError) as error:
            raise EncoderError(f"動画ファイルを作れません / the segment cannot be muxed: {error}") from error
        return file


def _av_packet(stream: Any, base: Fraction, start: int, length: int, data: bytes, keyframe: bool) -> Any:
    packet = av.Packet(data)
    packet.stream, packet.time_base = stream, base
    packet.pts = packet.dts = start
    packet.duration, packet.is_keyframe = length, keyframe
    return packet
