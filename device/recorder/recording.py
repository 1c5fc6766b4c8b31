"""One incident being kept: its packets become segments."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from contract.evidence import Gap
from device.ports import EncoderError, Segment
from device.recorder.cutting import Cutter
from device.recorder.encoding import Encoders
from device.recorder.gaps import GapFinder, Hole, Stream, joined
from device.recorder.muxing import SegmentMuxer
from device.recorder.packets import Packet, Piece
from device.recorder.seeing import Spell
from device.recorder.watching import Faults


class Recording:
    """Used by the writer thread alone. A piece that cannot be muxed raises the encoder fault; the next one begins.

    `base_ms` above 0: the box was off meanwhile, and the recording goes on. `spells` gives what is known of pictures
    and sound that show nothing; `off` are the streams that this box does not record.
    """

    def __init__(
        self,
        encoders: Encoders,
        faults: Faults,
        incident: str,
        sound: bool,
        asked_ms: int,
        base_ms: int,
        segment_ms: int,
        spells: Callable[[], Iterable[Spell]] = tuple,
        off: Collection[Stream] = (),
    ) -> None:
        self.incident = incident
        self._asked_ms = asked_ms
        self._faults = faults
        # A little before the press: the keyframe that `keep` forces may be a picture that was just being encoded.
        self._cutter = Cutter(asked_ms * 1000 - 100_000, segment_ms * 1000, sound)
        self._muxer = SegmentMuxer(encoders, incident, base_ms)
        self._end_ms = base_ms
        self._kept_any = base_ms > 0
        self._spells = spells
        self._finder = GapFinder(off)
        self._untold = _restart(base_ms) if base_ms > 0 else []
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

    def finish(self, now_ms: int = 0) -> list[Segment]:
        """The remaining segments; the last of them carries the mark. Nothing when nothing was ever kept.

        `now_ms` (monotonic): what is missing up to then is told too.
        """
        pieces = self._cutter.finish()
        segments = self._muxed(pieces[:-1], stopped=True) + self._muxed(pieces[-1:], last=True, stopped=True)
        if segments and segments[-1].last:
            return segments
        if not self._kept_any:
            return []
        try:
            end = self._muxer.mux_end(self._end_ms)
            return [*segments, self._with_gaps(end, self._finder.after(now_ms * 1000))]
        except EncoderError as error:
            self._failed(error)
            return segments

    def suspend(self) -> list[Segment]:
        """The remaining segments, without the mark of the end: the incident goes on when the program starts again."""
        return self._muxed(self._cutter.finish(), stopped=True)

    def keep_end(self) -> None:
        """Let `finish` close the recording with a mark even when this program kept nothing of it."""
        self._kept_any = True

    def pre_roll_ms(self) -> int:
        """What was delivered from before the press; meaningful after the first segment."""
        origin_us = self._muxer.origin_us
        return 0 if origin_us is None else max(0, self._asked_ms - origin_us // 1000)

    def _muxed(self, pieces: list[Piece], last: bool = False, stopped: bool = False) -> list[Segment]:
        segments: list[Segment] = []
        for piece in pieces:
            try:
                segment = self._muxer.mux(piece, last)
            except EncoderError as error:
                self._failed(error)
                self._finder.failed()
                continue
            self._end_ms, self._kept_any = segment.end_ms, True
            segments.append(self._with_gaps(segment, self._finder.of(piece, self._spells(), stopped)))
        return segments

    def _with_gaps(self, segment: Segment, holes: list[Hole]) -> Segment:
        ms = self._muxer.ms
        told = [
            Gap(stream=hole.stream, start_ms=ms(hole.start_us), end_ms=ms(hole.end_us), why=hole.why) for hole in holes
        ]
        gaps, self._untold = joined([*self._untold, *told]), []
        return replace(segment, gaps=gaps) if gaps else segment

    def _failed(self, error: EncoderError) -> None:
        self.errors += 1
        self._faults.seen(error.fault, str(error))


def _restart(base_ms: int) -> list[Gap]:
    """The recording's own time stood still while the box was off; how long it was tell the records' wall clocks."""
    return [
        Gap(stream="picture", start_ms=base_ms, end_ms=base_ms, why="restart"),
        Gap(stream="sound", start_ms=base_ms, end_ms=base_ms, why="restart"),
    ]
