"""Pictures that the camera has encoded already: their packets, and the track that a segment's header gives them."""

import io
from fractions import Fraction
from typing import Any, Final

import av

from device.ports import EncoderError
from device.recorder.packets import Packet
from device.recorder.seeing import Eye, Look

_START: Final = b"\x00\x00\x01"
_SLICE, _IDR, _SPS, _PPS = 1, 5, 7, 8
"""Kinds of NAL units (ITU-T H.264, table 7-1)."""


class EncodedVideo:
    """Packets of what an `EncodedCamera` gives, and the track to mux them into.

    `packet` is for the camera's thread, `template` for the writer's.
    Packets stay in Annex B form, the muxer brings them into that of MP4. They keep their parameter sets: should the
    encoder of a later start differ from the one that the recording's header was made for, every picture still decodes.
    """

    def __init__(self, width: int, height: int, frames_per_second: int) -> None:
        self._size = (width, height)
        self._frame_us = 1_000_000 // frames_per_second
        self._last_us = -1
        self._sets = b""
        self._template: Any = None

    def packet(self, at_us: int, keyframe: bool, data: bytes) -> Packet:
        """The packet of one access unit.

        Raises:
            EncoderError: a keyframe that nothing can decode, because its parameter sets are nowhere to be had.
        """
        self._last_us = max(at_us, self._last_us + 1)
        if keyframe:
            data = self._with_sets(data)
        return Packet(True, self._last_us, self._frame_us, keyframe, data)

    def template(self) -> Any:
        """The stream from which to make a video track. Before the first keyframe: that of a like encoder."""
        if self._template is None:
            return _template(_specimen(*self._size))
        return self._template

    def _with_sets(self, data: bytes) -> bytes:
        sets = parameter_sets(data)
        if not sets:
            if not self._sets:
                raise EncoderError(
                    "カメラの符号化器が映像の設定（SPS/PPS）を送りません / the camera's encoder sends no parameter sets"
                )
            return self._sets + data
        if sets != self._sets:
            self._template = _template(data)
            self._sets = sets
        return data


class KeyframeEye:
    """An `Eye` for pictures that come encoded: it decodes keyframes, which need no other picture. One thread's own.

    It sees a covered lens. It cannot see a picture that stands still: the encoder spends its bits otherwise each time,
    so no two keyframes of the same scene are the same in every dot. A board's camera that hangs gives no pictures.
    """

    def __init__(self, every_ms: int) -> None:
        self._eye = Eye(every_ms)
        self._decoder: Any = av.CodecContext.create("h264", "r")
        self._decoder.thread_count = 1  # more would only hold pictures back

    def look(self, packet: Packet) -> Look | None:
        """A look at `packet`; None when it is no keyframe, not due, or not to be decoded (which players will tell)."""
        if not packet.keyframe:
            return None
        try:
            frames = [*self._decoder.decode(av.Packet(packet.data)), *self._decoder.decode(None)]
        except av.FFmpegError:
            frames = []
        self._decoder.flush_buffers()
        return self._eye.look(packet.at_us // 1000, frames[0]) if frames else None


def parameter_sets(access_unit: bytes) -> bytes:
    """The SPS and PPS before the first slice of an access unit in Annex B form, each with a start code."""
    found = bytearray()
    start = access_unit.find(_START)
    while 0 <= start < len(access_unit) - len(_START):
        begin = start + len(_START)
        kind = access_unit[begin] & 0x1F
        if kind in (_SLICE, _IDR):
            break
        start = access_unit.find(_START, begin)
        if kind in (_SPS, _PPS):
            # What precedes a start code of four bytes is its own zero; a NAL unit never ends with one.
            found += b"\x00" + _START + access_unit[begin : start if start >= 0 else None].rstrip(b"\x00")
    return bytes(found)


def _template(keyframe: bytes) -> Any:
    """libav's own reading of a keyframe: codec, size and parameter sets, as a muxer wants them."""
    try:
        return av.open(io.BytesIO(keyframe), format="h264").streams.video[0]
    except (av.FFmpegError, IndexError) as error:
        raise EncoderError(f"カメラの映像を読めません / the camera's stream cannot be read: {error}") from error


def _specimen(width: int, height: int) -> bytes:
    """A black keyframe with its parameter sets."""
    try:
        context: Any = av.CodecContext.create("libx264", "w")
        context.width, context.height, context.pix_fmt, context.time_base = width, height, "yuv420p", Fraction(1, 1000)
        context.options = {"preset": "ultrafast", "tune": "zerolatency"}
        frame = av.VideoFrame(width, height, "yuv420p")
        for plane, level in zip(frame.planes, (16, 128, 128), strict=True):
            plane.update(bytes([level]) * plane.buffer_size)
        frame.pts = 0
        return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])
    except (av.FFmpegError, ValueError) as error:
        raise EncoderError(f"映像の入れ物を作れません / no track can be made for the picture: {error}") from error
