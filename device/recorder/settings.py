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
    reopen_ms: int = 5_000
    """A stream that hangs without an error is closed and opened anew so often. PulseAudio's first sound came after up
    to 1.8 s, so this is long enough to open in."""
    steady_ms: int = 1_000
    """A stream must have run for so long before its fault is taken back: no flapping."""
    backlog_bytes: int | None = None
    """Segments waiting in RAM for a disk that refuses them or is too slow; None: room for `backlog_ms`. Beyond it the
    oldest are dropped, with a gap in the record of the next."""
    backlog_ms: int = 75_000
    """A read-only card must be bridged for a minute."""
    inbox_packets: int = 2_048
    """Encoded packets waiting for the writer thread (about half a minute), for a processor that is busy elsewhere."""
    look_ms: int = 1_000
    """So often picture and sound are looked at."""
    frozen_ms: int = 5_000
    """The same picture for so long, dot for dot, comes from a camera that hangs: a sensor always has some noise."""
    black_ms: int = 5_000
    """A black picture for so long is a covered lens."""
    silent_ms: int = 10_000
    """Not one sample unlike the others for so long: no microphone that works gives that."""

    @property
    def backlog_limit_bytes(self) -> int:
        """`backlog_bytes`, or what `backlog_ms` of recording take; the encoder may overshoot by a fifth."""
        if self.backlog_bytes is not None:
            return self.backlog_bytes
        return self.backlog_ms * (self.video_bit_rate + self.sound_bit_rate) // 8000 * 6 // 5
