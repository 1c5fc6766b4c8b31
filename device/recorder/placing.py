"""Fits sound to the monotonic clock. Pure.

A sound card counts with a crystal of its own; 200 ppm are 720 ms in an hour. Players follow the count of samples once
they play, and look at time stamps only when they seek, so stamps alone cannot keep lips and voice together: the count
itself must be right. Where the crystal is slow a sample is put in now and then, where it is fast one is taken out, by
stretching a few samples in the middle of a block, which nobody hears.
"""

from array import array
from collections import deque
from dataclasses import dataclass
from typing import Final

from device.recorder.packets import SAMPLE_RATE_HZ, SOUND_FRAME_SAMPLES

_PERIOD_US: Final = 1_000_000 / SAMPLE_RATE_HZ
_SAMPLE_BYTES: Final = 2
_JUMP_US: Final = 200_000
"""A stamp so much later than the count is a real gap, believed at once."""
_STEP_US: Final = 30_000
_STEP_BLOCKS: Final = 50
"""So many blocks (a second) all say that the count is off by `_STEP_US`: samples were lost, or the first came late.
A busy machine hands over blocks in bursts, late for a good part of a second; believing that tore words apart."""
_TOLD_US: Final = 100_000
"""A gap shorter than this is filled with zeros; a longer one stays a gap and is told in the record."""
_CALM_US: Final = 2_000
"""Inside this nothing is corrected: stamps have a resolution of 1 ms."""
_WINDOW: Final = 50
_EARLY: Final = _WINDOW // 10
"""A callback can be late and hardly ever early: the early tenth of the stamps in a window is the truth."""
_REACH: Final = 64
"""Samples over which one is put in or taken out."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Sound to be encoded: `samples` (mono s16) captured from `start_us` on; empty when all of it was surplus.

    `jumped`: the sound before is not connected to it; it begins a frame, on the grid of the frames before.
    """

    start_us: float
    samples: bytes
    jumped: bool = False


class SoundPlacer:
    """Blocks in, blocks out whose count of samples agrees with the clock to a few ms, however the crystal drifts.

    Stamps of the blocks are monotonic us with some ms of jitter. PortAudio's own stream time is CLOCK_REALTIME on
    Debian 12 and jumps with NTP, so it must not come in here. Used by the microphone's thread alone.
    """

    def __init__(self) -> None:
        self._origin_us: int | None = None
        self._count = 0
        self._late_us: deque[float] = deque(maxlen=_WINDOW)
        self._unjudged = 0
        self._owed = 0
        self._surplus = 0

    def fit(self, stamp_us: int, block: bytes) -> Fitted:
        """`block`, whose first sample was captured at `stamp_us`, as it goes to the encoder."""
        if self._origin_us is None:
            self._origin_us = stamp_us
        late_us = stamp_us - self._next_us()
        self._late_us.append(late_us)
        self._unjudged += 1
        latest = list(self._late_us)[-_STEP_BLOCKS:]
        steady = len(latest) == _STEP_BLOCKS
        if late_us >= _JUMP_US:
            return self._skip(late_us, block)
        if steady and min(latest) >= _STEP_US:
            return self._skip(min(latest), block)
        if steady and max(latest) <= -_STEP_US:
            self._surplus = round(-max(latest) / _PERIOD_US)
            self._forget()
        elif self._unjudged >= _WINDOW:
            self._judge()
        return self._placed(self._trimmed(block))

    def _skip(self, gap_us: float, block: bytes) -> Fitted:
        """Go on `gap_us` later."""
        gap = round(gap_us / _PERIOD_US)
        self._forget()
        if gap_us < _TOLD_US:
            return self._placed(bytes(gap * _SAMPLE_BYTES) + block)
        begun = self._count % SOUND_FRAME_SAMPLES
        padding = (begun + gap) % SOUND_FRAME_SAMPLES
        self._count += gap - padding  # what had begun a frame is left out, and zeros fill up to where the sound is
        return self._placed(bytes(padding * _SAMPLE_BYTES) + block, jumped=True)

    def _judge(self) -> None:
        self._unjudged = 0
        late_us = sorted(self._late_us)[_EARLY]
        self._owed = round(late_us / _PERIOD_US) if abs(late_us) > _CALM_US else 0

    def _forget(self) -> None:
        """Stamps so far were compared with a count that is no more."""
        self._late_us.clear()
        self._unjudged, self._owed = 0, 0

    def _trimmed(self, block: bytes) -> bytes:
        if self._surplus:
            cut = min(self._surplus, len(block) // _SAMPLE_BYTES)
            self._surplus -= cut
            return block[cut * _SAMPLE_BYTES :]
        if self._owed == 0 or len(block) < 2 * _REACH * _SAMPLE_BYTES:
            return block
        by = 1 if self._owed > 0 else -1
        self._owed -= by
        return _stretched(block, by)

    def _placed(self, samples: bytes, jumped: bool = False) -> Fitted:
        start_us = self._next_us()
        self._count += len(samples) // _SAMPLE_BYTES
        return Fitted(start_us, samples, jumped)

    def _next_us(self) -> float:
        return (self._origin_us or 0) + self._count * _PERIOD_US


def _stretched(block: bytes, by: int) -> bytes:
    """`block` with one sample more (`by` 1) or less (-1)."""
    samples = array("h", block)
    start = (len(samples) - _REACH) // 2
    part = samples[start : start + _REACH]
    wanted = _REACH + by
    stretched = []
    for place in range(wanted):
        at = place * (_REACH - 1) / (wanted - 1)
        low = min(int(at), _REACH - 2)
        stretched.append(round(part[low] + (part[low + 1] - part[low]) * (at - low)))
    samples[start : start + _REACH] = array("h", stretched)
    return samples.tobytes()
