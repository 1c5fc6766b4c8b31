"""Cuts the stream of packets into pieces that can each be played alone. Pure: no clock, no thread, no library."""

from typing import Final

from device.recorder.packets import Packet, Piece

_SOUND_LATE_US: Final = 300_000
"""Sound reaches the writer later than the picture of the same moment; a piece waits so long for its end of sound."""
_STREAM_DEAD_US: Final = 1_000_000
"""A stream silent for so long is not waited for."""
_LENGTHS_MAX: Final = 5
"""A piece is cut after so many times its length even with no keyframe, so that memory stays bounded."""


class Cutter:
    """Pieces of one incident. Each begins with a keyframe, or has no picture before its first keyframe.

    `add` wants packets in the order of arrival; each stream's own times must rise. The first keyframe at or after
    `asked_us` always cuts, so that everything before the press is made safe without waiting for a full piece.
    """

    def __init__(self, asked_us: int, length_us: int, sound: bool) -> None:
        self._length_us = length_us
        self._cut_from_us: int | None = asked_us
        self._alone_from_us = asked_us + _STREAM_DEAD_US
        self._sound_from_us: int | None = 0 if sound else None
        self._held: list[Packet] = []
        self._open: Piece | None = None
        self._closing: Piece | None = None
        self._needs_keyframe = True
        self._overrun = False
        self._last_video_us = self._last_sound_us = asked_us - 2 * _STREAM_DEAD_US

    def allow_sound(self, from_us: int) -> None:
        """Sound captured at or after `from_us` may be kept. An earlier permission stays."""
        if self._sound_from_us is None or from_us < self._sound_from_us:
            self._sound_from_us = from_us

    def add(self, packet: Packet) -> list[Piece]:
        """Take in a packet; gives the pieces that are complete now."""
        if packet.video:
            self._last_video_us = packet.at_us
            return self._add_video(packet)
        self._last_sound_us = packet.at_us
        return self._add_sound(packet)

    def idle(self, now_us: int) -> list[Piece]:
        """Close what is open when neither stream has given anything for a while."""
        if self._open is None or now_us - max(self._last_video_us, self._last_sound_us) < 3 * _STREAM_DEAD_US:
            return []
        self._alone_from_us = now_us
        return self.finish()

    def finish(self) -> list[Piece]:
        """The pieces that remain. What is added afterwards begins a new piece."""
        last, self._open, self._needs_keyframe = self._open, None, True
        pieces = self._close()
        if last is None:
            return pieces
        last.end_us = max((p.at_us + p.duration_us for p in (*last.video, *last.sound)), default=last.start_us)
        return pieces + self._kept(last)

    def _add_video(self, packet: Packet) -> list[Piece]:
        self._needs_keyframe = self._needs_keyframe or packet.after_gap
        self._overrun = self._overrun or packet.overrun
        if self._needs_keyframe and not packet.keyframe:
            return []
        packet.overrun, self._overrun = self._overrun, False  # the hole lasts to the keyframe: there stands its reason
        if self._open is None:
            self._begin(packet.at_us)
        pieces = self._cut(packet.at_us) if packet.keyframe and self._is_due(packet.at_us) else []
        current = self._opened()
        if packet.at_us < current.start_us or self._is_overlong(packet.at_us):
            # Late pictures of a piece that was cut by sound, or an encoder that forgot its keyframes.
            self._needs_keyframe = True
            return pieces + (self._cut(packet.at_us) if self._is_overlong(packet.at_us) else [])
        self._needs_keyframe = False
        current.video.append(packet)
        if self._closing is not None and packet.at_us - self._closing.end_us > _SOUND_LATE_US:
            pieces += self._close()
        return pieces

    def _add_sound(self, packet: Packet) -> list[Piece]:
        if self._open is None:
            self._held.append(packet)
            if packet.at_us >= self._alone_from_us:
                self._begin(self._held[0].at_us)  # the camera does not come: sound alone is better than nothing
            return []
        if packet.at_us < self._open.start_us:
            if self._closing is not None and packet.at_us >= self._closing.start_us:
                self._closing.sound.append(packet)
            return []
        pieces = self._close()
        no_picture = packet.at_us - self._last_video_us > _STREAM_DEAD_US
        if (no_picture and packet.at_us - self._open.start_us >= self._length_us) or self._is_overlong(packet.at_us):
            self._needs_keyframe = True
            pieces += self._cut(packet.at_us)
        self._opened().sound.append(packet)
        return pieces

    def _begin(self, start_us: int) -> None:
        self._open = Piece(start_us)
        self._open.sound = [packet for packet in self._held if packet.at_us >= start_us]
        self._held = []

    def _is_due(self, at_us: int) -> bool:
        length_us = at_us - self._opened().start_us
        if self._cut_from_us is not None and at_us >= self._cut_from_us:
            self._cut_from_us = None
            return length_us > 0
        return length_us >= self._length_us - 20_000  # a keyframe half a frame early is the one meant

    def _is_overlong(self, at_us: int) -> bool:
        return at_us - self._opened().start_us >= _LENGTHS_MAX * self._length_us

    def _cut(self, at_us: int) -> list[Piece]:
        pieces = self._close()
        ended = self._opened()
        ended.end_us = at_us
        self._open, self._closing = Piece(at_us), ended
        if at_us - self._last_sound_us > _STREAM_DEAD_US:
            pieces += self._close()
        return pieces

    def _close(self) -> list[Piece]:
        ended, self._closing = self._closing, None
        return [] if ended is None else self._kept(ended)

    def _kept(self, piece: Piece) -> list[Piece]:
        """`piece` without the sound that may not be kept; nothing when nothing is left of it."""
        allowed_us = self._sound_from_us
        refused = [p for p in piece.sound if allowed_us is None or p.at_us < allowed_us]
        if refused:
            piece.withheld = _spans(refused)
            piece.sound = [p for p in piece.sound if allowed_us is not None and p.at_us >= allowed_us]
        return [piece] if piece.video or piece.sound else []

    def _opened(self) -> Piece:
        if self._open is None:
            raise RuntimeError("no piece is open")
        return self._open


def _spans(packets: list[Packet]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for packet in packets:
        end_us = packet.at_us + packet.duration_us
        if spans and packet.at_us - spans[-1][1] < packet.duration_us:
            spans[-1] = (spans[-1][0], end_us)
        else:
            spans.append((packet.at_us, end_us))
    return spans
