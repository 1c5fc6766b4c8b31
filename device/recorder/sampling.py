"""A look at what would be kept now: the newest of the ring as one segment in RAM, for the self-test."""

from typing import Final

from device.ports import EncoderError, Sample
from device.recorder.encoding import Encoders
from device.recorder.muxing import SegmentMuxer
from device.recorder.packets import Piece
from device.recorder.ring import Ring

_NAME: Final = "sample"
"""Stands where a segment's incident does; it is never sealed or stored."""


def sample_of(ring: Ring, encoders: Encoders, duration_ms: int, asked_ms: int) -> Sample:
    """The newest `duration_ms` of `ring`, as it is at the monotonic time `asked_ms`.

    Raises:
        EncoderError: the ring is empty, or its packets cannot be muxed.
    """
    packets = ring.newest(duration_ms * 1000)
    if not packets:
        raise EncoderError("映像も音声もまだありません / there is neither picture nor sound yet")
    piece = Piece(
        start_us=min(packet.at_us for packet in packets),
        end_us=max(packet.at_us + packet.duration_us for packet in packets),
        video=[packet for packet in packets if packet.video],
        sound=[packet for packet in packets if not packet.video],
    )
    segment = SegmentMuxer(encoders, _NAME, 0).mux(piece, last=True)
    return Sample(segment, max(0, asked_ms - ring.oldest_ms(asked_ms)))
