"""Places sound on the monotonic clock. Pure."""

from typing import Final

from device.recorder.packets import SAMPLE_RATE_HZ

_PERIOD_US: Final = 1_000_000 / SAMPLE_RATE_HZ
_JUMP_US: Final = 120_000
"""A stamp further off than this is a real gap; less is jitter of the callback, or a crystal that drifts."""
_JITTER_US: Final = 2_000
"""Stamps have a resolution of 1 ms; inside this nothing is corrected, so that frame lengths stay even."""
_SHARE: Final = 1 / 32
"""Share of an error that one block corrects: 20 ms blocks follow a drift in under a second, unheard."""


class SoundPlacer:
    """Capture times by counting samples, drawn slowly towards the stamps of the blocks.

    PortAudio's own stream time is CLOCK_REALTIME on Debian 12 and jumps with NTP, so it must not come in here.
    """

    def __init__(self) -> None:
        self._expected_us: float | None = None

    def place(self, stamp_us: int, samples: int) -> tuple[float, bool]:
        """(capture time of the block's first sample, whether the sound before it is not connected to it)."""
        start_us, jumped = float(stamp_us), self._expected_us is not None
        if self._expected_us is not None and abs(stamp_us - self._expected_us) < _JUMP_US:
            error_us = stamp_us - self._expected_us
            start_us = self._expected_us + (error_us * _SHARE if abs(error_us) > _JITTER_US else 0.0)
            jumped = False
        self._expected_us = start_us + samples * _PERIOD_US
        return start_us, jumped
