"""What the encoders hand to the writer: encoded packets with the capture time they belong to."""

from dataclasses import dataclass, field
from typing import Final

SAMPLE_RATE_HZ: Final = 48_000
SOUND_FRAME_SAMPLES: Final = 1_024
"""Samples in one AAC frame (ISO/IEC 14496-3)."""
SOUND_FRAME_US: Final = SOUND_FRAME_SAMPLES * 1_000_000 // SAMPLE_RATE_HZ


@dataclass(slots=True)
class Packet:
    """One encoded picture or AAC frame. `at_us` is the capture time of its first sample on the monotonic clock."""

    video: bool
    at_us: int
    duration_us: int
    keyframe: bool
    data: bytes
    after_gap: bool = False
    """Packets before this one were lost, so a picture that refers back to them cannot be decoded."""
    overrun: bool = False
    """And they were lost because the writer did not keep up."""


@dataclass(slots=True)
class Piece:
    """The packets of one segment to be. Covers `start_us` up to, not including, `end_us` (monotonic)."""

    start_us: int
    end_us: int = 0
    video: list[Packet] = field(default_factory=list)
    sound: list[Packet] = field(default_factory=list)
    withheld: list[tuple[int, int]] = field(default_factory=list)
    """(start, end) of sound that was captured and may not be kept."""
