"""The clock of a sound card: a crystal that is off by some ppm, and a callback that comes late and rounds to ms."""

import random

from device.simulated.room import SAMPLE_RATE_HZ


class Crystal:
    """`ppm` above 0: it gives more than 48,000 samples a second. `jitter_ms`: how late a callback may come."""

    def __init__(self, ppm: float = 0.0, jitter_ms: float = 0.0, seed: int = 1) -> None:
        self._rate_hz = SAMPLE_RATE_HZ * (1 + ppm / 1_000_000)
        self._jitter_ms = jitter_ms
        self._chance = random.Random(seed)  # noqa: S311 - lateness, not a secret

    def true_ms(self, samples: int) -> float:
        """When sample number `samples` is captured, in ms after the first."""
        return samples * 1000 / self._rate_hz

    def sample_at(self, ms: float) -> int:
        """The number of the sample that is captured `ms` after the first."""
        return round(ms * self._rate_hz / 1000)

    def stamp_ms(self, samples: int) -> int:
        """What the callback of the block that begins with sample number `samples` takes for its time."""
        # Mostly a little, seldom much: what a busy machine does to a thread that is to be woken.
        late = self._jitter_ms * self._chance.random() ** 3
        return round(self.true_ms(samples) + late)
