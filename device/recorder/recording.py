"""One incident being kept: its packets become segments."""

from device.ports import EncoderError, Segment
from device.recorder.cutting import Cutter
from device.recorder.encoding import Encoders
from device.recorder.muxing import SegmentMuxer
from device.recorder.packets import Packet, Piece
from device.recorder.watching import Faults


class Recording:
    """Used by the writer thread alone. A piece that cannot be muxed raises the encoder fault; the next one begins."""

    def __init__(
        self,
        encoders: Encoders,
        faults: Faults,
        incident: str,
        sound: bool,
        asked_ms: int,
        base_ms: int,
        segment_ms: int,
    ) -> None:
        self.incident = incident
        self._asked_ms = asked_ms
        self._faults = faults
        # A little before the press: the keyframe that `keep` forces may be a picture that was just being encoded.
        self._cutter = Cutter(asked_ms * 1000 - 100_000, segment_ms * 1000, sound)
        self._muxer = SegmentMuxer(encoders, incident, base_ms)
        self._end_ms = base_ms
        self._kept_any = base_ms > 0
        self.errors = 0
        """Pieces that could not be muxed."""

    def add(self, packet: Packet) -> list[Segment]:
        """Take in a packet; gives the segments that are complete now."""
        pieces = self._cutter.add(packet)
        return self._muxed(pieces) if pieces else []

    def idle(self, now_ms: int) -> list[Segment]:
        """Close what is open when nothing comes any more."""
        return self._muxed(self._cutter.idle(now_ms * 1000))

    def allow_sound(self, from_ms: int) -> None:
        """Sound captured from `from_ms` (monotonic) on may be kept."""
        self._cutter.allow_sound(from_ms * 1000)

    def finish(self) -> list[Segment]:
        """The remaining segments; the last of them carries the mark. Nothing when nothing was ever kept."""
        pieces = self._cutter.finish()
        segments = self._muxed(pieces[:-1]) + self._muxed(pieces[-1:], last=True)
        if segments and segments[-1].last:
            return segments
        if not self._kept_any:
            return []
        try:
            return [*segments, self._muxer.mux_end(self._end_ms)]
        except EncoderError as error:
            self._failed(error)
            return segments

    def suspend(self) -> list[Segment]:
        """The remaining segments, without the mark of the end: the incident goes on when the program starts again."""
        return self._muxed(self._cutter.finish())

    def keep_end(self) -> None:
        """Let `finish` close the recording with a mark even when this program kept nothing of it."""
        self._kept_any = True

    def pre_roll_ms(self) -> int:
        """What was delivered from before the press; meaningful after the first segment."""
        origin_us = self._muxer.origin_us
        return 0 if origin_us is None else max(0, self._asked_ms - origin_us // 1000)

    def _muxed(self, pieces: list[Piece], last: bool = False) -> list[Segment]:
        segments: list[Segment] = []
        for piece in pieces:
            try:
                segment = self._muxer.mux(piece, last)
            except EncoderError as error:
                self._failed(error)
                continue
            self._end_ms, self._kept_any = segment.end_ms, True
            segments.append(segment)
        return segments

    def _failed(self, error: EncoderError) -> None:
        self.errors += 1
        self._faults.seen(error.fault, str(error))
