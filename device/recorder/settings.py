"""What can be tuned in the recorder. Every default is the measured choice of the recording pipeline."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecorderSettings:
    """Lengths and limits of one recorder."""

    pre_roll_ms: int = 10_000
    """Picture (and sound, where the policy allows it) kept from before `keep`. 0 keeps nothing from before."""
    segment_ms: int = 2_000
    """Target length of a segment; the cut waits for the next keyframe, so up to one GOP (1 s) more."""
    video_bit_rate: int = 2_500_000
    """Bits a second."""
    sound_bit_rate: int = 64_000
    """Bits a second."""
    grace_ms: int = 3_000
    """After `start`, so long the recorder waits for both streams before it arms with one of them."""
    retry_ms: int = 3_000
    """Pause before a lost camera, microphone or disk is tried again."""
    stall_ms: int = 3_000
    """A stream that gave nothing for so long counts as lost and is reopened."""
    reopen_ms: int = 10_000
    """A stream that hangs without an error is closed and opened anew so often. Longer than any device needs to open."""
    steady_ms: int = 1_000
    """A stream must have run for so long before its fault is taken back: no flapping."""
    backlog_bytes: int = 32 * 1024 * 1024
    """Segments waiting in RAM for a disk that refuses them. Beyond it the newest are dropped: the moments around the
    press are worth more, and the gap stays visible in the records' times."""
    inbox_packets: int = 4_096
    """Encoded packets waiting for the writer (about a minute), for a disk that stalls."""
